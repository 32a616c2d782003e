package main

/*
#include "frame.h"
*/
import "C"

import (
	"rainmpi/cbind/abi"
	"rainmpi/mpi"
)

// The calls that end requests (MPI 5.0, 3.7.3 and 3.7.5). Each may be entered many times: fr.op is 0
// at the first entry, 1 while waiting, 2 while collecting; fr.step is the next request of an array.

const (
	waiting    = 1
	collecting = 2
)

//export rain_Wait
func rain_Wait(f, addr, st uintptr) int32 {
	fr := at[frame](f)
	resume(fr)
	if fr.op == collecting {
		return collect(f, addr, st)
	}
	if err := need(addr); err != nil {
		return fail(f, err)
	}
	q, err := requestOf(*at[uintptr](addr))
	if err != nil {
		return fail(f, err)
	}
	if q.idle() {
		putStatus(st, emptyStatus)
		return 0
	}
	if !q.doneNow() {
		return idle(f)
	}
	fr.op = collecting
	return collect(f, addr, st)
}

//export rain_Test
func rain_Test(f, addr, flag, st uintptr) int32 {
	fr := at[frame](f)
	if fr.pend != 0 { // a user function of a collective has run: that was this test's progress
		resume(fr)
	}
	if fr.op == collecting {
		return collect(f, addr, st)
	}
	if err := need(addr, flag); err != nil {
		return fail(f, err)
	}
	q, err := requestOf(*at[uintptr](addr))
	if err != nil {
		return fail(f, err)
	}
	if q.idle() {
		putStatus(st, emptyStatus)
		set(flag, int32(1))
		return 0
	}
	if !q.doneNow() {
		set(flag, int32(0))
		return progressed(f)
	}
	set(flag, int32(1))
	fr.op = collecting
	return collect(f, addr, st)
}

// progressed ends an entry that may not wait: a user function that waits to be run is run first, as
// nobody else might.
func progressed(f uintptr) int32 {
	if rc := idle(f); rc == call {
		return call
	}
	return 0
}

// look checks an array of requests. active is the number that is neither null nor inactive.
func look(count int32, list uintptr) (active int, err error) {
	if err := arrays(int64(count), list); err != nil {
		return 0, err
	}
	for _, h := range slice[uintptr](list, int(count)) {
		q, err := requestOf(h)
		if err != nil {
			return 0, err
		}
		if !q.idle() {
			active++
		}
	}
	return active, nil
}

// at8 is the address of the i-th handle of an array, statusAt that of the i-th status.
func at8(list uintptr, i int) uintptr { return list + 8*uintptr(i) }

func statusAt(statuses uintptr, i int) uintptr {
	if statuses == 0 {
		return 0
	}
	return statuses + statusSize*uintptr(i)
}

// firstDone is the first active request from index from on that is done, -1 if there is none.
func firstDone(count int32, list uintptr, from int) int {
	for i, h := range slice[uintptr](list, int(count)) {
		if i < from {
			continue
		}
		if q := requests.get(h); !q.idle() && q.done() {
			return i
		}
	}
	return -1
}

// firstPending is the first active request from index from on that is not done, -1 if there is none.
func firstPending(count int32, list uintptr, from int) int {
	for i := from; i < int(count); i++ {
		if q := requests.get(*at[uintptr](at8(list, i))); !q.idle() && !q.done() {
			return i
		}
	}
	return -1
}

//export rain_Waitall
func rain_Waitall(f uintptr, count int32, list, statuses uintptr) int32 {
	fr := at[frame](f)
	resume(fr)
	if fr.op == 0 {
		if _, err := look(count, list); err != nil {
			return fail(f, err)
		}
		fr.op = waiting
	}
	if fr.op == waiting {
		i := firstPending(count, list, int(fr.step))
		if i >= 0 {
			mpi.Progress()
			i = firstPending(count, list, i)
		}
		if i >= 0 {
			fr.step = C.uint32_t(i)
			return idle(f)
		}
		fr.op, fr.step = collecting, 0
	}
	return collectAll(f, count, list, statuses)
}

// collectAll collects from fr.step to the end.
func collectAll(f uintptr, count int32, list, statuses uintptr) int32 {
	fr := at[frame](f)
	for ; int32(fr.step) < count; fr.step++ {
		i := int(fr.step)
		st := statusAt(statuses, i)
		if requests.get(*at[uintptr](at8(list, i))).idle() {
			putStatus(st, emptyStatus)
			markStatus(fr, statuses, i, 0)
			continue
		}
		rc := collect(f, at8(list, i), st)
		if rc < 0 {
			return rc
		}
		markStatus(fr, statuses, i, rc)
	}
	return inStatus(fr)
}

