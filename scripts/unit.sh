#!/usr/bin/env bash
# The engine's own tests: pure Rust, no server.
source "$(dirname "$0")/common.sh"
cd "$ROOT"
cargo test --locked --package pg_wand --no-default-features --target-dir "$TARGET" "$@"
