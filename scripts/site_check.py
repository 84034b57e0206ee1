#!/usr/bin/env python3
"""Looks at every page of a built site with a browser: site_check.py SITE SHOTS.

Serves the folder SITE on 127.0.0.1 and opens each page at two widths, in the light and the dark scheme. A page fails
if its body is wider than the window (tables and code may scroll within themselves), if the console has an error, if
anything is asked of another host or is not there, if the scheme is not the one that the reader's system asks for, or
if a link leads to a page or an anchor that does not exist. The search must find something. Some screenshots go to the
folder SHOTS. The last line has the counts.
"""

import base64
import functools
import http.server
import itertools
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request

import websocket

WIDTHS = [(390, 844), (1280, 900)]
SCHEMES = ["light", "dark"]
# Pages of which pictures are kept, with all widths and schemes.
SHOWN = [
    "index.html", "concepts.html", "fusion.html", "tuning.html", "benchmarks.html", "promises.html", "svec.html",
    "reference/functions.html", "reference/settings.html", "migrate/elasticsearch.html", "cookbook/index.html",
    "cookbook/batch.html", "source/src/am/index.html",
]

# What is beyond the right edge, unless something around it scrolls or hides it.
OVERFLOW = """
(() => {
  const wide = [], limit = document.documentElement.clientWidth + 1;
  if (document.documentElement.scrollWidth > limit) wide.push(`the page: ${document.documentElement.scrollWidth} px`);
  for (const element of document.querySelectorAll('.md-content *, .md-header *, .md-footer *')) {
    const box = element.getBoundingClientRect();
    if (box.width === 0 || box.height === 0 || box.right <= limit) continue;
    let around = element.parentElement, held = false;
    while (around && !held) {
      held = getComputedStyle(around).overflowX !== 'visible' && around.getBoundingClientRect().right <= limit;
      around = around.parentElement;
    }
    if (!held) wide.push(`${element.tagName} ${element.className}: ${Math.round(box.right)} px`);
  }
  return wide.slice(0, 5);
})()
"""
LINKS = """
({links: [...document.querySelectorAll('a[href]')].map(a => a.href),
  ids: [...document.querySelectorAll('[id], a[name]')].map(e => e.id || e.name),
  pictures: [...document.images].map(i => [i.src, i.complete && i.naturalWidth > 0]),
  drawings: document.querySelectorAll('svg.picture').length})
"""
BRIGHTNESS = """
(() => {
  const [r, g, b] = getComputedStyle(document.body).backgroundColor.match(/[\\d.]+/g).map(Number);
  return (r + g + b) / 765;
})()
"""
SEARCH = """
new Promise(done => {
  const field = document.querySelector('input[data-md-component=search-query]');
  document.querySelector('#__search').checked = true;
  field.focus();
  field.value = 'reciprocal rank';
  field.dispatchEvent(new KeyboardEvent('keyup', {bubbles: true}));
  let n = 0;
  const timer = setInterval(() => {
    const found = document.querySelectorAll('.md-search-result__item').length;
    if (found || ++n > 100) { clearInterval(timer); done(found); }
  }, 100);
})
"""


class Browser:
    """One tab, spoken to by the DevTools protocol."""

    def __init__(self, program):
        self.folder = tempfile.mkdtemp(prefix="site-check.")
        arguments = ["--headless=new", "--disable-gpu", "--remote-debugging-port=0", f"--user-data-dir={self.folder}"]
        arguments += ["--no-first-run", "--disable-background-networking", "--disable-component-update"]
        arguments += ["--disable-dev-shm-usage", "--hide-scrollbars"]
        if os.geteuid() == 0:
            arguments.append("--no-sandbox")
        self.process = subprocess.Popen(
            [program, *arguments, "about:blank"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        port = self.port()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list") as answer:
            tab = next(tab for tab in json.load(answer) if tab["type"] == "page")
        self.socket = websocket.create_connection(tab["webSocketDebuggerUrl"], timeout=60, suppress_origin=True)
        self.numbers = itertools.count(1)
        self.events = []
        for domain in ["Page", "Runtime", "Log", "Network"]:
            self.ask(f"{domain}.enable")

    def port(self):
        file = pathlib.Path(self.folder, "DevToolsActivePort")
        for _ in range(600):
            if file.exists() and file.read_text().strip():
                return int(file.read_text().split()[0])
            if self.process.poll() is not None:
                sys.exit("error: the browser did not start")
            time.sleep(0.1)
        sys.exit("error: the browser does not answer")

    def ask(self, method, **parameters):
        number = next(self.numbers)
        self.socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self.socket.recv())
            if message.get("id") == number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                return message["result"]
            self.events.append(message)

    def value(self, expression):
        answer = self.ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def open(self, url, width, height, scheme):
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                 mobile=width < 600)
        self.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.events = []
        self.ask("Page.navigate", url=url)
        for _ in range(200):
            if any(event["method"] == "Page.loadEventFired" for event in self.events):
                break
            self.value("new Promise(done => setTimeout(done, 25))")
        else:
            raise RuntimeError(f"{url} does not load")
        # Scripts of the site run after that.
        self.value("new Promise(done => setTimeout(done, 150))")

    def picture(self, file):
        shot = self.ask("Page.captureScreenshot", format="png")
        file.write_bytes(base64.b64decode(shot["data"]))

    def close(self):
        self.socket.close()
        self.process.terminate()
        self.process.wait(30)
        shutil.rmtree(self.folder, ignore_errors=True)


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def complaints(events, origin):
    """What the console and the network say."""
    for event in events:
        method, said = event["method"], event["params"]
        if method == "Runtime.exceptionThrown":
            yield f"exception: {said['exceptionDetails'].get('text')}"
        elif method == "Log.entryAdded" and said["entry"]["level"] == "error":
            yield f"console: {said['entry']['text']} {said['entry'].get('url', '')}"
        elif method == "Runtime.consoleAPICalled" and said["type"] == "error":
            yield f"console: {[argument.get('value') for argument in said['args']]}"
        elif method == "Network.requestWillBeSent":
            url = said["request"]["url"]
            if not url.startswith((origin, "data:", "blob:" + origin)):
                yield f"request to {url}"
        elif method == "Network.responseReceived" and said["response"]["status"] >= 400:
            yield f"{said['response']['status']} {said['response']['url']}"


