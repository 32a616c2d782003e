package main

/*
#include "frame.h"
*/
import "C"

import (
	"sync/atomic"
	"unsafe"

	"rainmpi/mpi"
)

// A grequest is a generalized request (MPI 5.0, 13.2): the program does the work and says when it is
// done; its functions give the status, free its state, and hear of MPI_Cancel.
type grequest struct {
	queryFn, freeFn, cancelFn, extra uintptr

	done  atomic.Bool // MPI_Grequest_complete was called
	freed atomic.Bool // MPI_Request_free was called before
	rc    int32       // what the query function returned
}

// call leaves a call of one of the functions in the frame. A null function does nothing.
func (g *grequest) call(fr *frame, cb C.int32_t, fn uintptr) int32 {
	if fn == 0 {
		fr.result = 0
		return 0
	}
	fr.cb, fr.fn, fr.a[0] = cb, C.uintptr_t(fn), C.uintptr_t(g.extra)
	return call
}

// query leaves a call of the query function, which writes the status st or, where the program wants
// none, one in the frame.
func (g *grequest) query(fr *frame, st uintptr) int32 {
	if st == 0 {
		st = uintptr(unsafe.Pointer(&fr.status))
	}
	putStatus(st, mpi.Status{Source: mpi.AnySource, Tag: mpi.AnyTag})
	fr.a[1] = C.uintptr_t(st)
	return g.call(fr, C.RAIN_CB_QUERY, g.queryFn)
}

// collect runs the query function and then the free function: "MPI_WAIT will call query_fn and then
// free_fn". It returns call twice and then what the free function returned.
func (g *grequest) collect(f, st uintptr) int32 {
	fr := at[frame](f)
	switch fr.sub {
	case 0:
		fr.sub = 1
		if rc := g.query(fr, st); rc != 0 {
			return rc
		}
		fallthrough
	case 1:
		g.rc = int32(fr.result)
		fr.sub = 2
		if rc := g.call(fr, C.RAIN_CB_FREE, g.freeFn); rc != 0 {
			return rc
		}
	}
	fr.sub = 0
	if g.rc != 0 {
		fail(f, userCode(g.rc))
	}
	return int32(fr.result)
}

//export rain_Grequest_start
func rain_Grequest_start(f, query, free, cancel, extra, out uintptr) int32 {
	if err := running(out); err != nil {
		return fail(f, err)
	}
	set(out, requests.add(&request{g: &grequest{queryFn: query, freeFn: free, cancelFn: cancel, extra: extra}}))
	return 0
}

//export rain_Grequest_complete
func rain_Grequest_complete(f, h uintptr) int32 {
	fr := at[frame](f)
	if fr.op != 0 {
		return returned(f)
	}
	q, err := requestOf(h)
	if err == nil && (q == nil || q.g == nil) {
		err = bad(mpi.ErrRequest, "the request is not a generalized one")
	}
	if err != nil {
		return fail(f, err)
	}
	g := q.g
	g.done.Store(true)
	mpi.Wake() // whoever waits for it
	if !g.freed.Load() {
		return 0
	}
	fr.op = 1
	return g.call(fr, C.RAIN_CB_FREE, g.freeFn)
}
