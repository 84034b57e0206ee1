#!/usr/bin/env bash
# Our index beside a sequential scan, pgvector's HNSW and in-process engines, on PostgreSQL 18; docs/benchmarks.md.
# DATA names folders with docs.spz, queries.spz and the exact answers (gt_*.zst), or collections beside the project
# (squad, wiki200k). Without it the PostgreSQL manual, grown to BENCH_DOCS (100,000) documents. Growth is measured with
# a collection of GROWTH times the documents: 4; with DATA only if GROWTH is said.
source "$(dirname "$0")/common.sh"

data=${1:-${DATA:-}}
growth=${GROWTH:-$([ -n "$data" ] || echo 4)}
n_queries=1000

# Whether a part is measured: those that ONLY names, or all that are not skipped.
wanted() {
	if [ -n "${ONLY:-}" ]; then
		[[ " $ONLY " == *" $1 "* ]]
	else
		[ "${!1:-}" != skip ]
	fi
}

# LIFE=row changes measures that alone.
if [ -n "${LIFE:-}" ]; then
	growth=skip
	export COMPARE=skip FILTER=skip
fi
wanted GROWTH || growth=skip
cd "$ROOT"
client() { cargo build --locked --quiet --release --package pg_wand_tests --bin "$1" --target-dir "$TARGET"; }

# Prints the folder of a collection of that name and size, made if need be; the rest are the generator's arguments.
made() {
	local folder=$TARGET/bench/data/$1-$2
	if [ ! -f "$folder/gt_scores.f32.zst" ]; then
		say "making $1-$2: $2 documents ..." >&2
		client generate
		"$TARGET/release/generate" "$folder" "$2" "$n_queries" 1 "${@:3}" >&2
	fi
	say "$folder"
}

# A file of rows says how many it has behind its first four bytes.
n_rows() { od -An -tu4 -j4 -N4 "$1" | tr -d ' '; }

folders=()
for name in $data; do
	folder=$name
	[ -d "$folder" ] || folder=${DATA_DIR:-../shared/data}/$name
	[ -f "$folder/docs.spz" ] || die "no docs.spz in '$name'; say DATA=folder"
	folders+=("$(cd "$folder" && pwd)")
done
if [ ${#folders[@]} = 0 ]; then
	folder=$(made pgdocs "${BENCH_DOCS:-100000}" demo/pgdocs)
	folders=("$folder")
fi

# A virtual environment of its own; what is missing there is missing in the table.
if [ "${RIVALS:-}" != skip ] && [ -z "${BENCH_PYTHON:-}" ] && { wanted COMPARE || wanted FILTER; }; then
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
PROFILE=release "$ROOT/scripts/install.sh" >&2
client bench
for folder in "${folders[@]}"; do
	# Two collections of one kind: with and without the manual.
	grown=()
	if [ -n "$growth" ] && [ "$growth" != skip ]; then
		n=$(n_rows "$folder/docs.spz")
		if [ -z "$data" ]; then
			small=$folder
			large=$(made pgdocs $((growth * n)) demo/pgdocs)
		else
			small=$(made made "$n")
			large=$(made made $((growth * n)))
		fi
		grown=("$small" "$large")
	fi
	"$TARGET/release/bench" "$folder" "$TARGET/bench" "${grown[@]}"
done
