#!/usr/bin/env bash
# Our index beside a sequential scan, pgvector's HNSW and in-process engines, on PostgreSQL 18; docs/benchmarks.md.
# DATA names folders with docs.spz, queries.spz and the exact answers (gt_*.zst), or collections beside the project
# (squad, wiki200k). Without it the PostgreSQL manual, grown to BENCH_DOCS (100,000) documents.
source "$(dirname "$0")/common.sh"

data=${1:-${DATA:-}}
cd "$ROOT"
client() { cargo build --locked --quiet --release --package pg_wand_tests --bin "$1" --target-dir "$TARGET"; }

folders=()
for name in $data; do
	folder=$name
	[ -d "$folder" ] || folder=${DATA_DIR:-../shared/data}/$name
	[ -f "$folder/docs.spz" ] || die "no docs.spz in '$name'; say DATA=folder"
	folders+=("$(cd "$folder" && pwd)")
done
if [ ${#folders[@]} = 0 ]; then
	size=${BENCH_DOCS:-100000}
	folder=$TARGET/bench/data/pgdocs-$size
	if [ ! -f "$folder/gt_scores.f32.zst" ]; then
		say "growing the PostgreSQL manual to $size documents ..."
		client generate
		"$TARGET/release/generate" "$folder" "$size" 500 1 demo/pgdocs
	fi
	folders=("$folder")
fi

# A virtual environment of its own; what is missing there is missing in the table.
if [ "${RIVALS:-}" != skip ] && [ -z "${BENCH_PYTHON:-}" ]; then
	venv=$TARGET/bench/venv
	stamp=$venv/$(sha256sum <scripts/bench-requirements.txt | cut -c1-16)
	if [ ! -f "$stamp" ]; then
		python3 -m venv "$venv"
		while read -r requirement; do
			case $requirement in '' | '#'*) continue ;; esac
			"$venv/bin/pip" install --quiet --only-binary=:all: "$requirement" || say "not installed: $requirement"
		done <scripts/bench-requirements.txt
		touch "$stamp"
	fi
	export BENCH_PYTHON=$venv/bin/python
fi

PG_CONFIG=$("$ROOT/scripts/pg18.sh")
use_server "$PG_CONFIG"
PROFILE=release "$ROOT/scripts/install.sh"
client bench
for folder in "${folders[@]}"; do
	"$TARGET/release/bench" "$folder" "$TARGET/bench"
done