// markStatus writes the error of the i-th status, once any request has failed: without an error the
// fields are left as they are (MPI 5.0, 3.7.5).
func markStatus(fr *frame, statuses uintptr, i int, rc int32) {
	if rc != 0 && fr.failed == 0 {
		for k := range i {
			setStatusError(statuses, k, 0)
		}
	}
	if rc != 0 {
		fr.failed++
	}
	if fr.failed > 0 {
		setStatusError(statuses, i, rc)
	}
}

func setStatusError(statuses uintptr, i int, rc int32) {
	if statuses != 0 {
		at[status](statusAt(statuses, i))[statusError] = rc
	}
}

// inStatus is the result of a call that ended many.
func inStatus(fr *frame) int32 {
	if fr.failed > 0 {
		return abi.MPI_ERR_IN_STATUS
	}
	return 0
}

//export rain_Testall
func rain_Testall(f uintptr, count int32, list, flag, statuses uintptr) int32 {
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
		if firstPending(count, list, 0) >= 0 {
			mpi.Progress()
			if firstPending(count, list, 0) >= 0 {
				set(flag, int32(0))
				return progressed(f)
			}
		}
		set(flag, int32(1))
		fr.op = collecting
	}
	return collectAll(f, count, list, statuses)
}

//export rain_Waitany
func rain_Waitany(f uintptr, count int32, list, index, st uintptr) int32 {
	return anyOf(f, count, list, index, 0, st)
}

//export rain_Testany
func rain_Testany(f uintptr, count int32, list, index, flag, st uintptr) int32 {
	if err := need(flag); err != nil {
		return fail(f, err)
	}
	return anyOf(f, count, list, index, flag, st)
}

// anyOf ends one request. flag is 0 in the form that waits.
func anyOf(f uintptr, count int32, list, index, flag, st uintptr) int32 {
	fr := at[frame](f)
	resume(fr)
	if fr.op == collecting {
		return collect(f, at8(list, int(fr.step)), st)
	}
	active, err := look(count, list)
	if err == nil {
		err = need(index)
	}
	if err != nil {
		return fail(f, err)
	}
	i := abi.MPI_UNDEFINED
	if active > 0 {
		if i = firstDone(count, list, 0); i < 0 {
			mpi.Progress()
			i = firstDone(count, list, 0)
		}
		if i < 0 && flag == 0 {
			return idle(f)
		}
		if i < 0 {
			set(flag, int32(0))
			set(index, int32(abi.MPI_UNDEFINED))
			return progressed(f)
		}
	}
	set(flag, int32(1))
	set(index, int32(i))
	if active == 0 {
		putStatus(st, emptyStatus)
		return 0
	}
	fr.op, fr.step = collecting, C.uint32_t(i)
	return collect(f, at8(list, i), st)
}

//export rain_Waitsome
func rain_Waitsome(f uintptr, count int32, list, outcount, indices, statuses uintptr) int32 {
	return someOf(f, count, list, outcount, indices, statuses, true)
}

//export rain_Testsome
func rain_Testsome(f uintptr, count int32, list, outcount, indices, statuses uintptr) int32 {
	return someOf(f, count, list, outcount, indices, statuses, false)
}

// someOf ends all requests that are done; the caller's outcount counts them on the way.
func someOf(f uintptr, count int32, list, outcount, indices, statuses uintptr, wait bool) int32 {
	fr := at[frame](f)
	resume(fr)
	if fr.op != collecting {
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
		if active == 0 {
			set(outcount, int32(abi.MPI_UNDEFINED))
			return 0
		}
		set(outcount, int32(0))
		if mpi.Progress(); firstDone(count, list, 0) < 0 {
			if wait {
				return idle(f)
			}
			return progressed(f)
		}
		fr.op = collecting
	}
	for ; int32(fr.step) < count; fr.step++ {
		i := int(fr.step)
		if q := requests.get(*at[uintptr](at8(list, i))); q.idle() || !q.done() {
			continue
		}
		n := int(*at[int32](outcount))
		rc := collect(f, at8(list, i), statusAt(statuses, n))
		if rc < 0 {
			return rc
		}
		markStatus(fr, statuses, n, rc)
		set(indices+4*uintptr(n), int32(i))
		set(outcount, int32(n+1))
	}
	return inStatus(fr)
}

// Request_get_status looks at a request and leaves it as it is.
//
//export rain_Request_get_status
func rain_Request_get_status(f, h, flag, st uintptr) int32 {
	fr := at[frame](f)
	resume(fr)
	if fr.op == collecting { // the query function of a generalized request has run
		return returned(f)
	}
	q, err := requestOf(h)
	if err == nil {
		err = need(flag)
	}
	if err != nil {
		return fail(f, err)
	}
	set(flag, int32(1))
	switch {
	case q.idle():
		putStatus(st, emptyStatus)
	case !q.doneNow():
		set(flag, int32(0))
		return progressed(f)
	case q.g != nil:
		fr.op = collecting
		return q.g.query(fr, st)
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
