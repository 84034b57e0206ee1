#!/usr/bin/env bash
# The engine's tests under memory checkers:
#   scripts/sanitize.sh engine     all of them, small sizes, under the address sanitizer
#   scripts/sanitize.sh valgrind   vector instructions under valgrind, which knows them up to AVX2
# More arguments are names of tests.
source "$(dirname "$0")/common.sh"
cd "$ROOT"
part=${1:-engine}
shift || true
export PG_WAND_CASES=${PG_WAND_CASES:-40} PG_WAND_MUTATIONS=${PG_WAND_MUTATIONS:-20000}
export PG_WAND_IMAGES=${PG_WAND_IMAGES:-1000} PROPTEST_CASES=${PROPTEST_CASES:-32}
case $part in
engine)
	# The toolchain is the stable one, whose compiler has the sanitizer but no name for it. Tests ask for more memory
	# than there can be, to see that refused.
	export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:allocator_may_return_null=1}
	RUSTC_BOOTSTRAP=1 RUSTFLAGS="-Zsanitizer=address" \
		cargo test --locked --package pg_wand --lib --no-default-features --target x86_64-unknown-linux-gnu \
		--target-dir "$TARGET/asan" "$@"
	say "sanitize: engine: no finding of the address sanitizer"
	;;
valgrind)
	command -v valgrind >/dev/null || die "valgrind is missing"
	program=$(cargo test --locked --package pg_wand --lib --no-default-features --target-dir "$TARGET" --no-run \
		--message-format=json | sed -n 's/.*"executable":"\([^"]*\)".*/\1/p' | tail -1)
	[ $# -gt 0 ] || set -- simd:: gaps::
	CARGO_MANIFEST_DIR=$ROOT valgrind --quiet --error-exitcode=9 --leak-check=no "$program" --test-threads=1 "$@"
	say "sanitize: valgrind: no finding"
	;;
*)
	die "scripts/sanitize.sh engine or valgrind"
	;;
esac
