package main

import "C"

import "rainmpi/mpi"

// Neighbourhood collectives (MPI 5.0, 8.6). Each has one function that checks the handles, as in
// coll.go; MPI_IN_PLACE does not exist here.

//export rain_Neighbor_allgather
func rain_Neighbor_allgather(f, sbuf uintptr, scount int64, stype, rbuf uintptr, rcount int64, rtype, h uintptr) int32 {
	if started(f) {
		return again(f, 0)
	}
	r, err := neighborAllgather(sbuf, scount, stype, rbuf, rcount, rtype, h, once)
	return begin(f, r, err, 0)
}

//export rain_Ineighbor_allgather
func rain_Ineighbor_allgather(f, sbuf uintptr, scount int64, stype, rbuf uintptr, rcount int64, rtype, h, request uintptr) int32 {
	r, err := neighborAllgather(sbuf, scount, stype, rbuf, rcount, rtype, h, once)
	return give(f, request, r, err, h)
}

//export rain_Neighbor_allgather_init
func rain_Neighbor_allgather_init(f, sbuf uintptr, scount int64, stype, rbuf uintptr, rcount int64, rtype, h, info, request uintptr) int32 {
	return keepWith(f, info, request, h, func() (*mpi.Request, error) {
		return neighborAllgather(sbuf, scount, stype, rbuf, rcount, rtype, h, persistent)
	})
}

func neighborAllgather(sbuf uintptr, scount int64, stype, rbuf uintptr, rcount int64, rtype, h uintptr, how form) (*mpi.Request, error) {
	c, err := commOf(h)
	if err != nil {
		return nil, err
	}
	s, r, err := buffers(side{sbuf, scount, stype}, side{rbuf, rcount, rtype}, false, false, true, true)
	if err != nil {
		return nil, err
	}
	if how == persistent {
		return c.c.NeighborAllgatherInit(s, r)
	}
	return c.c.IneighborAllgather(s, r)
}

//export rain_Neighbor_allgatherv
func rain_Neighbor_allgatherv(f, sbuf uintptr, scount int64, stype, rbuf, rcounts, displs, rtype, h uintptr, wide int32) int32 {
	if started(f) {
		return again(f, 0)
	}
	r, err := neighborAllgatherv(sbuf, scount, stype, rbuf, rcounts, displs, rtype, h, wide, once)
	return begin(f, r, err, 0)
}

//export rain_Ineighbor_allgatherv
func rain_Ineighbor_allgatherv(f, sbuf uintptr, scount int64, stype, rbuf, rcounts, displs, rtype, h, request uintptr, wide int32) int32 {
	r, err := neighborAllgatherv(sbuf, scount, stype, rbuf, rcounts, displs, rtype, h, wide, once)
	return give(f, request, r, err, h)
}

//export rain_Neighbor_allgatherv_init
func rain_Neighbor_allgatherv_init(f, sbuf uintptr, scount int64, stype, rbuf, rcounts, displs, rtype, h, info, request uintptr, wide int32) int32 {
	return keepWith(f, info, request, h, func() (*mpi.Request, error) {
		return neighborAllgatherv(sbuf, scount, stype, rbuf, rcounts, displs, rtype, h, wide, persistent)
	})
}

func neighborAllgatherv(sbuf uintptr, scount int64, stype, rbuf, rcounts, displs, rtype, h uintptr, wide int32, how form) (*mpi.Request, error) {
	c, err := commOf(h)
	if err != nil {
		return nil, err
	}
	in, _, err := c.c.NeighborCounts()
	if err != nil {
		return nil, err
	}
	s, err := side{sbuf, scount, stype}.buffer(false)
	if err != nil {
		return nil, err
	}
	r, err := bufferV(rbuf, rcounts, displs, rtype, int64(in), false, wide != 0)
	if err != nil {
		return nil, err
	}
	if how == persistent {
		return c.c.NeighborAllgathervInit(s, r)
	}
	return c.c.IneighborAllgatherv(s, r)
}

//export rain_Neighbor_alltoall
func rain_Neighbor_alltoall(f, sbuf uintptr, scount int64, stype, rbuf uintptr, rcount int64, rtype, h uintptr) int32 {
	if started(f) {
		return again(f, 0)
	}
	r, err := neighborAlltoall(sbuf, scount, stype, rbuf, rcount, rtype, h, once)
	return begin(f, r, err, 0)
}

//export rain_Ineighbor_alltoall
func rain_Ineighbor_alltoall(f, sbuf uintptr, scount int64, stype, rbuf uintptr, rcount int64, rtype, h, request uintptr) int32 {
	r, err := neighborAlltoall(sbuf, scount, stype, rbuf, rcount, rtype, h, once)
	return give(f, request, r, err, h)
}

//export rain_Neighbor_alltoall_init
func rain_Neighbor_alltoall_init(f, sbuf uintptr, scount int64, stype, rbuf uintptr, rcount int64, rtype, h, info, request uintptr) int32 {
	return keepWith(f, info, request, h, func() (*mpi.Request, error) {
		return neighborAlltoall(sbuf, scount, stype, rbuf, rcount, rtype, h, persistent)
	})
}

