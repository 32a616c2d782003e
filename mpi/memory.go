package mpi

import (
	"encoding/binary"
	"sync/atomic"
	"unsafe"

	"rainmpi/mpi/internal/shm"
)

// memory is the way to the other ranks of this host.
type memory struct {
	seg   *shm.Segment
	procs []*proc // the others; each has two of e.wait.set.Words
	self  *shm.Control
	chunk int // payload bytes of one data packet
	bell  *doorbell
	spare bool // the host has two processors for each rank
	wait  *WaitSet
	flats *[shm.Areas]Flat
	links []Link // room for one per rank of the host
}

// burst bounds the packets taken from one ring before the next one is looked
// at. Where several threads use MPI the lock is given up after workPart bytes.
const burst = 64

func newMemory(seg *shm.Segment, wait *waiting) (*memory, error) {
	flats, err := allocate[[shm.Areas]Flat](1)
	if err != nil {
		return nil, err
	}
	links, err := allocate[Link](seg.Ranks())
	if err != nil {
		return nil, err
	}
	m := &memory{seg: seg, self: seg.Control(seg.Me()), chunk: seg.MaxRecord()/2 - headerSize, bell: wait.bell, wait: wait.set, flats: flats}
	m.links = unsafe.Slice(links, seg.Ranks())
	return m, nil
}

func (m *memory) add(e *engine, p *proc) {
	words := e.wait.set.Words[2*len(m.procs):]
	p.link = &m.links[p.local]
	*p.link = Link{out: *m.seg.Out(p.local), in: *m.seg.In(p.local), bell: m.seg.Control(p.local), word: &words[0], world: int32(p.index)}
	p.in, p.out = &p.link.in, &p.link.out
	words[0], words[1] = p.in.Word(), p.out.Room()
	m.procs = append(m.procs, p)
	e.wait.set.N = uint32(2 * len(m.procs))
}

// poll takes what has come and pushes what waits.
func (m *memory) poll(e *engine) (worked bool) {
	for i, p := range m.procs {
		if rec := p.in.Next(); rec != nil {
			worked = true
			for n, took := 0, 0; n < burst; n++ {
				h, payload, ok := decodeRecord(rec)
				if !ok {
					panic("mpi: a record in shared memory is no packet: it was overwritten by somebody")
				}
				e.deliver(p, h, payload)
				if p.in.Release(len(rec)) {
					m.wake(p)
				}
				took += len(rec)
				if rec = p.in.Next(); rec == nil || took > workPart && several(m.self) {
					break
				}
			}
		}
		// Also where nothing has come: Next may have passed the end of the ring,
		// and a waiter that looks at the old word would sleep through the record.
		e.wait.set.Words[2*i] = p.in.Word()
		if atomic.LoadUint32(p.out.Room()) != 0 {
			atomic.StoreUint32(p.out.Room(), 0)
		}
		if !p.queue.empty() {
			worked = e.flush(p) || worked
		}
		if !p.streams.empty() {
			worked = m.push(e, p) || worked
		}
	}
	return worked
}

// drain takes all that a process has sent that is no more.
func (m *memory) drain(e *engine, p *proc) {
	for rec := p.in.Next(); rec != nil; rec = p.in.Next() {
		if h, payload, ok := decodeRecord(rec); ok {
			e.deliver(p, h, payload)
		}
		p.in.Release(len(rec))
	}
	for i, q := range m.procs {
		if q == p {
			e.wait.set.Words[2*i] = p.in.Word()
		}
	}
}

// transmit writes one packet into p's ring.
func (m *memory) transmit(p *proc, h *header, r *Request) bool {
	off, n := r.load(h)
	head := headerSize
	if h.kind.accesses() {
		head += accessSize
	}
	rts := h.kind == kindRTS || h.kind == kindPutRTS
	if rts {
		head += addressSize
	}
	b := p.out.Reserve(head + int(n))
	if b == nil {
		return false
	}
	h.encode(b)
	if h.kind.accesses() {
		r.rma.at.encode(b[headerSize:])
	}
	if rts {
		var addr uint64 // 0: not in one piece, ask for it
		if r.t.Contiguous() {
			addr = uint64(uintptr(r.addr))
		}
		binary.LittleEndian.PutUint64(b[head-addressSize:], addr)
	}
	if n > 0 {
		r.out(b[head:], off)
	}
	m.publish(p)
	return true
}

func (m *memory) publish(p *proc) {
	p.out.Publish()
	m.wake(p)
}

func (m *memory) wake(p *proc) {
	if c := m.seg.Control(p.local); c.Sleeping.Load() != 0 {
		m.bell.ring(p, c)
	}
}

// push moves rendezvous data that the peer cannot read itself, or better does not, through the
// ring, a chunk at a time: both sides copy at once. Chunks are records like all others.
func (m *memory) push(e *engine, p *proc) (worked bool) {
	moved := int64(0)
	for !p.streams.empty() {
		k := p.streams.first
		r := k.request
		for k.off < r.size {
			n := min(int64(m.chunk), r.size-k.off)
			b := p.out.Reserve(headerSize + int(n))
			if b == nil {
				return worked
			}
			start := now()
			r.ReadAt(b[headerSize:], k.off)
			h := header{kind: kindData, id: r.head.id, size: uint64(k.off), tag: int32(now() - start)}
			h.encode(b)
			m.publish(p)
			k.off += n
			worked = true
			if moved += n; moved > workPart && k.off < r.size && several(m.self) {
				e.wait.changed() // whoever waits goes on
				return true
			}
		}
		p.streams.pop()
		e.complete(r, nil)
	}
	return worked
}

// source is the address of a message in its sender's memory, from where one copy of any length brings it; 0
// if it cannot be read there: then the data comes through the ring.
func (m *memory) source(p *proc, payload []byte) uintptr {
	if !m.seg.Reach(p.local) {
		return 0
	}
	return uintptr(binary.LittleEndian.Uint64(payload))
}

// streams reports whether p and this rank could both copy a message of n bytes at once, so that it may be quicker to
// have it sent through the ring than to read p's memory (pace.go).
//
// They can if the sender waits in MPI, and no rank has to wait for a processor. Those are hints that nothing is
// ordered by: a sender that has just left sends when it is in MPI again, as if it could not be read.
//
// Where several threads use MPI there are others to copy meanwhile: a ring moves under its engines' locks, and
// every message of two ranks stands in it behind what came before. So messages are read, if there are processors
// for that: the ring's two copies take less of them.
func (m *memory) streams(p *proc, n int64) bool {
	c := m.seg.Control(p.local)
	if m.wait.Spins == 0 || c.Waiting.Load() == 0 {
		return false
	}
	return !m.spare && n <= longStream || !several(c) && !several(m.self)
}

// longStream, in bytes, is the longest message that goes through the ring in any case.
const longStream = 1 << 20
