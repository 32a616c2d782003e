package main

import "C"

import "rainmpi/mpi"

// The collective calls (MPI 5.0, chapter 6). Each has one function that checks the handles and
// starts, or makes persistent, what mpi calls by the same name; the three C forms share it.

// A form is how a collective is asked for.
type form int

const (
	once       form = iota // begun at once, to go on beside other calls
	waited                 // begun at once, and waited for in the same call
	persistent             // begun by MPI_Start
)

// keepWith is keep for calls with an info argument. It is checked before the operation is made,
// which takes its place among the communicator's collectives.
func keepWith(f, info, request, h uintptr, start func() (*mpi.Request, error)) int32 {
	if _, err := optionalInfo(info); err != nil {
		return fail(f, err)
	}
	r, err := start()
	return keep(f, request, r, err, h)
}

// A side is one of the buffers of a collective.
type side struct {
	addr  uintptr
	count int64
	dt    uintptr
}

// buffer is the engine's form of it. inPlace says that MPI_IN_PLACE may stand there.
func (s side) buffer(inPlace bool) (mpi.Buffer, error) {
	if s.addr == placeHolder && inPlace {
		return mpi.InPlace, nil
	}
	if s.count < 0 {
		return mpi.Buffer{}, bad(mpi.ErrCount, "the count is negative")
	}
	return buffer(s.addr, s.count, s.dt)
}

// buffers is both sides; a side that is not significant at this rank is not looked at.
func buffers(send, recv side, sendInPlace, recvInPlace, needSend, needRecv bool) (s, r mpi.Buffer, err error) {
	if needSend {
		if s, err = send.buffer(sendInPlace); err != nil {
			return s, r, err
		}
	}
	if needRecv {
		r, err = recv.buffer(recvInPlace)
	}
	return s, r, err
}

// isRoot reports whether the root's buffer is significant here. In an intercommunicator the root
// calls itself MPI_ROOT, and the others of its group MPI_PROC_NULL.
func (c *comm) isRoot(root int32) bool {
	if c.c.Inter() {
		return root == mpi.Root
	}
	return int(root) == c.c.Rank()
}

// isLeaf reports whether the other side's buffer is significant here.
func (c *comm) isLeaf(root int32) bool { return !c.c.Inter() || root >= 0 }

// peers is the number of blocks in the buffers of the vector calls.
func (c *comm) peers() int64 {
	if c.c.Inter() {
		n, _ := c.c.RemoteSize()
		return int64(n)
	}
	return int64(c.c.Size())
}

// bufferV is a buffer of the vector calls; n blocks.
func bufferV(addr, counts, displs, dt uintptr, n int64, inPlace, wide bool) (mpi.BufferV, error) {
	if addr == placeHolder && inPlace {
		return mpi.InPlaceV, nil
	}
	t, err := datatypeOf(dt)
	if err == nil {
		err = arrays(n, counts, displs)
	}
	if err != nil {
		return mpi.BufferV{}, err
	}
	b := mpi.BufferV{Counts: longs(counts, n, wide), Displs: longs(displs, n, wide), Type: t.d}
	if addr >= firstHandle {
		b.Addr = pointer(addr)
	}
	return b, nil
}

//export rain_Barrier
func rain_Barrier(f, h uintptr) int32 {
	if started(f) {
		return again(f, 0)
	}
	r, err := barrier(h, waited)
	return begin(f, r, err, 0)
}

//export rain_Ibarrier
func rain_Ibarrier(f, h, request uintptr) int32 {
	r, err := barrier(h, once)
	return give(f, request, r, err, h)
}

//export rain_Barrier_init
func rain_Barrier_init(f, h, info, request uintptr) int32 {
	return keepWith(f, info, request, h, func() (*mpi.Request, error) { return barrier(h, persistent) })
}

func barrier(h uintptr, how form) (*mpi.Request, error) {
	c, err := commOf(h)
	if err != nil {
		return nil, err
	}
	if c.waits(how) {
		return c.c.BeginBarrier()
	}
	if how == persistent {
		return c.c.BarrierInit()
	}
	return c.c.Ibarrier()
}

//export rain_Bcast
func rain_Bcast(f, buf uintptr, count int64, dt uintptr, root int32, h uintptr) int32 {
	if started(f) {
		return again(f, 0)
	}
	r, err := bcast(buf, count, dt, root, h, waited)
	return begin(f, r, err, 0)
}

//export rain_Ibcast
func rain_Ibcast(f, buf uintptr, count int64, dt uintptr, root int32, h, request uintptr) int32 {
	r, err := bcast(buf, count, dt, root, h, once)
	return give(f, request, r, err, h)
}

//export rain_Bcast_init
func rain_Bcast_init(f, buf uintptr, count int64, dt uintptr, root int32, h, info, request uintptr) int32 {
	return keepWith(f, info, request, h, func() (*mpi.Request, error) { return bcast(buf, count, dt, root, h, persistent) })
}

func bcast(buf uintptr, count int64, dt uintptr, root int32, h uintptr, how form) (*mpi.Request, error) {
	c, b, err := transfer(buf, count, dt, h)
	if err != nil {
		return nil, err
	}
	if c.waits(how) {
		return c.c.BeginBcast(b, int(root))
	}
	if how == persistent {
		return c.c.BcastInit(b, int(root))
	}
	return c.c.Ibcast(b, int(root))
}
