#!/usr/bin/env bash
# Builds the library for PG_CONFIG's server and keeps it in target/pgNN, so that versions do not overwrite each other.
source "$(dirname "$0")/common.sh"
use_server
cd "$ROOT"

flags=()
folder=debug
if [ "$PROFILE" = release ]; then
	flags+=(--release)
	folder=release
fi
[ -f "$("$PG_CONFIG" --includedir-server)/postgres.h" ] || die "no server headers for $PG_CONFIG; try 'make setup'"
cargo build --locked --lib "${flags[@]}" --no-default-features --features "$PGV" --target-dir "$TARGET"
install -D -m755 "$TARGET/$folder/libpg_wand.so" "$TARGET/$PGV/pg_wand.so"
