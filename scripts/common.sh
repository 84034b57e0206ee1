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

# No test may end with any of these in the server's log, whatever its client saw.
server_log_clean() {
	! grep -E 'terminated by signal|PANIC:|TRAP:|leak|refcount|still referenced|XX00[0-2]:' "$SERVER/log"
}
