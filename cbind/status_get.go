package main

/*
#include "frame.h"
*/
import "C"

import (
	"rainmpi/cbind/abi"
	"rainmpi/mpi"
)

// The calls that look at many requests and leave them as they are (MPI 5.0, 3.7.6).

// peek writes the status of a request that is done. It returns call while the query function of a
// generalized request must run; fr.sub says whether it has.
func peek(f, h, st uintptr) int32 {
	q := requests.get(h)
	fr := at[frame](f)
	switch {
	case q.idle():
		putStatus(st, emptyStatus)
	case q.g != nil && fr.sub == 0:
		fr.sub = 1
		return q.g.query(fr, st)
	case q.g != nil:
		fr.sub = 0
		return returned(f)
	case q.ticket != nil:
		putStatus(st, q.ticket.Status())
	default:
		if err := q.r.Pending(); err != nil {
			return fail(f, err)
		}
		s, _ := q.r.Peek()
		putStatus(st, s)
	}
	return 0
}

//export rain_Request_get_status_all
func rain_Request_get_status_all(f uintptr, count int32, list, flag, statuses uintptr) int32 {
	fr := at[frame](f)
	resume(fr)
	if fr.op == 0 {
		_, err := look(count, list)
		if err == nil {
			err = need(flag)
		}
		if err != nil {
			return fail(f, err)
		}
		mpi.Progress()
		if firstPending(count, list, 0) >= 0 {
			set(flag, int32(0))
			return progressed(f)
		}
		set(flag, int32(1))
		fr.op = collecting
	}
	for ; int32(fr.step) < count; fr.step++ {
		i := int(fr.step)
		if rc := peek(f, *at[uintptr](at8(list, i)), statusAt(statuses, i)); rc != 0 {
			return rc
		}
	}
	return 0
}

//export rain_Request_get_status_any
func rain_Request_get_status_any(f uintptr, count int32, list, index, flag, st uintptr) int32 {
	fr := at[frame](f)
	resume(fr)
	if fr.op == 0 {
		active, err := look(count, list)
		if err == nil {
			err = need(index, flag)
		}
		if err != nil {
			return fail(f, err)
		}
		mpi.Progress()
		i := firstDone(count, list, 0)
		set(index, int32(abi.MPI_UNDEFINED))
		set(flag, truth(i >= 0 || active == 0))
		if i < 0 {
			if active == 0 {
				putStatus(st, emptyStatus)
			}
			return progressed(f)
		}
		set(index, int32(i))
		fr.op, fr.step = collecting, C.uint32_t(i)
	}
	return peek(f, *at[uintptr](at8(list, int(fr.step))), st)
}

//export rain_Request_get_status_some
func rain_Request_get_status_some(f uintptr, count int32, list, outcount, indices, statuses uintptr) int32 {
	fr := at[frame](f)
	resume(fr)
	if fr.op == 0 {
		active, err := look(count, list)
		if err == nil {
			err = need(outcount)
		}
		if err == nil && active > 0 {
			err = need(indices)
		}
		if err != nil {
			return fail(f, err)
		}
		set(outcount, int32(0))
		if active == 0 {
			set(outcount, int32(abi.MPI_UNDEFINED))
			return 0
		}
		if mpi.Progress(); firstDone(count, list, 0) < 0 {
			return progressed(f)
		}
		fr.op = collecting
	}
	for ; int32(fr.step) < count; fr.step++ {
		i := int(fr.step)
		h := *at[uintptr](at8(list, i))
		if q := requests.get(h); q.idle() || !q.done() {
			continue
		}
		n := int(*at[int32](outcount))
		if rc := peek(f, h, statusAt(statuses, n)); rc != 0 {
			return rc
		}
		set(indices+4*uintptr(n), int32(i))
		set(outcount, int32(n+1))
	}
	return 0
}
