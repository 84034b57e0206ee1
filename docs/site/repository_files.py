"""Files of the repository as pages of the site.

Pages link to files outside docs/ by their relative path (`../ARCHITECTURE.md`), as a forge wants it. Each file that is
linked to, or stands in the navigation, becomes a page below `source/`: Markdown as it is, anything else as a listing.
Links are rewritten accordingly, so the same text is right in both places. A link to a file that is not there is an
error. Drawings (SVG) that stand alone in a line become part of the page.
"""

import os
import posixpath
import re

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File

# The targets of inline links and pictures, whose words may have code in them, which is taken out before.
LINK = re.compile(r"(\]\()([^)\s]+)(\))")
DRAWING = re.compile(r"^!\[([^\]]*)\]\(([^)\s]+\.svg)\)$", re.MULTILINE)
CODE = re.compile(r"(^```.*?^```[^\n]*$|`[^`\n]+`)", re.DOTALL | re.MULTILINE)
LISTINGS = {".rs": "rust", ".sql": "sql", ".sh": "bash", ".py": "python", ".toml": "toml"}


def is_elsewhere(target):
    return re.match(r"[a-z]+:", target) is not None or target.startswith("#")


def uri_of(path):
    """Where a file of the repository is in the site."""
    if path.startswith("docs/"):
        return path.removeprefix("docs/")
    return f"source/{path}" if path.endswith(".md") else f"source/{path}.md"


def resolve(page, target):
    """The path in the repository that a link on a page (its path in the repository) leads to, and its anchor."""
    path, mark, anchor = target.partition("#")
    return posixpath.normpath(posixpath.join(posixpath.dirname(page), path)), mark + anchor


def links_of(text):
    """The targets of a page's links."""
    prose = CODE.sub("", text)
    return [target for _, target, _ in LINK.findall(prose) if not is_elsewhere(target)]


def with_lists(text):
    """A list that follows a line of text directly is a list on a forge; here it needs an empty line before."""
    return re.sub(r"(?m)^((?!- |\d+\. |\s|\||#).+\n)(?=- |1\. )", r"\1\n", text)


def listing(path, text):
    language = LISTINGS.get(os.path.splitext(path)[1], "text")
    return f"# {path}\n\n````{language}\n{text.rstrip()}\n````\n"


def navigation(entry):
    if isinstance(entry, str):
        yield entry
    elif isinstance(entry, dict):
        for value in entry.values():
            yield from navigation(value)
    elif isinstance(entry, list):
        for value in entry:
            yield from navigation(value)


def on_files(files, config):
    root = os.path.dirname(config.config_file_path)
    paths = {}  # of the pages, by their place in the site
    waiting = []
    for file in files.documentation_pages():
        paths[file.src_uri] = f"docs/{file.src_uri}"
        waiting.append(f"docs/{file.src_uri}")
    for uri in navigation(config.nav):
        if uri.startswith("source/"):
            waiting.append(uri.removeprefix("source/"))
    seen = set()
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        whole = os.path.join(root, path)
        if not os.path.isfile(whole):
            raise PluginError(f"{path} is linked to, or in the navigation, and is not there")
        if not path.endswith(".md") and path.startswith("docs/"):
            continue  # a picture
        with open(whole, encoding="utf-8") as opened:
            text = opened.read()
        if not text.strip():
            raise PluginError(f"{path} is empty")
        if path.endswith(".md"):
            waiting.extend(resolve(path, target)[0] for target in links_of(text))
        else:
            text = listing(path, text)
        if not path.startswith("docs/"):
            uri = uri_of(path)
            file = File.generated(config, uri, content=text)
            files.append(file)
            paths[uri] = path
            if not any(uri == entry for entry in navigation(config.nav)):
                config.setdefault("not_in_nav_uris", []).append(uri)
                file.inclusion = type(file.inclusion).NOT_IN_NAV
    config["repository_paths"] = paths
    return files


def on_page_markdown(markdown, page, config, files):
    here = config["repository_paths"][page.file.src_uri]
    if not here.endswith(".md"):
        return markdown

    def rewrite(match):
        before, target, after = match.groups()
        if is_elsewhere(target):
            return match.group(0)
        path, anchor = resolve(here, target)
        uri = posixpath.relpath(uri_of(path), posixpath.dirname(page.file.src_uri) or ".")
        # A picture keeps its place.
        if path.startswith("docs/") and not path.endswith(".md"):
            uri = posixpath.relpath(path.removeprefix("docs/"), posixpath.dirname(page.file.src_uri) or ".")
        return f"{before}{uri}{anchor}{after}"

    def place(match):
        """A drawing as part of the page: it takes the colours of the page's scheme, which an <img> does not know."""
        words, target = match.groups()
        path, _ = resolve(here, target)
        with open(os.path.join(os.path.dirname(config.config_file_path), path), encoding="utf-8") as opened:
            svg = re.sub(r"<style>.*?</style>\n|<title>.*?</title>\n", "", opened.read())
        return svg.replace("<svg ", f'<svg class="picture" aria-label="{words}" ', 1).replace("\n", "")

    pieces = CODE.split(markdown)
    for number in range(0, len(pieces), 2):
        pieces[number] = LINK.sub(rewrite, DRAWING.sub(place, with_lists(pieces[number])))
    return "".join(pieces)
