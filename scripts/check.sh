#!/usr/bin/env bash
# What a reviewer should not have to look at: one version everywhere, bugs to be seeded that still apply, format, lints,
# layer rule.
source "$(dirname "$0")/common.sh"
use_server
cd "$ROOT"
scripts/version.sh
for bug in tests/seeded/*.patch; do
	git apply --check "$bug" || die "$bug does not apply any more"
done
cargo fmt --all --check
cargo clippy --locked --workspace --all-targets --no-default-features --target-dir "$TARGET" -- -D warnings
cargo clippy --locked --package pg_wand --no-default-features --features "$PGV" --target-dir "$TARGET" -- -D warnings
cargo clippy --locked --package pg_wand --no-default-features --features "$PGV,faults" --target-dir "$TARGET" -- -D warnings
cargo test --locked --package pg_wand_tests --test architecture --target-dir "$TARGET"
