#!/usr/bin/env bash
# Asks the PostgreSQL manual. Usage: demo.sh [NUMBER | WORDS...]
# Makes a private server in a temporary folder, loads the collection, indexes it, answers, compares, and is gone.
source "$(dirname "$0")/../scripts/common.sh"

"$ROOT/scripts/setup.sh"
use_server
say "Building and installing pg_wand for $("$PG_CONFIG" --version) ..."
"$ROOT/scripts/install.sh" 2>"$TARGET/demo-build.log" || {
	cat "$TARGET/demo-build.log" >&2
	die "the build failed"
}

server_start "shared_buffers = 256MB" "maintenance_work_mem = 256MB"
export DEMO_DATA=$ROOT/demo/pgdocs
sql() { "$BINDIR/psql" -X -q -A -t -v ON_ERROR_STOP=1 -d postgres "$@"; }
ask() { sql -v ask="$1" -v best="$2" -f "$ROOT/demo/ask.sql"; }

say "Loading the PostgreSQL manual ..."
sql -f "$ROOT/demo/load.sql"
say

if [ -n "$*" ]; then
	ask "$*" 5
	exit
fi
for number in 5 40 77; do
	ask "$number" 3
	say
done
sql -f "$ROOT/demo/compare.sql"

# With a terminal, a person may go on.
[ -t 0 ] && [ -t 1 ] || exit 0
say
say "Ask something, or a stored question by its number, 1 to 124. Empty line: end."
while read -r -p "> " line && [ -n "$line" ]; do ask "$line" 5; done
