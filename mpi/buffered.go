package mpi

import (
	"slices"
	"unsafe"

	"rainmpi/mpi/internal/dtype"
)

// BsendOverhead is what a buffered send needs beside its data
// (MPI_BSEND_OVERHEAD).
const BsendOverhead = 512

// A BsendBuffer is the room for buffered sends of a process, a session or a
// communicator (MPI 5.0 section 3.6). The library copies messages to memory of
// its own and only keeps the books of the attached buffer, so that a program
// that fits its buffer always runs and one that does not is told.
type BsendBuffer struct {
	e         *engine
	attached  bool
	automatic bool // MPI_BUFFER_AUTOMATIC: there is always room
	buffer    []byte
	used      int64
	pending   []*bsend
}

type bsend struct {
	data []byte
	r    *Request
	room *BsendBuffer
}

// ProcessBsendBuffer is what sends use whose communicator, and its session,
// have no buffer of their own.
func ProcessBsendBuffer() (*BsendBuffer, error) {
	e, err := running()
	if err != nil {
		return nil, err
	}
	return &e.bsends, nil
}

// BsendBuffer is the communicator's own.
func (c *Comm) BsendBuffer() *BsendBuffer { return &c.bsends }

// bsendBuffer is the one that a send on c uses.
func (c *Comm) bsendBuffer() *BsendBuffer {
	s := c.group.session
	switch {
	case c.bsends.attached:
		return &c.bsends
	case s != nil && s.bsends.attached:
		return &s.bsends
	}
	return &c.e.bsends
}

// Attach gives the library room for buffered sends (MPI_Buffer_attach).
func (b *BsendBuffer) Attach(buffer []byte) error { return b.attach(buffer, false) }

// AttachAutomatic leaves the room to the library (MPI_BUFFER_AUTOMATIC).
func (b *BsendBuffer) AttachAutomatic() error { return b.attach(nil, true) }

func (b *BsendBuffer) attach(buffer []byte, automatic bool) error {
	b.e.mu.Lock()
	defer b.e.mu.Unlock()
	if b.attached {
		return errorf(ErrBuffer, "a buffer is attached already; detach it first")
	}
	b.attached, b.automatic, b.buffer, b.used = true, automatic, buffer, 0
	return nil
}

// Detach waits until all messages in the buffer have left and returns it.
func (b *BsendBuffer) Detach() ([]byte, error) {
	if !b.attached {
		return nil, errorf(ErrBuffer, "no buffer is attached")
	}
	b.Flush()
	b.e.mu.Lock()
	defer b.e.mu.Unlock()
	buffer := b.buffer
	*b = BsendBuffer{e: b.e}
	return buffer, nil
}

// Flush waits until all messages that are in the buffer now have left
// (MPI_Buffer_flush).
func (b *BsendBuffer) Flush() error {
	_, err := b.Iflush().Wait()
	return err
}

// Iflush is Flush that does not wait (MPI_Buffer_iflush).
func (b *BsendBuffer) Iflush() *Request {
	e := b.e
	e.mu.Lock()
	defer e.mu.Unlock()
	b.collect()
	all := e.newRequest(sendRequest)
	left := len(b.pending)
	for _, s := range b.pending {
		before := s.r.then
		s.r.then = func(err error) {
			if before != nil {
				before(err)
			}
			if left--; left == 0 {
				e.complete(all, nil)
			}
		}
	}
	if left == 0 {
		e.complete(all, nil)
	}
	return all
}

// startBuffered copies the message and returns a request that is complete. The copy is
// made while the lock is not held, when its room has been taken: until the send is
// started its request has not ended, so nobody gives that room to others.
func (c *Comm) startBuffered(b Buffer, dest, tag int) (*Request, error) {
	e := c.e
	var s *bsend
	if dest != ProcNull {
		var err error
		if s, err = c.buffered(int64(b.Count) * b.Type.t.Size()); err != nil {
			return nil, err
		}
		b.Type.t.Pack(s.data, b.Addr, int64(b.Count), 0)
	}
	e.mu.Lock()
	r := e.newRequest(sendRequest)
	if s != nil {
		e.startSend(s.r, Standard, dest, tag, c.ctx)
		r.head, r.to, r.room = s.r.head, s.r.to, s.room
	}
	e.complete(r, nil)
	e.unlockAndWork()
	return r, nil
}

// buffered takes room for a message of so many bytes.
func (c *Comm) buffered(size int64) (*bsend, error) {
	e := c.e
	looked := false
	e.mu.Lock()
	defer func() {
		e.unlockAndWork()
		if looked {
			e.handOn()
		}
	}()
	room := c.bsendBuffer()
	room.collect()
	err := room.take(size + BsendOverhead)
	for more := true; err != nil && more; err = room.take(size + BsendOverhead) {
		looked, more = true, e.progress() // word that a message has been read may be here
		room.collect()
	}
	if err != nil {
		return nil, err
	}
	s := &bsend{data: make([]byte, size), r: e.newRequest(sendRequest), room: room}
	s.r.comm, s.r.addr, s.r.count, s.r.t, s.r.size = c, unsafe.Pointer(unsafe.SliceData(s.data)), size, dtype.Byte.Type(), size
	room.pending = append(room.pending, s)
	return s, nil
}

// take notes that n bytes of the buffer are used. mu is held.
func (b *BsendBuffer) take(n int64) error {
	if left := int64(len(b.buffer)) - b.used; n > left && !b.automatic {
		return errorf(ErrBuffer, "a buffered send of %d bytes and %d of overhead; the attached buffer has room for %d; attach a larger one", n-BsendOverhead, BsendOverhead, max(left, 0))
	}
	b.used += n
	return nil
}

// collect frees the room of messages that have left. mu is held.
func (b *BsendBuffer) collect() {
	b.pending = slices.DeleteFunc(b.pending, func(s *bsend) bool {
		if s.r.done.Load() == 0 {
			return false
		}
		b.used -= int64(len(s.data)) + BsendOverhead
		b.e.recycle(s.r)
		return true
	})
}
