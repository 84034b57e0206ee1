#!/usr/bin/env bash
# The version stands in pg_wand.control; other files repeat it. Usage: version.sh      fails where one differs
#                                                                     version.sh NEW  begins version NEW everywhere
source "$(dirname "$0")/common.sh"
cd "$ROOT"

# repeated: each place that repeats the version, and what it says
repeated() {
	local manifest lock
	for manifest in Cargo.toml tests/Cargo.toml clients/python/pyproject.toml; do
		printf '%s %s\n' "$manifest" "$(sed -n 's/^version = "\(.*\)"/\1/p' "$manifest" | head -n 1)"
	done
	manifest=pg_wand_pgvector.control
	printf '%s %s\n' "$manifest" "$(sed -n "s/^default_version = '\(.*\)'/\1/p" "$manifest")"
	for lock in Cargo.lock fuzz/Cargo.lock; do
		sed -nE "/^name = \"(pg_wand|pg_wand_tests)\"$/{N;s|.*\nversion = \"(.*)\"|$lock \1|p}" "$lock"
	done
	printf 'CHANGELOG.md %s\n' "$(sed -n 's/^## \([^ ]*\).*/\1/p' CHANGELOG.md | head -n 1)"
	printf 'SECURITY.md %s\n' "$(sed -n 's/^| \([0-9][0-9.]*\) .*/\1/p' SECURITY.md | head -n 1)"
}

check() {
	local n=0 bad=0 place said
	while read -r place said; do
		n=$((n + 1))
		# What is supported is said for minor versions.
		if [ "$said" != "$VERSION" ] && [ "$place $said" != "SECURITY.md ${VERSION%.*}" ]; then
			say "version: $place says ${said:-nothing}, pg_wand.control $VERSION" >&2
			bad=1
		fi
	done < <(repeated)
	if [ -z "$(find sql -maxdepth 1 -name "pg_wand--*--$VERSION.sql")" ]; then
		say "version: no sql/pg_wand--...--$VERSION.sql leads to $VERSION" >&2
		bad=1
	fi
	[ "$bad" = 0 ] || die "the version is not the same everywhere; scripts/version.sh NEW sets it"
	say "version: $VERSION in $((n + 1)) places"
}

# begin NEW: what RELEASING.md does after a release
begin() {
	local new=$1
	[[ $new =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]] || die "a version is three numbers: $new"
	[ -f "sql/releases/pg_wand--$VERSION.sql" ] || die "$VERSION was not released: scripts/freeze.sh keeps its script"
	[ "$(printf '%s\n' "$VERSION" "$new" | sort -V | tail -n 1)" != "$VERSION" ] || die "$new is not above $VERSION"
	sed -i "s/^default_version = .*/default_version = '$new'/" pg_wand.control pg_wand_pgvector.control
	sed -i "0,/^version = .*/s//version = \"$new\"/" Cargo.toml tests/Cargo.toml clients/python/pyproject.toml
	sed -i -E "/^name = \"(pg_wand|pg_wand_tests)\"$/{n;s/.*/version = \"$new\"/}" Cargo.lock fuzz/Cargo.lock
	sed -i "0,/^## /s//## $new (unreleased)\n\n## /" CHANGELOG.md
	: >"sql/pg_wand--$VERSION--$new.sql"
	: >"sql/pgvector/pg_wand_pgvector--$VERSION--$new.sql"
	VERSION=$new
	# One line that only a person can write: what happens to the version before.
	[ "${new%.*}" = "$(repeated | sed -n 's/^SECURITY.md //p')" ] ||
		say "SECURITY.md: say that ${new%.*} is supported, and what of the version before it"
}

case $# in
0) check ;;
1) begin "$1" ;;
*) die "usage: version.sh [NEW]" ;;
esac
