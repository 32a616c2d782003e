package main

/*
#cgo CFLAGS: -std=gnu11 -Wall -fexceptions
#include "frame.h"
*/
import "C"

import (
	"errors"
	"unsafe"

	"rainmpi/mpi"
)

// A frame is what one MPI call keeps while it goes back and forth between C and Go; it lives on the
// C caller's stack.
type frame = C.rain_frame

// What an entry returns besides 0 and error codes (frame.h).
const (
	wait int32 = C.RAIN_WAIT
	call int32 = C.RAIN_CALL
)

// pointer turns an address that came from C into a pointer. The address must not be a handle or a
// sentinel: the runtime throws when it finds a small integer in a pointer.
func pointer(addr uintptr) unsafe.Pointer { return unsafe.Add(nil, addr) }

// at is the caller's variable at addr.
func at[T any](addr uintptr) *T { return (*T)(pointer(addr)) }

// set stores *addr = v; a null addr is an error that need finds beforehand, or an output that the
// caller does not want.
func set[T any](addr uintptr, v T) {
	if addr != 0 {
		*at[T](addr) = v
	}
}

// slice is the caller's array of n elements.
func slice[T any](addr uintptr, n int) []T {
	if addr == 0 || n <= 0 {
		return nil
	}
	return unsafe.Slice(at[T](addr), n)
}

// fail ends a call with an error: its class is what the C function returns, its text waits in the
// frame for the error handler.
func fail(f uintptr, err error) int32 {
	if err == nil {
		return 0
	}
	fr := at[frame](f)
	if fr.text == nil {
		fr.text = C.CString(text(err))
	}
	return code(err)
}

// code is the error code for err. A code that the program made itself (MPI_Add_error_code, or what
// a callback returned) passes through.
func code(err error) int32 {
	var own userCode
	if errors.As(err, &own) {
		return int32(own)
	}
	return int32(mpi.ClassOf(err))
}

// A userCode is an error code that a callback of the program returned.
type userCode int32

func (c userCode) Error() string { return "error code " + classString(int32(c)) }

// text is what the error says beyond its class.
func text(err error) string {
	var e *mpi.Error
	if errors.As(err, &e) {
		return e.Text
	}
	return err.Error()
}

// bad is an argument error of the C face itself.
func bad(c mpi.Class, text string) *mpi.Error { return &mpi.Error{Class: c, Text: text} }

// noObject is the error of a handle that is not one of a live object.
func noObject(c mpi.Class, kind string, h uintptr) *mpi.Error {
	return bad(c, handleText(h)+" is no "+kind+", or one that was freed")
}

// need fails unless all the addresses that a call writes to or reads from are there.
func need(addrs ...uintptr) error {
	for _, a := range addrs {
		if a == 0 {
			return bad(mpi.ErrArg, "a pointer that must not be null is null")
		}
	}
	return nil
}
