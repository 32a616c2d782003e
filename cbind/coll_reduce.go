package main

import "C"

import "rainmpi/mpi"

// reduction is the arguments that all reductions have. needRecv is false where the receive buffer is
// not significant.
func reduction(sbuf, rbuf uintptr, count int64, dt, op uintptr, inPlace, needRecv bool) (s, r mpi.Buffer, o *mpi.Op, err error) {
	if o, err = opOf(op); err != nil {
		return s, r, nil, err
	}
	s, r, err = buffers(side{sbuf, count, dt}, side{rbuf, count, dt}, inPlace, false, true, needRecv)
	return s, r, o, err
}

//export rain_Reduce
func rain_Reduce(f, sbuf, rbuf uintptr, count int64, dt, op uintptr, root int32, h uintptr) int32 {
	if started(f) {
		return again(f, 0)
	}
	r, err := reduce(sbuf, rbuf, count, dt, op, root, h, waited)
	return begin(f, r, err, 0)
}

//export rain_Ireduce
func rain_Ireduce(f, sbuf, rbuf uintptr, count int64, dt, op uintptr, root int32, h, request uintptr) int32 {
	r, err := reduce(sbuf, rbuf, count, dt, op, root, h, once)
	return give(f, request, r, err, h)
}

//export rain_Reduce_init
func rain_Reduce_init(f, sbuf, rbuf uintptr, count int64, dt, op uintptr, root int32, h, info, request uintptr) int32 {
	return keepWith(f, info, request, h, func() (*mpi.Request, error) { return reduce(sbuf, rbuf, count, dt, op, root, h, persistent) })
}

func reduce(sbuf, rbuf uintptr, count int64, dt, op uintptr, root int32, h uintptr, how form) (*mpi.Request, error) {
	c, err := commOf(h)
	if err != nil {
		return nil, err
	}
	s, r, o, err := reduction(sbuf, rbuf, count, dt, op, c.isRoot(root), c.isRoot(root))
	if err != nil {
		return nil, err
	}
	if c.waits(how) {
		return c.c.BeginReduce(s, r, o, int(root))
	}
	if how == persistent {
		return c.c.ReduceInit(s, r, o, int(root))
	}
	return c.c.Ireduce(s, r, o, int(root))
}

//export rain_Allreduce
func rain_Allreduce(f, sbuf, rbuf uintptr, count int64, dt, op, h uintptr) int32 {
	if started(f) {
		return again(f, 0)
	}
	r, err := allreduce(sbuf, rbuf, count, dt, op, h, waited)
	return begin(f, r, err, 0)
}

//export rain_Iallreduce
func rain_Iallreduce(f, sbuf, rbuf uintptr, count int64, dt, op, h, request uintptr) int32 {
	r, err := allreduce(sbuf, rbuf, count, dt, op, h, once)
	return give(f, request, r, err, h)
}

//export rain_Allreduce_init
func rain_Allreduce_init(f, sbuf, rbuf uintptr, count int64, dt, op, h, info, request uintptr) int32 {
	return keepWith(f, info, request, h, func() (*mpi.Request, error) { return allreduce(sbuf, rbuf, count, dt, op, h, persistent) })
}

func allreduce(sbuf, rbuf uintptr, count int64, dt, op, h uintptr, how form) (*mpi.Request, error) {
	c, err := commOf(h)
	if err != nil {
		return nil, err
	}
	s, r, o, err := reduction(sbuf, rbuf, count, dt, op, true, true)
	if err != nil {
		return nil, err
	}
	if c.waits(how) {
		return c.c.BeginAllreduce(s, r, o)
	}
	if how == persistent {
		return c.c.AllreduceInit(s, r, o)
	}
	return c.c.Iallreduce(s, r, o)
}

//export rain_Scan
func rain_Scan(f, sbuf, rbuf uintptr, count int64, dt, op, h uintptr) int32 {
	if started(f) {
		return again(f, 0)
	}
	r, err := scan(sbuf, rbuf, count, dt, op, h, once)
	return begin(f, r, err, 0)
}

//export rain_Iscan
func rain_Iscan(f, sbuf, rbuf uintptr, count int64, dt, op, h, request uintptr) int32 {
	r, err := scan(sbuf, rbuf, count, dt, op, h, once)
	return give(f, request, r, err, h)
}

//export rain_Scan_init
func rain_Scan_init(f, sbuf, rbuf uintptr, count int64, dt, op, h, info, request uintptr) int32 {
	return keepWith(f, info, request, h, func() (*mpi.Request, error) { return scan(sbuf, rbuf, count, dt, op, h, persistent) })
}

func scan(sbuf, rbuf uintptr, count int64, dt, op, h uintptr, how form) (*mpi.Request, error) {
	c, err := commOf(h)
	if err != nil {
		return nil, err
	}
	s, r, o, err := reduction(sbuf, rbuf, count, dt, op, true, true)
	if err != nil {
		return nil, err
	}
	if how == persistent {
		return c.c.ScanInit(s, r, o)
	}
	return c.c.Iscan(s, r, o)
}

