package main

/*
#include "frame.h"
*/
import "C"

import (
	"rainmpi/cbind/abi"
	"rainmpi/mpi"
)

// The operations on windows (MPI 5.0, 12.3).

// access checks what all of them have: the window first, as its error handler decides.
func access(addr uintptr, count int64, dt uintptr, rank int32, disp, tcount int64, tdt, h uintptr) (*mpi.Win, mpi.Buffer, mpi.Place, error) {
	at := mpi.Place{Rank: int(rank), Disp: disp, Count: int(tcount)}
	w, err := winOf(h)
	if err != nil {
		return nil, mpi.Buffer{}, at, err
	}
	if count < 0 {
		return nil, mpi.Buffer{}, at, bad(mpi.ErrCount, "the origin's count is negative")
	}
	if rank == abi.MPI_PROC_NULL { // nothing else is looked at, but it must be valid
		count = 0
	}
	b, err := buffer(addr, count, dt)
	if err != nil {
		return nil, b, at, err
	}
	t, err := datatypeOf(tdt)
	if err != nil {
		return nil, b, at, err
	}
	at.Type = t.d
	return w.w, b, at, nil
}

//export rain_Put
func rain_Put(f, addr uintptr, count int64, dt uintptr, rank int32, disp, tcount int64, tdt, h uintptr) int32 {
	w, b, at, err := access(addr, count, dt, rank, disp, tcount, tdt, h)
	if err == nil {
		err = w.Put(b, at)
	}
	return fail(f, err)
}

//export rain_Get
func rain_Get(f, addr uintptr, count int64, dt uintptr, rank int32, disp, tcount int64, tdt, h uintptr) int32 {
	w, b, at, err := access(addr, count, dt, rank, disp, tcount, tdt, h)
	if err == nil {
		err = w.Get(b, at)
	}
	return fail(f, err)
}

//export rain_Rput
func rain_Rput(f, addr uintptr, count int64, dt uintptr, rank int32, disp, tcount int64, tdt, h, request uintptr) int32 {
	w, b, at, err := access(addr, count, dt, rank, disp, tcount, tdt, h)
	if err != nil {
		return fail(f, err)
	}
	r, err := w.Rput(b, at)
	return giveOn(f, request, r, err, C.RAIN_WIN, h)
}

//export rain_Rget
func rain_Rget(f, addr uintptr, count int64, dt uintptr, rank int32, disp, tcount int64, tdt, h, request uintptr) int32 {
	w, b, at, err := access(addr, count, dt, rank, disp, tcount, tdt, h)
	if err != nil {
		return fail(f, err)
	}
	r, err := w.Rget(b, at)
	return giveOn(f, request, r, err, C.RAIN_WIN, h)
}

//export rain_Accumulate
func rain_Accumulate(f, addr uintptr, count int64, dt uintptr, rank int32, disp, tcount int64, tdt, op, h uintptr) int32 {
	w, b, at, o, err := combination(addr, count, dt, rank, disp, tcount, tdt, op, h)
	if err == nil {
		err = w.Accumulate(b, at, o)
	}
	return fail(f, err)
}

//export rain_Raccumulate
func rain_Raccumulate(f, addr uintptr, count int64, dt uintptr, rank int32, disp, tcount int64, tdt, op, h, request uintptr) int32 {
	w, b, at, o, err := combination(addr, count, dt, rank, disp, tcount, tdt, op, h)
	if err != nil {
		return fail(f, err)
	}
	r, err := w.Raccumulate(b, at, o)
	return giveOn(f, request, r, err, C.RAIN_WIN, h)
}

func combination(addr uintptr, count int64, dt uintptr, rank int32, disp, tcount int64, tdt, op, h uintptr) (*mpi.Win, mpi.Buffer, mpi.Place, *mpi.Op, error) {
	w, b, at, err := access(addr, count, dt, rank, disp, tcount, tdt, h)
	if err != nil {
		return nil, b, at, nil, err
	}
	o, err := opOf(op)
	return w, b, at, o, err
}

//export rain_Get_accumulate
func rain_Get_accumulate(f, addr uintptr, count int64, dt, raddr uintptr, rcount int64, rdt uintptr, rank int32, disp, tcount int64, tdt, op, h uintptr) int32 {
	w, b, r, at, o, err := exchange(addr, count, dt, raddr, rcount, rdt, rank, disp, tcount, tdt, op, h)
	if err == nil {
		err = w.GetAccumulate(b, r, at, o)
	}
	return fail(f, err)
}

//export rain_Rget_accumulate
func rain_Rget_accumulate(f, addr uintptr, count int64, dt, raddr uintptr, rcount int64, rdt uintptr, rank int32, disp, tcount int64, tdt, op, h, request uintptr) int32 {
	w, b, r, at, o, err := exchange(addr, count, dt, raddr, rcount, rdt, rank, disp, tcount, tdt, op, h)
	if err != nil {
		return fail(f, err)
	}
	q, err := w.RgetAccumulate(b, r, at, o)
	return giveOn(f, request, q, err, C.RAIN_WIN, h)
}

// exchange: with MPI_NO_OP "the origin_addr, origin_count and origin_datatype arguments are ignored"
// (MPI 5.0, 12.3.4).
func exchange(addr uintptr, count int64, dt, raddr uintptr, rcount int64, rdt uintptr, rank int32, disp, tcount int64, tdt, op, h uintptr) (*mpi.Win, mpi.Buffer, mpi.Buffer, mpi.Place, *mpi.Op, error) {
	w, r, at, o, err := combination(raddr, rcount, rdt, rank, disp, tcount, tdt, op, h)
	if err != nil || o == mpi.NoOp {
		return w, mpi.Buffer{}, r, at, o, err
	}
	if count < 0 {
		return nil, mpi.Buffer{}, r, at, o, bad(mpi.ErrCount, "the origin's count is negative")
	}
	if rank == abi.MPI_PROC_NULL {
		count = 0
	}
	b, err := buffer(addr, count, dt)
	return w, b, r, at, o, err
}

//export rain_Fetch_and_op
func rain_Fetch_and_op(f, addr, raddr, dt uintptr, rank int32, disp int64, op, h uintptr) int32 {
	w, b, r, at, o, err := exchange(addr, 1, dt, raddr, 1, dt, rank, disp, 1, dt, op, h)
	if err == nil {
		err = w.GetAccumulate(b, r, at, o)
	}
	return fail(f, err)
}

//export rain_Compare_and_swap
func rain_Compare_and_swap(f, addr, compare, raddr, dt uintptr, rank int32, disp int64, h uintptr) int32 {
	w, err := winOf(h)
	if err == nil && (addr < firstHandle || compare < firstHandle || raddr < firstHandle) {
		err = bad(mpi.ErrBuffer, "an address of an element is null or a sentinel")
	}
	if err != nil {
		return fail(f, err)
	}
	t, err := datatypeOf(dt)
	if err != nil {
		return fail(f, err)
	}
	return fail(f, w.w.CompareAndSwap(pointer(addr), pointer(compare), pointer(raddr), t.d, int(rank), disp))
}
