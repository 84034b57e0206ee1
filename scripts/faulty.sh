#!/usr/bin/env bash
# A private copy of PG_CONFIG's server with a library that can fail on purpose (cargo feature `faults`); prints the
# copy's pg_config. The server itself, and what is installed in it, stay as they are. With LIBRARY, a file that was
# built otherwise, and COPY, a name for it, another copy has that library.
source "$(dirname "$0")/common.sh"
use_server
cd "$ROOT"

[ -n "${LIBRARY:-}" ] || build_library "$PGV,faults" >&2

copy=$TARGET/${COPY:-faulty}-$PGV
mkdir -p "$copy"
# A server that does not run as root cannot live under a folder that only root may enter.
(cd / && as_server test -x "$copy") || copy=/var/tmp/pg_wand-${COPY:-faulty}-$PGV

copy_server "$copy"
install -m755 "$LIBRARY" "$COPY_LIB/pg_wand.so.new"
mv -f "$COPY_LIB/pg_wand.so.new" "$COPY_LIB/pg_wand.so"
install_sql "$COPY_EXT"
say "$COPY_BIN/pg_config"
