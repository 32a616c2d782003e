package main

import "C"

import (
	"rainmpi/cbind/abi"
	"rainmpi/mpi"
)

// attached is the buffer of MPI_Buffer_attach, as the program gave it.
var attached struct {
	addr uintptr
	size int64
}

//export rain_Buffer_attach
func rain_Buffer_attach(f, buf uintptr, size int64) int32 {
	err := running()
	switch {
	case err != nil:
	case size < 0:
		err = bad(mpi.ErrArg, "the size is negative")
	case buf == abi.MPI_BUFFER_AUTOMATIC:
		err = bad(mpi.ErrUnsupportedOperation, "MPI_BUFFER_AUTOMATIC is not implemented; attach a buffer")
	case buf == 0 && size > 0:
		err = bad(mpi.ErrBuffer, "the buffer is a null pointer")
	default:
		err = mpi.BufferAttach(slice[byte](buf, int(size)))
	}
	if err != nil {
		return fail(f, err)
	}
	attached.addr, attached.size = buf, size
	return 0
}

//export rain_Buffer_detach
func rain_Buffer_detach(f, buf, size uintptr) int32 {
	err := running(buf, size)
	if err == nil {
		_, err = mpi.BufferDetach()
	}
	if err != nil {
		return fail(f, err)
	}
	set(buf, attached.addr)
	set(size, attached.size)
	return 0
}

//export rain_Buffer_flush
func rain_Buffer_flush(f uintptr) int32 { return fail(f, mpi.BufferFlush()) }
