#!/usr/bin/env bash
# Other people's code in the build: licences, sources, banned crates, and what RUSTSEC knows of them (deny.toml). The
# advisories are a git repository that is fetched. Where it cannot be had, all else is checked, and that is said last
# and loudly; DENY=strict makes it a failure.
source "$(dirname "$0")/common.sh"
cd "$ROOT"
version=0.20.2
deny=$TARGET/tools/bin/cargo-deny
[ "$("$deny" --version 2>/dev/null)" = "cargo-deny $version" ] ||
	cargo install --locked --root "$TARGET/tools" cargo-deny --version "$version"

status=0
"$deny" --locked check --hide-inclusion-graph bans licenses sources || status=1
say "deny: licences, sources and bans: $([ "$status" = 0 ] && say passed || say FAILED)"

log=$TARGET/deny-advisories.log
if "$deny" --locked check --hide-inclusion-graph advisories >"$log" 2>&1; then
	say "deny: advisories: passed"
elif grep -qE 'failed to (fetch|clone|load|open) .*(advisory|database|repo)' "$log"; then
	say "deny: ADVISORIES WERE NOT CHECKED: their database cannot be fetched from here; the last lines of $log:"
	tail -n 5 "$log"
	[ "${DENY:-}" != strict ] || status=1
else
	cat "$log"
	say "deny: advisories: FAILED"
	status=1
fi
exit "$status"
