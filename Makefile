# rainmpi. `make demo` and `make test` do all the set-up; `make help` lists the rest.

GO    ?= go
B     ?= build
PREFIX ?= /usr/local

.PHONY: help build test race fuzz demo install conformance hpcc apps deps clean
.PHONY: nightly nightly-sim nightly-member nightly-test nightly-suites nightly-chaos nightly-bars
.DEFAULT_GOAL := build

help:
	@echo "make build            everything into $(B)/{bin,lib,include}"
	@echo "make demo             the main job on two hosts with two rails, one of which is cut and repaired"
	@echo "make test             unit, simulation, script, fuzz, race, sockets, namespaces, examples"
	@echo "make nightly          the whole of what make test takes a share of; hours. Its parts:"
	@echo "                      nightly-sim, -member, -test, -suites, -chaos,"
	@echo "                      and -bars: what must be reached while rails fail, and how full they are; on a quiet machine"
	@echo "make race, fuzz       parts of make test"
	@echo "make conformance      MPICH's C tests; DIRS=pt2pt,coll takes some directories; LAB=1: on two hosts while rails fail"
	@echo "make hpcc             HPCC on two hosts while rails fail"
	@echo "make apps             HPCC, FFTW and PnetCDF from Debian's sources: their own checks on one host, and on two while rails fail"
	@echo "make regress          speed beside other MPIs, against the ratios stored for this processor; on a quiet machine, 25 minutes"
	@echo "make install PREFIX=  into PREFIX/{bin,lib,include,share}; DESTDIR is honoured"

include cbind/cbind.mk
include bench/bench.mk

build: deps cbind $(B)/bin/rainrun $(B)/bin/mpiexec $(B)/bin/mpirun $(B)/bin/rainbench $(B)/share

# Commands are always handed to go build, which knows best what is up to date.
.PHONY: $(B)/bin/rainrun $(B)/bin/rainbench
$(B)/bin/rainrun:
	@CGO_ENABLED=0 $(GO) build -o $@ ./launcher/rainrun
$(B)/bin/rainbench:
	@CGO_ENABLED=0 $(GO) build -o $@ ./bench/rainbench
$(B)/bin/mpiexec $(B)/bin/mpirun: | $(B)/bin/rainrun
	@ln -sf rainrun $@

# What commands say of themselves: pages for man, completion for shells.
.PHONY: $(B)/share
$(B)/share: $(B)/bin/rainrun $(B)/bin/rainbench
	@install -d $@/man/man1 $@/bash-completion/completions $@/zsh/site-functions $@/fish/vendor_completions.d
	@for c in rainrun rainbench; do \
	    $(B)/bin/$$c manual >$@/man/man1/$$c.1 && \
	    $(B)/bin/$$c completion bash >$@/bash-completion/completions/$$c && \
	    $(B)/bin/$$c completion zsh >$@/zsh/site-functions/_$$c && \
	    $(B)/bin/$$c completion fish >$@/fish/vendor_completions.d/$$c.fish || exit 1; done
	@for c in mpiexec mpirun; do \
	    echo ".so man1/rainrun.1" >$@/man/man1/$$c.1; \
	    ln -sf rainrun $@/bash-completion/completions/$$c; \
	    ln -sf rainrun.fish $@/fish/vendor_completions.d/$$c.fish; done

deps:
	@.ci/deps

demo: build
	@PATH="$(CURDIR)/$(B)/bin:$$PATH" $(B)/bin/rainbench demo

# The test command. TESTFLAGS go to every go test.
test: build
	$(GO) vet ./...
	PATH="$(CURDIR)/$(B)/bin:$$PATH" $(GO) test $(TESTFLAGS) -timeout 14m ./...
	@$(MAKE) --no-print-directory race fuzz

# What runs in more than one thread, under the race detector.
race:
	$(GO) test -race -short $(TESTFLAGS) -timeout 10m ./internal/boot ./mpi ./mpi/internal/shm ./rainnet ./launcher

FUZZTIME ?= 3s
fuzz:
	@.ci/fuzz $(FUZZTIME)

# What a test takes a share of, whole. Each part may be run by itself.
nightly: nightly-sim nightly-member nightly-test nightly-suites nightly-chaos nightly-bars

nightly-sim:
	RAIN_SIM_SEEDS=100000 $(GO) test -timeout 24h ./internal/simnet
nightly-member:
	RAIN_MEMBER_SEEDS=100000 $(GO) test -timeout 10h -run TestSeeds ./internal/simnet/membersim
nightly-test:
	@RAIN_INTERLEAVE=long $(MAKE) --no-print-directory test FUZZTIME=5m
nightly-suites: build
	@$(MAKE) --no-print-directory conformance FLAGS="--repeat 3 --algorithms"
	@$(MAKE) --no-print-directory conformance LAB=1 FLAGS=--algorithms
	@$(MAKE) --no-print-directory apps
	@$(MAKE) --no-print-directory hpcc FLAGS='--total 10s'
nightly-chaos: build
	RAIN_KILLS=500 $(GO) test -timeout 2h -run 'TestKill|FailureAtRandom' ./mpi ./cbind/ctest
	RAIN_STEADY_SECONDS=600 $(GO) test -timeout 20m -run TestStopped ./bench/chaos
	@$(B)/bin/rainbench soak --duration 10m --rate 1gbit
	@$(B)/bin/rainbench chaos --jobs 1000
	@$(B)/bin/rainbench chaos --jobs 400 --hosts 4 --per-host 1
# All rows are run, whichever misses a bar.
nightly-bars: build
	@status=0; for row in \
	    "faults --scenario all --trials 20" \
	    "rails" \
	    "rails --rails 1,2,4" \
	    "rails --rails 2 --rate 1gbit,100mbit"; do \
	    PATH="$(CURDIR)/$(B)/bin:$$PATH" $(B)/bin/rainbench $$row || status=1; done; exit $$status

install: build
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/pkgconfig $(DESTDIR)$(PREFIX)/include $(DESTDIR)$(PREFIX)/share
	cp -a $(B)/bin/. $(DESTDIR)$(PREFIX)/bin/
	cp -a $(B)/lib/. $(DESTDIR)$(PREFIX)/lib/
	cp -a $(B)/include/. $(DESTDIR)$(PREFIX)/include/
	cp -a $(B)/share/. $(DESTDIR)$(PREFIX)/share/

clean:
	rm -rf $(B)
