package main

/*
#include "frame.h"
*/
import "C"

import (
	"sync"

	"rainmpi/cbind/abi"
	"rainmpi/mpi"
)

// Error codes are the classes themselves, and those that the program adds (MPI 5.0, 9.5). They work
// before MPI_Init.

// An addedCode is a class or a code of the program's; the first is MPI_ERR_LASTCODE+1.
type addedCode struct {
	class int32
	text  string
	gone  bool
}

var added struct {
	sync.Mutex
	list []addedCode
}

func lastUsedCode() int32 {
	added.Lock()
	defer added.Unlock()
	return int32(abi.MPI_ERR_LASTCODE + len(added.list))
}

// addCode returns the new code; class 0 makes it a class of its own.
func addCode(class int32) int32 {
	added.Lock()
	defer added.Unlock()
	code := int32(abi.MPI_ERR_LASTCODE + 1 + len(added.list))
	if class == 0 {
		class = code
	}
	added.list = append(added.list, addedCode{class: class})
	return code
}

func addedOf(code int32) (addedCode, bool) {
	added.Lock()
	defer added.Unlock()
	i := int(code) - abi.MPI_ERR_LASTCODE - 1
	if i < 0 || i >= len(added.list) || added.list[i].gone {
		return addedCode{}, false
	}
	return added.list[i], true
}

func validCode(code int32) bool {
	_, ok := addedOf(code)
	return ok || className(code) != ""
}

// ownClasses are those of include/mpi-ext.h.
var ownClasses = map[int32]string{
	int32(mpi.ErrProcFailed):        "MPIX_ERR_PROC_FAILED",
	int32(mpi.ErrProcFailedPending): "MPIX_ERR_PROC_FAILED_PENDING",
	int32(mpi.ErrRevoked):           "MPIX_ERR_REVOKED",
}

// className is the name of a class that is predefined, empty if it is none.
func className(code int32) string {
	if code >= 0 && int(code) < len(abi.ClassNames) && abi.ClassNames[code] != "" {
		return abi.ClassNames[code]
	}
	return ownClasses[code]
}

// errorString is the text of MPI_Error_string. Codes are classes, which say nothing of the case: the
// text adds what this thread's latest error was, if that is of the class asked for.
func errorString(code int32) string {
	s := classString(code)
	if said := C.rain_said(C.int(code)); said != nil && className(code) != "" {
		s += ": " + C.GoString(said)
	}
	return s
}

// classString is what a code or class always means.
func classString(code int32) string {
	if a, ok := addedOf(code); ok {
		return a.text
	}
	if name := className(code); name != "" {
		return name + ": " + mpi.Class(code).String()
	}
	return mpi.Class(code).String()
}

//export rain_Error_string
func rain_Error_string(f uintptr, code int32, text, resultlen uintptr) int32 {
	err := need(text, resultlen)
	if err == nil && !validCode(code) {
		err = bad(mpi.ErrArg, "the error code is none")
	}
	if err != nil {
		return fail(f, err)
	}
	set(resultlen, putString(text, errorString(code), abi.MPI_MAX_ERROR_STRING))
	return 0
}

//export rain_Error_class
func rain_Error_class(f uintptr, code int32, class uintptr) int32 {
	err := need(class)
	if err == nil && !validCode(code) {
		err = bad(mpi.ErrArg, "the error code is none")
	}
	if err != nil {
		return fail(f, err)
	}
	if a, ok := addedOf(code); ok {
		code = a.class
	}
	set(class, code)
	return 0
}

//export rain_Add_error_class
func rain_Add_error_class(f, class uintptr) int32 {
	if err := need(class); err != nil {
		return fail(f, err)
	}
	set(class, addCode(0))
	return 0
}

//export rain_Add_error_code
func rain_Add_error_code(f uintptr, class int32, code uintptr) int32 {
	err := need(code)
	if err == nil && !validCode(class) {
		err = bad(mpi.ErrArg, "the error class is none")
	}
	if err != nil {
		return fail(f, err)
	}
	set(code, addCode(class))
	return 0
}

//export rain_Add_error_string
func rain_Add_error_string(f uintptr, code int32, text uintptr) int32 {
	if _, ok := addedOf(code); !ok || text == 0 {
		return fail(f, bad(mpi.ErrArg, "the error code was not made with MPI_Add_error_code, or the text is null"))
	}
	added.Lock()
	defer added.Unlock()
	added.list[int(code)-abi.MPI_ERR_LASTCODE-1].text = cString(text, abi.MPI_MAX_ERROR_STRING-1)
	return 0
}

//export rain_Remove_error_string
func rain_Remove_error_string(f uintptr, code int32) int32 {
	if _, ok := addedOf(code); !ok {
		return fail(f, bad(mpi.ErrArg, "the error code was not made with MPI_Add_error_code"))
	}
	added.Lock()
	defer added.Unlock()
	added.list[int(code)-abi.MPI_ERR_LASTCODE-1].text = ""
	return 0
}

//export rain_Remove_error_code
func rain_Remove_error_code(f uintptr, code int32) int32 { return removeCode(f, code, false) }

//export rain_Remove_error_class
func rain_Remove_error_class(f uintptr, code int32) int32 { return removeCode(f, code, true) }

func removeCode(f uintptr, code int32, class bool) int32 {
	a, ok := addedOf(code)
	if !ok || (a.class == code) != class {
		return fail(f, bad(mpi.ErrArg, "the code or class was not made by the program, or was removed"))
	}
	added.Lock()
	defer added.Unlock()
	added.list[int(code)-abi.MPI_ERR_LASTCODE-1].gone = true
	return 0
}
