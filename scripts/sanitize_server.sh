#!/usr/bin/env bash
# A server under valgrind while golden files run on it: nothing that has the library in its stack may read or write
# where it must not, or decide by what was never written; tests/valgrind.supp has the exceptions.
# Usage: sanitize_server.sh [all | FILE...]; without names a choice that meets every layer once. What PostgreSQL does by
# itself is counted and not judged (it is not built for valgrind: its memory contexts look like a few large blocks, so
# an overrun within one of them is not seen).
# PROFILE=dev by default: line numbers, and no code that the compiler has moved. Valgrind knows no AVX-512, so the
# kernels are those of AVX2. Prints every finding; the last line is the count.
PROFILE=${PROFILE:-dev}
source "$(dirname "$0")/common.sh"
command -v valgrind >/dev/null || die "valgrind is not installed (Debian: apt-get install valgrind libc6-dbg)"
use_server
plain=$PG_CONFIG
PG_CONFIG=$("$ROOT/scripts/faulty.sh")
use_server

files=("$@")
[ $# -gt 0 ] || files=(encoders filter_bitmap filter_scan fusion_fuse index_basic index_cosine index_inspect index_kill
	index_l2 index_nulls index_stream svec_aggregates svec_binary svec_casts svec_corrupted svec_text svec_toast
	weights_pruning)
[ "${files[*]}" != all ] || mapfile -t files < <(cd "$ROOT/pg_regress/sql" && ls ./*.sql | sed 's|^./||; s|\.sql$||' |
	grep -v "^pgvector_")

# No parallel workers: one process is slow enough. A shared buffer pool that is small is read again more often.
server_start "jit = off" "autovacuum = off" "max_parallel_workers = 0" "shared_buffers = 8MB" \
	"authentication_timeout = 600s" "statement_timeout = 0" "max_stack_depth = 1MB"
as_server "$BINDIR/pg_ctl" -D "$SERVER/data" -m fast -w -s stop
logs=$SERVER/valgrind
mkdir "$logs"
chmod 777 "$logs"
as_server valgrind --quiet --trace-children=yes --num-callers=60 --error-limit=no --leak-check=no \
	--suppressions="$ROOT/tests/valgrind.supp" --log-file="$logs/%p.log" \
	"$BINDIR/postgres" -D "$SERVER/data" >>"$SERVER/log" 2>&1 &
for _ in $(seq 300); do
	! "$BINDIR/pg_isready" -q || break
	sleep 1
done
"$BINDIR/pg_isready" || die "the server did not start under valgrind; see $SERVER/log"

begin=$SECONDS
status=0
OUTPUT=$TARGET/$PGV/valgrind "$ROOT/scripts/regress.sh" "${files[@]}" || status=1
as_server "$BINDIR/pg_ctl" -D "$SERVER/data" -m fast -w -t 600 -s stop || status=1
server_log_clean || {
	say "the server's log is not clean"
	status=1
}

# Errors are paragraphs of lines "==pid== ..."; a finding has a frame in pg_wand.so.
findings=$TARGET/valgrind-findings.txt
read -r ours theirs < <(cat "$logs"/*.log | sed -E 's/^(==|\*\*)[0-9]+(==|\*\*) ?//' | awk -v out="$findings" '
	BEGIN { RS = ""; printf "" > out }
	/pg_wand\.so|pg_wand::/ { n++; print $0 "\n" > out; next }
	/\n +at 0x/ { other++ }
	END { print n + 0, other + 0 }')
[ "$ours" = 0 ] || head -n 200 "$findings"
say "sanitize_server: ${#files[@]} golden files under valgrind on PostgreSQL" \
	"$("$plain" --version | sed 's/^[^0-9]*\([0-9.]*\).*/\1/'): $ours findings in pg_wand, $theirs in PostgreSQL alone;" \
	"$((SECONDS - begin)) s"
[ "$status" = 0 ] && [ "$ours" = 0 ]
