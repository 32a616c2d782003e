package main

import "C"

import (
	"rainmpi/cbind/abi"
	"rainmpi/mpi"
)

// Partitioned communication (MPI 5.0, chapter 4).

//export rain_Psend_init
func rain_Psend_init(f, buf uintptr, partitions int32, count int64, dt uintptr, dest, tag int32, h, info, request uintptr) int32 {
	return initParts(f, (*mpi.Comm).PsendInit, buf, partitions, count, dt, dest, tag, h, info, request)
}

//export rain_Precv_init
func rain_Precv_init(f, buf uintptr, partitions int32, count int64, dt uintptr, source, tag int32, h, info, request uintptr) int32 {
	return initParts(f, (*mpi.Comm).PrecvInit, buf, partitions, count, dt, source, tag, h, info, request)
}

type partInit func(c *mpi.Comm, b mpi.Buffer, partitions, peer, tag int) (*mpi.Request, error)

func initParts(f uintptr, how partInit, buf uintptr, partitions int32, count int64, dt uintptr, peer, tag int32, h, info, request uintptr) int32 {
	c, b, err := transfer(buf, count, dt, h)
	if err == nil {
		_, err = optionalInfo(info)
	}
	if err == nil {
		err = need(request)
	}
	if err != nil {
		return fail(f, err)
	}
	r, err := how(c.c, b, int(partitions), int(peer), int(tag))
	return keep(f, request, r, err, h)
}

//export rain_Pready
func rain_Pready(f uintptr, partition int32, h uintptr) int32 {
	return rain_Pready_range(f, partition, partition, h)
}

//export rain_Pready_range
func rain_Pready_range(f uintptr, low, high int32, h uintptr) int32 {
	q, err := partsOf(h)
	if err == nil {
		err = q.r.PreadyRange(int(low), int(high))
	}
	return fail(f, err)
}

//export rain_Pready_list
func rain_Pready_list(f uintptr, length int32, list, h uintptr) int32 {
	q, err := partsOf(h)
	if err == nil {
		err = counted(length, list)
	}
	for _, i := range slice[int32](list, int(length)) {
		if err == nil {
			err = q.r.Pready(int(i))
		}
	}
	return fail(f, err)
}

// "Calling MPI_PARRIVED on a null or inactive request results in flag = true" (MPI 5.0, 4.2.2).
//
//export rain_Parrived
func rain_Parrived(f, h uintptr, partition int32, flag uintptr) int32 {
	err := need(flag)
	there := true
	if err == nil && h != abi.MPI_REQUEST_NULL {
		var q *request
		if q, err = partsOf(h); err == nil {
			there, err = q.r.Parrived(int(partition))
		}
	}
	if err != nil {
		return fail(f, err)
	}
	set(flag, truth(there))
	return 0
}

// partsOf leaves it to the engine to see whether the request is a partitioned one.
func partsOf(h uintptr) (*request, error) {
	q, err := requestOf(h)
	if err == nil && (q == nil || q.r == nil) {
		err = bad(mpi.ErrRequest, "the request is null or a generalized one")
	}
	return q, err
}
