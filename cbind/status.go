package main

import "C"

import (
	"rainmpi/mpi"
)

// An MPI_Status is eight ints: source, tag, error, and five of ours. The first two of those hold the
// 64-bit count of bytes, which no alignment is promised for; the third is the cancelled flag.
type status [8]int32

// statusSize is the distance between the statuses of an array, in bytes.
const statusSize = 32

const (
	statusSource = iota
	statusTag
	statusError
	statusLow
	statusHigh
	statusCancelled
)

// putStatus writes all but the error, which only calls that end many requests set (MPI 5.0, 3.2.5).
// addr 0 is MPI_STATUS_IGNORE.
func putStatus(addr uintptr, s mpi.Status) {
	if addr == 0 {
		return
	}
	w := at[status](addr)
	w[statusSource], w[statusTag] = int32(s.Source), int32(s.Tag)
	w.setBytes(s.Bytes())
	w[statusCancelled] = truth(s.Cancelled())
}

func (w *status) bytes() int64 { return int64(uint32(w[statusLow])) | int64(w[statusHigh])<<32 }

func (w *status) setBytes(n int64) { w[statusLow], w[statusHigh] = int32(n), int32(n>>32) }

// emptyStatus is the status of null and inactive requests (MPI 5.0, 3.7.3).
var emptyStatus = mpi.Status{Source: mpi.AnySource, Tag: mpi.AnyTag}

// received is what a status says of data of a type.
func received(addr, dt, count uintptr) (n int64, d *mpi.Datatype, err error) {
	if err := need(addr, count); err != nil {
		return 0, nil, err
	}
	t, err := datatypeOf(dt)
	if err != nil {
		return 0, nil, err
	}
	return at[status](addr).bytes(), t.d, nil
}

//export rain_Get_count
func rain_Get_count(f, addr, dt, count uintptr) int32 {
	n, d, err := received(addr, dt, count)
	if err != nil {
		return fail(f, err)
	}
	var s mpi.Status
	s.SetBytes(n)
	set(count, int64(s.Count(d)))
	return 0
}

//export rain_Get_elements
func rain_Get_elements(f, addr, dt, count uintptr) int32 {
	n, d, err := received(addr, dt, count)
	if err != nil {
		return fail(f, err)
	}
	elements, ok := d.Elements(n)
	if !ok {
		elements = mpi.Undefined
	}
	set(count, elements)
	return 0
}

//export rain_Get_elements_x
func rain_Get_elements_x(f, addr, dt, count uintptr) int32 {
	return rain_Get_elements(f, addr, dt, count)
}

//export rain_Status_set_elements
func rain_Status_set_elements(f, addr, dt uintptr, count int64) int32 {
	_, d, err := received(addr, dt, addr)
	if err == nil && count < 0 {
		err = bad(mpi.ErrCount, "the count is negative")
	}
	if err != nil {
		return fail(f, err)
	}
	at[status](addr).setBytes(d.ElementBytes(count))
	return 0
}

//export rain_Status_set_elements_x
func rain_Status_set_elements_x(f, addr, dt uintptr, count int64) int32 {
	return rain_Status_set_elements(f, addr, dt, count)
}
