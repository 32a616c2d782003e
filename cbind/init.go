package main

/*
#include <stdlib.h>
#include "frame.h"
*/
import "C"

import (
	"unsafe"

	"rainmpi/cbind/abi"
	"rainmpi/mpi"
)

// The twins of the wait set must agree; this does not compile if they do not.
var _ [C.sizeof_rain_waitset]byte = [unsafe.Sizeof(mpi.WaitSet{})]byte{}

// worldHandle is untyped MPI_COMM_WORLD.
const worldHandle = abi.MPI_COMM_WORLD

// notRunning is the error of a call that needs MPI to run.
func notRunning() error {
	if mpi.Finalized() {
		return bad(mpi.ErrOther, "MPI has been finalized")
	}
	return bad(mpi.ErrOther, "MPI is not initialized; call MPI_Init first")
}

//export rain_Init
func rain_Init(f, argc, argv uintptr) int32 {
	_, err := initialize(mpi.ThreadSingle)
	return fail(f, err)
}

//export rain_Init_thread
func rain_Init_thread(f, argc, argv uintptr, required int32, provided uintptr) int32 {
	level, err := initialize(int(required))
	if err == nil {
		err = need(provided)
	}
	if err != nil {
		return fail(f, err)
	}
	set(provided, int32(level))
	return 0
}

func initialize(required int) (provided int, err error) {
	if required < mpi.ThreadSingle || required > mpi.ThreadMultiple {
		return 0, bad(mpi.ErrArg, "the level of thread support is none of the MPI_THREAD_ constants")
	}
	if provided, err = mpi.InitThread(required); err != nil {
		return 0, err
	}
	begun(provided)
	world.Store(&comm{c: mpi.World(), handle: abi.MPI_COMM_WORLD})
	self.Store(&comm{c: mpi.Self(), handle: abi.MPI_COMM_SELF})
	if p := mpi.Parent(); p != nil {
		parent.Store(comms.get(addComm(p, nil, nil)))
	}
	C.rain_flat_world = (*C.rain_flat)(unsafe.Pointer(mpi.World().Flat()))
	setPredefined(mpi.UniverseSize(), mpi.AppNum())
	return provided, nil
}

// begun and ended follow the engine, which MPI_Init and every session start and end.
func begun(level int) {
	if level == mpi.ThreadMultiple {
		C.rain_multiple = 1
	}
	mpi.Table().Tickets = (*[mpi.Tickets]mpi.Ticket)(unsafe.Pointer(&C.rain_tickets))
	C.rain_engine = (*C.rain_engine_table)(unsafe.Pointer(mpi.Table()))
	C.rain_waits = (*C.rain_waitset)(unsafe.Pointer(mpi.Waiting()))
	C.rain_signals()
}

func ended() { C.rain_waits = (*C.rain_waitset)(unsafe.Pointer(mpi.Waiting())) }

// Finalize runs the delete functions of MPI_COMM_SELF's attributes first: they may still use MPI
// (MPI 5.0, 11.4.2). fr.step counts the objects that are through.
//
//export rain_Finalize
func rain_Finalize(f uintptr) int32 {
	fr := at[frame](f)
	resume(fr)
	if world.Load() == nil {
		return fail(f, notRunning())
	}
	for _, c := range []*comm{self.Load(), world.Load()}[min(fr.step, 2):] {
		if rc := c.attrs.deleteAll(f, c.handle); rc != 0 {
			return rc
		}
		fr.step++
	}
	C.rain_flat_world, C.rain_comm_world = nil, nil
	if err := mpi.Finalize(); err != nil {
		return fail(f, err)
	}
	ended()
	world.Store(nil)
	self.Store(nil)
	parent.Store(nil)
	return 0
}

//export rain_Initialized
func rain_Initialized(f, flag uintptr) int32 {
	if err := need(flag); err != nil {
		return fail(f, err)
	}
	set(flag, truth(mpi.Initialized()))
	return 0
}

//export rain_Finalized
func rain_Finalized(f, flag uintptr) int32 {
	if err := need(flag); err != nil {
		return fail(f, err)
	}
	set(flag, truth(mpi.Finalized()))
	return 0
}

//export rain_Query_thread
func rain_Query_thread(f, provided uintptr) int32 {
	if err := running(provided); err != nil {
		return fail(f, err)
	}
	set(provided, int32(mpi.ThreadLevel()))
	return 0
}

// running fails unless MPI runs and the outputs are there.
func running(outputs ...uintptr) error {
	if mpi.Waiting() == nil {
		return notRunning()
	}
	return need(outputs...)
}

// The thread that called MPI_Init is taken to be the process's first one, as in every program that
// asks for less than MPI_THREAD_MULTIPLE.
//
//export rain_Is_thread_main
func rain_Is_thread_main(f, flag uintptr) int32 {
	if err := running(flag); err != nil {
		return fail(f, err)
	}
	set(flag, truth(C.rain_is_main_thread() != 0))
	return 0
}

//export rain_Abort
func rain_Abort(f, h uintptr, errorcode int32) int32 {
	abort(int(errorcode), "MPI_Abort was called by the program")
	return 0
}

// abort ends the whole job and does not return. The exit status is the code where the shell can show
// it, and never 0: the job has failed.
func abort(code int, text string) {
	if code&0xff == 0 {
		code = 1
	}
	mpi.AbortText(code, text)
}

//export rain_Get_processor_name
func rain_Get_processor_name(f, name, resultlen uintptr) int32 {
	if err := need(name, resultlen); err != nil {
		return fail(f, err)
	}
	set(resultlen, putString(name, mpi.ProcessorName(), abi.MPI_MAX_PROCESSOR_NAME))
	return 0
}

//export rain_Alloc_mem
func rain_Alloc_mem(f uintptr, size int64, info, base uintptr) int32 {
	_, err := optionalInfo(info)
	switch {
	case err == nil && base == 0:
		err = need(base)
	case err == nil && size < 0:
		err = bad(mpi.ErrArg, "the size is negative")
	}
	if err != nil {
		return fail(f, err)
	}
	var p unsafe.Pointer
	// A page's alignment serves every datatype and every network.
	if C.posix_memalign(&p, 4096, C.size_t(max(size, 1))) != 0 {
		return fail(f, bad(mpi.ErrNoMem, "the system has no memory of that size"))
	}
	set(base, uintptr(p))
	return 0
}

//export rain_Free_mem
func rain_Free_mem(f, base uintptr) int32 {
	C.rain_free(C.uintptr_t(base))
	return 0
}
