#!/usr/bin/env bash
# Our index beside pgvector's HNSW and a sequential scan, on PostgreSQL 18. DATA names a folder with docs.spz,
# queries.spz and the exact answers (gt_*.zst).
source "$(dirname "$0")/common.sh"
DATA=$(cd "$ROOT" && cd "${1:-${DATA:-../shared/data/squad}}" && pwd) || die "no such folder; say DATA=folder"
PG_CONFIG=$("$ROOT/scripts/pg18.sh")
use_server "$PG_CONFIG"
PROFILE=release "$ROOT/scripts/install.sh"
cd "$ROOT"
cargo run --locked --release --package pg_wand_tests --bin bench --target-dir "$TARGET" -- "$DATA"
