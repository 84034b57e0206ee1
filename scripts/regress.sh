#!/usr/bin/env bash
# Golden-file tests (pg_regress/sql) with PostgreSQL's own tool on a private server.
# Usage: regress.sh [TEST...]; without names every test but pgvector_*, which need pgvector:
# "regress.sh pgvector" runs these, with both extensions.
# With PGHOST set, a server that is already running is used.
source "$(dirname "$0")/common.sh"
use_server
tools=$(dirname "$("$PG_CONFIG" --pgxs)")/../test
input=$ROOT/pg_regress
output=${OUTPUT:-$TARGET/$PGV/regress}
mkdir -p "$output"

tests=("$@")
extensions=(--load-extension=pg_wand)
if [ ${#tests[@]} = 0 ]; then
	for file in "$input"/sql/*.sql; do
		name=$(basename "$file" .sql)
		[[ ! -f $file || $name == pgvector_* ]] || tests+=("$name")
	done
elif [ "${tests[*]}" = pgvector ]; then
	tests=(pgvector_sidebyside pgvector_interop)
	extensions=(--load-extension=vector --load-extension=pg_wand)
fi

own_server=
if [ -z "${PGHOST:-}" ]; then
	own_server=yes
	server_start "jit = off"
fi

status=0
(
	cd "$output"
	rm -f regression.diffs
	"$tools/regress/pg_regress" --bindir="$BINDIR" --host="$PGHOST" --port="$PGPORT" --user="$PGUSER" \
		--dbname=wand_regression "${extensions[@]}" --inputdir="$input" --outputdir="$output" "${tests[@]}"
) || {
	status=1
	head -n 500 "$output/regression.diffs" 2>/dev/null || true
}
if [ -n "$own_server" ] && ! server_log_clean; then
	say "not ok 0 - the server's log is not clean"
	status=1
fi
exit "$status"
