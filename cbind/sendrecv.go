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
	if err := checkSend(sbuf, scount, stype, dest, stag, h); err != nil {
		return fail(f, err)
	}
	recv, err := startRecv(rbuf, rcount, rtype, source, rtag, h)
	if err != nil {
		return fail(f, err)
	}
	send, err := startSend(mpi.Standard, sbuf, scount, stype, dest, stag, h)
	if err != nil {
		return fail(f, err)
	}
	return givePair(f, request, recv, send, h)
}

// checkSend comes before the receive, which might take a message.
func checkSend(buf uintptr, count int64, dt uintptr, dest, tag int32, h uintptr) error {
	c, b, err := transfer(buf, count, dt, h)
	if err != nil {
		return err
	}
	return c.c.CheckSend(b, int(dest), int(tag))
}

//export rain_Isendrecv_replace
func rain_Isendrecv_replace(f, buf uintptr, count int64, dt uintptr, dest, stag, source, rtag int32, h, request uintptr) int32 {
	recv, send, err := replace(buf, count, dt, dest, stag, source, rtag, h, (*mpi.Comm).Irecv)
	if err != nil {
		return fail(f, err)
	}
	return givePair(f, request, recv, send, h)
}

// replace starts a send of a packed copy of the buffer, which its request keeps alive, and the
// receive into the buffer, by begin.
func replace(buf uintptr, count int64, dt uintptr, dest, stag, source, rtag int32, h uintptr,
	begin func(c *mpi.Comm, b mpi.Buffer, source, tag int) (*mpi.Request, error)) (recv, send *mpi.Request, err error) {
	c, b, err := transfer(buf, count, dt, h)
	if err != nil {
		return nil, nil, err
	}
	if err := c.c.CheckSend(b, int(dest), int(stag)); err != nil {
		return nil, nil, err
	}
	packed := make([]byte, count*b.Type.Size()+1) // never empty: it has an address
	n := b.Type.T().Pack(packed[:len(packed)-1], b.Addr, count, 0)
	if recv, err = begin(c.c, b, int(source), int(rtag)); err != nil {
		return nil, nil, err
	}
	// Packed bytes match the receive's type, as any data packed by MPI_Pack does.
	send, err = c.c.IsendMode(mpi.Standard, mpi.Buffer{Addr: unsafe.Pointer(&packed[0]), Count: n, Type: mpi.Byte}, int(dest), int(stag))
	return recv, send, err
}

func givePair(f, request uintptr, recv, send *mpi.Request, h uintptr) int32 {
	rc := give(f, request, recv, nil, h)
	if rc == 0 {
		requests.get(*at[uintptr](request)).send = send
	}
	return rc
}
