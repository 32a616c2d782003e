package main

/*
#include "frame.h"
*/
import "C"

import (
	"unsafe"

	"rainmpi/cbind/abi"
	"rainmpi/mpi"
)

// Attributes of communicators. Predefined ones are read as pointers to int, those of the program as
// the address it stored.

//export rain_Comm_create_keyval
func rain_Comm_create_keyval(f, copyFn, deleteFn, number, extra uintptr) int32 {
	return createKeyval(f, C.RAIN_COMM, copyFn, deleteFn, number, extra)
}

//export rain_Keyval_create
func rain_Keyval_create(f, copyFn, deleteFn, number, extra uintptr) int32 {
	return createKeyval(f, C.RAIN_COMM, copyFn, deleteFn, number, extra)
}

//export rain_Comm_free_keyval
func rain_Comm_free_keyval(f, number uintptr) int32 { return freeKeyval(f, C.RAIN_COMM, number) }

//export rain_Keyval_free
func rain_Keyval_free(f, number uintptr) int32 { return freeKeyval(f, C.RAIN_COMM, number) }

//export rain_Comm_get_attr
func rain_Comm_get_attr(f, h uintptr, number int32, value, flag uintptr) int32 {
	c, err := commOf(h)
	if err == nil {
		err = need(value, flag)
	}
	if err != nil {
		return fail(f, err)
	}
	if number == extensionsKey {
		set(value, extensions())
		set(flag, int32(1))
		return 0
	}
	if number >= abi.MPI_TAG_UB && number <= abi.MPI_UNIVERSE_SIZE {
		return predefinedAttr(number, value, flag)
	}
	return getAttr(f, C.RAIN_COMM, c.attrs, number, value, flag)
}

//export rain_Attr_get
func rain_Attr_get(f, h uintptr, number int32, value, flag uintptr) int32 {
	return rain_Comm_get_attr(f, h, number, value, flag)
}

//export rain_Comm_set_attr
func rain_Comm_set_attr(f, h uintptr, number int32, value uintptr) int32 {
	c, err := commOf(h)
	if err != nil {
		return fail(f, err)
	}
	return setAttr(f, C.RAIN_COMM, &c.attrs, c.handle, number, value)
}

//export rain_Attr_put
func rain_Attr_put(f, h uintptr, number int32, value uintptr) int32 {
	return rain_Comm_set_attr(f, h, number, value)
}

//export rain_Comm_delete_attr
func rain_Comm_delete_attr(f, h uintptr, number int32) int32 {
	c, err := commOf(h)
	if err != nil {
		return fail(f, err)
	}
	return deleteAttr(f, C.RAIN_COMM, &c.attrs, c.handle, number)
}

//export rain_Attr_delete
func rain_Attr_delete(f, h uintptr, number int32) int32 { return rain_Comm_delete_attr(f, h, number) }

// predefinedAttr gives the address of an int in C's memory (MPI 5.0, 9.1.2).
func predefinedAttr(number int32, value, flag uintptr) int32 {
	set(flag, int32(1))
	var p *C.int
	switch number {
	case abi.MPI_TAG_UB:
		p = &C.rain_predefined.tag_ub
	case abi.MPI_IO:
		p = &C.rain_predefined.io
	case abi.MPI_WTIME_IS_GLOBAL:
		p = &C.rain_predefined.global
	case abi.MPI_LASTUSEDCODE:
		C.rain_predefined.lastcode = C.int(lastUsedCode())
		p = &C.rain_predefined.lastcode
	case abi.MPI_UNIVERSE_SIZE:
		if C.rain_predefined.universe > 0 {
			p = &C.rain_predefined.universe
		}
	case abi.MPI_APPNUM:
		if C.rain_predefined.appnum >= 0 {
			p = &C.rain_predefined.appnum
		}
	case abi.MPI_HOST:
		p = &C.rain_predefined.host
	}
	if p == nil {
		set(flag, int32(0))
		return 0
	}
	set(value, uintptr(unsafe.Pointer(p)))
	return 0
}

// setPredefined fills in the attributes of the world at MPI_Init.
func setPredefined(universe, appnum int) {
	C.rain_predefined.tag_ub = mpi.TagUB
	C.rain_predefined.io = abi.MPI_ANY_SOURCE // every process may do ordinary input and output
	C.rain_predefined.host = abi.MPI_PROC_NULL
	C.rain_predefined.global = 0
	C.rain_predefined.universe, C.rain_predefined.appnum = C.int(universe), C.int(appnum)
}
