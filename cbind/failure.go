package main

/*
#include "frame.h"
*/
import "C"

import (
	"unsafe"

	"rainmpi/mpi"
)

// What include/mpi-ext.h offers after a failure; mpi/failure.go and mpi/revoke.go do it.

// extensionsKey is RAIN_EXTENSIONS of mpi-ext.h, an attribute that every communicator has.
const extensionsKey = C.RAIN_EXTENSIONS_KEY

func extensions() uintptr { return uintptr(unsafe.Pointer(C.rain_extension_table())) }

//export rain_Comm_revoke
func rain_Comm_revoke(f, h uintptr) int32 {
	c, err := commOf(h)
	if err == nil {
		err = c.c.Revoke()
	}
	return fail(f, err)
}

//export rain_Comm_is_revoked
func rain_Comm_is_revoked(f, h, flag uintptr) int32 {
	c, err := commOf(h)
	if err == nil {
		err = need(flag)
	}
	if err != nil {
		return fail(f, err)
	}
	set(flag, truth(c.c.Revoked()))
	return 0
}

//export rain_Comm_get_failed
func rain_Comm_get_failed(f, h, group uintptr) int32 {
	return ask(f, h, group, func(c *mpi.Comm) (uintptr, error) {
		g, err := c.Failed()
		if err != nil {
			return 0, err
		}
		return groupHandle(g), nil
	})
}

//export rain_Comm_ack_failed
func rain_Comm_ack_failed(f, h uintptr, n int32, acked uintptr) int32 {
	return ask(f, h, acked, func(c *mpi.Comm) (int32, error) {
		k, err := c.AckFailed(int(n))
		return int32(k), err
	})
}
