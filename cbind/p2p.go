package main

/*
#include "frame.h"
*/
import "C"

import (
	"rainmpi/cbind/abi"
	"rainmpi/mpi"
)

// placeHolder is MPI_IN_PLACE.
const placeHolder = abi.MPI_IN_PLACE

// buffer is user memory as the engine takes it. Small integers never become pointers: such a buffer
// is empty, or the datatype's displacements are addresses (MPI_BOTTOM).
func buffer(addr uintptr, count int64, dt uintptr) (mpi.Buffer, error) {
	t, err := datatypeOf(dt)
	if err != nil {
		return mpi.Buffer{}, err
	}
	b := mpi.Buffer{Count: int(count), Type: t.d}
	if addr >= firstHandle {
		b.Addr = pointer(addr)
		return b, nil
	}
	if addr == placeHolder && count != 0 {
		return b, bad(mpi.ErrBuffer, "MPI_IN_PLACE has no meaning here")
	}
	if count > 0 && t.d.Predefined() {
		return b, bad(mpi.ErrBuffer, "the buffer is a null pointer, and the count is not 0")
	}
	return b, nil
}

// pending are the requests of blocking calls that wait in C; the frame holds their handles.
var pending = table[mpi.Request]{kind: requestKind}

// begin waits for what a blocking call has started. st is the caller's status, 0 for none.
func begin(f uintptr, r *mpi.Request, err error, st uintptr) int32 {
	if err != nil {
		return fail(f, err)
	}
	s, done, err := r.Test()
	if done {
		putStatus(st, s)
		return fail(f, err)
	}
	at[frame](f).op = C.uint32_t(pending.add(r))
	return idle(f)
}

// again is the later entries of such a call.
func again(f uintptr, st uintptr) int32 {
	fr := at[frame](f)
	resume(fr)
	s, done, err := pending.get(uintptr(fr.op)).Test()
	if !done {
		return idle(f)
	}
	pending.remove(uintptr(fr.op))
	putStatus(st, s)
	return fail(f, err)
}

// started reports whether this is a later entry.
func started(f uintptr) bool { return at[frame](f).op != 0 }

//export rain_Send
func rain_Send(f, buf uintptr, count int64, dt uintptr, dest, tag int32, h uintptr) int32 {
	return send(f, mpi.Standard, buf, count, dt, dest, tag, h)
}

//export rain_Ssend
func rain_Ssend(f, buf uintptr, count int64, dt uintptr, dest, tag int32, h uintptr) int32 {
	return send(f, mpi.Synchronous, buf, count, dt, dest, tag, h)
}

//export rain_Rsend
func rain_Rsend(f, buf uintptr, count int64, dt uintptr, dest, tag int32, h uintptr) int32 {
	return send(f, mpi.Ready, buf, count, dt, dest, tag, h)
}

//export rain_Bsend
func rain_Bsend(f, buf uintptr, count int64, dt uintptr, dest, tag int32, h uintptr) int32 {
	return send(f, mpi.Buffered, buf, count, dt, dest, tag, h)
}

func send(f uintptr, mode mpi.Mode, buf uintptr, count int64, dt uintptr, dest, tag int32, h uintptr) int32 {
	if started(f) {
		return again(f, 0)
	}
	r, err := startSend(mode, buf, count, dt, dest, tag, h)
	return begin(f, r, err, 0)
}

// transfer checks what every transfer has: the communicator first, as its error handler decides.
func transfer(buf uintptr, count int64, dt, h uintptr) (*comm, mpi.Buffer, error) {
	c, err := commOf(h)
	if err != nil {
		return nil, mpi.Buffer{}, err
	}
	if count < 0 {
		return nil, mpi.Buffer{}, bad(mpi.ErrCount, "the count is negative")
	}
	b, err := buffer(buf, count, dt)
	return c, b, err
}

func startSend(mode mpi.Mode, buf uintptr, count int64, dt uintptr, dest, tag int32, h uintptr) (*mpi.Request, error) {
	c, b, err := transfer(buf, count, dt, h)
	if err != nil {
		return nil, err
	}
	c.show()
	return c.c.IsendMode(mode, b, int(dest), int(tag))
}

func startRecv(buf uintptr, count int64, dt uintptr, source, tag int32, h uintptr) (*mpi.Request, error) {
	c, b, err := transfer(buf, count, dt, h)
	if err != nil {
		return nil, err
	}
	c.show()
	return c.c.Irecv(b, int(source), int(tag))
}

// blockingRecv is startRecv for a call that waits for it.
func blockingRecv(buf uintptr, count int64, dt uintptr, source, tag int32, h uintptr) (*mpi.Request, error) {
	c, b, err := transfer(buf, count, dt, h)
	if err != nil {
		return nil, err
	}
	c.show()
	return c.c.BlockingRecv(b, int(source), int(tag))
}

//export rain_Recv
func rain_Recv(f, buf uintptr, count int64, dt uintptr, source, tag int32, h, st uintptr) int32 {
	if started(f) {
		return again(f, st)
	}
	r, err := blockingRecv(buf, count, dt, source, tag, h)
	return begin(f, r, err, st)
}

