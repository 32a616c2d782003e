# Measurements and tests with other people's programs. Included by the top Makefile.
#   make conformance [DIRS=pt2pt,coll]   MPICH's C tests; FLAGS=--dtp: with those of its datatype pools, which take long;
#                                        FLAGS for the rest (go run ./bench/conformance --help)
#   make conformance LAB=1               those of pt2pt and coll on two lab hosts, a rail being cut in each
#   make conformance-ci                  a fixed slice of the expected passes, for every change
#   make hpcc                            HPCC on two lab hosts while rails fail
#   make apps                            HPCC, and the checks of FFTW and PnetCDF, on one host and on two lab hosts
#   make regress                         speed beside the other MPIs, against the ratios stored for this processor;
#                                        FLAGS=--update stores them. On a quiet machine, 25 minutes.

comma := ,

.PHONY: conformance conformance-ci hpcc apps regress
conformance: build
	$(GO) run ./bench/conformance --prefix $(B) --cache $(B)/conformance $(if $(LAB),--lab --time-limit 10m) \
	    $(if $(DIRS)$(LAB),--dirs $(or $(DIRS),pt2pt$(comma)coll)) $(FLAGS)

conformance-ci: build
	$(GO) run ./bench/conformance --prefix $(B) --cache $(B)/conformance --dirs pt2pt,coll --sample 6 --time-limit 60s --as-tests $(FLAGS)

hpcc: build
	$(GO) run ./bench/hpcc --prefix $(B) --cache $(B)/hpcc-1.5.0 $(FLAGS)

# FLAGS are for FFTW and PnetCDF: go run ./bench/apps --help
apps: build
	$(GO) run ./bench/hpcc --prefix $(B) --cache $(B)/hpcc-1.5.0 --here
	$(GO) run ./bench/hpcc --prefix $(B) --cache $(B)/hpcc-1.5.0
	$(GO) run ./bench/apps --prefix $(B) --cache $(B)/apps $(FLAGS)

regress: build
	@status=0; for row in \
	    "pt2pt --sizes 8,1k,64k,1M,4M --tests latency,bandwidth,bothways" \
	    "pt2pt --sizes 8 --tests rate,put,get" \
	    "pt2pt --sizes 1M --tests puts,gets" \
	    "coll --sizes 8,1k,1M,4M --tests barrier,allreduce,alltoall,bcast" \
	    "coll -n 4 --sizes 8 --tests barrier,allreduce" \
	    "coll -n 8 --sizes 8 --tests barrier,allreduce" \
	    "pt2pt --sizes 1M --tests overlap" \
	    "pt2pt --peers go,openmpi,mpich --sizes 8 --tests latency" \
	    "pt2pt --lab --rails 1 --rate 1gbit --sizes 1M --tests overlap"; do \
	    $(B)/bin/rainbench $$row --runs 9 --duration 0.1 --baseline bench/baseline.json $(FLAGS) || status=1; done; \
	$(B)/bin/rainbench launch --ssh-ranks 0 --baseline bench/baseline.json $(FLAGS) || status=1; \
	$(B)/bin/rainbench heat || status=1; exit $$status
