package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"rainmpi/bench/debsrc"
)

// arch is HPCC's configuration for a machine: which compiler, which BLAS. The
// compiler's path is put in.
const arch = `# HPCC's configuration for rainmpi and OpenBLAS.
SHELL        = /bin/sh
CD           = cd
CP           = cp
LN_S         = ln -s
MKDIR        = mkdir
RM           = /bin/rm -f
TOUCH        = touch
ARCH         = $(arch)
TOPdir       = ../../..
INCdir       = $(TOPdir)/include
BINdir       = $(TOPdir)/bin/$(ARCH)
LIBdir       = $(TOPdir)/lib/$(ARCH)
HPLlib       = $(LIBdir)/libhpl.a
F2CDEFS      = -DAdd_ -DF77_INTEGER=int -DStringSunStyle
HPL_INCLUDES = -I$(INCdir) -I$(INCdir)/$(ARCH)
HPL_LIBS     = $(HPLlib) -lopenblas -lm
HPL_DEFS     = $(F2CDEFS) -DHPL_CALL_CBLAS $(HPL_INCLUDES)
CC           = %s
CCNOOPT      = $(HPL_DEFS)
CCFLAGS      = $(HPL_DEFS) -O2 -w
LINKER       = $(CC)
LINKFLAGS    = $(CCFLAGS)
ARCHIVER     = ar
ARFLAGS      = r
RANLIB       = echo
`

// build fetches and compiles HPCC with the mpicc of prefix, unless that is done,
// and returns the program.
func build(ctx context.Context, prefix, cache string) (string, error) {
	mpicc := filepath.Join(prefix, "bin", "mpicc")
	if _, err := os.Stat(mpicc); err != nil {
		return "", fmt.Errorf("%s is not there: run make build first", mpicc)
	}
	tarball, err := debsrc.Fetch(ctx, "hpcc", cache, os.Stderr)
	if err != nil {
		return "", err
	}
	src := filepath.Join(cache, "source")
	prog, setup, text := filepath.Join(src, "hpcc"), filepath.Join(src, "hpl/Make.rain"), fmt.Sprintf(arch, mpicc)
	if old, err := os.ReadFile(setup); err == nil && string(old) == text {
		if _, err := os.Stat(prog); err == nil {
			return prog, nil
		}
	}
	if err := haveBLAS(ctx, mpicc, cache); err != nil {
		return "", err
	}
	if err := debsrc.Unpack(ctx, tarball, src); err != nil {
		return "", err
	}
	if err := os.WriteFile(setup, []byte(text), 0o666); err != nil {
		return "", err
	}
	fmt.Println("compiling HPCC with", mpicc)
	cmd := exec.CommandContext(ctx, "make", "arch=rain")
	cmd.Dir = src
	out, err := cmd.CombinedOutput()
	log := filepath.Join(cache, "make.log")
	os.WriteFile(log, out, 0o666)
	if err != nil {
		return "", fmt.Errorf("make in %s: %w; see %s", src, err, log)
	}
	if _, err := os.Stat(prog); err != nil {
		return "", fmt.Errorf("make in %s made no program hpcc; see %s", src, log)
	}
	return prog, nil
}

// haveBLAS sees to OpenBLAS: as root it is installed, else it is asked for.
func haveBLAS(ctx context.Context, mpicc, cache string) error {
	test := filepath.Join(cache, "blas.c")
	if err := os.WriteFile(test, []byte("#include <cblas.h>\nint main(void) { return (int)cblas_dnrm2(0, 0, 1); }\n"), 0o666); err != nil {
		return err
	}
	links := func() error {
		return exec.CommandContext(ctx, mpicc, "-o", strings.TrimSuffix(test, ".c"), test, "-lopenblas").Run()
	}
	if links() == nil {
		return nil
	}
	if err := debsrc.Install(ctx, os.Stdout, "libopenblas-dev"); err != nil {
		return err
	}
	return links()
}
