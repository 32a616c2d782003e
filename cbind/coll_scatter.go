package main

import "C"

import "rainmpi/mpi"

//export rain_Scatter
func rain_Scatter(f, sbuf uintptr, scount int64, stype, rbuf uintptr, rcount int64, rtype uintptr, root int32, h uintptr) int32 {
	if started(f) {
		return again(f, 0)
	}
	r, err := scatter(sbuf, scount, stype, rbuf, rcount, rtype, root, h, once)
	return begin(f, r, err, 0)
}

//export rain_Iscatter
func rain_Iscatter(f, sbuf uintptr, scount int64, stype, rbuf uintptr, rcount int64, rtype uintptr, root int32, h, request uintptr) int32 {
	r, err := scatter(sbuf, scount, stype, rbuf, rcount, rtype, root, h, once)
	return give(f, request, r, err, h)
}

//export rain_Scatter_init
func rain_Scatter_init(f, sbuf uintptr, scount int64, stype, rbuf uintptr, rcount int64, rtype uintptr, root int32, h, info, request uintptr) int32 {
	return keepWith(f, info, request, h, func() (*mpi.Request, error) {
		return scatter(sbuf, scount, stype, rbuf, rcount, rtype, root, h, persistent)
	})
}

func scatter(sbuf uintptr, scount int64, stype, rbuf uintptr, rcount int64, rtype uintptr, root int32, h uintptr, how form) (*mpi.Request, error) {
	c, err := commOf(h)
	if err != nil {
		return nil, err
	}
	s, r, err := buffers(side{sbuf, scount, stype}, side{rbuf, rcount, rtype}, false, c.isRoot(root), c.isRoot(root), c.isLeaf(root))
	if err != nil {
		return nil, err
	}
	if how == persistent {
		return c.c.ScatterInit(s, r, int(root))
	}
	return c.c.Iscatter(s, r, int(root))
}

//export rain_Scatterv
func rain_Scatterv(f, sbuf, scounts, displs, stype, rbuf uintptr, rcount int64, rtype uintptr, root int32, h uintptr, wide int32) int32 {
	if started(f) {
		return again(f, 0)
	}
	r, err := scatterv(sbuf, scounts, displs, stype, rbuf, rcount, rtype, root, h, wide, once)
	return begin(f, r, err, 0)
}

//export rain_Iscatterv
func rain_Iscatterv(f, sbuf, scounts, displs, stype, rbuf uintptr, rcount int64, rtype uintptr, root int32, h, request uintptr, wide int32) int32 {
	r, err := scatterv(sbuf, scounts, displs, stype, rbuf, rcount, rtype, root, h, wide, once)
	return give(f, request, r, err, h)
}

//export rain_Scatterv_init
func rain_Scatterv_init(f, sbuf, scounts, displs, stype, rbuf uintptr, rcount int64, rtype uintptr, root int32, h, info, request uintptr, wide int32) int32 {
	return keepWith(f, info, request, h, func() (*mpi.Request, error) {
		return scatterv(sbuf, scounts, displs, stype, rbuf, rcount, rtype, root, h, wide, persistent)
	})
}

func scatterv(sbuf, scounts, displs, stype, rbuf uintptr, rcount int64, rtype uintptr, root int32, h uintptr, wide int32, how form) (*mpi.Request, error) {
	c, err := commOf(h)
	if err != nil {
		return nil, err
	}
	var s mpi.BufferV
	if c.isRoot(root) {
		s, err = bufferV(sbuf, scounts, displs, stype, c.peers(), false, wide != 0)
	}
	if err != nil {
		return nil, err
	}
	_, r, err := buffers(side{}, side{rbuf, rcount, rtype}, false, c.isRoot(root), false, c.isLeaf(root))
	if err != nil {
		return nil, err
	}
	if how == persistent {
		return c.c.ScattervInit(s, r, int(root))
	}
	return c.c.Iscatterv(s, r, int(root))
}
