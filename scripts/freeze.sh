#!/usr/bin/env bash
# Keeps the installation scripts of the version to be released, as sql/releases/pg_wand--VERSION.sql and
# pg_wand_pgvector--VERSION.sql: from then on they are what that version was, and never changed. See RELEASING.md.
source "$(dirname "$0")/common.sh"
script=$ROOT/sql/releases/pg_wand--$VERSION.sql
[ ! -f "$script" ] || die "version $VERSION is frozen already; raise default_version in pg_wand.control first"
cat "$ROOT"/sql/install/*.sql >"$script"
say "${script#"$ROOT"/}"
second=$ROOT/sql/releases/pg_wand_pgvector--$VERSION.sql
cp "$ROOT/sql/pgvector/install.sql" "$second"
say "${second#"$ROOT"/}"
