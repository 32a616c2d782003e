// Command mpicc compiles and links MPI programs: it calls the machine's compiler with the flags for
// mpi.h and libmpi_abi. It answers for mpicc, mpicc_abi, mpicxx, mpic++ and mpiCC, by the name it
// was called, and to the questions that build systems put to the wrappers of other MPIs: -show,
// -compile-info and -link-info as MPICH's do, -showme and its parts as Open MPI's do.
//
// Header and library are found from the place of this program: ../include and ../lib. The library's
// place goes into the program as its run path, so that it runs without LD_LIBRARY_PATH.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"github.com/pkg/errors"
)

func main() {
	exe, err := os.Executable() // symbolic links resolved: they may lead here from another prefix
	if err != nil {
		exit(errors.WithMessage(err, "mpicc: cannot find its own place, from which it finds mpi.h and libmpi_abi"))
	}
	w := newWrapper(filepath.Base(os.Args[0]), filepath.Dir(filepath.Dir(exe)), os.Getenv)
	answer, command, err := w.plan(os.Args[1:])
	if err != nil {
		exit(err)
	}
	fmt.Print(answer)
	if command != nil {
		exit(run(command))
	}
}

// run becomes the compiler, so that its status and signals are this program's.
func run(command []string) error {
	path, err := exec.LookPath(command[0])
	if err != nil {
		return errors.Errorf("mpicc: compiler %q not found: install it, or name another with MPI_CC (MPI_CXX) or -cc= (-cxx=)", command[0])
	}
	return errors.WithMessage(syscall.Exec(path, command, os.Environ()), path)
}

func exit(err error) {
	if err == nil {
		os.Exit(0)
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
