package mpi

import (
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"

	"rainmpi/mpi/internal/match"
	"rainmpi/mpi/internal/shm"
)

// What a language binding needs of the engine to move short messages inside the
// host by itself (cbind/eager.c): the engine's lock, the two rings between this
// rank and another one, and what a communicator's ranks are. All lie outside Go's
// heap, and cbind has their twins.
//
// The engine stays the one engine. A binding holds its lock, writes or reads one
// record as the engine would, and leaves everything to the engine that is not as
// simple as that:
//
//   - it sends what would leave at once as an eager message: nothing else waits for
//     room, and the peer has not asked to be spared (Link.blocked);
//   - it receives a message that is the next record of its source's ring when in the
//     communicator's context no receive is posted and no message waits
//     (CommTable.waiting): then the receive, posted now, would be the only one
//     there, and this message the first that it meets;
//   - it keeps a nonblocking receive as a ticket, under the same condition, until its
//     message is the next record. Tickets are matched in their order and before any
//     receive that comes later. Whoever takes the engine's lock in Go posts all of them
//     first, so that the engine never sees a state in which they are missing.

// The low bits of a header's first word say its kind. A binding sends the brief one, and takes both.
const (
	KindMask  = kindMask
	KindEager = kindEager
	KindBrief = kindBrief
)

// An EngineTable is the engine's.
type EngineTable struct {
	lock        atomic.Uint32 // engine.mu
	first, last uint32        // the tickets that wait, in their order; 0: none
	_           uint32
	eager       int64 // longest eager message inside the host, bytes
	traffic     traffic
	Tickets     *[Tickets]Ticket // the binding's
}

// A Link is the way to and from another rank of this host.
type Link struct {
	out     shm.Writer
	in      shm.Reader
	bell    *shm.Control // the rank's
	word    **uint32     // in WaitSet.Words: where the next record will come
	world   int32
	blocked uint32 // 1: a message to it would have to wait, or to be a rendezvous
	turns   uint32 // the binding's
	failed  uint32 // 1: the rank has failed; nothing will come any more
}

// gate tells the binding whether messages to p may leave at once. mu is held.
func (p *proc) gate() {
	if p.link != nil {
		p.link.blocked = 0
		if !p.queue.empty() || p.choked || p.failed {
			p.link.blocked = 1
		}
		if p.failed {
			atomic.StoreUint32(&p.link.failed, 1)
		}
	}
}

// A CommTable is an intracommunicator's; N pointers to Links follow it, nil for
// ranks of other hosts and for this process.
type CommTable struct {
	eager   uint64 // what an eager message's header begins with
	brief   uint64 // what a brief header does
	Rank, N int32
	waiting match.Waiting
}

// Table is the communicator's, made when it is asked for; nil for communicators
// that the binding does nothing of by itself. It is valid until Free.
func (c *Comm) Table() *CommTable {
	e := c.e
	e.mu.Lock()
	defer e.mu.Unlock()
	if c.table != nil || c.freed || c.revoked.Load() || c.Inter() || e.mem == nil {
		return c.table
	}
	mem, err := allocate[byte](c.tableSize())
	if err != nil {
		return nil
	}
	c.table = (*CommTable)(unsafe.Pointer(mem))
	ctx := uint64(c.ctx) << (64 - contextBits)
	*c.table = CommTable{eager: ctx | uint64(kindEager), brief: ctx | kindBrief, Rank: int32(c.rank), N: int32(c.Size())}
	links := unsafe.Slice((**Link)(unsafe.Add(unsafe.Pointer(mem), unsafe.Sizeof(CommTable{}))), c.Size())
	for i, w := range c.group.ranks {
		links[i] = e.procs[w].link
	}
	e.space(c.ctx, c.Size()).CountIn(&c.table.waiting)
	e.shown[c.ctx] = c
	return c.table
}

func (c *Comm) tableSize() int {
	return int(unsafe.Sizeof(CommTable{}) + uintptr(c.Size())*unsafe.Sizeof((*Link)(nil)))
}

// dropTable is for a communicator that is freed. mu is held.
func (c *Comm) dropTable() {
	if c.table != nil {
		delete(c.e.shown, c.ctx)
		c.e.space(c.ctx, c.Size()).CountIn(nil)
		unix.MunmapPtr(unsafe.Pointer(c.table), uintptr(c.tableSize()))
		c.table = nil
	}
}

// Table is the engine's, nil when MPI is not running.
func Table() *EngineTable {
	if e := life.current.Load(); e != nil {
		return e.table
	}
	return nil
}

// WakeRank rings the bell of a rank of this host, after the binding has sent to it.
func WakeRank(world int) {
	if e := life.current.Load(); e != nil {
		e.mu.Lock()
		e.mem.wake(e.procs[world])
		e.mu.Unlock()
	}
}

// allocate is zeroed memory outside Go's heap for n values.
func allocate[T any](n int) (*T, error) {
	var t T
	size := uintptr(n) * unsafe.Sizeof(t)
	mem, err := unix.MmapPtr(-1, 0, nil, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		return nil, errorf(ErrNoMem, "%d bytes outside the heap: %v", size, err)
	}
	return (*T)(mem), nil
}
