#!/usr/bin/env bash
# Builds the documentation site from docs/ into target/site. Strict: a broken link, a missing anchor or picture, a page
# outside the navigation is an error. Packages come from PyPI, as docs/requirements.txt pins them.
source "$(dirname "$0")/common.sh"
cd "$ROOT"
source scripts/site_packages.sh
python3 docs/pictures/draw.py --check
PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$PACKAGES python3 -m mkdocs build --quiet --strict --clean --site-dir "$TARGET/site"
say "site: $(find "$TARGET/site" -name '*.html' | wc -l) pages in $TARGET/site"
