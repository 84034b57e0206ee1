#!/usr/bin/env bash
# The engine's inner loops, without a server. Arguments go to the benches: a filter, --quick.
source "$(dirname "$0")/common.sh"
cd "$ROOT"
cargo bench --locked --package pg_wand --no-default-features --target-dir "$TARGET" --bench '*' -- "$@"
