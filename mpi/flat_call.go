package mpi

import (
	"sync/atomic"
	"unsafe"

	"rainmpi/mpi/internal/coll"
	"rainmpi/mpi/internal/dtype"
	"rainmpi/mpi/internal/redop"
)

// A flatCall is a flat collective under way. A communicator has one: threads must
// not call collectives on it at the same time (MPI 5.0 section 11.6.2).
type flatCall struct {
	call  *collCall
	seq   uint32
	begun bool // step 2 is done
	long  bool // the ranks only meet: a schedule follows
	next  int  // the rank that is waited for
	sum   [FlatLimit / 8]uint64
}

// meets reports whether the ranks meet in their slots for this call. All do for the
// collectives that can be flat: those whose data is too long see there that they make
// the same call, and run a schedule then. If some could be flat and some not, and the
// program is wrong, they would wait for each other for ever.
func (p *collPlan) meets() bool {
	return p.c.flat != nil && p.c.flat.Allowed&(1<<p.call.shape.Coll) != 0
}

// flat reports whether the call is a flat collective. It looks at nothing that can
// differ between ranks: "the amount of data sent must be equal to the amount of data
// received, pairwise" and operations are the same everywhere (section 6.1), but
// datatypes and MPI_IN_PLACE need not be. Pairs of value and index have padding,
// which would have to be packed: minloc and maxloc are left to the schedules.
func (p *collPlan) flat() bool {
	if !p.meets() {
		return false
	}
	n, all := p.c.flatBytes(&p.call), int64(p.c.Size())
	if p.call.shape.Coll == coll.Alltoall {
		n *= all
	}
	op := p.call.op
	return n <= FlatLimit && n*all <= FlatTotal && (op == nil || op.Predefined() && op != MinLoc && op != MaxLoc)
}

// flatBytes is the length of one block: of the vector, where there is but one.
func (c *Comm) flatBytes(k *collCall) int64 { return k.shape.RecvCount * k.shape.Recv.Size }

// beginFlat starts a flat collective. mu is held.
func (e *engine) beginFlat(r *Request, k *collCall, long bool) {
	f := &r.comm.coll.flat
	t := r.comm.flat
	if err := r.comm.unusable(); err != nil {
		t.begun = 0
		e.complete(r, err)
		return
	}
	f.call, f.seq, f.begun, f.next, f.long = k, t.seq+1, false, 0, long
	switch {
	case t.begun != 0:
		f.seq, f.begun, t.begun = t.seq, true, 0
		f.next, _ = r.comm.givers(f)
	case t.settled == t.seq:
		f.next = r.comm.Size()
	}
	e.flats = append(e.flats, r)
	e.advanceFlats()
}

// advanceFlats goes on with the flat collectives of this process: of one, or of
// several threads. mu is held.
func (e *engine) advanceFlats() (worked bool) {
	for i := 0; i < len(e.flats); {
		r := e.flats[i]
		k, long := r.comm.coll.flat.call, r.comm.coll.flat.long
		err := r.comm.unusable()
		done := err != nil
		if !done {
			done, err = r.comm.advanceFlat()
		}
		if !done {
			i++
			continue
		}
		e.flats[i] = e.flats[len(e.flats)-1]
		e.flats[len(e.flats)-1] = nil
		e.flats = e.flats[:len(e.flats)-1]
		worked = true
		if long && err == nil {
			e.run(r, k)
			continue
		}
		e.complete(r, err)
	}
	e.wait.watchFlags(e.flats)
	return worked
}

// advanceFlat does what can be done now and reports whether that was all.
func (c *Comm) advanceFlat() (done bool, err error) {
	f, t := &c.coll.flat, c.flat
	if !f.begun {
		if f.next = t.missing(f.seq-1, f.next, c.Size()); f.next < c.Size() {
			return false, nil
		}
		c.giveFlat(f)
		t.publish(f.seq)
		c.wakeMembers()
		from, _ := c.givers(f)
		f.begun, f.next = true, from
	}
	from, to := c.givers(f)
	if f.next = t.missing(f.seq, f.next, to); f.next < to {
		return false, nil
	}
	if from == 0 && to == c.Size() {
		t.settled = f.seq
	}
	err = c.takeFlat(f, from, to)
	f.call = nil
	return true, err
}

// givers are the ranks whose data this one needs.
func (c *Comm) givers(f *flatCall) (from, to int) {
	k := f.call
	root := k.shape.Root
	switch {
	case f.long:
		return 0, c.Size()
	case k.shape.Coll == coll.Bcast && root == c.rank, k.shape.Coll == coll.Reduce && root != c.rank:
		return 0, 0
	case k.shape.Coll == coll.Bcast:
		return root, root + 1
	}
	return 0, c.Size()
}

// awaited is the flag that the call waits for, and its value.
func (c *Comm) awaited() (flag *uint32, value uint32) {
	f := &c.coll.flat
	seq := f.seq
	if !f.begun {
		seq--
	}
	return c.flat.flag(seq, f.next), seq
}

func (c *Comm) wakeMembers() {
	for i, w := range c.group.ranks {
		if i != c.rank && c.flat.bells[i].Sleeping.Load() != 0 {
			c.e.mem.bell.ring(c.e.procs[w], c.flat.bells[i])
		}
	}
}

