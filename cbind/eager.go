package main

/*
#include "frame.h"
*/
import "C"

import (
	"unsafe"

	"rainmpi/cbind/abi"
	"rainmpi/mpi"
)

// Short messages that C moves by itself (eager.c): it finds a communicator's table from the first
// call on that came here.

// The twins must agree; this does not compile if they do not.
var (
	_ [C.sizeof_rain_link]byte         = [unsafe.Sizeof(mpi.Link{})]byte{}
	_ [C.sizeof_rain_comm]byte         = [unsafe.Sizeof(mpi.CommTable{})]byte{}
	_ [C.sizeof_rain_engine_table]byte = [unsafe.Sizeof(mpi.EngineTable{})]byte{}
	_ [C.sizeof_rain_ticket]byte       = [unsafe.Sizeof(mpi.Ticket{})]byte{}
	_ [C.RAIN_REQUEST_KIND]byte        = [requestKind]byte{}
	_ [C.RAIN_TICKETS]byte             = [mpi.Tickets]byte{}
	_ [C.RAIN_PACKET_KINDS]byte        = [mpi.KindMask]byte{}
	_ [C.RAIN_EAGER]byte               = [mpi.KindEager]byte{}
	_ [C.RAIN_BRIEF]byte               = [mpi.KindBrief]byte{}
)

// show tells C of the communicator's table.
func (c *comm) show() {
	if c.shown.Swap(true) {
		return
	}
	t := (*C.rain_comm)(unsafe.Pointer(c.c.Table()))
	if c.handle == worldHandle {
		C.rain_comm_world = t
	} else if i := (c.handle - firstHandle) >> kindBits; i < C.RAIN_COMMS {
		C.rain_comms[i] = t
	}
}

// hide ends that.
func (c *comm) hide() {
	c.shown.Store(true)
	if i := (c.handle - firstHandle) >> kindBits; i < C.RAIN_COMMS {
		C.rain_comms[i] = nil
	}
}

//export rain_Wake_rank
func rain_Wake_rank(world int32) { mpi.WakeRank(int(world)) }

//export rain_Wake
func rain_Wake() { mpi.Wake() }

// The first requests are those of C's tickets. They are always there, and live while the ticket is.
func init() {
	for i := range C.rain_tickets {
		requests.add(&request{ticket: (*mpi.Ticket)(unsafe.Pointer(&C.rain_tickets[i]))})
	}
}

// live reports whether a request that is in the table is one for the program.
func (q *request) live() bool { return q.ticket == nil || q.ticket.Live() }

// collectTicket is collect of a ticket.
func collectTicket(f, addr, st uintptr, k *mpi.Ticket) int32 {
	putStatus(st, k.Status())
	h := (*C.rain_ticket)(unsafe.Pointer(k)).handle
	set(addr, abi.MPI_REQUEST_NULL)
	err := k.Finish()
	if err != nil {
		fr := at[frame](f)
		fr.onkind, fr.on = C.RAIN_COMM, h
	}
	return fail(f, err)
}
