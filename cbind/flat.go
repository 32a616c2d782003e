package main

/*
#include "frame.h"
*/
import "C"

import (
	"unsafe"

	"rainmpi/mpi"
)

// The twins of a communicator's table must agree; this does not compile if they do not.
var (
	_ [C.sizeof_rain_flat]byte = [unsafe.Sizeof(mpi.Flat{})]byte{}
	_ [C.RAIN_SLOT]byte        = [mpi.FlatSlot]byte{}
	_ [C.RAIN_FLAT_LIMIT]byte  = [mpi.FlatLimit]byte{}
	_ [C.RAIN_FLAT_TOTAL]byte  = [mpi.FlatTotal]byte{}
	_ [C.RAIN_COMM_KIND]byte   = [commKind]byte{}
	_ [C.RAIN_ALLREDUCE]byte   = [mpi.FlatAllreduce]byte{}
	_ [C.RAIN_REDUCE]byte      = [mpi.FlatReduce]byte{}
	_ [C.RAIN_ALLTOALL]byte    = [mpi.FlatAlltoall]byte{}
	_ [C.RAIN_ALLGATHER]byte   = [mpi.FlatAllgather]byte{}
	_ [1 + C.RAIN_BCAST]byte   = [1 + mpi.FlatBcast]byte{}
	_ [1 + C.RAIN_BARRIER]byte = [1 + mpi.FlatBarrier]byte{}
)

// setFlat says where C finds the table of a communicator.
func (c *comm) setFlat(t *mpi.Flat) {
	if i := (c.handle - firstHandle) >> kindBits; i < C.RAIN_COMMS {
		C.rain_flats[i] = (*C.rain_flat)(unsafe.Pointer(t))
	}
}

// waits reports whether the caller of a collective waits for its end. C may do the next such call
// itself: the table of a communicator that MPI_Comm_idup made was not there when its handle was.
func (c *comm) waits(how form) bool {
	if how == waited {
		c.setFlat(c.c.Flat())
	}
	return how == waited
}

//export rain_Progress
func rain_Progress(f uintptr) int32 {
	resume(at[frame](f))
	mpi.ProgressBeside()
	return progressed(f)
}

//export rain_Wake_members
func rain_Wake_members(h uintptr) {
	if c := findComm(h); c != nil {
		c.c.WakeMembers()
	}
}
