#!/usr/bin/env bash
# Installs what a fresh Debian machine with PostgreSQL and Rust still lacks: server headers, pip.
source "$(dirname "$0")/common.sh"

packages=()
pg_config=$(command -v "${PG_CONFIG:-pg_config}" || ls /usr/lib/postgresql/*/bin/pg_config 2>/dev/null | tail -1 || true)
if [ -z "$pg_config" ]; then
	packages+=(postgresql-15 postgresql-server-dev-15)
elif [ ! -f "$("$pg_config" --includedir-server)/postgres.h" ]; then
	packages+=("postgresql-server-dev-$("$pg_config" --version | sed 's/^[^0-9]*\([0-9]*\).*/\1/')")
fi
command -v cc >/dev/null || packages+=(gcc libc6-dev)
python3 -m pip --version >/dev/null 2>&1 || packages+=(python3-pip)

command -v cargo >/dev/null || die "Rust 1.95 or later is needed (https://rustup.rs)"
[ ${#packages[@]} -gt 0 ] || exit 0

sudo=
[ "$(id -u)" = 0 ] || sudo=sudo
command -v apt-get >/dev/null || die "please install: ${packages[*]}"
say "installing ${packages[*]}"
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get update -qq
$sudo apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