// giveFlat writes this rank's data into its slot.
func (c *Comm) giveFlat(f *flatCall) {
	a, s := &f.call.args, &f.call.shape
	n := c.flatBytes(f.call)
	*c.flat.sign(f.seq, c.rank) = c.flatSign(f)
	slot := c.flat.data(f.seq, c.rank)
	if f.long {
		*(*int64)(slot) = n
		return
	}
	block := func(i int) unsafe.Pointer { return unsafe.Add(a.Recv, int64(i)*s.RecvCount*s.Recv.Extent) }
	switch {
	case s.Coll == coll.Barrier, s.Coll == coll.Bcast && s.Root != c.rank:
	case s.Coll == coll.Bcast:
		packTo(slot, n, a.Recv, s.RecvCount, a.RecvType)
	case s.Coll == coll.Allgather && s.InPlace:
		packTo(slot, n, block(c.rank), s.RecvCount, a.RecvType)
	case s.Coll == coll.Alltoall && s.InPlace:
		packTo(slot, n*int64(c.Size()), a.Recv, s.RecvCount*int64(c.Size()), a.RecvType)
	case s.Coll == coll.Allgather:
		packTo(slot, n, a.Send, s.SendCount, a.SendType)
	case s.Coll == coll.Alltoall:
		packTo(slot, n*int64(c.Size()), a.Send, s.SendCount*int64(c.Size()), a.SendType)
	case s.InPlace:
		packTo(slot, n, a.Recv, s.RecvCount, a.RecvType)
	default:
		packTo(slot, n, a.Send, s.RecvCount, a.SendType)
	}
}

// flatSign names a call: the bytes of one block, the collective, the root and the
// operation, which are the same at all ranks, or the program is wrong. A long one has
// its bytes where others have their data.
func (c *Comm) flatSign(f *flatCall) uint32 {
	k, n := f.call, uint32(longSign)
	if !f.long {
		n = uint32(c.flatBytes(k))
	}
	sign := n | uint32(k.shape.Coll)<<13 | uint32(k.shape.Root)<<18
	if k.op != nil {
		sign |= uint32(k.op.code-redop.Null) << 24
	}
	if k.wrong != nil {
		sign |= 1 << 31 // nobody else's
	}
	return sign
}

const longSign = 1<<13 - 1

// given is the bytes of one block at another rank.
func (c *Comm) given(f *flatCall, i int) int64 {
	n := *c.flat.sign(f.seq, i) & longSign
	if n == longSign {
		return *(*int64)(c.flat.data(f.seq, i))
	}
	return int64(n)
}

// takeFlat takes the data of the givers. One that makes another call is an error of the
// program's, which is told where it is seen.
func (c *Comm) takeFlat(f *flatCall, from, to int) (err error) {
	a, s := &f.call.args, &f.call.shape
	n := c.flatBytes(f.call)
	mine := c.flatSign(f)
	for i := from; i < to; i++ {
		switch other, given := *c.flat.sign(f.seq, i), c.given(f, i); {
		case other == mine && given == n:
		case other>>13 == mine>>13 && given > n:
			err = errorf(ErrTruncate, "rank %d gave %d bytes to %v, and this rank takes %d; counts and datatypes must agree", i, given, s.Coll, n)
		default:
			err = errorf(ErrNotSame, "rank %d is in another collective than %v, or in this one with another root, operation or length; all ranks must call the same ones in the same order", i, s.Coll)
		}
	}
	if f.call.wrong != nil {
		err = f.call.wrong
	}
	switch {
	case n == 0, err != nil, f.long:
	case s.Coll == coll.Bcast && s.Root != c.rank:
		a.RecvType.Unpack(a.Recv, s.RecvCount, 0, bytesAt(c.flat.data(f.seq, s.Root), n))
	case s.Coll == coll.Allgather, s.Coll == coll.Alltoall:
		for i := range c.Size() {
			from := c.flat.data(f.seq, i)
			if s.Coll == coll.Alltoall {
				from = unsafe.Add(from, int64(c.rank)*n)
			}
			to := unsafe.Add(a.Recv, int64(i)*s.RecvCount*s.Recv.Extent)
			a.RecvType.Unpack(to, s.RecvCount, 0, bytesAt(from, n))
		}
	case s.Coll == coll.Allreduce, s.Coll == coll.Reduce && s.Root == c.rank:
		// In the order of ranks, at every rank: all get the same bits.
		sum := unsafe.Pointer(&f.sum)
		copy(bytesAt(sum, n), bytesAt(c.flat.data(f.seq, 0), n))
		for i := 1; i < c.Size(); i++ {
			f.call.op.reduce(c.flat.data(f.seq, i), sum, s.RecvCount, f.call.element)
		}
		a.RecvType.Unpack(a.Recv, s.RecvCount, 0, bytesAt(sum, n))
	}
	return err
}

func packTo(slot unsafe.Pointer, n int64, from unsafe.Pointer, count int64, t *dtype.Type) {
	if n > 0 {
		t.Pack(bytesAt(slot, n), from, count, 0)
	}
}

// watchFlags makes those who wait look at the flags that flat calls wait for.
// Other threads may be looking meanwhile, at half of a change: they are told.
func (w *waiting) watchFlags(calls []*Request) {
	s, news := w.set, false
	for i, r := range calls[:min(len(calls), maxFlags)] {
		flag, value := r.comm.awaited()
		if f := &s.flags[i]; f.flag != flag || f.value != value {
			f.flag, f.value, news = flag, value, true
		}
	}
	if n := uint32(len(calls)); n != s.nflags {
		atomic.StoreUint32(&s.nflags, n)
		news = true
	}
	if news {
		w.changed()
	}
}
