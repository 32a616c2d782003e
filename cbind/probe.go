package main

/*
#include "frame.h"
*/
import "C"

import (
	"rainmpi/cbind/abi"
	"rainmpi/mpi"
)

// A message is what MPI_Mprobe has matched, for one MPI_Mrecv.
type message struct {
	m    *mpi.Message
	comm uintptr
}

var messages = table[message]{kind: messageKind}

//export rain_Probe
func rain_Probe(f uintptr, source, tag int32, h, st uintptr) int32 {
	resume(at[frame](f))
	c, err := commOf(h)
	if err != nil {
		return fail(f, err)
	}
	s, ok, err := c.c.Iprobe(int(source), int(tag))
	if err != nil {
		return fail(f, err)
	}
	if !ok {
		return idle(f)
	}
	putStatus(st, s)
	return 0
}

//export rain_Iprobe
func rain_Iprobe(f uintptr, source, tag int32, h, flag, st uintptr) int32 {
	resume(at[frame](f))
	c, err := commOf(h)
	if err == nil {
		err = need(flag)
	}
	if err != nil {
		return fail(f, err)
	}
	s, ok, err := c.c.Iprobe(int(source), int(tag))
	if err != nil {
		return fail(f, err)
	}
	set(flag, truth(ok))
	if !ok {
		return progressed(f)
	}
	putStatus(st, s)
	return 0
}

//export rain_Mprobe
func rain_Mprobe(f uintptr, source, tag int32, h, out, st uintptr) int32 {
	resume(at[frame](f))
	ok, rc := match(f, source, tag, h, out, st)
	if rc == 0 && !ok {
		return idle(f)
	}
	return rc
}

//export rain_Improbe
func rain_Improbe(f uintptr, source, tag int32, h, flag, out, st uintptr) int32 {
	resume(at[frame](f))
	if err := need(flag); err != nil {
		return fail(f, err)
	}
	ok, rc := match(f, source, tag, h, out, st)
	if rc != 0 {
		return rc
	}
	set(flag, truth(ok))
	if !ok {
		return progressed(f)
	}
	return 0
}

func match(f uintptr, source, tag int32, h, out, st uintptr) (ok bool, rc int32) {
	c, err := commOf(h)
	if err == nil {
		err = need(out)
	}
	if err != nil {
		return false, fail(f, err)
	}
	m, s, ok, err := c.c.Improbe(int(source), int(tag))
	if err != nil || !ok {
		return false, fail(f, err)
	}
	putStatus(st, s)
	if m.NoProc() {
		set(out, abi.MPI_MESSAGE_NO_PROC)
		return true, 0
	}
	set(out, messages.add(&message{m: m, comm: h}))
	return true, 0
}

//export rain_Mrecv
func rain_Mrecv(f, buf uintptr, count int64, dt, msg, st uintptr) int32 {
	if started(f) {
		return again(f, st)
	}
	r, _, err := receiveMatched(f, buf, count, dt, msg)
	if err == nil && r == nil {
		putStatus(st, mpi.Status{Source: mpi.ProcNull, Tag: mpi.AnyTag})
		return 0
	}
	return begin(f, r, err, st)
}

//export rain_Imrecv
func rain_Imrecv(f, buf uintptr, count int64, dt, msg, request uintptr) int32 {
	r, h, err := receiveMatched(f, buf, count, dt, msg)
	if err == nil && r == nil { // a receive from MPI_PROC_NULL, which is done
		r, err = mpi.Self().Irecv(mpi.Buffer{Type: mpi.Byte}, mpi.ProcNull, 0)
	}
	return give(f, request, r, err, h)
}

// receiveMatched starts the receive of a matched message; r is nil for MPI_MESSAGE_NO_PROC.
func receiveMatched(f, buf uintptr, count int64, dt, msg uintptr) (r *mpi.Request, h uintptr, err error) {
	if err := running(msg); err != nil {
		return nil, 0, err
	}
	handle := *at[uintptr](msg)
	if handle == abi.MPI_MESSAGE_NO_PROC {
		if _, b, err := transfer(buf, count, dt, worldHandle); err != nil {
			return nil, 0, err
		} else if !b.Type.Committed() {
			return nil, 0, uncommitted
		}
		set(msg, abi.MPI_MESSAGE_NULL)
		return nil, worldHandle, nil
	}
	m := messages.get(handle)
	if m == nil {
		return nil, 0, noObject(mpi.ErrRequest, "message", handle)
	}
	fr := at[frame](f)
	fr.onkind, fr.on = C.RAIN_COMM, C.uintptr_t(m.comm)
	_, b, err := transfer(buf, count, dt, m.comm)
	if err != nil {
		return nil, 0, err
	}
	if r, err = m.m.Irecv(b); err != nil {
		return nil, 0, err
	}
	messages.remove(handle)
	set(msg, abi.MPI_MESSAGE_NULL)
	return r, m.comm, nil
}