def main():
    site, shots = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    shutil.rmtree(shots, ignore_errors=True)
    shots.mkdir(parents=True)
    handler = functools.partial(Quiet, directory=str(site))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    origin = f"http://127.0.0.1:{server.server_address[1]}/"
    pages = sorted(str(file.relative_to(site)) for file in site.rglob("*.html") if file.name != "404.html")

    browser = Browser(os.environ["CHROMIUM"])
    failures, found, n_views, n_shots, n_drawings = [], {}, 0, 0, 0
    for page in pages:
        for (width, height), scheme in itertools.product(WIDTHS, SCHEMES):
            where = f"{page} ({width} px, {scheme})"
            browser.open(origin + page, width, height, scheme)
            n_views += 1
            failures += [f"{where}: too wide: {what}" for what in browser.value(OVERFLOW)]
            failures += [f"{where}: {what}" for what in complaints(browser.events, origin)]
            brightness = browser.value(BRIGHTNESS)
            if (brightness > 0.5) != (scheme == "light"):
                failures.append(f"{where}: the background's brightness is {brightness:.2f}")
            if page not in found:
                found[page] = browser.value(LINKS)
                n_drawings += found[page]["drawings"]
                failures += [f"{page}: no picture {src}" for src, shown in found[page]["pictures"] if not shown]
            if page in SHOWN:
                name = page.removesuffix(".html").replace("/", "-")
                for part in range(3):
                    browser.value(f"window.scrollTo(0, document.documentElement.scrollHeight * {part} / 3)")
                    browser.value("new Promise(done => setTimeout(done, 100))")
                    browser.picture(shots / f"{name}-{width}-{scheme}-{part}.png")
                    n_shots += 1

    browser.open(origin + "index.html", *WIDTHS[1], "light")
    n_found = browser.value(SEARCH)
    failures += [f"search: {what}" for what in complaints(browser.events, origin)]
    if not n_found:
        failures.append("search: finds nothing")
    browser.value("new Promise(done => setTimeout(done, 600))")
    browser.picture(shots / "search.png")
    browser.close()

    n_links, elsewhere = 0, set()
    for page, on_page in found.items():
        for link in on_page["links"]:
            if not link.startswith(origin):
                elsewhere.add(link)
                continue
            n_links += 1
            path, _, anchor = urllib.parse.unquote(link.removeprefix(origin)).partition("#")
            path = path.partition("?")[0]
            if path == "" or path.endswith("/"):
                path += "index.html"
            if path not in found and not (site / path).is_file():
                failures.append(f"{page}: no page {path}")
            elif anchor and path in found and anchor not in found[path]["ids"]:
                failures.append(f"{page}: no anchor #{anchor} in {path}")
    missing = [page for page in SHOWN if page not in found]
    failures += [f"no page {page} to take a picture of" for page in missing]

    for failure in failures:
        print(failure)
    for link in sorted(elsewhere):
        print(f"not followed: {link}")
    print(
        f"site: {len(pages)} pages in {len(WIDTHS)} widths and {len(SCHEMES)} schemes, {n_views} views;"
        f" {n_links} links, {n_drawings} drawings, {n_found} results of a search, {n_shots + 1} pictures;"
        f" {len(failures)} failures"
    )
    sys.exit(1 if failures else 0)


main()