//export rain_Isend
func rain_Isend(f, buf uintptr, count int64, dt uintptr, dest, tag int32, h, request uintptr) int32 {
	r, err := startSend(mpi.Standard, buf, count, dt, dest, tag, h)
	return give(f, request, r, err, h)
}

//export rain_Issend
func rain_Issend(f, buf uintptr, count int64, dt uintptr, dest, tag int32, h, request uintptr) int32 {
	r, err := startSend(mpi.Synchronous, buf, count, dt, dest, tag, h)
	return give(f, request, r, err, h)
}

//export rain_Irsend
func rain_Irsend(f, buf uintptr, count int64, dt uintptr, dest, tag int32, h, request uintptr) int32 {
	r, err := startSend(mpi.Ready, buf, count, dt, dest, tag, h)
	return give(f, request, r, err, h)
}

//export rain_Ibsend
func rain_Ibsend(f, buf uintptr, count int64, dt uintptr, dest, tag int32, h, request uintptr) int32 {
	r, err := startSend(mpi.Buffered, buf, count, dt, dest, tag, h)
	return give(f, request, r, err, h)
}

//export rain_Irecv
func rain_Irecv(f, buf uintptr, count int64, dt uintptr, source, tag int32, h, request uintptr) int32 {
	r, err := startRecv(buf, count, dt, source, tag, h)
	return give(f, request, r, err, h)
}

//export rain_Send_init
func rain_Send_init(f, buf uintptr, count int64, dt uintptr, dest, tag int32, h, request uintptr) int32 {
	return initSend(f, mpi.Standard, buf, count, dt, dest, tag, h, request)
}

//export rain_Ssend_init
func rain_Ssend_init(f, buf uintptr, count int64, dt uintptr, dest, tag int32, h, request uintptr) int32 {
	return initSend(f, mpi.Synchronous, buf, count, dt, dest, tag, h, request)
}

//export rain_Rsend_init
func rain_Rsend_init(f, buf uintptr, count int64, dt uintptr, dest, tag int32, h, request uintptr) int32 {
	return initSend(f, mpi.Ready, buf, count, dt, dest, tag, h, request)
}

//export rain_Bsend_init
func rain_Bsend_init(f, buf uintptr, count int64, dt uintptr, dest, tag int32, h, request uintptr) int32 {
	return initSend(f, mpi.Buffered, buf, count, dt, dest, tag, h, request)
}

func initSend(f uintptr, mode mpi.Mode, buf uintptr, count int64, dt uintptr, dest, tag int32, h, request uintptr) int32 {
	c, b, err := transfer(buf, count, dt, h)
	if err != nil {
		return fail(f, err)
	}
	r, err := c.c.SendInit(mode, b, int(dest), int(tag))
	return keep(f, request, r, err, h)
}

//export rain_Recv_init
func rain_Recv_init(f, buf uintptr, count int64, dt uintptr, source, tag int32, h, request uintptr) int32 {
	c, b, err := transfer(buf, count, dt, h)
	if err != nil {
		return fail(f, err)
	}
	r, err := c.c.RecvInit(b, int(source), int(tag))
	return keep(f, request, r, err, h)
}

// Sendrecv waits for its receive, whose handle is in fr.op, and then for its send, in fr.step.
//
//export rain_Sendrecv
func rain_Sendrecv(f, sbuf uintptr, scount int64, stype uintptr, dest, stag int32,
	rbuf uintptr, rcount int64, rtype uintptr, source, rtag int32, h, st uintptr) int32 {
	if started(f) {
		return bothDone(f, st)
	}
	if err := checkSend(sbuf, scount, stype, dest, stag, h); err != nil {
		return fail(f, err)
	}
	recv, err := blockingRecv(rbuf, rcount, rtype, source, rtag, h)
	if err != nil {
		return fail(f, err)
	}
	send, err := startSend(mpi.Standard, sbuf, scount, stype, dest, stag, h)
	if err != nil {
		return fail(f, err)
	}
	return both(f, recv, send, st)
}

func both(f uintptr, recv, send *mpi.Request, st uintptr) int32 {
	fr := at[frame](f)
	fr.op, fr.step = C.uint32_t(pending.add(recv)), C.uint32_t(pending.add(send))
	return bothDone(f, st)
}

func bothDone(f uintptr, st uintptr) int32 {
	fr := at[frame](f)
	resume(fr)
	recv, send := pending.get(uintptr(fr.op)), pending.get(uintptr(fr.step))
	if !recv.Done() || !send.Done() {
		mpi.Progress()
		if !recv.Done() || !send.Done() {
			return idle(f)
		}
	}
	pending.remove(uintptr(fr.op))
	pending.remove(uintptr(fr.step))
	_, sendErr := send.Finish()
	s, err := recv.Finish()
	putStatus(st, s)
	if err == nil {
		err = sendErr
	}
	return fail(f, err)
}

//export rain_Sendrecv_replace
func rain_Sendrecv_replace(f, buf uintptr, count int64, dt uintptr, dest, stag, source, rtag int32, h, st uintptr) int32 {
	if started(f) {
		return bothDone(f, st)
	}
	recv, send, err := replace(buf, count, dt, dest, stag, source, rtag, h, (*mpi.Comm).BlockingRecv)
	if err != nil {
		return fail(f, err)
	}
	return both(f, recv, send, st)
}
