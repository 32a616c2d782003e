package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
)

// version names the build; "rainmpi" is also what MPI_Get_library_version says.
func version() string {
	text := "rainrun (rainmpi"
	if b, ok := debug.ReadBuildInfo(); ok && b.Main.Version != "" && b.Main.Version != "(devel)" {
		text += " " + b.Main.Version
	}
	return text + ", " + runtime.Version() + ")"
}

func info(args []string) int {
	if len(args) > 0 {
		fmt.Fprintf(os.Stderr, "rainrun info: unknown argument %s\n", args[0])
		return 2
	}
	fmt.Println(version())
	fmt.Println("MPI 5.0 standard ABI; transport: RAIN over UDP, shared memory on one host")
	return 0
}
