#!/usr/bin/env bash
# One part of the soak: a test at its full size. Usage: soak.sh PART; without it the parts are named.
# The sizes can be changed by the same variables that the test has. The last line is the result: part, date, seed,
# server, what the test counted, time. docs/promises.md keeps the last of each; it is edited by hand.
source "$(dirname "$0")/common.sh"

part=${1:-${PART:-}}
use_server
cd "$ROOT"
SEED=${SEED:-$(date +%s)}
export SEED
log=$TARGET/soak-$part.log
mkdir -p "$TARGET"

# set_size NAME VALUE: unless it is set already
set_size() {
	local value=${!1:-$2}
	export "$1=$value"
}

integration() { "$ROOT/scripts/integration.sh" "$@"; }
unit() { "$ROOT/scripts/unit.sh" "$@" -- --nocapture; }

# Every boundary of every operation, once for each of three seeds.
sweep() {
	local first=$SEED
	set_size SWEEP_BOUNDARIES all
	for SEED in $((first)) $((first + 1)) $((first + 2)); do
		integration sweep || return
	done
}

kills() {
	set_size CRASH_ROUNDS 1000
	set_size CRASH_CLIENTS 8
	set_size CRASH_READERS 4
	integration crash
}

# Long reading with few promotions; "promotions" is the other way round.
standby() {
	set_size STANDBY_SECONDS 3600
	set_size STANDBY_READERS 8
	set_size PROMOTIONS 10
	set_size CASCADES 0
	integration standby
}

promotions() {
	set_size STANDBY_SECONDS 300
	set_size STANDBY_READERS 8
	set_size PROMOTIONS 90
	set_size CASCADES 10
	integration standby
}

concurrency() {
	set_size CONCURRENCY_SECONDS 7200
	set_size CONCURRENCY_CLIENTS 16
	set_size CONCURRENCY_ROWS 16000
	set_size CONCURRENCY_ORACLE 30
	integration concurrency
}

held() {
	set_size HELD_SECONDS 7200
	set_size HELD_ROWS 1000000
	set_size HELD_CLIENTS 16
	integration held
}

# Answers through SQL, with and without conditions.
exact() {
	set_size EXACT_QUERIES 64
	set_size FILTER_QUERIES 60
	set_size FILTER_SHAPES 120
	integration exactness filters filter_shapes
}

# Values through SQL literals, binary parameters and COPY.
doors() {
	set_size MALFORMED_TEXT 1000000
	set_size MALFORMED_BINARY 900000
	set_size MALFORMED_COPY 100000
	integration malformed
}

# Ten million mutations at all doors of the engine (slow ones get a part of that), and then half a billion at each of
# the two main ones.
bytes() {
	PG_WAND_MUTATIONS=${PG_WAND_MUTATIONS:-10000000} unit mutations_are || return
	local door
	for door in svec_text svec_binary; do
		PG_WAND_DOOR=$door PG_WAND_MUTATIONS=${PG_WAND_MUTATIONS:-500000000} unit mutations_are || return
	done
}

# Damaged pages under every reader of the engine.
images() {
	set_size PG_WAND_IMAGES 10000000
	unit damaged_images_end
}

# Searches against the oracle, without a server: ten queries a case; small and larger collections, and conditions.
engine() {
	PG_WAND_CASES=${PG_WAND_CASES:-2000000} unit equal_the_oracle || return
	PG_WAND_CASES=${PG_WAND_CASES:-100000} unit conditions_leave
}

prefix() {
	set_size PREFIX_POSITIONS 300
	set_size PREFIX_LOG 800
	integration prefix
}

lottery() {
	set_size LOTTERY_IMAGES 300
	integration lottery
}

cancel() {
	set_size CANCEL_ROUNDS 10000
	set_size CANCEL_SESSIONS 4
	integration cancel
}

damage() {
	set_size DAMAGE_ROUNDS 20000
	integration damage
}

memory() {
	set_size MEMORY_POINTS 1000
	set_size MEMORY_STEPS 40
	integration memory
}

bounds() {
	set_size BOUNDS_ROWS 500000
	set_size BOUNDS_MOST 1024
	integration memory_bounds
}

disk() {
	set_size DISK_FULL_ROUNDS 100
	integration disk_full
}

# Who may do what, what a hostile schema can do, and what scripts, functions and system calls look like.
rights() {
	"$ROOT/scripts/lint.sh" && integration script hostile privileges privileges_of_rows && "$ROOT/scripts/syscalls.sh"
}

ddl() {
	set_size DDL_CONCURRENTLY 200
	set_size DDL_CRASHES 50
	integration ddl ddl_live
}

# UPGRADE_PG_CONFIG names the server of another major version that pg_upgrade goes to.
upgrades() { integration upgrade fixtures; }

# Fuzzing guided by coverage, FUZZ_SECONDS for each target.
fuzz() {
	set_size FUZZ_SECONDS 600
	local target
	for target in "$ROOT"/fuzz/corpus/*; do
		"$ROOT/scripts/fuzz.sh" "$(basename "$target")" "$FUZZ_SECONDS" || return
	done
}

# The engine under the address sanitizer and valgrind, a server under valgrind.
sanitize() {
	"$ROOT/scripts/sanitize.sh" engine && "$ROOT/scripts/sanitize.sh" valgrind && "$ROOT/scripts/sanitize_server.sh"
}

# Do the tests bite? Bugs of the field are put back, one by one.
seeded() { "$ROOT/scripts/seeded.sh"; }

# All permutations of all specs, also of those that need a server that can be made to pause.
isolation() { "$ROOT/scripts/isolation.sh" && "$ROOT/scripts/isolation.sh" faulty; }

turnover() {
	set_size TURNOVERS 100
	set_size TURNOVER_ROWS 5000
	integration turnover
}

# Speed and log volume while 200,000 rows change a million times.
life() {
	set_size LIFE 1000000
	set_size DATA wiki200k
	"$ROOT/scripts/bench.sh"
}

limits() {
	export PG_WAND_LARGE=1 LIMITS=large
	"$ROOT/scripts/unit.sh" limits_tests && integration limits
}

# Summaries of the tests, each "name: numbers" but for lines of progress, or what pg_regress counts.
counts() {
	grep -hE '^(turnover[a-z ]*|memory [a-z_]*|[a-z_]+): .*[0-9]' "$log" |
		grep -vE '^(crash round|error|warning)|boundaries(, [0-9]+ records)?$| stopped, at most ' |
		sed 's/; SEED=[0-9]*$//' | paste -sd';' -
	awk '/^test result: /{ ok += $4; bad += $6 }
		/^(test .* \.\.\. )?ok +[0-9]+( ms| - )/{ ok++ } /^not ok |\.\.\. FAILED.* ms$/{ bad++ }
		END { printf "%d tests passed, %d failed\n", ok, bad }' "$log"
}

parts=$(sed -n 's/^\([a-z]*\)() {.*/\1/p' "$0" | grep -vxE 'integration|unit|counts' | sort | paste -sd' ')
[[ " $parts " == *" ${part:-none} "* ]] || die "which part? $parts"
"$ROOT/scripts/install.sh"
begin=$SECONDS
seed=$SEED
result=passed
"$part" 2>&1 | tee "$log" || result=FAILED
printf 'soak %s: %s; %s; SEED=%s; PostgreSQL %s; %s; %d s\n' "$part" "$result" "$(date -u +%Y-%m-%d)" "$seed" \
	"$("$PG_CONFIG" --version | sed 's/^[^0-9]*//')" "$(counts | paste -sd'; ' -)" $((SECONDS - begin))
[ "$result" = passed ]
