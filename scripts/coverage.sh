#!/usr/bin/env bash
# Which lines the tests run. Usage: coverage.sh engine | server
#   engine   src/engine, by the engine's own tests (PG_WAND_CASES, 200)
#   server   src/storage, src/am, src/api, by servers: golden files, isolation specs with and without pauses, and the
#            integration tests COVERAGE_TESTS ("exactness filters malformed short_file") at small sizes
# Prints lines run and lines there are for each folder; target/coverage/PART.lines has every file, and
# target/coverage/PART.missed each line that was not run. Lines of tests themselves do not count.
# LLVM's own programs of the compiler's version are in no package: the profiles are read by llvm_profparser.
PROFILE=dev
source "$(dirname "$0")/common.sh"
part=${1:-}
case $part in engine | server) ;; *) die "which part? engine server" ;; esac
use_server
cd "$ROOT"
version=0.15.0
tool=$TARGET/tools/bin/cov
[ "$(cat "$TARGET/tools/cov.version" 2>/dev/null)" = "$version" ] || {
	cargo install --locked --root "$TARGET/tools" llvm_profparser --version "$version"
	say "$version" >"$TARGET/tools/cov.version"
}

out=$TARGET/coverage
mkdir -p "$out"
# Servers write there, too, and do not run as root.
profiles=$(mktemp -d /tmp/pg_wand-coverage.XXXXXX)
chmod 777 "$profiles"
trap 'rm -rf "$profiles"' EXIT
# Processes that end add to one of two files.
export LLVM_PROFILE_FILE=$profiles/%2m.profraw

# instrumented ARGS...: cargo rustc with the flag for our own crate only, whose tests or library it builds
instrumented() {
	cargo rustc --locked --package pg_wand --lib --no-default-features --target-dir "$out" "$@" -- \
		-Cinstrument-coverage
}

engine() {
	instrumented --profile test --config 'profile.test.package.pg_wand.opt-level=1' --message-format json >"$out/build"
	object=$(sed -n 's/.*"executable":"\([^"]*pg_wand[^"]*\)".*/\1/p' "$out/build" | tail -n 1)
	[ -x "$object" ] || die "no test program was built"
	# What is skipped measures time, which instrumented code takes otherwise.
	PG_WAND_CASES=${PG_WAND_CASES:-200} "$object" --quiet --skip reading_is_linear
}

server() {
	instrumented --features "$PGV,faults"
	object=$out/debug/libpg_wand.so
	export LIBRARY=$object COPY=coverage
	PG_CONFIG=$(scripts/faulty.sh)
	export PG_CONFIG
	local status=0
	scripts/regress.sh || status=1
	scripts/isolation.sh || status=1
	scripts/isolation.sh faulty || status=1
	export EXACT_DOCS=${EXACT_DOCS:-300} EXACT_QUERIES=${EXACT_QUERIES:-3} MANUAL_QUERIES=${MANUAL_QUERIES:-10}
	export SQUAD_QUERIES=${SQUAD_QUERIES:-10}
	export FILTER_DOCS=${FILTER_DOCS:-200} FILTER_QUERIES=${FILTER_QUERIES:-5} FILTER_LARGE=${FILTER_LARGE:-5000}
	export FILTER_LARGE_QUERIES=${FILTER_LARGE_QUERIES:-5} FILTER_SECONDS=${FILTER_SECONDS:-2}
	export MALFORMED_TEXT=${MALFORMED_TEXT:-500} MALFORMED_BINARY=${MALFORMED_BINARY:-500}
	export MALFORMED_COPY=${MALFORMED_COPY:-100}
	local tests=()
	for name in ${COVERAGE_TESTS:-exactness filters malformed short_file}; do tests+=(--test "$name"); done
	cargo test --locked --package pg_wand_tests --target-dir "$TARGET" "${tests[@]}" --no-fail-fast -- --nocapture ||
		status=1
	return "$status"
}

status=0
"$part" >"$out/$part.log" 2>&1 || status=1
[ "$status" = 0 ] || say "coverage: not every test passed, see $out/$part.log"
compgen -G "$profiles/*.profraw" >/dev/null || die "no process has written a profile"

arguments=()
for file in "$profiles"/*.profraw; do arguments+=(--instr-profile "$file"); done
"$tool" show "${arguments[@]}" --object "$object" >"$out/$part.show"

# Each file once: a line "PATH", then "NUMBER|COUNT|SOURCE" with an empty count where there is nothing to run.
awk -v root="$ROOT/" -v lines="$out/$part.lines" -v missed="$out/$part.missed" -v part="$part" '
	function folder(path, n, parts) {
		n = split(path, parts, "/")
		return n > 3 && parts[2] != "storage" ? parts[1] "/" parts[2] "/" parts[3] : parts[1] "/" parts[2]
	}
	BEGIN { printf "" > lines; printf "" > missed }
	/^\// {
		file = index($0, root) == 1 ? substr($0, length(root) + 1) : ""
		wanted = part == "engine" ? file ~ /^src\/engine\// : file ~ /^src\/(storage|am|api)\//
		if (!wanted || file ~ /tests?(\/|\.rs$|_tests\.rs$)/ || file ~ /_tests\.rs$/) file = ""
		in_tests = 0
		next
	}
	file == "" || !/^ *[0-9]+\|/ { next }
	{
		number = $0; sub(/\|.*/, "", number)
		rest = substr($0, length(number) + 2)
		count = rest; sub(/\|.*/, "", count); gsub(/ /, "", count)
		source = substr(rest, index(rest, "|") + 1)
		if (source ~ /^#\[cfg\(test\)\]/) in_tests = 1
		if (in_tests || count == "") next
		all[file]++
		if (count + 0 > 0) run[file]++
		else print file ":" number + 0 ": " source > missed
	}
	END {
		for (file in all) {
			printf "%6.1f %% %5d of %5d  %s\n", 100 * run[file] / all[file], run[file], all[file], file > lines
			f = folder(file); a[f] += all[file]; r[f] += run[file]
			split(file, top, "/"); t = top[1] "/" top[2]; ta[t] += all[file]; tr[t] += run[file]
		}
		for (f in a) printf "coverage %s: %-22s %5.1f %% (%d of %d lines)\n", part, f, 100 * r[f] / a[f], r[f], a[f] | "sort"
		close("sort")
		for (t in ta) printf "coverage: %-12s %5.1f %% (%d of %d lines)\n", t, 100 * tr[t] / ta[t], tr[t], ta[t] | "sort"
	}' "$out/$part.show"
sort -k5 -o "$out/$part.lines" "$out/$part.lines"
exit "$status"
