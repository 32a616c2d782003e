package main

import "C"

import (
	"sync"

	"rainmpi/cbind/abi"
	"rainmpi/mpi"
)

// Buffered sends: the buffer of the process, of a session or of a communicator (MPI 5.0, 3.6).

// attached holds the buffers as the program gave them.
var attached struct {
	sync.Mutex
	to map[*mpi.BsendBuffer]attachment
}

type attachment struct {
	addr uintptr
	size int64
}

func attach(f uintptr, b *mpi.BsendBuffer, err error, buf uintptr, size int64) int32 {
	switch {
	case err != nil:
	case size < 0:
		err = bad(mpi.ErrArg, "the size is negative")
	case buf == abi.MPI_BUFFER_AUTOMATIC:
		err = b.AttachAutomatic()
	case buf == 0 && size > 0:
		err = bad(mpi.ErrBuffer, "the buffer is a null pointer")
	default:
		err = b.Attach(slice[byte](buf, int(size)))
	}
	if err != nil {
		return fail(f, err)
	}
	attached.Lock()
	defer attached.Unlock()
	if attached.to == nil {
		attached.to = make(map[*mpi.BsendBuffer]attachment)
	}
	attached.to[b] = attachment{buf, size}
	return 0
}

func detach(f uintptr, b *mpi.BsendBuffer, err error, buf, size uintptr) int32 {
	if err == nil {
		err = need(buf, size)
	}
	if err == nil {
		_, err = b.Detach()
	}
	if err != nil {
		return fail(f, err)
	}
	attached.Lock()
	defer attached.Unlock()
	was := attached.to[b]
	delete(attached.to, b)
	set(buf, was.addr)
	set(size, was.size)
	return 0
}

func flush(f uintptr, b *mpi.BsendBuffer, err error) int32 {
	if err == nil {
		err = b.Flush()
	}
	return fail(f, err)
}

func iflush(f uintptr, b *mpi.BsendBuffer, err error, request uintptr) int32 {
	if err == nil {
		err = need(request)
	}
	if err != nil {
		return fail(f, err)
	}
	return give(f, request, b.Iflush(), nil, abi.MPI_COMM_SELF)
}

func commBuffer(h uintptr) (*mpi.BsendBuffer, error) {
	c, err := commOf(h)
	if err != nil {
		return nil, err
	}
	return c.c.BsendBuffer(), nil
}

func sessionBuffer(h uintptr) (*mpi.BsendBuffer, error) {
	s, err := sessionOf(h)
	if err != nil {
		return nil, err
	}
	return s.s.BsendBuffer(), nil
}

//export rain_Buffer_attach
func rain_Buffer_attach(f, buf uintptr, size int64) int32 {
	b, err := mpi.ProcessBsendBuffer()
	return attach(f, b, err, buf, size)
}

//export rain_Comm_attach_buffer
func rain_Comm_attach_buffer(f, h, buf uintptr, size int64) int32 {
	b, err := commBuffer(h)
	return attach(f, b, err, buf, size)
}

//export rain_Session_attach_buffer
func rain_Session_attach_buffer(f, h, buf uintptr, size int64) int32 {
	b, err := sessionBuffer(h)
	return attach(f, b, err, buf, size)
}

//export rain_Buffer_detach
func rain_Buffer_detach(f, buf, size uintptr) int32 {
	b, err := mpi.ProcessBsendBuffer()
	return detach(f, b, err, buf, size)
}

//export rain_Comm_detach_buffer
func rain_Comm_detach_buffer(f, h, buf, size uintptr) int32 {
	b, err := commBuffer(h)
	return detach(f, b, err, buf, size)
}

//export rain_Session_detach_buffer
func rain_Session_detach_buffer(f, h, buf, size uintptr) int32 {
	b, err := sessionBuffer(h)
	return detach(f, b, err, buf, size)
}

//export rain_Buffer_flush
func rain_Buffer_flush(f uintptr) int32 {
	b, err := mpi.ProcessBsendBuffer()
	return flush(f, b, err)
}

//export rain_Comm_flush_buffer
func rain_Comm_flush_buffer(f, h uintptr) int32 {
	b, err := commBuffer(h)
	return flush(f, b, err)
}

//export rain_Session_flush_buffer
func rain_Session_flush_buffer(f, h uintptr) int32 {
	b, err := sessionBuffer(h)
	return flush(f, b, err)
}

//export rain_Buffer_iflush
func rain_Buffer_iflush(f, request uintptr) int32 {
	b, err := mpi.ProcessBsendBuffer()
	return iflush(f, b, err, request)
}

//export rain_Comm_iflush_buffer
func rain_Comm_iflush_buffer(f, h, request uintptr) int32 {
	b, err := commBuffer(h)
	return iflush(f, b, err, request)
}

//export rain_Session_iflush_buffer
func rain_Session_iflush_buffer(f, h, request uintptr) int32 {
	b, err := sessionBuffer(h)
	return iflush(f, b, err, request)
}
