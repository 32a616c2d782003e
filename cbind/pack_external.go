package main

import "C"

import (
	"rainmpi/cbind/abi"
	"rainmpi/mpi"
)

// external32, the representation that all machines share (MPI 5.0, 5.3). There is no communicator:
// errors go to MPI_COMM_SELF.

//export rain_Pack_external_size
func rain_Pack_external_size(f, datarep uintptr, count int64, dt, size uintptr) int32 {
	t, err := datatypeOf(dt)
	if err == nil {
		err = need(datarep, size)
	}
	if err != nil {
		return fail(f, err)
	}
	n, err := mpi.PackExternalSize(cString(datarep, abi.MPI_MAX_DATAREP_STRING), count, t.d)
	if err != nil {
		return fail(f, err)
	}
	set(size, n)
	return 0
}

//export rain_Pack_external
func rain_Pack_external(f, datarep, in uintptr, count int64, dt, out uintptr, outsize int64, position uintptr) int32 {
	return external(f, datarep, in, count, dt, out, outsize, position, mpi.PackExternal)
}

//export rain_Unpack_external
func rain_Unpack_external(f, datarep, in uintptr, insize int64, position, out uintptr, count int64, dt uintptr) int32 {
	return external(f, datarep, out, count, dt, in, insize, position, mpi.UnpackExternal)
}

func external(f, datarep, buf uintptr, count int64, dt, packed uintptr, size int64, position uintptr,
	move func(string, []byte, int, mpi.Buffer) (int, error)) int32 {
	b, err := buffer(buf, count, dt)
	if err == nil {
		err = need(datarep, position)
	}
	if err == nil && size < 0 {
		err = bad(mpi.ErrArg, "the size of the packed buffer is negative")
	}
	if err == nil && size > 0 {
		err = need(packed)
	}
	if err != nil {
		return fail(f, err)
	}
	end, err := move(cString(datarep, abi.MPI_MAX_DATAREP_STRING), slice[byte](packed, int(size)), int(*at[int64](position)), b)
	if err != nil {
		return fail(f, err)
	}
	set(position, int64(end))
	return 0
}
