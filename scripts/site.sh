#!/usr/bin/env bash
# Builds the documentation site from docs/ into target/site. Strict: a broken link, a missing anchor, a stale picture, a
# page outside the navigation is an error. Packages come from PyPI, as docs/requirements.txt pins them.
source "$(dirname "$0")/common.sh"
cd "$ROOT"
python_packages "$TARGET/site-packages" docs/requirements.txt
python3 docs/pictures/draw.py --check
# Not --quiet: that silences warnings before they are counted.
log=$(mktemp)
trap 'rm -f "$log"' EXIT
PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$PACKAGES python3 -m mkdocs build --strict --clean --site-dir "$TARGET/site" \
	>"$log" 2>&1 || {
	cat "$log" >&2
	die "the site was not built"
}
say "site: $(find "$TARGET/site" -name '*.html' | wc -l) pages in $TARGET/site"
