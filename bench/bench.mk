# Measurements and tests with other people's programs. Included by the top Makefile.
#   make conformance [DIRS=pt2pt,coll]   MPICH's C tests; FLAGS for the rest (go run ./bench/conformance --help)
#   make conformance LAB=1               those of pt2pt and coll on two lab hosts, a rail being cut in each
#   make conformance-ci                  a fixed slice of the expected passes, for every change
#   make hpcc                            HPCC on two lab hosts while rails fail

comma := ,

.PHONY: conformance conformance-ci hpcc
conformance: build
	$(GO) run ./bench/conformance --prefix $(B) --cache $(B)/conformance $(if $(LAB),--lab --time-limit 10m) \
	    $(if $(DIRS)$(LAB),--dirs $(or $(DIRS),pt2pt$(comma)coll)) $(FLAGS)

conformance-ci: build
	$(GO) run ./bench/conformance --prefix $(B) --cache $(B)/conformance --dirs pt2pt,coll --sample 6 --time-limit 60s --as-tests $(FLAGS)

hpcc: build
	$(GO) run ./bench/hpcc --prefix $(B) --cache $(B)/hpcc-1.5.0 $(FLAGS)
