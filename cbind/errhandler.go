package main

/*
#include "frame.h"
*/
import "C"

import (
	"fmt"
	"os"

	"rainmpi/cbind/abi"
	"rainmpi/mpi"
)

// An errhandler is what MPI_X_create_errhandler made: a function of the program.
type errhandler struct {
	fn   uintptr
	kind int32 // C.RAIN_COMM, …: the objects it is for
}

var errhandlers = table[errhandler]{kind: errhandlerKind}

// rain_Raise chooses who hears of an error of class or code rc, and leaves the program's handler in
// f.fn for C to call. It does not return when errors are fatal.
//
//export rain_Raise
func rain_Raise(f uintptr, rc int32, kind int32, object uintptr, function uintptr) {
	fr := at[frame](f)
	if fr.onkind != 0 {
		kind, object = int32(fr.onkind), uintptr(fr.on)
	}
	handler, object, name := handlerOf(kind, object)
	switch handler {
	case abi.MPI_ERRORS_RETURN:
		return
	case abi.MPI_ERRORS_ARE_FATAL, abi.MPI_ERRORS_ABORT:
		die(C.GoString((*C.char)(pointer(function))), name, rc, C.GoString(fr.text))
	}
	if h := errhandlers.get(handler); h != nil {
		fr.fn = C.uintptr_t(h.fn)
		fr.a[0] = C.uintptr_t(object)
	}
}

// handlerOf is the handler of the object, the handle that it is told, and the object's name for
// people.
func handlerOf(kind int32, object uintptr) (handler, told uintptr, name string) {
	return abi.MPI_ERRORS_ARE_FATAL, abi.MPI_COMM_SELF, "MPI_COMM_SELF"
}

// die is MPI_ERRORS_ARE_FATAL: one line that says who, where and why, and the end of the job.
func die(function, object string, rc int32, detail string) {
	line := fmt.Sprintf("rainmpi: %s on %s failed: %s", function, object, errorString(rc))
	if detail != "" {
		line += ": " + detail
	}
	fmt.Fprintf(os.Stderr, "%s. The job ends; set MPI_ERRORS_RETURN on the object to handle errors in the program.\n", line)
	os.Exit(1)
}

// errorString is the text of MPI_Error_string.
func errorString(rc int32) string {
	if rc >= 0 && int(rc) < len(abi.ClassNames) {
		return abi.ClassNames[rc] + ": " + mpi.Class(rc).String()
	}
	return mpi.Class(rc).String()
}
