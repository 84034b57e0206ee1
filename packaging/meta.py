"""Prints PGXN's META.json: the template, the version, and what each control file says that CREATE EXTENSION finds.

Usage: meta.py VERSION FOLDER, where FOLDER has the control files as scripts/install.sh installs them.
"""

import json
import pathlib
import re
import sys


def setting(control, name):
    return re.search(rf"^{name} = '(.*)'$", control, re.MULTILINE).group(1)


def main(version, folder):
    meta = json.loads(pathlib.Path(__file__).with_name("META.json.in").read_text())
    meta["version"] = version
    meta["provides"] = {}
    for path in sorted(pathlib.Path(folder).glob("*.control")):
        control = path.read_text()
        meta["provides"][path.stem] = {
            "abstract": setting(control, "comment"),
            "file": path.name,
            "docfile": "README.md",
            "version": setting(control, "default_version"),
        }
    print(json.dumps(meta, indent=2))


main(*sys.argv[1:])
