package main

/*
#include "frame.h"
*/
import "C"

import (
	"fmt"
	"math"
	"sync"
	"unsafe"

	"rainmpi/cbind/abi"
	"rainmpi/mpi"
)

// A datarep is a data representation that the program has registered (MPI 5.0, 14.5.3). Its functions
// are called by a thread that waits for the access, in C, or for any other call.
type datarep struct {
	read, write, extent, extra uintptr
	wide                       bool // read and write count in MPI_Count
}

var datareps struct {
	mu  sync.Mutex
	all []datarep // the engine's token is the index, from 1 on
}

//export rain_Register_datarep
func rain_Register_datarep(f, name, read, write, extent, extra uintptr, wide int32) int32 {
	if err := need(name, extent); err != nil {
		return fail(f, err)
	}
	datareps.mu.Lock()
	defer datareps.mu.Unlock()
	err := mpi.RegisterDatarep(&mpi.Datarep{
		Name:     cString(name, abi.MPI_MAX_DATAREP_STRING),
		External: uintptr(len(datareps.all) + 1),
		Reads:    read != abi.MPI_CONVERSION_FN_NULL,
		Writes:   write != abi.MPI_CONVERSION_FN_NULL,
	})
	if err == nil {
		userFunctions.Store(true)
		datareps.all = append(datareps.all, datarep{read, write, extent, extra, wide != 0})
	}
	return fail(f, err)
}

func datarepOf(token uintptr) datarep {
	datareps.mu.Lock()
	defer datareps.mu.Unlock()
	return datareps.all[token-1]
}

// conversion leaves a call of a representation's function in the frame.
func conversion(fr *frame, v *mpi.Conversion) int32 {
	d := datarepOf(v.Rep.External)
	fr.a[0], fr.a[1] = C.uintptr_t(handleOfType(v.Type)), C.uintptr_t(d.extra)
	if v.Kind == mpi.ConvertExtent {
		fr.cb, fr.fn = C.RAIN_CB_EXTENT, C.uintptr_t(d.extent)
		return call
	}
	fr.cb, fr.fn = C.RAIN_CB_CONVERT, C.uintptr_t(d.read)
	if v.Kind == mpi.ConvertWrite {
		fr.fn = C.uintptr_t(d.write)
	}
	if d.wide {
		fr.cb = C.RAIN_CB_CONVERT_C
	}
	fr.a[1], fr.a[3] = fr.a[0], fr.a[1]
	fr.a[0] = C.uintptr_t(uintptr(v.Addr))
	fr.a[2] = C.uintptr_t(uintptr(unsafe.Pointer(unsafe.SliceData(v.File))))
	fr.n = C.int64_t(v.Count)
	if !d.wide && v.Count > math.MaxInt32 {
		v.Fail(fmt.Errorf("%d elements are more than its int can say; register it with MPI_Register_datarep_c", v.Count))
		fr.cb = 0 // C calls nothing
	}
	return call
}

// converted takes what the function returned.
func converted(fr *frame, v *mpi.Conversion) {
	if fr.cb != 0 && fr.result != 0 {
		v.Fail(fmt.Errorf("it returned %s", classString(int32(fr.result))))
	}
	if v.Kind == mpi.ConvertExtent {
		v.Extent = int64(fr.a[3])
	}
}
