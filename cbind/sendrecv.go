package main

import "C"

import (
	"unsafe"

	"rainmpi/mpi"
)

// The nonblocking forms of sendrecv are one request over a receive and a send.

//export rain_Isendrecv
func rain_Isendrecv(f, sbuf uintptr, scount int64, stype uintptr, dest, stag int32,
	rbuf uintptr, rcount int64, rtype uintptr, source, rtag int32, h, request uintptr) int32 {
	if _, _, err := transfer(sbuf, scount, stype, h); err != nil {
		return fail(f, err)
	}
	recv, err := startRecv(rbuf, rcount, rtype, source, rtag, h)
	if err != nil {
		return fail(f, err)
	}
	send, err := startSend(mpi.Standard, sbuf, scount, stype, dest, stag, h)
	if err != nil {
		withdraw(recv)
		return fail(f, err)
	}
	return givePair(f, request, recv, send, h)
}

// withdraw takes a receive back whose counterpart could not be started.
func withdraw(recv *mpi.Request) {
	recv.Cancel()
	recv.Wait()
}

//export rain_Isendrecv_replace
func rain_Isendrecv_replace(f, buf uintptr, count int64, dt uintptr, dest, stag, source, rtag int32, h, request uintptr) int32 {
	recv, send, err := replace(buf, count, dt, dest, stag, source, rtag, h)
	if err != nil {
		return fail(f, err)
	}
	return givePair(f, request, recv, send, h)
}

// replace starts a send of a packed copy of the buffer, which its request keeps alive, and the
// receive into the buffer.
func replace(buf uintptr, count int64, dt uintptr, dest, stag, source, rtag int32, h uintptr) (recv, send *mpi.Request, err error) {
	c, b, err := transfer(buf, count, dt, h)
	if err != nil {
		return nil, nil, err
	}
	if !b.Type.Committed() {
		return nil, nil, bad(mpi.ErrType, "the datatype is not committed; call MPI_Type_commit first")
	}
	packed := make([]byte, count*b.Type.Size()+1) // never empty: it has an address
	n := b.Type.T().Pack(packed[:len(packed)-1], b.Addr, count, 0)
	if recv, err = c.c.Irecv(b, int(source), int(rtag)); err != nil {
		return nil, nil, err
	}
	// Packed bytes match the receive's type, as any data packed by MPI_Pack does.
	send, err = c.c.IsendMode(mpi.Standard, mpi.Buffer{Addr: unsafe.Pointer(&packed[0]), Count: n, Type: mpi.Byte}, int(dest), int(stag))
	if err != nil {
		withdraw(recv)
		return nil, nil, err
	}
	return recv, send, nil
}

func givePair(f, request uintptr, recv, send *mpi.Request, h uintptr) int32 {
	rc := give(f, request, recv, nil, h)
	if rc == 0 {
		requests.get(*at[uintptr](request)).send = send
	}
	return rc
}
