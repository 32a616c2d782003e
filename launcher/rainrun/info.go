package main

import (
	"fmt"
	"os"

	"rainmpi/cbind/abi"
	"rainmpi/launcher"
)

// version names the build; "rainmpi" is also what MPI_Get_library_version says.
func version() string { return "rainrun (rainmpi, " + launcher.Version() + ")" }

const infoUsage = "usage: rainrun info [--unsupported]\n\nSays what this build can do; --unsupported lists functions that are not built, one a line.\n"

// info says what this build can do. With --unsupported it lists the functions
// that raise MPI_ERR_UNSUPPORTED_OPERATION, one a line.
func info(args []string) int {
	switch {
	case wantsHelp(args):
		fmt.Print(infoUsage)
	case len(args) == 0:
		fmt.Println(version())
		built := "all of them built"
		if n := len(abi.Unsupported); n > 0 {
			built = fmt.Sprintf("%d of them not built yet (rainrun info --unsupported)", n)
		}
		fmt.Printf("MPI 5.0 standard ABI: %d functions, %s\n", abi.Functions, built)
		fmt.Println("languages: C, C++ and Go; Fortran not yet (no mpifort, mpif.h or mpi module)")
		fmt.Println("transport: shared memory on one host, RAIN over UDP between hosts, on all rails at once")
	case args[0] == "--unsupported" || args[0] == "-unsupported":
		for _, name := range abi.Unsupported {
			fmt.Println(name)
		}
	default:
		fmt.Fprintf(os.Stderr, "rainrun info: unknown argument %s; it takes --unsupported or nothing\n", args[0])
		return 2
	}
	return 0
}
