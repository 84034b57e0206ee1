#!/usr/bin/env bash
# Isolation specs with PostgreSQL's own tool on a private server. Usage: isolation.sh [faulty] [SPEC...]; without names
# all of pg_regress/isolation, or after "faulty" those of its folder of that name, on a server that can be made to pause.
source "$(dirname "$0")/common.sh"
input=$ROOT/pg_regress/isolation
helpers=(--file="$ROOT/pg_regress/common/isolation.sql")
if [ "${1:-}" = faulty ]; then
	shift
	input=$input/faulty
	helpers+=(--file="$ROOT/pg_regress/common/pauses.sql")
	PG_CONFIG=$("$ROOT/scripts/faulty.sh")
fi
use_server
tools=$(dirname "$("$PG_CONFIG" --pgxs)")/../test
output=${OUTPUT:-$TARGET/$PGV/$(basename "$input")}
mkdir -p "$output"

specs=("$@")
if [ ${#specs[@]} = 0 ]; then
	for file in "$input"/specs/*.spec; do specs+=("$(basename "$file" .spec)"); done
fi

# Autovacuum would hold snapshots and merge when no spec expects it.
server_start "autovacuum = off" "max_prepared_transactions = 5"
psql=("$BINDIR/psql" --no-psqlrc --quiet --output=/dev/null --set=ON_ERROR_STOP=1)
"${psql[@]}" --dbname=postgres --command="CREATE DATABASE wand_isolation"
"${psql[@]}" --dbname=wand_isolation --command="CREATE EXTENSION pg_wand" "${helpers[@]}"

status=0
cd "$output"
rm -f regression.diffs
"$tools/isolation/pg_isolation_regress" --bindir="$BINDIR" --host="$PGHOST" --port="$PGPORT" --user="$PGUSER" \
	--use-existing --dbname=wand_isolation --inputdir="$input" --outputdir="$output" "${specs[@]}" || {
	status=1
	head -n 500 regression.diffs 2>/dev/null || true
}
if ! server_log_clean; then
	say "not ok 0 - the server's log is not clean"
	status=1
fi
exit "$status"
