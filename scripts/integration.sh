#!/usr/bin/env bash
# Client-side tests against real servers. Usage: integration.sh [TEST...]; without names all but the long ones and
# reference, which reference.sh runs. The sweep needs a library that fails on purpose, and a server of its own for it.
source "$(dirname "$0")/common.sh"
use_server
cd "$ROOT"

tests=("$@")
only=()
if [ ${#tests[@]} = 0 ]; then
	only+=(--lib)
	for file in tests/tests/*.rs; do
		name=$(basename "$file" .rs)
		case $name in crash | walcheck | sweep | standby | recovery | reference) ;; *) tests+=("$name") ;; esac
	done
fi
for name in "${tests[@]}"; do only+=(--test "$name"); done

if [[ " ${tests[*]} " == *" sweep "* ]]; then
	[ ${#tests[@]} = 1 ] || die "sweep is run alone"
	PG_CONFIG=$(scripts/faulty.sh)
fi
export CRASH_ROUNDS=${CRASH_ROUNDS:-${ROUNDS:-25}}
cargo test --locked --package pg_wand_tests --target-dir "$TARGET" "${only[@]}" --no-fail-fast -- --nocapture
