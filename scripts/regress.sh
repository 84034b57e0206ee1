#!/usr/bin/env bash
# Golden-file tests (pg_regress/sql, pg_regress/isolation) with PostgreSQL's own tools on a private server.
# Usage: regress.sh [TEST...]; without names every test but pgvector_sidebyside, which needs pgvector:
# "regress.sh pgvector_sidebyside" runs that one, with both extensions.
# With PGHOST set, a server that is already running is used (and no isolation test is run).
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
		[ ! -f "$file" ] || [ "$name" = pgvector_sidebyside ] || tests+=("$name")
	done
elif [ "${tests[*]}" = pgvector_sidebyside ]; then
	extensions=(--load-extension=vector --load-extension=pg_wand)
fi

own_server=
if [ -z "${PGHOST:-}" ]; then
	own_server=yes
	server_start
fi

# run TOOL TESTS...: prints the differences when a test fails
run() {
	local tool=$1
	shift
	(
		cd "$output"
		rm -f regression.diffs output_iso/regression.diffs
		"$tools/$tool" --bindir="$BINDIR" --host="$PGHOST" --port="$PGPORT" --user="$PGUSER" \
			--dbname=wand_regression "${extensions[@]}" --outputdir="$output" "$@"
	) || {
		status=1
		head -n 500 "$output/regression.diffs" "$output/output_iso/regression.diffs" 2>/dev/null || true
	}
}

status=0
[ ${#tests[@]} = 0 ] || run regress/pg_regress --inputdir="$input" "${tests[@]}"
specs=()
for file in "$input"/isolation/specs/*.spec; do
	[ ! -f "$file" ] || specs+=("$(basename "$file" .spec)")
done
if [ $# = 0 ] && [ -n "$own_server" ] && [ ${#specs[@]} -gt 0 ]; then
	run isolation/pg_isolation_regress --inputdir="$input/isolation" "${specs[@]}"
fi
if [ -n "$own_server" ] && ! server_log_clean; then
	say "not ok 0 - the server's log is not clean"
	status=1
fi
exit "$status"
