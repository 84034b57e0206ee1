#!/usr/bin/env bash
# Are there changes of the engine that no engine test notices? cargo-mutants makes them one at a time
# (.cargo/mutants.toml says which not). Usage: mutants.sh [SHARD/OF] [cargo-mutants arguments]; a shard is every OFth
# mutant from the SHARDth on (from 0); without one, all of some thousands: many hours. "mutants.sh 0/1 --list" only
# lists them. PG_WAND_CASES (100) is the size of the tests that are random, MUTANTS_TIMEOUT (120) the seconds after
# which a mutant counts as noticed. The last line is the rate; target/mutants.out/missed.txt has the survivors.
source "$(dirname "$0")/common.sh"
cd "$ROOT"
version=27.1.0
mutants=$TARGET/tools/bin/cargo-mutants
[ "$("$mutants" mutants --version 2>/dev/null)" = "cargo-mutants $version" ] ||
	cargo install --locked --root "$TARGET/tools" cargo-mutants --version "$version"
shard=${1:-0/1}
[ $# = 0 ] || shift
export PG_WAND_CASES=${PG_WAND_CASES:-100} PROPTEST_CASES=${PROPTEST_CASES:-64}
# One build folder for all mutants and runs, beside the others'.
export CARGO_TARGET_DIR=$TARGET/mutants
status=0
nice -n 10 "$mutants" mutants --package pg_wand --jobs 1 --timeout "${MUTANTS_TIMEOUT:-120}" --output "$TARGET" \
	--shard "$shard" --sharding round-robin --no-shuffle --colors never "$@" || status=$?
out=$TARGET/mutants.out
count() { wc -l <"$out/$1.txt"; }
[ -f "$out/missed.txt" ] && [[ " $* " != *" --list "* ]] || exit "$status"
caught=$(($(count caught) + $(count timeout)))
missed=$(count missed)
say "mutants: shard $shard: $caught of $((caught + missed)) noticed, $(count unviable) do not compile"
# 2: some were missed; 3: some took too long. Neither is a failure of this script: the rate is the result.
[ "$status" -le 3 ]
