# The C face: header, library, compiler wrappers, pkg-config file. Included by the top Makefile.
#   make cbind            all of it, into build/{bin,include,lib}
#   make cbind-generate   after a change of cbind/abi, or of what cbind implements

B ?= build
GO ?= go

CBIND_SOURCES := $(shell find cbind mpi rainnet internal -name '*.go' -o -name '*.[ch]' -o -name '*.map') go.mod go.sum
CBIND_LIBS := $(B)/lib/libmpi_abi.so $(B)/lib/libmpi_abi.so.0 $(B)/lib/libmpi.so
CBIND_WRAPPERS := $(B)/bin/mpicc_abi $(B)/bin/mpicxx $(B)/bin/mpic++ $(B)/bin/mpiCC

.PHONY: cbind cbind-generate
cbind: $(B)/lib/libmpi_abi.so.1 $(CBIND_LIBS) $(B)/include/mpi.h $(B)/include/mpi-ext.h \
       $(B)/bin/mpicc $(CBIND_WRAPPERS) $(B)/lib/pkgconfig/rainmpi.pc $(B)/lib/pkgconfig/mpi.pc

cbind-generate:
	cd cbind && $(GO) run ./gen

# -extldflags goes to gcc past cgo's list of allowed flags. The version script hides what c-shared
# exports besides the C functions. The header that Go writes next to the library is of no use.
$(B)/lib/libmpi_abi.so.1: $(CBIND_SOURCES)
	@mkdir -p $(@D)
	$(GO) build -buildmode=c-shared -o $@ \
	    -ldflags "-extldflags '-Wl,-soname,libmpi_abi.so.1 -Wl,--version-script=$(CURDIR)/cbind/exports.map'" ./cbind
	@rm -f $(B)/lib/libmpi_abi.so.h
	@touch $@

$(CBIND_LIBS): | $(B)/lib/libmpi_abi.so.1
	ln -sf libmpi_abi.so.1 $@

$(B)/include/%.h: cbind/include/%.h
	@mkdir -p $(@D)
	cp $< $@

$(B)/bin/mpicc: $(wildcard cbind/mpicc/*.go) go.mod go.sum
	@mkdir -p $(@D)
	CGO_ENABLED=0 $(GO) build -o $@ ./cbind/mpicc
	@touch $@

$(CBIND_WRAPPERS): | $(B)/bin/mpicc
	ln -sf mpicc $@

$(B)/lib/pkgconfig/rainmpi.pc: cbind/rainmpi.pc
	@mkdir -p $(@D)
	cp $< $@

$(B)/lib/pkgconfig/mpi.pc: | $(B)/lib/pkgconfig/rainmpi.pc
	ln -sf rainmpi.pc $@
