#!/usr/bin/env bash
# Installs what build.sh made where PG_CONFIG's server looks for it.
source "$(dirname "$0")/common.sh"
use_server
# Under sudo there may be no cargo: then what is already built is installed.
if command -v cargo >/dev/null; then "$ROOT/scripts/build.sh"; fi
library=$TARGET/$PGV/pg_wand.so
[ -f "$library" ] || die "nothing built for $PGV yet: run 'make PG_CONFIG=$PG_CONFIG' first"

lib=${DESTDIR:-}$("$PG_CONFIG" --pkglibdir)
ext=${DESTDIR:-}$("$PG_CONFIG" --sharedir)/extension

install -d "$lib" "$ext"
# A new file, never the old one overwritten: a running server has that one mapped.
install -m755 "$library" "$lib/pg_wand.so.new"
mv -f "$lib/pg_wand.so.new" "$lib/pg_wand.so"
install_sql "$ext"
