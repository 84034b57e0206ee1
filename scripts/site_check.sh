#!/usr/bin/env bash
# Opens every page of target/site in a browser, narrow and wide, light and dark, and follows every link: site_check.py
# says what fails. Chromium comes from Debian if there is none; CHROMIUM names another one.
source "$(dirname "$0")/common.sh"
cd "$ROOT"
"$ROOT/scripts/site.sh"
python_packages "$TARGET/site-packages" docs/requirements.txt
CHROMIUM=${CHROMIUM:-$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)}
if [ -z "$CHROMIUM" ]; then
	command -v apt-get >/dev/null || die "please install chromium, or name it by CHROMIUM=..."
	sudo=
	[ "$(id -u)" = 0 ] || sudo=sudo
	export DEBIAN_FRONTEND=noninteractive
	$sudo apt-get update -qq
	$sudo apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null
	CHROMIUM=$(command -v chromium)
fi
export CHROMIUM
PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$PACKAGES exec python3 scripts/site_check.py "$TARGET/site" "$TARGET/site-shots"
