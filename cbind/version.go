package main

import "C"

import (
	"runtime"
	"runtime/debug"

	"rainmpi/cbind/abi"
)

// libraryVersion is the text of MPI_Get_library_version. Tools look at its first words to tell other
// MPIs apart: it must start with neither "MPICH" nor "Open MPI".
func libraryVersion() string {
	s := "rainmpi, an MPI runtime over RAIN; MPI 5.0, ABI 1.0; " + runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, kv := range info.Settings {
			if kv.Key == "vcs.revision" {
				s += "; revision " + kv.Value
			}
		}
	}
	return s
}

//export rain_Get_library_version
func rain_Get_library_version(f uintptr, version, resultlen uintptr) int32 {
	if err := need(version, resultlen); err != nil {
		return fail(f, err)
	}
	set(resultlen, putString(version, libraryVersion(), abi.MPI_MAX_LIBRARY_VERSION_STRING))
	return 0
}

// putString writes s and a null byte to the caller's array of max bytes, cut to fit, and returns its
// length without the null byte. Not inlined: Go 1.26 fails to compile the copy of a constant string to
// an address that was an integer.
//
//go:noinline
func putString(addr uintptr, s string, max int) int32 {
	if len(s) > max-1 {
		s = s[:max-1]
	}
	copy(slice[byte](addr, max), s)
	*at[byte](addr + uintptr(len(s))) = 0
	return int32(len(s))
}
