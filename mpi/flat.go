package mpi

import (
	"sync/atomic"
	"unsafe"

	"rainmpi/mpi/internal/coll"
	"rainmpi/mpi/internal/shm"
)

// Small blocking collectives of ranks that share a host's memory need no
// messages: they are flat. Every rank writes what it gives into a slot of its
// own, says so by the slot's flag, and reads the slots of the others. The
// communicator has an area for that (shm/area.go), and counts its flat
// collectives; all ranks count the same ones, because whether a call is flat
// follows only from what all of them know: collFlat.
//
// Collective number k uses slots k mod 2. A rank
//
//	1. sees flag k-1 in every rank's slot of k-1: all have begun k-1;
//	2. writes its data into its slot of k, then k into the flag (release);
//	3. sees flag k (acquire) of those it needs data from, and reads their slots.
//
// Nobody overwrites what another one still reads: the slot of k was that of k-2.
// A rank has read all that it wants of k-2 before it begins k-1 and, by 1., we
// write after we have seen that it has (its flag k-1 is a release after its reads,
// our look at it an acquire before our write). And a flag that is looked for is not
// missed: k in a slot is only followed by k+2, which its rank writes after it has
// seen that we have begun k+1, so are through with k; and k-1, likewise, by k+1,
// after we have begun k. A look at k-1 costs nothing after a collective in which
// everybody waited for everybody: only after bcast and reduce is it a second look.
//
// Nonblocking and persistent collectives run schedules, also of the same
// communicator. The two do not meet: schedules match messages by tags from a
// counter of their own, which flat calls do not draw from, and all ranks call both
// in one order (section 6.14), so both counters agree. A rank that waits in a flat
// call makes progress, so that it never keeps a schedule of others from its end.

// A Flat is what a communicator's flat collectives need. It lies outside Go's
// heap: C does the common ones itself, and cbind has its twin (rain_flat).
type Flat struct {
	N, Me   uint32
	Allowed uint32 // bits of the coll.Coll that no option forces an algorithm on
	seq     uint32 // number of the latest collective that this rank has begun
	settled uint32 // number of the latest that all ranks are known to have begun
	begun   uint32 // 1: C has begun the latest, and leaves its end to us
	slots   unsafe.Pointer
	bells   [shm.MaxFlat]*shm.Control // of the ranks
}

// What a binding must agree with: the longest data of one rank in a flat collective,
// that of all ranks together, of which every rank may read all, the length of a slot, all in bytes, and the bits of Allowed.
const (
	FlatLimit     = 4096
	FlatTotal     = 32 << 10
	FlatSlot      = shm.SlotSize
	FlatBarrier   = coll.Barrier
	FlatBcast     = coll.Bcast
	FlatAllgather = coll.Allgather
	FlatAlltoall  = coll.Alltoall
	FlatReduce    = coll.Reduce
	FlatAllreduce = coll.Allreduce
)

// collFlat are the collectives that can be flat.
const collFlat = 1<<coll.Barrier | 1<<coll.Bcast | 1<<coll.Reduce | 1<<coll.Allreduce | 1<<coll.Allgather | 1<<coll.Alltoall

// close leaves all calls to the engine, C's that waits too.
func (f *Flat) close() { atomic.StoreUint32(&f.Allowed, 0) }

func (f *Flat) slot(seq uint32, rank int) unsafe.Pointer {
	return unsafe.Add(f.slots, (int(seq&1)*int(f.N)+rank)*shm.SlotSize)
}

// The first word of a slot is its flag, the second says which call its rank makes
// (flatSign); the data comes after them.
func (f *Flat) flag(seq uint32, rank int) *uint32 { return (*uint32)(f.slot(seq, rank)) }

func (f *Flat) sign(seq uint32, rank int) *uint32 {
	return (*uint32)(unsafe.Add(f.slot(seq, rank), 4))
}

func (f *Flat) data(seq uint32, rank int) unsafe.Pointer { return unsafe.Add(f.slot(seq, rank), 8) }

// publish says that this rank has begun the collective seq and written its data.
func (f *Flat) publish(seq uint32) {
	f.seq = seq
	atomic.StoreUint32(f.flag(seq, int(f.Me)), seq)
}

// missing is the first of the ranks from … to-1 that has not begun the collective
// seq, to if all have.
func (f *Flat) missing(seq uint32, from, to int) int {
	for from < to && atomic.LoadUint32(f.flag(seq, from)) == seq {
		from++
	}
	return from
}

// Areas are known by their number and one, so that 0 says that there is none.
// worldArea is that of all ranks, which nobody takes or gives back.
const worldArea = 1

// onHost reports whether the communicator's collectives could be flat: its ranks
// are on this host, and not too many.
func (c *Comm) onHost() bool {
	if c.e.mem == nil || c.Inter() || c.Size() < 2 || c.Size() > shm.MaxFlat {
		return false
	}
	for _, w := range c.group.ranks {
		if c.e.procs[w].local < 0 {
			return false
		}
	}
	return true
}

// made is the communicator of a context and a group of which all members make it
// now. If they share a host its rank 0 takes an area, and tells the others, also
// if there is none left: then their collectives are schedules, as between hosts.
func (e *engine) made(ctx contextID, g *Group) (*Comm, error) {
	c := e.newComm(ctx, g)
	if !c.onHost() {
		return c, nil
	}
	area := []int64{0}
	if c.rank == 0 {
		area[0] = int64(e.takeArea(c.Size()))
	}
	if err := Bcast(c, area, 0); err != nil {
		return nil, err
	}
	c.coll.comm = nil // c may get a topology now, which schedules look at
	e.mu.Lock()
	c.useArea(int(area[0]))
	e.mu.Unlock()
	return c, nil
}

// takeArea is an area for n ranks of this host, 0 if none is free.
func (e *engine) takeArea(n int) int {
	if area, ok := e.mem.seg.TakeArea(n); ok {
		return area + 1
	}
	return 0
}

// useArea makes c's collectives flat that can be. mu is held.
func (c *Comm) useArea(area int) {
	if area == 0 {
		return
	}
	f := &c.e.mem.flats[area-1]
	*f = Flat{N: uint32(c.Size()), Me: uint32(c.rank), slots: c.e.mem.seg.Slots(area - 1)}
	for k := coll.Coll(0); collFlat>>k != 0; k++ {
		if collFlat>>k&1 != 0 && collChoice[k] == nil {
			f.Allowed |= 1 << k
		}
	}
	for i, w := range c.group.ranks {
		f.bells[i] = c.e.mem.seg.Control(c.e.procs[w].local)
	}
	c.flat = f
	if c.unusable() != nil {
		f.close()
	}
}

// leaveArea is for a communicator that is freed: who is the last gives it back.
func (c *Comm) leaveArea() {
	if f := c.flat; f != nil {
		c.flat = nil
		at := uintptr(unsafe.Pointer(f)) - uintptr(unsafe.Pointer(c.e.mem.flats))
		c.e.mem.seg.LeaveArea(int(at / unsafe.Sizeof(Flat{})))
	}
}
