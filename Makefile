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

soak: ## PART=... at full size (make soak names the parts); docs/promises.md
	scripts/soak.sh

crash: install ## ROUNDS rounds of kill -9 under load
	scripts/integration.sh crash

walcheck: install ## regress suite with a standby that compares every replayed page
	scripts/integration.sh walcheck

sweep: ## every operation crashes and fails after its log records; SWEEP_BOUNDARIES=all for every one
	scripts/integration.sh sweep

memory: ## every statement and operation, its nth allocation failing; MEMORY_POINTS=1000
	scripts/integration.sh memory

damage: ## pages overwritten behind the index's back; DAMAGE_ROUNDS=20000
	scripts/integration.sh damage

standby: install ## reads and promotions under replay, points in time, subscriber; STANDBY_SECONDS=1800 PROMOTIONS=20
	scripts/integration.sh standby recovery

lint: ## what a hostile schema could capture in our SQL scripts
	scripts/lint.sh

deny: ## licences, sources and advisories of other people's code
	scripts/deny.sh

fuzz: ## ARGS="TARGET SECONDS": the engine's doors, guided by coverage, under the address sanitizer
	scripts/fuzz.sh $(ARGS)

sanitize: ## the engine under the address sanitizer, a server under valgrind
	scripts/sanitize.sh engine
	scripts/sanitize_server.sh $(ARGS)

syscalls: install ## what the server's processes ask of the kernel
	scripts/syscalls.sh

coverage: ## which lines the tests run; ARGS=engine or server
	scripts/coverage.sh $(ARGS)

mutants: ## do the engine's tests notice changes? ARGS=SHARD/OF
	scripts/mutants.sh $(ARGS)

seeded: ## do the tests notice the field's bugs, put back one by one? ARGS="03 17"
	scripts/seeded.sh $(ARGS)

reference: install ## tokens, weights, BM25, fusion, metrics, tuning beside what programs from PyPI compute
	scripts/reference.sh

python: install ## the Python client in clients/python: types, style, wheel, tests on PG_CONFIG's server; ARGS="-k text"
	scripts/python.sh $(ARGS)

bench: ## time, size, recall beside rivals, growth, memory; DATA="folders", HNSW=skip ...; docs/benchmarks.md
	scripts/bench.sh

site: ## the documentation as a site in target/site; strict
	scripts/site.sh

site-check: ## every page of it in a browser: widths, schemes, links, search
	scripts/site_check.sh

microbench: ## the engine's inner loops, no server; ARGS="a filter" or ARGS=--quick
	scripts/microbench.sh $(ARGS)

versions: ## build and run the golden files on PostgreSQL 16 and 17, fetched; ARGS=16
	scripts/versions.sh $(ARGS)

package: ## what a release hands out, in target/packages: Debian package, tarball, PGXN; ARGS=deb or source
	scripts/package.sh $(ARGS)

packagetest: package ## its files by their linters; the Debian package in a small Debian of its own; needs root
	scripts/package_test.sh

clients: ## pgvector's client types against svec and sparsevec; PG_CONFIG's server has pgvector
	scripts/clients.sh

pg18: ## fetch a private PostgreSQL 18 with pgvector; prints its pg_config
	scripts/pg18.sh

clean: ## remove everything built
	rm -rf target

help: ## this list
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/\1\t\2/p' Makefile | expand -t 14

.PHONY: all install test demo setup check unit regress isolation integration concurrency turnover soak crash walcheck \
	sweep memory damage standby lint deny fuzz sanitize syscalls coverage mutants seeded reference bench microbench \
	site site-check python versions package packagetest clients pg18 clean help