//export rain_Exscan
func rain_Exscan(f, sbuf, rbuf uintptr, count int64, dt, op, h uintptr) int32 {
	if started(f) {
		return again(f, 0)
	}
	r, err := exscan(sbuf, rbuf, count, dt, op, h, once)
	return begin(f, r, err, 0)
}

//export rain_Iexscan
func rain_Iexscan(f, sbuf, rbuf uintptr, count int64, dt, op, h, request uintptr) int32 {
	r, err := exscan(sbuf, rbuf, count, dt, op, h, once)
	return give(f, request, r, err, h)
}

//export rain_Exscan_init
func rain_Exscan_init(f, sbuf, rbuf uintptr, count int64, dt, op, h, info, request uintptr) int32 {
	return keepWith(f, info, request, h, func() (*mpi.Request, error) { return exscan(sbuf, rbuf, count, dt, op, h, persistent) })
}

func exscan(sbuf, rbuf uintptr, count int64, dt, op, h uintptr, how form) (*mpi.Request, error) {
	c, err := commOf(h)
	if err != nil {
		return nil, err
	}
	s, r, o, err := reduction(sbuf, rbuf, count, dt, op, true, true)
	if err != nil {
		return nil, err
	}
	if how == persistent {
		return c.c.ExscanInit(s, r, o)
	}
	return c.c.Iexscan(s, r, o)
}

//export rain_Reduce_scatter_block
func rain_Reduce_scatter_block(f, sbuf, rbuf uintptr, count int64, dt, op, h uintptr) int32 {
	if started(f) {
		return again(f, 0)
	}
	r, err := reduceScatterBlock(sbuf, rbuf, count, dt, op, h, once)
	return begin(f, r, err, 0)
}

//export rain_Ireduce_scatter_block
func rain_Ireduce_scatter_block(f, sbuf, rbuf uintptr, count int64, dt, op, h, request uintptr) int32 {
	r, err := reduceScatterBlock(sbuf, rbuf, count, dt, op, h, once)
	return give(f, request, r, err, h)
}

//export rain_Reduce_scatter_block_init
func rain_Reduce_scatter_block_init(f, sbuf, rbuf uintptr, count int64, dt, op, h, info, request uintptr) int32 {
	return keepWith(f, info, request, h, func() (*mpi.Request, error) { return reduceScatterBlock(sbuf, rbuf, count, dt, op, h, persistent) })
}

func reduceScatterBlock(sbuf, rbuf uintptr, count int64, dt, op, h uintptr, how form) (*mpi.Request, error) {
	c, err := commOf(h)
	if err != nil {
		return nil, err
	}
	s, r, o, err := reduction(sbuf, rbuf, count, dt, op, true, true)
	if err != nil {
		return nil, err
	}
	if how == persistent {
		return c.c.ReduceScatterBlockInit(s, r, o)
	}
	return c.c.IreduceScatterBlock(s, r, o)
}

//export rain_Reduce_scatter
func rain_Reduce_scatter(f, sbuf, rbuf, counts, dt, op, h uintptr, wide int32) int32 {
	if started(f) {
		return again(f, 0)
	}
	r, err := reduceScatter(sbuf, rbuf, counts, dt, op, h, wide, once)
	return begin(f, r, err, 0)
}

//export rain_Ireduce_scatter
func rain_Ireduce_scatter(f, sbuf, rbuf, counts, dt, op, h, request uintptr, wide int32) int32 {
	r, err := reduceScatter(sbuf, rbuf, counts, dt, op, h, wide, once)
	return give(f, request, r, err, h)
}

//export rain_Reduce_scatter_init
func rain_Reduce_scatter_init(f, sbuf, rbuf, counts, dt, op, h, info, request uintptr, wide int32) int32 {
	return keepWith(f, info, request, h, func() (*mpi.Request, error) { return reduceScatter(sbuf, rbuf, counts, dt, op, h, wide, persistent) })
}

// reduceScatter: the send buffer has as many elements as all counts together, and in place the
// receive buffer has them.
func reduceScatter(sbuf, rbuf, counts, dt, op, h uintptr, wide int32, how form) (*mpi.Request, error) {
	c, err := commOf(h)
	if err != nil {
		return nil, err
	}
	n := int64(c.c.Size())
	if err := arrays(n, counts); err != nil {
		return nil, err
	}
	list, total := longs(counts, n, wide != 0), int64(0)
	for _, v := range list {
		total += max(v, 0) // a negative one is found with the rest
	}
	s, r, o, err := reduction(sbuf, rbuf, total, dt, op, true, true)
	if err != nil {
		return nil, err
	}
	if how == persistent {
		return c.c.ReduceScatterInit(s, r, list, o)
	}
	return c.c.IreduceScatter(s, r, list, o)
}
