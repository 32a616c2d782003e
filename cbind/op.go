package main

/*
#include "frame.h"
*/
import "C"

import (
	"sync/atomic"
	"unsafe"

	"rainmpi/cbind/abi"
	"rainmpi/mpi"
)

var (
	ops = table[mpi.Op]{kind: opKind}

	// predefinedOps are found by the low bits of their handles, MPI_OP_NULL + 0..31.
	predefinedOps = func() (all [32]*mpi.Op) {
		for i := range all {
			all[i] = mpi.PredefinedOp(abi.MPI_OP_NULL + uintptr(i))
		}
		return all
	}()
)

func opOf(h uintptr) (*mpi.Op, error) {
	if i := h - abi.MPI_OP_NULL; i < uintptr(len(predefinedOps)) {
		if o := predefinedOps[i]; o != nil {
			return o, nil
		}
	} else if o := ops.get(h); o != nil {
		return o, nil
	}
	return nil, noObject(mpi.ErrOp, "operation", h)
}

// userFunctions: the program has given functions that the engine may have to wait for. Calls of many
// steps wait inside Go as long as it has not.
var userFunctions atomic.Bool

// The engine keeps a C operation as a token: the function's address, with the highest bit set where
// it takes its length as an MPI_Count. Addresses of functions do not reach that bit.
const wideToken = 1 << 63

//export rain_Op_create
func rain_Op_create(f, fn uintptr, commute int32, op uintptr, wide int32) int32 {
	if err := need(fn, op); err != nil {
		return fail(f, err)
	}
	userFunctions.Store(true)
	o := mpi.NewOp(nil, commute != 0)
	o.External = fn
	if wide != 0 {
		o.External |= wideToken
	}
	set(op, ops.add(o))
	return 0
}

//export rain_Op_free
func rain_Op_free(f, op uintptr) int32 {
	if err := need(op); err != nil {
		return fail(f, err)
	}
	h := *at[uintptr](op)
	o, err := opOf(h)
	if err == nil {
		err = o.Free()
	}
	if err != nil {
		return fail(f, err)
	}
	ops.remove(h)
	set(op, abi.MPI_OP_NULL)
	return 0
}

//export rain_Op_commutative
func rain_Op_commutative(f, op, commute uintptr) int32 {
	o, err := opOf(op)
	if err == nil {
		err = need(commute)
	}
	if err != nil {
		return fail(f, err)
	}
	set(commute, truth(o.Commutative()))
	return 0
}

//export rain_Reduce_local
func rain_Reduce_local(f, in, inout uintptr, count int64, dt, op uintptr) int32 {
	fr := at[frame](f)
	if fr.op != 0 { // the user's function has run
		return 0
	}
	o, err := opOf(op)
	if err != nil {
		return fail(f, err)
	}
	a, err := buffer(in, count, dt)
	if err != nil {
		return fail(f, err)
	}
	b, err := buffer(inout, count, dt)
	if err != nil {
		return fail(f, err)
	}
	if o.External != 0 && (in != inout || count == 0) && !a.IsInPlace() && !b.IsInPlace() {
		if count == 0 {
			return 0
		}
		fr.op = 1
		return userOp(fr, o.External, a.Addr, b.Addr, int(count), a.Type)
	}
	return fail(f, mpi.ReduceLocal(a, b, o))
}

// userOp leaves a call of a C operation in the frame.
func userOp(fr *frame, token uintptr, in, inout unsafe.Pointer, n int, d *mpi.Datatype) int32 {
	fr.cb = C.RAIN_CB_OP
	if token&wideToken != 0 {
		fr.cb = C.RAIN_CB_OP_C
	}
	_, extent := d.Extent()
	fr.fn = C.uintptr_t(token &^ wideToken)
	fr.a[0], fr.a[1] = C.uintptr_t(uintptr(in)), C.uintptr_t(uintptr(inout))
	fr.a[2], fr.a[3] = C.uintptr_t(handleOfType(d)), C.uintptr_t(extent)
	fr.n = C.int64_t(n)
	return call
}

// engineCalls are functions of the user's that the engine has asked for and C is running.
var engineCalls = table[mpi.Call]{kind: opKind}

// idle is how an entry returns when it can do nothing now: with a user function of some collective,
// if one waits to be run, else to wait.
func idle(f uintptr) int32 {
	c, ok := mpi.TakeCall()
	if !ok {
		return wait
	}
	fr := at[frame](f)
	fr.pend = C.uint32_t(engineCalls.add(&c))
	if v := c.Conversion(); v != nil {
		return conversion(fr, v)
	}
	if ev := c.Event(); ev != nil {
		return event(fr, ev, c.External())
	}
	in, inout, n, d := c.Args()
	return userOp(fr, c.External(), in, inout, n, d)
}

// resume comes first in every entry that may return idle.
func resume(fr *frame) {
	if fr.pend != 0 {
		c := engineCalls.remove(uintptr(fr.pend))
		fr.pend = 0
		if v := c.Conversion(); v != nil {
			converted(fr, v)
		}
		if c.Event() == nil { // else rain_Event_over was called
			c.Done()
		}
	}
}
