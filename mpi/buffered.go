package mpi

import (
	"unsafe"

	"rainmpi/mpi/internal/dtype"
)

// BsendOverhead is what a buffered send needs beside its data
// (MPI_BSEND_OVERHEAD).
const BsendOverhead = 512

// bsendBuffer is the buffer that the program attached (MPI 5.0 section 3.6).
// The library copies messages to memory of its own and only keeps the books of
// the attached buffer, so that a program that fits its buffer always runs and
// one that does not is told.
type bsendBuffer struct {
	attached bool
	buffer   []byte
	used     int64
	pending  []*bsend
}

type bsend struct {
	data []byte
	r    *Request
}

// BufferAttach gives the library room for buffered sends (MPI_Buffer_attach).
func BufferAttach(buffer []byte) error {
	e, err := running()
	if err != nil {
		return err
	}
	if e.bsends.attached {
		return errorf(ErrBuffer, "a buffer is attached already; detach it first")
	}
	e.bsends = bsendBuffer{attached: true, buffer: buffer}
	return nil
}

// BufferDetach waits until all buffered messages have left and returns the
// buffer.
func BufferDetach() ([]byte, error) {
	e, err := running()
	if err != nil {
		return nil, err
	}
	if !e.bsends.attached {
		return nil, errorf(ErrBuffer, "no buffer is attached")
	}
	e.drainBuffered()
	b := e.bsends.buffer
	e.bsends = bsendBuffer{}
	return b, nil
}

// BufferFlush waits until all buffered messages have left (MPI_Buffer_flush).
func BufferFlush() error {
	e, err := running()
	if err == nil {
		e.drainBuffered()
	}
	return err
}

func (e *engine) drainBuffered() {
	for _, s := range e.bsends.pending {
		s.r.Wait()
	}
	e.bsends.pending = nil
	e.bsends.used = 0
}

// startBuffered copies the message and returns a request that is complete.
func (c *Comm) startBuffered(b Buffer, dest, tag int) (*Request, error) {
	e := c.e
	size := int64(b.Count) * b.Type.t.Size()
	e.mu.Lock()
	defer e.mu.Unlock()
	e.collectBuffered()
	if dest != ProcNull {
		if room := int64(len(e.bsends.buffer)) - e.bsends.used; size+BsendOverhead > room {
			return nil, errorf(ErrBuffer, "a buffered send of %d bytes and %d of overhead; the attached buffer has room for %d; attach a larger one", size, BsendOverhead, max(room, 0))
		}
		s := &bsend{data: make([]byte, size), r: e.newRequest(sendRequest)}
		b.Type.t.Pack(s.data, b.Addr, int64(b.Count), 0)
		s.r.comm, s.r.addr, s.r.count, s.r.t, s.r.size = c, unsafe.Pointer(unsafe.SliceData(s.data)), size, dtype.Byte.Type(), size
		e.bsends.used += size + BsendOverhead
		e.bsends.pending = append(e.bsends.pending, s)
		e.startSend(s.r, Standard, dest, tag, c.ctx)
	}
	r := e.newRequest(sendRequest)
	e.complete(r, nil)
	return r, nil
}

// collectBuffered frees the room of messages that have left. mu is held.
func (e *engine) collectBuffered() {
	kept := e.bsends.pending[:0]
	for _, s := range e.bsends.pending {
		if s.r.done.Load() == 0 {
			kept = append(kept, s)
			continue
		}
		e.bsends.used -= int64(len(s.data)) + BsendOverhead
		e.recycle(s.r)
	}
	clear(e.bsends.pending[len(kept):])
	e.bsends.pending = kept
}
