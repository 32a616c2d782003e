package main

/*
#include "frame.h"
*/
import "C"

import (
	"unsafe"

	"rainmpi/cbind/abi"
)

// Attributes of windows (MPI 5.0, 12.2.6 and 7.7).

//export rain_Win_create_keyval
func rain_Win_create_keyval(f, copyFn, deleteFn, number, extra uintptr) int32 {
	return createKeyval(f, C.RAIN_WIN, copyFn, deleteFn, number, extra)
}

//export rain_Win_free_keyval
func rain_Win_free_keyval(f, number uintptr) int32 { return freeKeyval(f, C.RAIN_WIN, number) }

//export rain_Win_get_attr
func rain_Win_get_attr(f, h uintptr, number int32, value, flag uintptr) int32 {
	w, err := winOf(h)
	if err == nil {
		err = need(value, flag)
	}
	if err != nil {
		return fail(f, err)
	}
	var v uintptr
	switch number {
	case abi.MPI_WIN_BASE:
		v = uintptr(w.w.Base())
	case abi.MPI_WIN_SIZE:
		v = uintptr(unsafe.Pointer(&w.predefined.size))
	case abi.MPI_WIN_DISP_UNIT:
		v = uintptr(unsafe.Pointer(&w.predefined.unit))
	case abi.MPI_WIN_CREATE_FLAVOR:
		v = uintptr(unsafe.Pointer(&w.predefined.flavor))
	case abi.MPI_WIN_MODEL:
		v = uintptr(unsafe.Pointer(&w.predefined.model))
	default:
		return getAttr(f, C.RAIN_WIN, w.attrs, number, value, flag)
	}
	set(value, v)
	set(flag, int32(1))
	return 0
}

//export rain_Win_set_attr
func rain_Win_set_attr(f, h uintptr, number int32, value uintptr) int32 {
	w, err := winOf(h)
	if err != nil {
		return fail(f, err)
	}
	return setAttr(f, C.RAIN_WIN, &w.attrs, w.handle, number, value)
}

//export rain_Win_delete_attr
func rain_Win_delete_attr(f, h uintptr, number int32) int32 {
	w, err := winOf(h)
	if err != nil {
		return fail(f, err)
	}
	return deleteAttr(f, C.RAIN_WIN, &w.attrs, w.handle, number)
}
