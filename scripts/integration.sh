#!/usr/bin/env bash
# Client-side tests against real servers. Usage: integration.sh [TEST...]; without names all but the long ones and
# reference, which reference.sh runs. Some need a library that fails on purpose, and a server of its own for it; they are
# not named together with others.
source "$(dirname "$0")/common.sh"
use_server
cd "$ROOT"

tests=("$@")
only=()
if [ ${#tests[@]} = 0 ]; then
	only+=(--lib)
	for file in tests/tests/*.rs; do
		name=$(basename "$file" .rs)
		case $name in
		crash | walcheck | standby | recovery | reference | sweep | memory | damage) ;;
		*) tests+=("$name") ;;
		esac
	done
fi
for name in "${tests[@]}"; do only+=(--test "$name"); done

n_faulty=0
for name in "${tests[@]}"; do
	case $name in sweep | memory | damage) n_faulty=$((n_faulty + 1)) ;; esac
done
if [ $n_faulty -gt 0 ]; then
	[ ${#tests[@]} = $n_faulty ] || die "sweep, memory and damage are not run with other tests"
	PG_CONFIG=$(scripts/faulty.sh)
fi
export CRASH_ROUNDS=${CRASH_ROUNDS:-${ROUNDS:-25}}
cargo test --locked --package pg_wand_tests --target-dir "$TARGET" "${only[@]}" --no-fail-fast -- --nocapture
