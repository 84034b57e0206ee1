#!/usr/bin/env bash
# Fuzzes one target of the engine, guided by coverage and under the address sanitizer; without arguments names them.
#   scripts/fuzz.sh TARGET SECONDS      a run; JOBS=2 runs two processes at once
#   scripts/fuzz.sh keep TARGET         puts the smallest inputs that reach everything into fuzz/corpus (at most 60)
#   scripts/fuzz.sh again TARGET FILE   one input again
source "$(dirname "$0")/common.sh"
cd "$ROOT"
triple=x86_64-unknown-linux-gnu
folder=$TARGET/fuzz
command=run
case ${1:-} in keep | again)
	command=$1
	shift
	;;
esac
target=${1:-}
if [ ! -d "fuzz/corpus/${target:-none}" ]; then
	say "usage: scripts/fuzz.sh TARGET SECONDS; the targets are:"
	ls fuzz/corpus
	exit 2
fi

# What cargo-fuzz passes, with the stable toolchain: only our code and the crates it uses are instrumented, not the build
# scripts, which is why the triple is given.
sancov="-Cpasses=sancov-module"
for flag in level=4 inline-8bit-counters pc-table trace-compares; do
	sancov+=" -Cllvm-args=-sanitizer-coverage-$flag"
done
RUSTC_BOOTSTRAP=1 RUSTFLAGS="$sancov -Zsanitizer=address --cfg fuzzing" \
	cargo build --locked --release --manifest-path fuzz/Cargo.toml --target $triple --target-dir "$folder"
fuzzer=$folder/$triple/release/pg_wand_fuzz
export PG_WAND_TARGET=$target

# Longest input: segments are described by a few bytes for each change, tokenizers are files.
case $target in
segment | filter) longest=96 ;;
tokenizer) longest=1500 ;;
*) longest=512 ;;
esac
grown=$folder/corpus/$target artifacts=$folder/artifacts/$target
mkdir -p "$grown" "$artifacts"
limits=(-max_len="$longest" -rss_limit_mb=2048 -timeout=20 -artifact_prefix="$artifacts/" -print_final_stats=1)
case $command in
run)
	seed=${SEED:-$(date +%s)}
	say "fuzz: $target for ${2:?SECONDS is missing} s, SEED=$seed"
	if [ "${JOBS:-1}" -gt 1 ]; then limits+=("-fork=$JOBS"); fi
	"$fuzzer" "${limits[@]}" -seed="$seed" -max_total_time="$2" "$grown" "fuzz/corpus/$target" 2>&1 |
		grep -Ev '^#[0-9]+.(REDUCE|NEW|pulse|RELOAD)' | tail -40
	left=$(find "$artifacts" -type f | wc -l)
	say "fuzz: $target: $(find "$grown" -type f | wc -l) inputs in the grown corpus, $left failures; SEED=$seed"
	[ "$left" = 0 ] || die "failing inputs are in $artifacts; scripts/fuzz.sh again $target FILE"
	;;
again)
	"$fuzzer" "${limits[@]}" "${2:?FILE is missing}"
	;;
keep)
	small=$(mktemp -d "$folder/small.XXXXXX")
	"$fuzzer" "${limits[@]}" -merge=1 "$small" "fuzz/corpus/$target" "$grown" 2>&1 | tail -3
	# The merge takes small inputs first, so the ones that reach most at least bytes are the smallest of these.
	find "$small" -type f -printf '%s %p\n' | sort -n | head -60 | while read -r _ file; do
		cp "$file" "fuzz/corpus/$target/"
	done
	rm -rf "$small"
	say "fuzz: $target keeps $(find "fuzz/corpus/$target" -type f | wc -l) inputs"
	;;
esac
