#!/usr/bin/env bash
# Builds for PostgreSQL 16 and 17, private servers that are fetched, and runs the golden-file tests there, on 16 beside
# pgvector too; a line for each at the end. `make test` has 15 and 18. Usage: versions.sh [MAJOR...]
source "$(dirname "$0")/common.sh"

logs=$TARGET/test-logs
majors=("$@")
[ ${#majors[@]} -gt 0 ] || majors=(16 17)
mkdir -p "$logs"
lines=()
failed=0

# run MAJOR: all of it; counts what pg_regress says into ok and bad
run() {
	local major=$1 log=$logs/version-$1.log status=0
	{
		PG_CONFIG=$("$ROOT/scripts/pg.sh" "$major") && export PG_CONFIG &&
			"$ROOT/scripts/install.sh" &&
			"$ROOT/scripts/regress.sh" &&
			{
				[ ! -f "$("$PG_CONFIG" --sharedir)/extension/vector.control" ] ||
					"$ROOT/scripts/regress.sh" pgvector
			}
	} 2>&1 | tee "$log" || status=1
	read -r ok bad < <(count_tests "$log")
	[ "$status" = 0 ] || [ "$bad" -gt 0 ] || bad=1
}

for major in "${majors[@]}"; do
	begin=$SECONDS
	run "$major"
	server=$("$("$ROOT/scripts/pg.sh" "$major")" --version 2>/dev/null || say "PostgreSQL $major")
	lines+=("$(printf '%s: %d passed, %d failed, %d s' "$server" "$ok" "$bad" $((SECONDS - begin)))")
	failed=$((failed + bad))
done
printf '\n'
printf '%s\n' "${lines[@]}"
[ "$failed" = 0 ]
