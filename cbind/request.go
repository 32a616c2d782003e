package main

/*
#include "frame.h"
*/
import "C"

import (
	"sync"

	"rainmpi/cbind/abi"
	"rainmpi/mpi"
)

// A request is one as C sees it: the engine's, or a generalized one.
type request struct {
	r          *mpi.Request
	ticket     *mpi.Ticket // C does it itself: there is no r
	g          *grequest
	send       *mpi.Request // of MPI_Isendrecv: the request's other half
	comm       uintptr      // errors are raised on it
	kind       int32        // C.RAIN_COMM, …: what comm is
	persistent bool
	active     bool // of a persistent one: started and not yet collected
}

var (
	requests = table[request]{kind: requestKind}
	// A nonblocking call allocates nothing in the steady state.
	spare = sync.Pool{New: func() any { return new(request) }}
)

// give ends a nonblocking call.
func give(f, out uintptr, r *mpi.Request, err error, h uintptr) int32 {
	if err == nil {
		err = need(out)
	}
	if err != nil {
		return fail(f, err)
	}
	q := spare.Get().(*request)
	*q = request{r: r, comm: h, kind: C.RAIN_COMM}
	set(out, requests.add(q))
	return 0
}

// giveOn is give for a request whose errors are raised on an object of another kind.
func giveOn(f, out uintptr, r *mpi.Request, err error, kind int32, h uintptr) int32 {
	rc := give(f, out, r, err, h)
	if rc == 0 {
		requests.get(*at[uintptr](out)).kind = kind
	}
	return rc
}

// keep ends a call that makes a persistent request.
func keep(f, out uintptr, r *mpi.Request, err error, h uintptr) int32 {
	rc := give(f, out, r, err, h)
	if rc == 0 {
		requests.get(*at[uintptr](out)).persistent = true
	}
	return rc
}

// requestOf is nil, without an error, for MPI_REQUEST_NULL.
func requestOf(h uintptr) (*request, error) {
	if h == abi.MPI_REQUEST_NULL {
		return nil, nil
	}
	if q := requests.get(h); q != nil && q.live() {
		return q, nil
	}
	return nil, noObject(mpi.ErrRequest, "request", h)
}

// oneRequest is the request at addr, which must not be null.
func oneRequest(addr uintptr) (*request, error) {
	if err := need(addr); err != nil {
		return nil, err
	}
	q, err := requestOf(*at[uintptr](addr))
	if err == nil && q == nil {
		err = noObject(mpi.ErrRequest, "request", abi.MPI_REQUEST_NULL)
	}
	return q, err
}

// idle reports whether there is nothing to wait for: the request is null, or persistent and not
// started.
func (q *request) idle() bool { return q == nil || q.persistent && !q.active }

func (q *request) done() bool {
	if q.g != nil {
		return q.g.done.Load()
	}
	if q.ticket != nil {
		return q.ticket.Done()
	}
	return q.r.Done() && (q.send == nil || q.send.Done())
}

// doneNow is done, after some progress if need be.
func (q *request) doneNow() bool {
	if q.done() {
		return true
	}
	mpi.Progress()
	return q.done()
}

// collect ends a request that is done and writes its status. It returns call while functions of a
// generalized request must run; rc is what the call that waits shall return, its error in the frame.
func collect(f, addr, st uintptr) (rc int32) {
	h := *at[uintptr](addr)
	q := requests.get(h)
	if q.g != nil {
		if rc := q.g.collect(f, st); rc < 0 {
			return rc
		} else if rc > 0 {
			fail(f, userCode(rc))
		}
		rc = q.g.rc
		q.drop(addr, h)
		return rc
	}
	if q.ticket != nil {
		return collectTicket(f, addr, st, q.ticket)
	}
	s, err := q.r.Finish()
	putStatus(st, s)
	if mpi.ClassOf(err) == mpi.ErrProcFailedPending { // it is as it was, and may be waited for again
		fr := at[frame](f)
		fr.onkind, fr.on = C.int32_t(q.kind), C.uintptr_t(q.comm)
		return fail(f, err)
	}
	if q.send != nil {
		if _, sendErr := q.send.Finish(); err == nil {
			err = sendErr
		}
	}
	if err != nil {
		fr := at[frame](f)
		fr.onkind, fr.on = C.int32_t(q.kind), C.uintptr_t(q.comm)
		rc = fail(f, err)
	}
	if q.persistent {
		q.active = false
		return rc
	}
	q.drop(addr, h)
	return rc
}

// drop forgets the request and sets the program's handle to null.
func (q *request) drop(addr, h uintptr) {
	requests.remove(h)
	set(addr, abi.MPI_REQUEST_NULL)
	*q = request{}
	spare.Put(q)
}

//export rain_Request_free
func rain_Request_free(f, addr uintptr) int32 {
	fr := at[frame](f)
	if fr.op != 0 { // the generalized request's free function has run
		return returned(f)
	}
	q, err := oneRequest(addr)
	if err != nil {
		return fail(f, err)
	}
	h := *at[uintptr](addr)
	if g := q.g; g != nil {
		q.drop(addr, h)
		if g.freed.Store(true); g.done.Load() {
			fr.op = 1
			return g.call(fr, C.RAIN_CB_FREE, g.freeFn)
		}
		return 0
	}
	if q.ticket != nil {
		q.ticket.Free()
		set(addr, abi.MPI_REQUEST_NULL)
		return 0
	}
	if err := q.r.Free(); err != nil {
		return fail(f, err)
	}
	if q.send != nil {
		q.send.Free()
	}
	q.drop(addr, h)
	return 0
}

// returned passes on what a user's function returned.
func returned(f uintptr) int32 {
	if rc := int32(at[frame](f).result); rc != 0 {
		return fail(f, userCode(rc))
	}
	return 0
}

//export rain_Cancel
func rain_Cancel(f, addr uintptr) int32 {
	fr := at[frame](f)
	if fr.op != 0 {
		return returned(f)
	}
	q, err := oneRequest(addr)
	if err != nil {
		return fail(f, err)
	}
	if g := q.g; g != nil {
		fr.op = 1
		fr.n = C.int64_t(truth(g.done.Load()))
		return g.call(fr, C.RAIN_CB_CANCEL, g.cancelFn)
	}
	if q.ticket != nil {
		return fail(f, q.ticket.Cancel())
	}
	return fail(f, q.r.Cancel())
}

//export rain_Start
func rain_Start(f, addr uintptr) int32 {
	q, err := oneRequest(addr)
	if err != nil {
		return fail(f, err)
	}
	if !q.persistent {
		return fail(f, bad(mpi.ErrRequest, "the request is not persistent"))
	}
	if err := q.r.Start(); err != nil {
		fr := at[frame](f)
		fr.onkind, fr.on = C.RAIN_COMM, C.uintptr_t(q.comm)
		return fail(f, err)
	}
	q.active = true
	return 0
}

//export rain_Startall
func rain_Startall(f uintptr, count int32, list uintptr) int32 {
	if err := arrays(int64(count), list); err != nil {
		return fail(f, err)
	}
	for i := range uintptr(count) {
		if rc := rain_Start(f, list+8*i); rc != 0 {
			return rc
		}
	}
	return 0
}
