# The front door. Everything is built by Meson; this file only says what can be asked for.
#   make              set-up (installs what is missing) and the release build
#   make demo         the tour: kernel clients against our stack, under a memory target
#   make test         every test         make lint         every check on the text
#   make asan         tests with sanitizers and assertions only
#   make check-serve  the program under unmodified clients, at full length
#   make check-fresh  the same demo and tests in a fresh Debian root
#   make check-faults one refused grant or one troubled frame at a time, at full length
#   make check-governor memory under T and service beside it: scenarios, proofs, deadlines, hard limits, accounting
#   make check-portable the tests for 32 bits and for big-endian
#   make check-loss   100 MB through 2 % loss, five seeds: goodput
#   make check-selftest the checks themselves: each must notice what it is for
#   make bench        speed beside the TAP's floor, the kernel's TCP and lwIP; RUNS=n (default: 9)
#   make fuzz         the fuzz targets, MINUTES=n of each (default: 20 seconds)
#   make fuzz-coverage  what the whole-stack target reaches of src/tcp from its corpus
#   make fuzz-selftest  planted defects must be found
#   make install      library, headers, program, manual, examples: PREFIX=/usr/local DESTDIR=
#   make amalgamation the core as one file: build/amalgamation/plimsoll.c and .h
#   make check-embedding  installed tree, its users, the one file, docs/embedding.md taken literally

SHELL = /bin/sh
BUILD = build
PREFIX = /usr/local
LIBDIR = lib
DESTDIR =

.PHONY: all setup release demo test lint asan check-serve check-fresh check-faults check-portable check-loss \
	check-selftest check-governor check-embedding fuzz fuzz-coverage fuzz-selftest bench install amalgamation clean

all: release

setup:
	@scripts/setup.sh

release: setup
	@scripts/build.sh release $(BUILD)

demo: release
	@$(BUILD)/plim demo

test: release
	@scripts/test.sh

lint: setup
	@scripts/lint.sh

asan: setup
	@scripts/test.sh asan

check-serve: release
	@tests/interop/check-serve --build $(BUILD)

check-fresh:
	@scripts/check-fresh.sh

check-faults: setup
	@scripts/check-faults.sh

check-governor: setup
	@scripts/check-governor.sh

check-portable: setup
	@scripts/check-portable.sh

check-loss: setup
	@scripts/check-loss.sh

check-selftest: setup
	@scripts/check-selftest.sh

fuzz: setup
	@scripts/fuzz.sh $(if $(MINUTES),--keep $$(($(MINUTES) * 60)))

fuzz-coverage: setup
	@scripts/fuzz-coverage.sh

fuzz-selftest: setup
	@scripts/fuzz-selftest.sh

bench: release
	@scripts/setup-bench.sh
	@bench/bench $(if $(RUNS),--runs $(RUNS))

# Where it goes is told at every installation; nothing is compiled again for it.
install: release
	@scripts/install.sh $(BUILD) $(abspath $(PREFIX)) $(LIBDIR) $(if $(DESTDIR),$(abspath $(DESTDIR)))

amalgamation: setup
	@scripts/amalgamate.py $(BUILD)/amalgamation

check-embedding: release
	@scripts/test.sh embedding

clean:
	rm -rf build build-*
