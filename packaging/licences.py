"""Prints the licences of the crates that the library is linked with, each text once, with the crates that it is of.

Usage: licences.py pg15; it asks cargo.
"""

import collections
import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TEXTS = re.compile(r"(licen[cs]e|copying|notice|copyright|unlicense)", re.IGNORECASE)
RULE = "-" * 78


def output(*command):
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def linked(feature):
    """Names and versions of what the library consists of: nothing that only builds or tests use."""
    tree = output("cargo", "tree", "--locked", "--package", "pg_wand", "--no-default-features", "--features", feature,
                  "--edges", "normal,no-proc-macro", "--prefix", "none", "--format", "{p}")
    return {re.match(r"(\S+) v(\S+)", line).groups() for line in tree.splitlines()} - {own()}


def own():
    manifest = (ROOT / "Cargo.toml").read_text()
    return "pg_wand", re.search(r'^version = "(.*)"$', manifest, re.MULTILINE).group(1)


def crates(feature):
    host = re.search(r"^host: (.*)$", output("rustc", "-vV"), re.MULTILINE).group(1)
    metadata = output("cargo", "metadata", "--locked", "--format-version", "1", "--filter-platform", host,
                      "--features", f"pg_wand/{feature}")
    wanted = linked(feature)
    found = [p for p in json.loads(metadata)["packages"] if (p["name"], p["version"]) in wanted]
    assert len(found) == len(wanted), "cargo tree and cargo metadata differ"
    return sorted(found, key=lambda p: (p["name"], p["version"]))


def main(feature):
    texts, packages = collections.defaultdict(list), crates(feature)
    print(f"The library is linked with {len(packages)} crates; authors are named where a crate brings no text.\n")
    for package in packages:
        name = f"{package['name']} {package['version']}"
        folder = pathlib.Path(package["manifest_path"]).parent
        files = [path for path in sorted(folder.iterdir()) if TEXTS.match(path.name) and path.is_file()]
        for path in files:
            texts[path.read_text(errors="replace").strip()].append(name)
        authors = "" if files else f"; {', '.join(package['authors'])}"
        print(f"{name}: {package['license'] or package['license_file']}{authors}")
    for text, names in texts.items():
        print(f"\n{RULE}\n{', '.join(dict.fromkeys(names))}\n{RULE}\n\n{text}")


main(*sys.argv[1:])
