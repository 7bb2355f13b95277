# The one-word commands. `make help` lists them.

JOBS ?= $(shell nproc)
PROGRAMS ?= 1000000
STRESS_SEEDS ?= 11 12 13 14 15
export JOBS

.DEFAULT_GOAL := help
.PHONY: help deps deps-matrix deps-aarch64 deps-instructions build test matrix check tidy format stress soak sabotage landing \
  landing-fuzz demo instructions bench bench-quick bench-micro bench-growth clean

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z0-9%-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

deps: ## install what building and testing needs (Debian packages), if anything is missing
	@tools/deps.sh build

deps-matrix: ## the same for `make matrix` and `make check`
	@tools/deps.sh matrix

deps-aarch64: ## the same for the aarch64 variants of `make landing`, which are skipped without it
	@tools/deps.sh aarch64

build: deps ## configure and build the release preset into build/release
	@tools/preset.sh release all

test: deps ## build and test: release, then with address and undefined-behaviour sanitizers
	@tools/preset.sh release
	@tools/preset.sh asan

matrix: matrix-debug matrix-tsan matrix-clang-release matrix-clang-debug matrix-asan-all ## build and test every other preset

matrix-debug matrix-tsan matrix-asan-all: deps
matrix-clang-release matrix-clang-debug: deps-matrix
matrix-%:
	@tools/preset.sh $*

# The presets share the machine's cores, and their reports are read one after the other.
.NOTPARALLEL:

check: deps ## format, floors, includes and coroutine lint
	@tools/lint/check.sh

tidy: deps-matrix ## clang-tidy over the library (needs clang-tidy-16)
	@tools/lint/tidy.sh

format: ## format all sources in place
	@tools/lint/format.sh --fix

stress: build ## a million random programs, with fixed seeds
	@printf '%s\n' $(STRESS_SEEDS) | xargs -P $(JOBS) -I{} build/release/tests/heed_stress --programs 200000 --seed {}

soak: build ## long random stress run; PROGRAMS=1000000 SEED=... make soak
	@seed=$${SEED:-$$(date +%s)}; echo "== soak: $(PROGRAMS) programs, SEED=$$seed"; \
	  build/release/tests/heed_stress --programs $(PROGRAMS) --seed $$seed

sabotage: deps ## do the random programs find deliberate faults of the library? 15 minutes; FAULT="text" for some of them
	@tests/stress/sabotage.sh "$(FAULT)"

landing: deps-matrix ## direct landing compared with unwinding, in many builds; VARIANTS="names" for some of them
	@tools/landing_matrix.sh $(VARIANTS)

landing-fuzz: deps-matrix ## the same with random programs: FUZZ_SECONDS=60 SEED=... make landing-fuzz
	@tools/landing_fuzz.sh $${FUZZ_SECONDS:-60} $${SEED:-$$(date +%s)}

demo: deps ## build and run the demonstration
	@tools/preset.sh release example_demo
	@build/release/examples/demo

deps-instructions:
	@tools/deps.sh instructions

instructions: deps-instructions ## have the hot operations become longer? counts their instructions (needs valgrind)
	@tools/preset.sh release heed_instructions
	@tools/instructions.sh

bench: ## heed beside Boost.Asio, libuv, Tokio, Go and asyncio, into bench/results; on an idle machine, half an hour
	@bench/runner/bench.sh

bench-quick: ## the same in three minutes: whether it works, the figures say little
	@bench/runner/bench.sh --quick

bench-micro: ## times of single pieces, with Google Benchmark; FILTER="timer" for some of them
	@tools/deps.sh micro
	@tools/preset.sh bench heed_micro
	@build/bench/bench/heed_micro --benchmark_filter="$(or $(FILTER),.)"

bench-growth: ## how costs grow with size, from 10 to a million; five minutes. DOCS=1: also into docs/performance
	@bench/runner/growth.sh $(if $(DOCS),--docs)

clean: ## remove everything that was built
	rm -rf build
