# The only entry to every command. Each target is one script; `make help` lists them.

PG_CONFIG ?= pg_config
PROFILE ?= release
ROUNDS ?= 25
DATA ?=
ARGS ?=
PG18 ?=
PART ?=

export PG_CONFIG PROFILE ROUNDS DATA ARGS PG18 PART

all: ## build the library for PG_CONFIG
	scripts/build.sh

install: ## install library, control file and SQL for PG_CONFIG (honours DESTDIR)
	scripts/install.sh

test: ## every test, set-up included; last line: N passed, N failed
	scripts/test.sh

demo: ## ask the PostgreSQL manual; ARGS="5" or ARGS="how do I vacuum"
	demo/demo.sh "$$ARGS"

setup: ## install what a fresh Debian machine lacks
	scripts/setup.sh

check: ## rustfmt, clippy with and without PostgreSQL, layer rule
	scripts/check.sh

unit: ## engine tests; no server
	scripts/unit.sh

regress: install ## golden-file tests on PG_CONFIG's server
	scripts/regress.sh

isolation: install ## isolation specs on PG_CONFIG's server, and those with pauses on its private copy with faults
	scripts/isolation.sh
	scripts/isolation.sh faulty

integration: install ## exactness, malformed input, README, symbols, layers
	scripts/integration.sh

concurrency: install ## many clients, an oracle; CONCURRENCY_SECONDS=3600
	scripts/integration.sh concurrency

turnover: install ## size after TURNOVERS=5 turnovers of a table
	scripts/integration.sh turnover

soak: ## PART=sweep, kills, standby, concurrency, isolation, turnover, life or limits at full size; docs/promises.md
	scripts/soak.sh

.PHONY: concurrency turnover soak

crash: install ## ROUNDS rounds of kill -9 under load
	scripts/integration.sh crash

walcheck: install ## regress suite with a standby that compares every replayed page
	scripts/integration.sh walcheck

sweep: ## every operation crashes and fails after its log records; SWEEP_BOUNDARIES=all for every one
	scripts/integration.sh sweep

standby: install ## reads and promotions under replay, points in time, subscriber; STANDBY_SECONDS=1800 PROMOTIONS=20
	scripts/integration.sh standby recovery

reference: install ## tokens, weights, BM25, fusion, metrics, tuning beside what programs from PyPI compute
	scripts/reference.sh

bench: ## time, size, recall beside rivals, growth, memory; DATA="folders", HNSW=skip ...; docs/benchmarks.md
	scripts/bench.sh

microbench: ## the engine's inner loops, no server; ARGS="a filter" or ARGS=--quick
	scripts/microbench.sh $(ARGS)

pg18: ## fetch a private PostgreSQL 18 with pgvector; prints its pg_config
	scripts/pg18.sh

clean: ## remove everything built
	rm -rf target

help: ## this list
	@sed -n 's/^\([a-z0-9]*\):.*## \(.*\)/\1\t\2/p' Makefile | expand -t 14

.PHONY: all install test demo setup check unit regress isolation integration crash walcheck sweep standby reference bench \
	microbench pg18 clean help
