package main

import "C"

import "rainmpi/mpi"

//export rain_Alltoall
func rain_Alltoall(f, sbuf uintptr, scount int64, stype, rbuf uintptr, rcount int64, rtype, h uintptr) int32 {
	if started(f) {
		return again(f, 0)
	}
	r, err := alltoall(sbuf, scount, stype, rbuf, rcount, rtype, h, waited)
	return begin(f, r, err, 0)
}

//export rain_Ialltoall
func rain_Ialltoall(f, sbuf uintptr, scount int64, stype, rbuf uintptr, rcount int64, rtype, h, request uintptr) int32 {
	r, err := alltoall(sbuf, scount, stype, rbuf, rcount, rtype, h, once)
	return give(f, request, r, err, h)
}

//export rain_Alltoall_init
func rain_Alltoall_init(f, sbuf uintptr, scount int64, stype, rbuf uintptr, rcount int64, rtype, h, info, request uintptr) int32 {
	return keepWith(f, info, request, h, func() (*mpi.Request, error) { return alltoall(sbuf, scount, stype, rbuf, rcount, rtype, h, persistent) })
}

func alltoall(sbuf uintptr, scount int64, stype, rbuf uintptr, rcount int64, rtype, h uintptr, how form) (*mpi.Request, error) {
	c, err := commOf(h)
	if err != nil {
		return nil, err
	}
	s, r, err := buffers(side{sbuf, scount, stype}, side{rbuf, rcount, rtype}, true, false, true, true)
	if err != nil {
		return nil, err
	}
	if c.waits(how) {
		return c.c.BeginAlltoall(s, r)
	}
	if how == persistent {
		return c.c.AlltoallInit(s, r)
	}
	return c.c.Ialltoall(s, r)
}

//export rain_Alltoallv
func rain_Alltoallv(f, sbuf, scounts, sdispls, stype, rbuf, rcounts, rdispls, rtype, h uintptr, wide int32) int32 {
	if started(f) {
		return again(f, 0)
	}
	r, err := alltoallv(sbuf, scounts, sdispls, stype, rbuf, rcounts, rdispls, rtype, h, wide, once)
	return begin(f, r, err, 0)
}

//export rain_Ialltoallv
func rain_Ialltoallv(f, sbuf, scounts, sdispls, stype, rbuf, rcounts, rdispls, rtype, h, request uintptr, wide int32) int32 {
	r, err := alltoallv(sbuf, scounts, sdispls, stype, rbuf, rcounts, rdispls, rtype, h, wide, once)
	return give(f, request, r, err, h)
}

//export rain_Alltoallv_init
func rain_Alltoallv_init(f, sbuf, scounts, sdispls, stype, rbuf, rcounts, rdispls, rtype, h, info, request uintptr, wide int32) int32 {
	return keepWith(f, info, request, h, func() (*mpi.Request, error) {
		return alltoallv(sbuf, scounts, sdispls, stype, rbuf, rcounts, rdispls, rtype, h, wide, persistent)
	})
}

func alltoallv(sbuf, scounts, sdispls, stype, rbuf, rcounts, rdispls, rtype, h uintptr, wide int32, how form) (*mpi.Request, error) {
	c, err := commOf(h)
	if err != nil {
		return nil, err
	}
	s, err := bufferV(sbuf, scounts, sdispls, stype, c.peers(), true, wide != 0)
	if err != nil {
		return nil, err
	}
	r, err := bufferV(rbuf, rcounts, rdispls, rtype, c.peers(), false, wide != 0)
	if err != nil {
		return nil, err
	}
	if how == persistent {
		return c.c.AlltoallvInit(s, r)
	}
	return c.c.Ialltoallv(s, r)
}

//export rain_Alltoallw
func rain_Alltoallw(f, sbuf, scounts, sdispls, stypes, rbuf, rcounts, rdispls, rtypes, h uintptr, wide int32) int32 {
	if started(f) {
		return again(f, 0)
	}
	r, err := alltoallw(sbuf, scounts, sdispls, stypes, rbuf, rcounts, rdispls, rtypes, h, wide, once)
	return begin(f, r, err, 0)
}

//export rain_Ialltoallw
func rain_Ialltoallw(f, sbuf, scounts, sdispls, stypes, rbuf, rcounts, rdispls, rtypes, h, request uintptr, wide int32) int32 {
	r, err := alltoallw(sbuf, scounts, sdispls, stypes, rbuf, rcounts, rdispls, rtypes, h, wide, once)
	return give(f, request, r, err, h)
}

//export rain_Alltoallw_init
func rain_Alltoallw_init(f, sbuf, scounts, sdispls, stypes, rbuf, rcounts, rdispls, rtypes, h, info, request uintptr, wide int32) int32 {
	return keepWith(f, info, request, h, func() (*mpi.Request, error) {
		return alltoallw(sbuf, scounts, sdispls, stypes, rbuf, rcounts, rdispls, rtypes, h, wide, persistent)
	})
}

func alltoallw(sbuf, scounts, sdispls, stypes, rbuf, rcounts, rdispls, rtypes, h uintptr, wide int32, how form) (*mpi.Request, error) {
	c, err := commOf(h)
	if err != nil {
		return nil, err
	}
	s, err := bufferW(sbuf, scounts, sdispls, stypes, c.peers(), true, wide != 0, wide != 0)
	if err != nil {
		return nil, err
	}
	r, err := bufferW(rbuf, rcounts, rdispls, rtypes, c.peers(), false, wide != 0, wide != 0)
	if err != nil {
		return nil, err
	}
	if how == persistent {
		return c.c.AlltoallwInit(s, r)
	}
	return c.c.Ialltoallw(s, r)
}

// bufferW is a buffer of alltoallw. Where nothing is exchanged programs leave the type null.
func bufferW(addr, counts, displs, types uintptr, n int64, inPlace, wide, wideDispls bool) (mpi.BufferW, error) {
	if addr == placeHolder && inPlace {
		return mpi.InPlaceW, nil
	}
	if err := arrays(n, counts, displs, types); err != nil {
		return mpi.BufferW{}, err
	}
	b := mpi.BufferW{Counts: longs(counts, n, wide), Displs: longs(displs, n, wideDispls), Types: make([]*mpi.Datatype, n)}
	for i, h := range slice[uintptr](types, int(n)) {
		t, err := datatypeOf(h)
		switch {
		case err == nil:
			b.Types[i] = t.d
		case b.Counts[i] == 0:
			b.Types[i] = mpi.Byte
		default:
			return mpi.BufferW{}, err
		}
	}
	if addr >= firstHandle {
		b.Addr = pointer(addr)
	}
	return b, nil
}