func neighborAlltoall(sbuf uintptr, scount int64, stype, rbuf uintptr, rcount int64, rtype, h uintptr, how form) (*mpi.Request, error) {
	c, err := commOf(h)
	if err != nil {
		return nil, err
	}
	s, r, err := buffers(side{sbuf, scount, stype}, side{rbuf, rcount, rtype}, false, false, true, true)
	if err != nil {
		return nil, err
	}
	if how == persistent {
		return c.c.NeighborAlltoallInit(s, r)
	}
	return c.c.IneighborAlltoall(s, r)
}

//export rain_Neighbor_alltoallv
func rain_Neighbor_alltoallv(f, sbuf, scounts, sdispls, stype, rbuf, rcounts, rdispls, rtype, h uintptr, wide int32) int32 {
	if started(f) {
		return again(f, 0)
	}
	r, err := neighborAlltoallv(sbuf, scounts, sdispls, stype, rbuf, rcounts, rdispls, rtype, h, wide, once)
	return begin(f, r, err, 0)
}

//export rain_Ineighbor_alltoallv
func rain_Ineighbor_alltoallv(f, sbuf, scounts, sdispls, stype, rbuf, rcounts, rdispls, rtype, h, request uintptr, wide int32) int32 {
	r, err := neighborAlltoallv(sbuf, scounts, sdispls, stype, rbuf, rcounts, rdispls, rtype, h, wide, once)
	return give(f, request, r, err, h)
}

//export rain_Neighbor_alltoallv_init
func rain_Neighbor_alltoallv_init(f, sbuf, scounts, sdispls, stype, rbuf, rcounts, rdispls, rtype, h, info, request uintptr, wide int32) int32 {
	return keepWith(f, info, request, h, func() (*mpi.Request, error) {
		return neighborAlltoallv(sbuf, scounts, sdispls, stype, rbuf, rcounts, rdispls, rtype, h, wide, persistent)
	})
}

func neighborAlltoallv(sbuf, scounts, sdispls, stype, rbuf, rcounts, rdispls, rtype, h uintptr, wide int32, how form) (*mpi.Request, error) {
	c, err := commOf(h)
	if err != nil {
		return nil, err
	}
	in, out, err := c.c.NeighborCounts()
	if err != nil {
		return nil, err
	}
	s, err := bufferV(sbuf, scounts, sdispls, stype, int64(out), false, wide != 0)
	if err != nil {
		return nil, err
	}
	r, err := bufferV(rbuf, rcounts, rdispls, rtype, int64(in), false, wide != 0)
	if err != nil {
		return nil, err
	}
	if how == persistent {
		return c.c.NeighborAlltoallvInit(s, r)
	}
	return c.c.IneighborAlltoallv(s, r)
}

//export rain_Neighbor_alltoallw
func rain_Neighbor_alltoallw(f, sbuf, scounts, sdispls, stypes, rbuf, rcounts, rdispls, rtypes, h uintptr, wide int32) int32 {
	if started(f) {
		return again(f, 0)
	}
	r, err := neighborAlltoallw(sbuf, scounts, sdispls, stypes, rbuf, rcounts, rdispls, rtypes, h, wide, once)
	return begin(f, r, err, 0)
}

//export rain_Ineighbor_alltoallw
func rain_Ineighbor_alltoallw(f, sbuf, scounts, sdispls, stypes, rbuf, rcounts, rdispls, rtypes, h, request uintptr, wide int32) int32 {
	r, err := neighborAlltoallw(sbuf, scounts, sdispls, stypes, rbuf, rcounts, rdispls, rtypes, h, wide, once)
	return give(f, request, r, err, h)
}

//export rain_Neighbor_alltoallw_init
func rain_Neighbor_alltoallw_init(f, sbuf, scounts, sdispls, stypes, rbuf, rcounts, rdispls, rtypes, h, info, request uintptr, wide int32) int32 {
	return keepWith(f, info, request, h, func() (*mpi.Request, error) {
		return neighborAlltoallw(sbuf, scounts, sdispls, stypes, rbuf, rcounts, rdispls, rtypes, h, wide, persistent)
	})
}

func neighborAlltoallw(sbuf, scounts, sdispls, stypes, rbuf, rcounts, rdispls, rtypes, h uintptr, wide int32, how form) (*mpi.Request, error) {
	c, err := commOf(h)
	if err != nil {
		return nil, err
	}
	in, out, err := c.c.NeighborCounts()
	if err != nil {
		return nil, err
	}
	// Displacements are MPI_Aint in both forms.
	s, err := bufferW(sbuf, scounts, sdispls, stypes, int64(out), false, wide != 0, true)
	if err != nil {
		return nil, err
	}
	r, err := bufferW(rbuf, rcounts, rdispls, rtypes, int64(in), false, wide != 0, true)
	if err != nil {
		return nil, err
	}
	if how == persistent {
		return c.c.NeighborAlltoallwInit(s, r)
	}
	return c.c.IneighborAlltoallw(s, r)
}
