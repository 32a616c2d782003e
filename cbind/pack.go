package main

import "C"

import (
	"rainmpi/mpi"
)

// Packed data is the datatype's bytes in their order, in this machine's representation (MPI 5.0,
// 5.2): all processes of a job have the same.

var uncommitted = bad(mpi.ErrType, "the datatype is not committed; call MPI_Type_commit first")

//export rain_Pack_size
func rain_Pack_size(f uintptr, count int64, dt, h, size uintptr) int32 {
	_, b, err := transfer(0, 0, dt, h)
	if err == nil {
		err = need(size)
	}
	if err == nil && count < 0 {
		err = bad(mpi.ErrCount, "the count is negative")
	}
	if err != nil {
		return fail(f, err)
	}
	set(size, count*b.Type.Size())
	return 0
}

//export rain_Pack
func rain_Pack(f, in uintptr, count int64, dt, out uintptr, outsize int64, position, h uintptr) int32 {
	b, n, pos, err := packing(in, count, dt, outsize, position, h)
	if err == nil && n > 0 {
		err = need(out)
	}
	if err != nil {
		return fail(f, err)
	}
	b.Type.T().Pack(slice[byte](out+uintptr(pos), int(n)), b.Addr, count, 0)
	set(position, pos+n)
	return 0
}

//export rain_Unpack
func rain_Unpack(f, in uintptr, insize int64, position, out uintptr, count int64, dt, h uintptr) int32 {
	b, n, pos, err := packing(out, count, dt, insize, position, h)
	if err == nil && n > 0 {
		err = need(in)
	}
	if err != nil {
		return fail(f, err)
	}
	b.Type.T().Unpack(b.Addr, count, 0, slice[byte](in+uintptr(pos), int(n)))
	set(position, pos+n)
	return 0
}

// packing checks both; n is the number of bytes, at the position before.
func packing(buf uintptr, count int64, dt uintptr, size int64, position, h uintptr) (b mpi.Buffer, n, pos int64, err error) {
	if _, b, err = transfer(buf, count, dt, h); err != nil {
		return b, 0, 0, err
	}
	if err = need(position); err != nil {
		return b, 0, 0, err
	}
	if !b.Type.Committed() {
		return b, 0, 0, uncommitted
	}
	if size < 0 {
		return b, 0, 0, bad(mpi.ErrArg, "the size of the packed buffer is negative")
	}
	n, pos = count*b.Type.Size(), *at[int64](position)
	if pos < 0 || n > size-pos {
		return b, 0, 0, bad(mpi.ErrTruncate, "the packed buffer ends before the data does; MPI_Pack_size gives the room needed")
	}
	return b, n, pos, nil
}
