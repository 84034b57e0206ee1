#!/usr/bin/env bash
# Run by scripts/package_test.sh in a small Debian, as root: /old.deb and /new.deb are installed, used, upgraded,
# removed and purged while its server runs. Usage: life.sh MAJOR OLD NEW N, N being the number of the line before.
set -euo pipefail
major=$1 old=$2 new=$3 n=$4
package=postgresql-$major-pg-wand
export DEBIAN_FRONTEND=noninteractive

check() {
	local what=$1
	shift
	n=$((n + 1))
	if "$@" >/tmp/said 2>&1; then
		printf 'ok %d - %s  0 s\n' "$n" "$what"
	else
		printf 'not ok %d - %s  0 s\n' "$n" "$what"
		sed 's/^/# /' /tmp/said
	fi
}

query() { runuser -u postgres -- psql -XAtq -v ON_ERROR_STOP=1 -d life -c "$1"; }
is() { [ "$(query "$2")" = "$1" ] || { query "$2" && false; }; }

# There is no network: all that the package depends on must be here.
get() { apt-get -y -qq -o Dpkg::Use-Pty=0 "$@"; }

# All files but the system's own book-keeping, and the server's.
files() {
	find / -xdev \( -path /proc -o -path /tmp -o -path /var/lib/dpkg -o -path /var/lib/apt -o -path /var/cache \
		-o -path /var/log -o -path /var/lib/postgresql -o -path /run \) -prune -o -print | LC_ALL=C sort
}
unchanged() { files | diff /tmp/before -; }
no_trace() { ! dpkg-query -W "$package" 2>/dev/null | grep .; }
lacking() { { query "SELECT count(*) FROM docs" 2>&1 || true; } | grep -F 'could not access file "$libdir/pg_wand"'; }
# verified VERSION: this version is there, and no file that is not what the package brought.
verified() {
	[ "$(dpkg-query -W -f '${db:Status-Abbrev}${Version}' "$package")" = "ii $1-1" ] &&
		[ -z "$(dpkg --verify "$package")" ]
}

files >/tmp/before
printf "listen_addresses = ''\n" >"/etc/postgresql/$major/main/conf.d/life.conf"
check "the server starts" pg_ctlcluster "$major" main start
runuser -u postgres -- createdb life
files >/tmp/before

check "$old is installed" get install /old.deb
check "its files are its own" verified "$old"
check "CREATE EXTENSION" query "CREATE EXTENSION pg_wand"
check "it is $old" is "$old" "SELECT extversion FROM pg_extension WHERE extname = 'pg_wand'"
query "CREATE TABLE docs (id int, emb svec);
	INSERT INTO docs SELECT i, ('{' || i % 97 + 1 || ':' || 1 + i % 13 || ',' || i % 89 + 100 || ':1}/200')::svec
	FROM generate_series(1, 2000) i;
	CREATE INDEX docs_emb ON docs USING wand (emb)"
answer="SET enable_seqscan = off; SELECT string_agg(id::text, ' ') FROM
	(SELECT id FROM docs ORDER BY emb <#> '{5:1,120:1.5}/200', id LIMIT 20) best"
before=$(query "$answer")

check "$new replaces it under the running server" get install /new.deb
check "its files are its own" verified "$new"
check "the former SQL still answers the same" is "$before" "$answer"
check "ALTER EXTENSION UPDATE" query "ALTER EXTENSION pg_wand UPDATE"
check "it is $new" is "$new" "SELECT extversion FROM pg_extension WHERE extname = 'pg_wand'"
check "the index answers the same" is "$before" "$answer"
check "wand_check finds nothing" is "" "SELECT * FROM wand_check('docs_emb', true)"
check "the server restarts" pg_ctlcluster "$major" main restart
check "the index still answers the same" is "$before" "$answer"

while read -r control; do
	extension=$(basename "$control" .control)
	absent=
	for needed in $(sed -n "s/^requires = '\(.*\)'/\1/p" "$control" | tr -d ,); do
		[ -f "$(dirname "$control")/$needed.control" ] || absent+=" $needed"
	done
	if [ -n "$absent" ]; then
		printf '# not created: %s, which needs%s\n' "$extension" "$absent"
		continue
	fi
	check "CREATE EXTENSION $extension in another database" runuser -u postgres -- bash -c \
		"dropdb --if-exists other; createdb other
		psql -Xq -v ON_ERROR_STOP=1 -d other -c 'CREATE EXTENSION $extension CASCADE'"
done < <(dpkg-query -L "$package" | grep '\.control$')

check "it is removed" get remove "$package"
check "nothing of it is left in the file system" unchanged
check "a query then names the file that it lacks" lacking
check "other queries are answered" is 1 "SELECT 1"
check "it is installed again" get install /new.deb
check "the rows are there" is 2000 "SELECT count(*) FROM docs"
check "the index answers as before" is "$before" "$answer"
check "DROP EXTENSION" query "DROP EXTENSION pg_wand CASCADE"
check "it is purged" get purge "$package"
check "nothing of it is left in the file system" unchanged
check "nor in dpkg's books" no_trace
check "the server stops" pg_ctlcluster "$major" main stop
