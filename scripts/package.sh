#!/usr/bin/env bash
# Makes what a release hands out, in target/packages: "deb", the Debian package for PG_CONFIG's server and that of its
# debug symbols; "source", the committed tree as .tar.gz and as PGXN's .zip with META.json; SHA256SUMS. Without a name
# both. The same commit gives the same bytes. MAINTAINER is who stands in the Debian package. See packaging/README.md.
source "$(dirname "$0")/common.sh"
cd "$ROOT"

out=$TARGET/packages
maintainer=${MAINTAINER:-The pg_wand developers <pg_wand@maintainer.invalid>}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# No time of today gets into a package. Crates that build C would be built again for a new SOURCE_DATE_EPOCH: only
# dpkg-deb sees it.
time_of_commit=$(git log -1 --format=%ct)
export TZ=UTC
# dpkg-deb and git archive keep rights; those of a private umask would make files that only root may read.
umask 022

make_source() {
	local name=pg_wand-$VERSION
	# For an archive is made of a commit: what is not committed would silently be left out.
	[ -z "$(git status --porcelain)" ] || die "something is not committed"
	scripts/version.sh
	git archive --format=tar --prefix="$name/" HEAD | gzip -9n >"$out/$name.tar.gz"
	mkdir "$work/controls"
	install_sql "$work/controls"
	python3 packaging/meta.py "$VERSION" "$work/controls" >"$work/META.json"
	git archive --format=zip -9 --prefix="$name/" --add-file="$work/META.json" HEAD >"$out/$name.zip"
}

make_deb() {
	use_server
	local major=${PGV#pg} arch stage symbols library id doc build_ids=() depends
	command -v dpkg-shlibdeps >/dev/null || die "dpkg-dev is not installed"
	[ "$("$PG_CONFIG" --pkglibdir)" = "/usr/lib/postgresql/$major/lib" ] || die "$PG_CONFIG is not of a Debian package"
	arch=$(dpkg --print-architecture)
	package=postgresql-$major-pg-wand
	stage=$work/$package symbols=$work/$package-dbgsym
	DESTDIR=$stage scripts/install.sh

	# Whatever was installed is packed; symbols of each library go apart, under its build id, where debuggers look.
	while read -r library; do
		id=$(readelf -n "$library" | sed -n 's/.*Build ID: //p')
		[ -n "$id" ] || die "$(basename "$library") has no build id"
		build_ids+=("$id")
		install -d "$symbols/usr/lib/debug/.build-id/${id:0:2}"
		objcopy --only-keep-debug --compress-debug-sections "$library" \
			"$symbols/usr/lib/debug/.build-id/${id:0:2}/${id:2}.debug"
		strip --strip-unneeded --remove-section=.comment --remove-section=.note "$library"
	done < <(find "$stage" -name '*.so')
	find "$stage" "$symbols" -type f -exec chmod 644 {} +

	doc=$stage/usr/share/doc/$package
	install -d "$doc"
	{
		cat packaging/debian/copyright
		sed 's/^$/./; s/^/ /' LICENSE
	} >"$doc/copyright"
	python3 packaging/licences.py "$PGV" | gzip -9n >"$doc/licences-of-crates.gz"
	gzip -9nc CHANGELOG.md >"$doc/changelog.gz"
	gzip -9nc README.md >"$doc/README.md.gz"
	{
		printf '%s (%s) unstable; urgency=medium\n\n' "$package" "$VERSION-1"
		printf '  * Version %s; what it changes is told in changelog.gz.\n\n' "$VERSION"
		printf ' -- %s  %s\n' "$maintainer" "$(date -R -d "@$time_of_commit")"
	} | gzip -9n >"$doc/changelog.Debian.gz"
	install -d "$symbols/usr/share/doc"
	ln -s "$package" "$symbols/usr/share/doc/$package-dbgsym"

	# The server, and the system's libraries in the versions whose symbols ours use.
	mkdir "$work/debian"
	printf 'Source: pg-wand\n\nPackage: %s\nArchitecture: any\n' "$package" >"$work/debian/control"
	depends=$(cd "$work" && find "$stage" -name '*.so' -exec dpkg-shlibdeps -O {} + | sed 's/^shlibs:Depends=//')
	control_file "$stage" packaging/debian/control
	control_file "$symbols" packaging/debian/control-dbgsym
	for stage in "$stage" "$symbols"; do
		SOURCE_DATE_EPOCH=$time_of_commit dpkg-deb --root-owner-group -Zxz --build "$stage" "$out" >/dev/null
	done
}

# control_file STAGE TEMPLATE: the folder DEBIAN of a package; uses what make_deb knows
control_file() {
	local size
	# Debian's rule: a file counts in whole kilobytes, anything else as one.
	size=$(find "$1" -mindepth 1 -printf '%y %s\n' |
		awk '{ n += $1 == "f" ? int(($2 + 1023) / 1024) : 1 } END { print n }')
	mkdir "$1/DEBIAN"
	(cd "$1" && find usr -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum) >"$1/DEBIAN/md5sums"
	sed "s|@PACKAGE@|$package|; s|@DEB_VERSION@|$VERSION-1|; s|@ARCH@|$arch|; s|@MAINTAINER@|$maintainer|
		s|@SIZE@|$size|; s|@DEPENDS@|postgresql-$major, $depends|; s|@MAJOR@|$major|; s|@BUILD_IDS@|${build_ids[*]}|" \
		"$2" >"$1/DEBIAN/control"
	find "$1" -type d -exec chmod 755 {} +
}

mkdir -p "$out"
[ $# -gt 0 ] || set -- deb source
for part in "$@"; do
	case $part in
	deb) make_deb ;;
	source) make_source ;;
	*) die "usage: package.sh [deb] [source]" ;;
	esac
done
cd "$out"
rm -f SHA256SUMS
find . -maxdepth 1 -type f -name "*[_-]$VERSION*" -printf '%f\n' | LC_ALL=C sort | xargs sha256sum >SHA256SUMS
ls -l
