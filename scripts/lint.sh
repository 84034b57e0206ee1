#!/usr/bin/env bash
# Looks for what a hostile schema could capture in our SQL scripts, with pgspot from PyPI (pinned, in a folder of its
# own under target/): 0 findings. The rules that need no network are in tests/tests/script.rs.
source "$(dirname "$0")/common.sh"
cd "$ROOT"

python_packages "$TARGET/lint" tests/script/requirements.txt
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# What it says of a file, on its last lines. A body in standard SQL, which it cannot read, is put beside its function.
judge() {
	perl -0pe 's/LANGUAGE sql ([^;]*?)\s+RETURN (.*?);\n/LANGUAGE C $1 AS \x27x\x27;\nSELECT $2;\n/sg' "$1" \
		>"$work/read.sql"
	PYTHONPATH=$PACKAGES python3 "$PACKAGES/bin/pgspot" "$work/read.sql"
}

# First see it find something: without findings it would prove nothing.
printf '%s\n' 'CREATE OR REPLACE FUNCTION @extschema@.f() RETURNS int LANGUAGE sql STABLE' '    RETURN 1 + 1;' \
	>"$work/bad.sql"
judge "$work/bad.sql" >"$work/said" || true
grep -q PS002 "$work/said" && grep -q PS001 "$work/said" ||
	die "pgspot does not find what is wrong: $(cat "$work/said")"

n=0
cat sql/install/*.sql >"$work/pg_wand--$VERSION.sql"
# Another extension's schema is as good as our own; pgspot knows the latter only.
sed 's/@extschema:[a-z_]*@/@extschema@/g' sql/pgvector/install.sql >"$work/pg_wand_pgvector--$VERSION.sql"
for script in "$work"/pg_wand*--"$VERSION.sql" sql/pg_wand--*--*.sql; do
	judge "$script" >"$work/said" || true
	# Nothing but this: an error of its own would stand below the counts.
	if [ "$(tr -s ' \n' ' ' <"$work/said")" != ' Errors: 0 Warnings: 0 Unknown: 0 ' ]; then
		cat "$work/said" >&2
		die "findings in $(basename "$script")"
	fi
	n=$((n + 1))
done
say "lint: $n scripts, 0 findings"
