package mpi

import (
	"encoding/binary"
	"sync/atomic"
	"unsafe"

	"rainmpi/mpi/internal/dtype"
)

// The blocking calls' short way with short messages inside the host: a record is written, or read, without a request. It
// is what cbind/eager.c does for C, by the same rules: whatever is not that simple is left to the long way, wrong
// arguments too.

// plain is b's length in bytes, if it is one piece of memory.
func (b Buffer) plain() (n int64, ok bool) {
	if b.check() != nil || !b.Type.t.Contiguous() {
		return 0, false
	}
	n = int64(b.Count) * b.Type.t.Size()
	return n, n == 0 || b.Addr != nil
}

// neighbour is the process of a rank, if this one shares memory with it.
func (c *Comm) neighbour(rank int) *proc {
	if c == nil || c.freed || c.remote != nil || rank < 0 || rank >= len(c.group.ranks) || c.revoked.Load() {
		return nil
	}
	if p := c.e.procs[c.group.ranks[rank]]; p.out != nil {
		return p
	}
	return nil
}

// shortLook is after how many sends or receives of a rank everything else is looked at: it may have asked to be spared,
// and others may wait for what this rank has to do.
const shortLook = 64

// sendShort reports whether it has sent b.
func (c *Comm) sendShort(b Buffer, dest, tag int) bool {
	p := c.neighbour(dest)
	if p == nil || tag < 0 || tag > TagUB {
		return false
	}
	e := c.e
	n, ok := b.plain()
	if !ok || n > e.options.eagerLocal || !e.mu.TryLock() {
		return false
	}
	sent := e.putShort(p, c, b.Addr, n, tag)
	p.turns++
	look := p.turns%shortLook == 0
	e.mu.Unlock()
	if look {
		e.advance()
	}
	return sent
}

func (e *engine) putShort(p *proc, c *Comm, data unsafe.Pointer, n int64, tag int) bool {
	if p.link.blocked != 0 {
		return false
	}
	rec := p.out.Reserve(briefSize + int(n))
	if rec == nil {
		return false
	}
	binary.LittleEndian.PutUint64(rec, uint64(c.ctx)<<(64-contextBits)|kindBrief)
	binary.LittleEndian.PutUint64(rec[8:], uint64(uint32(c.rank))|uint64(uint32(tag))<<32)
	dtype.Move(rec[briefSize:], bytesAt(data, n))
	e.mem.publish(p)
	e.traffic.sent++
	e.traffic.sentBytes += uint64(n)
	return true
}

// recvShort receives into b from a rank of this host, if that message is the next that comes from there, and soon. Who waits for
// it need not post a receive: as long as nobody else can meet it, it does not matter when.
func (c *Comm) recvShort(b Buffer, source, tag int) (s Status, ok bool) {
	p := c.neighbour(source)
	if p == nil || tag != AnyTag && (tag < 0 || tag > TagUB) {
		return s, false
	}
	n, ok := b.plain()
	if !ok {
		return s, false
	}
	e := c.e
	set, word := e.wait.set, p.in.Word()
	for range sweep {
		if atomic.LoadUint32(word) != 0 {
			return e.takeShort(p, c, b.Addr, n, tag)
		}
	}
	if e.net != nil {
		return s, false // the rails want to be looked at too
	}
	set.self().Waiting.Add(1)
	events := atomic.LoadUint32(&set.Events)
	for t := (patience{looks: 1}); t.looks < set.Spins/sweep && !set.ready(events) && !e.wait.crowded(&t); t.looks++ {
		for i := 0; i < sweep && atomic.LoadUint32(word) == 0; i++ {
		}
	}
	set.self().Waiting.Add(^uint32(0))
	if atomic.LoadUint32(word) == 0 {
		return s, false
	}
	return e.takeShort(p, c, b.Addr, n, tag)
}

// takeShort takes the next record of p's ring, if it is the message. That is a step of progress like any other, after which
// another thread may have to be woken: see handOn.
func (e *engine) takeShort(p *proc, c *Comm, to unsafe.Pointer, n int64, tag int) (s Status, ok bool) {
	if !e.mu.TryLock() {
		return s, false
	}
	p.turns++
	look := p.turns%shortLook == 0
	if m := e.space(c.ctx, 0); m.Posted() == 0 && m.Arrived() == 0 {
		rec := p.in.Next()
		if h, data, whole := decodeRecord(rec); whole && h.kind == kindEager && h.ctx == c.ctx && !h.sync && h.sign == 0 &&
			(tag == AnyTag || int(h.tag) == tag) && int64(len(data)) <= n {
			dtype.Move(bytesAt(to, int64(len(data))), data)
			s, ok = Status{Source: int(h.src), Tag: int(h.tag), bytes: int64(len(data))}, true
			e.traffic.received++
			e.traffic.receivedBytes += h.size
			if p.in.Release(len(rec)) {
				e.mem.wake(p)
			}
		}
		*p.link.word = p.in.Word()
	}
	e.mu.Unlock()
	e.handOn()
	if look {
		e.step()
	}
	return s, ok
}
