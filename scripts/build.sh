#!/usr/bin/env bash
# Builds the library for PG_CONFIG's server and keeps it in target/pgNN, so that versions do not overwrite each other.
source "$(dirname "$0")/common.sh"
use_server
cd "$ROOT"

[ -f "$("$PG_CONFIG" --includedir-server)/postgres.h" ] || die "no server headers for $PG_CONFIG; try 'make setup'"
build_library "$PGV"
install -D -m755 "$LIBRARY" "$TARGET/$PGV/pg_wand.so"
