package main

import "C"

import "rainmpi/mpi"

//export rain_Gather
func rain_Gather(f, sbuf uintptr, scount int64, stype, rbuf uintptr, rcount int64, rtype uintptr, root int32, h uintptr) int32 {
	if started(f) {
		return again(f, 0)
	}
	r, err := gather(sbuf, scount, stype, rbuf, rcount, rtype, root, h, once)
	return begin(f, r, err, 0)
}

//export rain_Igather
func rain_Igather(f, sbuf uintptr, scount int64, stype, rbuf uintptr, rcount int64, rtype uintptr, root int32, h, request uintptr) int32 {
	r, err := gather(sbuf, scount, stype, rbuf, rcount, rtype, root, h, once)
	return give(f, request, r, err, h)
}

//export rain_Gather_init
func rain_Gather_init(f, sbuf uintptr, scount int64, stype, rbuf uintptr, rcount int64, rtype uintptr, root int32, h, info, request uintptr) int32 {
	return keepWith(f, info, request, h, func() (*mpi.Request, error) {
		return gather(sbuf, scount, stype, rbuf, rcount, rtype, root, h, persistent)
	})
}

func gather(sbuf uintptr, scount int64, stype, rbuf uintptr, rcount int64, rtype uintptr, root int32, h uintptr, how form) (*mpi.Request, error) {
	c, err := commOf(h)
	if err != nil {
		return nil, err
	}
	s, r, err := buffers(side{sbuf, scount, stype}, side{rbuf, rcount, rtype}, c.isRoot(root), false, c.isLeaf(root), c.isRoot(root))
	if err != nil {
		return nil, err
	}
	if how == persistent {
		return c.c.GatherInit(s, r, int(root))
	}
	return c.c.Igather(s, r, int(root))
}

//export rain_Gatherv
func rain_Gatherv(f, sbuf uintptr, scount int64, stype, rbuf, rcounts, displs, rtype uintptr, root int32, h uintptr, wide int32) int32 {
	if started(f) {
		return again(f, 0)
	}
	r, err := gatherv(sbuf, scount, stype, rbuf, rcounts, displs, rtype, root, h, wide, once)
	return begin(f, r, err, 0)
}

//export rain_Igatherv
func rain_Igatherv(f, sbuf uintptr, scount int64, stype, rbuf, rcounts, displs, rtype uintptr, root int32, h, request uintptr, wide int32) int32 {
	r, err := gatherv(sbuf, scount, stype, rbuf, rcounts, displs, rtype, root, h, wide, once)
	return give(f, request, r, err, h)
}

//export rain_Gatherv_init
func rain_Gatherv_init(f, sbuf uintptr, scount int64, stype, rbuf, rcounts, displs, rtype uintptr, root int32, h, info, request uintptr, wide int32) int32 {
	return keepWith(f, info, request, h, func() (*mpi.Request, error) {
		return gatherv(sbuf, scount, stype, rbuf, rcounts, displs, rtype, root, h, wide, persistent)
	})
}

func gatherv(sbuf uintptr, scount int64, stype, rbuf, rcounts, displs, rtype uintptr, root int32, h uintptr, wide int32, how form) (*mpi.Request, error) {
	c, err := commOf(h)
	if err != nil {
		return nil, err
	}
	s, _, err := buffers(side{sbuf, scount, stype}, side{}, c.isRoot(root), false, c.isLeaf(root), false)
	var r mpi.BufferV
	if err == nil && c.isRoot(root) {
		r, err = bufferV(rbuf, rcounts, displs, rtype, c.peers(), false, wide != 0)
	}
	if err != nil {
		return nil, err
	}
	if how == persistent {
		return c.c.GathervInit(s, r, int(root))
	}
	return c.c.Igatherv(s, r, int(root))
}

//export rain_Allgather
func rain_Allgather(f, sbuf uintptr, scount int64, stype, rbuf uintptr, rcount int64, rtype, h uintptr) int32 {
	if started(f) {
		return again(f, 0)
	}
	r, err := allgather(sbuf, scount, stype, rbuf, rcount, rtype, h, waited)
	return begin(f, r, err, 0)
}

//export rain_Iallgather
func rain_Iallgather(f, sbuf uintptr, scount int64, stype, rbuf uintptr, rcount int64, rtype, h, request uintptr) int32 {
	r, err := allgather(sbuf, scount, stype, rbuf, rcount, rtype, h, once)
	return give(f, request, r, err, h)
}

//export rain_Allgather_init
func rain_Allgather_init(f, sbuf uintptr, scount int64, stype, rbuf uintptr, rcount int64, rtype, h, info, request uintptr) int32 {
	return keepWith(f, info, request, h, func() (*mpi.Request, error) {
		return allgather(sbuf, scount, stype, rbuf, rcount, rtype, h, persistent)
	})
}

func allgather(sbuf uintptr, scount int64, stype, rbuf uintptr, rcount int64, rtype, h uintptr, how form) (*mpi.Request, error) {
	c, err := commOf(h)
	if err != nil {
		return nil, err
	}
	s, r, err := buffers(side{sbuf, scount, stype}, side{rbuf, rcount, rtype}, true, false, true, true)
	if err != nil {
		return nil, err
	}
	if c.waits(how) {
		return c.c.BeginAllgather(s, r)
	}
	if how == persistent {
		return c.c.AllgatherInit(s, r)
	}
	return c.c.Iallgather(s, r)
}

//export rain_Allgatherv
func rain_Allgatherv(f, sbuf uintptr, scount int64, stype, rbuf, rcounts, displs, rtype, h uintptr, wide int32) int32 {
	if started(f) {
		return again(f, 0)
	}
	r, err := allgatherv(sbuf, scount, stype, rbuf, rcounts, displs, rtype, h, wide, once)
	return begin(f, r, err, 0)
}

//export rain_Iallgatherv
func rain_Iallgatherv(f, sbuf uintptr, scount int64, stype, rbuf, rcounts, displs, rtype, h, request uintptr, wide int32) int32 {
	r, err := allgatherv(sbuf, scount, stype, rbuf, rcounts, displs, rtype, h, wide, once)
	return give(f, request, r, err, h)
}

//export rain_Allgatherv_init
func rain_Allgatherv_init(f, sbuf uintptr, scount int64, stype, rbuf, rcounts, displs, rtype, h, info, request uintptr, wide int32) int32 {
	return keepWith(f, info, request, h, func() (*mpi.Request, error) {
		return allgatherv(sbuf, scount, stype, rbuf, rcounts, displs, rtype, h, wide, persistent)
	})
}

func allgatherv(sbuf uintptr, scount int64, stype, rbuf, rcounts, displs, rtype, h uintptr, wide int32, how form) (*mpi.Request, error) {
	c, err := commOf(h)
	if err != nil {
		return nil, err
	}
	s, err := side{sbuf, scount, stype}.buffer(true)
	if err != nil {
		return nil, err
	}
	r, err := bufferV(rbuf, rcounts, displs, rtype, c.peers(), false, wide != 0)
	if err != nil {
		return nil, err
	}
	if how == persistent {
		return c.c.AllgathervInit(s, r)
	}
	return c.c.Iallgatherv(s, r)
}
