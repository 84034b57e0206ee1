#!/usr/bin/env bash
# A private copy of PG_CONFIG's server in the folder that is named, for tests that change what is installed: with the
# library of that server and the SQL of this tree; prints the copy's pg_config.
source "$(dirname "$0")/common.sh"
use_server
[ $# = 1 ] || die "usage: private.sh FOLDER"
library=$("$PG_CONFIG" --pkglibdir)/pg_wand.so
[ -f "$library" ] || die "pg_wand is not installed for $PG_CONFIG"

copy_server "$1"
install -m755 "$library" "$COPY_LIB/"
install_sql "$COPY_EXT"
say "$COPY_BIN/pg_config"
