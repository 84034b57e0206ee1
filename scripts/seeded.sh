#!/usr/bin/env bash
# Do the tests bite? Bugs of the field, seeded into a copy of the sources one at a time: tests/seeded/NN_name.patch.
# Each names the test that must catch it, and what that test must say; only this test is run, at a small size. Usage:
# seeded.sh [NN...]; without numbers all. Before that the same tests run once on the copy without a bug, and must
# pass; SEEDED_HONEST=skip leaves this out. SEEDED_LIMIT (900): seconds after which a test counts as failed. The last
# line is "seeded: 20 of 20 caught". A patch that does not apply, or no longer compiles without a warning, is a
# failure: make it anew.
#
# The head of a patch, up to an empty line, "Caught by" being a kind and names:
#   Incident, How     for the reader
#   Caught by         unit FILTER | regress FILE | isolation SPEC | faulty SPEC | integration TEST [FILTER]
#   Sizes             variables for that test
#   Message           an extended regular expression that a line of the test's output must match
PROFILE=${PROFILE:-dev}
source "$(dirname "$0")/common.sh"
export PROFILE
use_server
patches=$ROOT/tests/seeded
# A server that does not run as root cannot live under a folder that only root may enter.
home=$TARGET/seeded
mkdir -p "$home/logs"
(cd / && as_server test -x "$home") || home=/var/tmp/pg_wand-seeded
tree=$home/tree
logs=$TARGET/seeded/logs
limit=${SEEDED_LIMIT:-900}

# The copy as the sources are. Files that are the same keep their time, so cargo builds what has changed only.
copy_sources() {
	local file
	mkdir -p "$tree"
	git -C "$ROOT" ls-files --cached --others --exclude-standard >"$home/files"
	(cd "$tree" && find . -path ./target -prune -o -type f -print | sed 's|^\./||') | sort |
		comm -23 - <(sort "$home/files") | while read -r file; do rm -f "$tree/$file"; done
	while read -r file; do
		[ -f "$ROOT/$file" ] || continue
		cmp -s "$ROOT/$file" "$tree/$file" && continue
		mkdir -p "$tree/$(dirname "$file")"
		cp "$ROOT/$file" "$tree/$file"
	done <"$home/files"
}

# head_of PATCH FIELD
head_of() { sed -n "/^\$/q; s/^$2: //p" "$1"; }

unit_flags=(--lib --config 'profile.test.package.pg_wand.opt-level=1' --config 'profile.test.incremental=true'
	--config 'profile.test.debug=0')

# build KIND: what this kind of test needs; sets FAULTY where it is a server
build() {
	case $1 in
	unit) "$tree/scripts/unit.sh" "${unit_flags[@]}" --no-run ;;
	*) FAULTY=$("$tree/scripts/faulty.sh") ;;
	esac
}

# run_test KIND NAMES...: in the copy, in a folder that everybody may enter
run_test() {
	local kind=$1
	shift
	cd "$tree"
	case $kind in
	unit) timeout "$limit" scripts/unit.sh "${unit_flags[@]}" "$@" ;;
	faulty) timeout "$limit" scripts/isolation.sh faulty "$@" ;;
	regress | isolation) PG_CONFIG=$FAULTY timeout "$limit" "scripts/$kind.sh" "$@" ;;
	integration)
		PG_CONFIG=$FAULTY timeout "$limit" cargo test --locked --package pg_wand_tests --target-dir target \
			--test "$1" "${@:2}" -- --nocapture
		;;
	*) die "unknown kind of test: $kind" ;;
	esac
}

# test_of PATCH LOG: builds, runs the patch's test; 0: it passed, 1: it failed, 2: there was nothing to be run
test_of() {
	local sizes=() test=()
	read -ra test < <(head_of "$1" 'Caught by')
	read -ra sizes < <(head_of "$1" Sizes) || true
	build "${test[0]}" >"$2.build" 2>&1 || return 2
	! grep -qE '^(warning|error)' "$2.build" || return 2
	local status=0
	(
		[ ${#sizes[@]} = 0 ] || export "${sizes[@]}"
		run_test "${test[@]}"
	) >"$2" 2>&1 || status=$?
	# What cargo says if there is no such test, or none ran.
	! grep -qE '^error: no test target|running 0 tests' "$2" || grep -qE 'running [1-9]' "$2" || return 2
	[ "$status" = 0 ] || return 1
}

chosen=()
for patch in "$patches"/*.patch; do
	number=$(basename "$patch" | cut -d_ -f1)
	[ $# = 0 ] || [[ " $* " == *" $number "* ]] || continue
	chosen+=("$patch")
done
[ ${#chosen[@]} -gt 0 ] || die "no such patch: $*"

failed=0
copy_sources
if [ "${SEEDED_HONEST:-}" != skip ]; then
	declare -A done_before=()
	for patch in "${chosen[@]}"; do
		test="$(head_of "$patch" 'Caught by'); $(head_of "$patch" Sizes)"
		[ -z "${done_before[$test]:-}" ] || continue
		done_before[$test]=yes
		log=$logs/honest-$(basename "$patch" .patch).log
		if test_of "$patch" "$log"; then
			say "seeded honest: passed: $test"
		else
			say "seeded honest: FAILED without a bug: $test (see $log)"
			failed=$((failed + 1))
		fi
	done
fi

caught=0
for patch in "${chosen[@]}"; do
	name=$(basename "$patch" .patch)
	label="seeded ${name%%_*} ${name#*_}"
	log=$logs/$name.log
	begin=$SECONDS
	copy_sources
	if ! (cd "$tree" && patch --strip=1 --batch --forward --fuzz=0 --no-backup-if-mismatch) <"$patch" >"$log" 2>&1; then
		say "$label: does not apply any more (see $log)"
		continue
	fi
	status=0
	test_of "$patch" "$log" || status=$?
	test=$(head_of "$patch" 'Caught by')
	case $status in
	0) say "$label: MISSED by $test" ;;
	2) say "$label: does not compile without warnings, or has no test: $test (see $log.build, $log)" ;;
	*)
		if grep -qE -- "$(head_of "$patch" Message)" "$log"; then
			caught=$((caught + 1))
			say "$label: caught by $test ($((SECONDS - begin)) s)"
		else
			say "$label: MISSED: $test fails, but says nothing of it (see $log)"
		fi
		;;
	esac
done
copy_sources
say "seeded: $caught of ${#chosen[@]} caught"
[ "$failed" = 0 ] && [ "$caught" = ${#chosen[@]} ]
