#!/usr/bin/env bash
# pgvector's client types against columns of svec and sparsevec: Node (tests/clients/node; versions are pinned by its
# lock file). Python's are in clients/python. Needs npm, and a server with pgvector: PG_CONFIG.
source "$(dirname "$0")/common.sh"
use_server
command -v npm >/dev/null || die "no npm: apt-get install npm"
[ -f "$("$PG_CONFIG" --sharedir)/extension/vector.control" ] || die "no pgvector for $PG_CONFIG"

work=$TARGET/clients/node
mkdir -p "$work"
cp "$ROOT"/tests/clients/node/* "$work/"
(cd "$work" && npm ci --ignore-scripts --no-audit --no-fund --silent)
server_start
export PGDATABASE=postgres
"$BINDIR/psql" -qX -c 'CREATE EXTENSION vector' -c 'CREATE EXTENSION pg_wand' -c 'CREATE EXTENSION pg_wand_pgvector'
(cd "$work" && node --test --test-reporter=tap)
server_log_clean || die "the server's log is not clean: $(cat "$SERVER/log")"
