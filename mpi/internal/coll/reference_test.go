package coll

import (
	"fmt"
	"rainmpi/mpi/internal/dtype"
)

// A trial is a collective call of all ranks, with what it has to do.
type trial struct {
	coll    Coll
	size    int
	root    int
	count   int
	kind    int // index of kinds, or len(kinds): each rank its own
	inPlace bool
	commute bool
	hostOf  []int
}

func (t trial) String() string {
	k := "mixed types"
	if t.kind < len(kinds) {
		k = kinds[t.kind].name
	}
	return fmt.Sprintf("%v of %d ranks, root %d, count %d, %s, in place %v, commutative %v, hosts %v",
		t.coll, t.size, t.root, t.count, k, t.inPlace, t.commute, t.hostOf)
}

// A seat is one rank's part in a trial.
type seat struct {
	shape      Shape
	v          *Vectors
	args       Args
	group      Group
	send, recv *memory
	want       *memory // of recv
	wantSend   *memory
}

// kindFor returns the datatype of a rank's send (0) or receive (1) side.
func (t trial) kindFor(rank, side int) *kind {
	if t.kind < len(kinds) {
		return kinds[t.kind]
	}
	return kinds[(rank+side)%len(kinds)]
}

func (t trial) op() func(x, y elem) elem {
	if t.commute {
		return plus
	}
	return compose
}

// fold combines f(lo) … f(hi-1) in the order of ranks.
func (t trial) fold(lo, hi int, f func(rank int) elem) elem {
	v := f(lo)
	for r := lo + 1; r < hi; r++ {
		v = t.op()(v, f(r))
	}
	return v
}

// amount is the elements from rank i to rank j in the v and w variants: some zero.
func (t trial) amount(i, j int) int {
	if t.count == 0 {
		return 0
	}
	return (7*i + 3*j + t.count) % (t.count + 1)
}

// layout places blocks of the given counts in a buffer: in descending order and
// with gaps if the call has displacements, else in a row. It returns the counts,
// the displacements in elements and the elements from 0 to the end.
func blocks(n int, amount func(i int) int, gaps bool) (counts, displs []int64, end int) {
	counts, displs = make([]int64, n), make([]int64, n)
	for k := range n {
		i := k
		if gaps {
			i = n - 1 - k
		}
		counts[i], displs[i] = int64(amount(i)), int64(end)
		end += amount(i)
		if gaps {
			end += 2
		}
	}
	return counts, displs, end
}

// seats builds all ranks' parts.
func (t trial) seats() []*seat {
	seats := make([]*seat, t.size)
	for r := range seats {
		s := &seat{group: Group{Rank: r, Size: t.size, HostOf: t.hostOf}}
		s.shape = Shape{Coll: t.coll, Root: t.root, InPlace: t.inPlace, Commutative: t.commute}
		t.fill(s, r)
		if s.send != nil {
			s.args.Send, s.wantSend = s.send.addr(), s.send.clone()
		}
		if s.recv != nil {
			s.args.Recv = s.recv.addr()
		}
		seats[r] = s
	}
	return seats
}

// sends gives the seat a send buffer of n elements with values.
func (s *seat) sends(k *kind, n int, count int, v func(i int) elem) {
	s.send = newMemory(spotsOf(k, n), 0x55)
	for i := range n {
		s.send.set(i, v(i))
	}
	s.args.SendType, s.shape.Send, s.shape.SendCount = k.t, LayoutOf(k.t), int64(count)
}

// receives gives the seat a receive buffer of n elements. What is not set later in
// want must not change.
func (s *seat) receives(k *kind, n int, count int) {
	s.recv = newMemory(spotsOf(k, n), 0xAA)
	for i := range n {
		s.recv.set(i, elem{-1, int32(i)})
	}
	s.args.RecvType, s.shape.Recv, s.shape.RecvCount = k.t, LayoutOf(k.t), int64(count)
	s.want = s.recv.clone()
}

// had sets element i of the receive buffer as the call finds it.
func (s *seat) had(i int, v elem) {
	s.recv.set(i, v)
	s.want.set(i, v)
}

func (t trial) fill(s *seat, r int) {
	n, p := t.count, t.size
	sk, rk := t.kindFor(r, 0), t.kindFor(r, 1)
	switch t.coll {
	case Barrier:
	case Bcast:
		s.receives(rk, n, n)
		for i := range n {
			if r == t.root {
				s.had(i, value(t.root, i))
			}
			s.want.set(i, value(t.root, i))
		}
	case Gather, Gatherv:
		t.fillGather(s, r, sk, rk)
	case Scatter, Scatterv:
		t.fillScatter(s, r, sk, rk)
	case Allgather, Allgatherv:
		t.fillAllgather(s, r, sk, rk)
	case Alltoall, Alltoallv:
		t.fillAlltoall(s, r, sk, rk)
	case Alltoallw:
		t.fillAlltoallw(s, r)
	case Reduce, Allreduce, Scan, Exscan:
		t.fillReduce(s, r, rk)
	case ReduceScatter, ReduceScatterBlock:
		t.fillReduceScatter(s, r, rk)
	default:
		panic(fmt.Sprint("no reference for ", t.coll, p))
	}
}

// blockOf returns the elements that rank i gives or gets in a v variant or not.
func (t trial) blockOf(v bool) func(i int) int {
	return func(i int) int {
		if v {
			return t.amount(i, 0)
		}
		return t.count
	}
}

func (t trial) fillGather(s *seat, r int, sk, rk *kind) {
	v := t.coll == Gatherv
	amount := t.blockOf(v)
	root := r == t.root
	s.shape.InPlace = t.inPlace && root
	if !s.shape.InPlace {
		s.sends(sk, amount(r), amount(r), func(i int) elem { return value(r, i) })
	}
	if !root {
		return
	}
	counts, displs, end := blocks(t.size, amount, v)
	s.receives(rk, end, t.count)
	if v {
		s.v = &Vectors{RecvCounts: counts, RecvDispls: displs}
	}
	for from := range t.size {
		for i := range amount(from) {
			at := int(displs[from]) + i
			if s.shape.InPlace && from == r {
				s.had(at, value(from, i))
			}
			s.want.set(at, value(from, i))
		}
	}
}

func (t trial) fillScatter(s *seat, r int, sk, rk *kind) {
	v := t.coll == Scatterv
	amount := t.blockOf(v)
	root := r == t.root
	s.shape.InPlace = t.inPlace && root
	counts, displs, end := blocks(t.size, amount, v)
	if root {
		s.sends(sk, end, t.count, func(i int) elem { return value(t.root, i) })
		if v {
			s.v = &Vectors{SendCounts: counts, SendDispls: displs}
		}
	}
	if !s.shape.InPlace {
		s.receives(rk, amount(r), amount(r))
		for i := range amount(r) {
			s.want.set(i, value(t.root, int(displs[r])+i))
		}
	}
}

func (t trial) fillAllgather(s *seat, r int, sk, rk *kind) {
	v := t.coll == Allgatherv
	amount := t.blockOf(v)
	counts, displs, end := blocks(t.size, amount, v)
	s.receives(rk, end, t.count)
	if v {
		s.v = &Vectors{RecvCounts: counts, RecvDispls: displs}
	}
	if !t.inPlace {
		s.sends(sk, amount(r), amount(r), func(i int) elem { return value(r, i) })
	}
	for from := range t.size {
		for i := range amount(from) {
			at := int(displs[from]) + i
			if t.inPlace && from == r {
				s.had(at, value(from, i))
			}
			s.want.set(at, value(from, i))
		}
	}
}

// passing is the i-th element from one rank to another.
func passing(from, to, i int) elem { return value(from, 100*to+i) }

func (t trial) fillAlltoall(s *seat, r int, sk, rk *kind) {
	v := t.coll == Alltoallv
	amount := func(from, to int) int {
		switch {
		case !v:
			return t.count
		case t.inPlace: // MPI: recvcounts[j] at i is recvcounts[i] at j
			return t.amount(min(from, to), max(from, to))
		}
		return t.amount(from, to)
	}
	rc, rd, end := blocks(t.size, func(from int) int { return amount(from, r) }, v)
	s.receives(rk, end, t.count)
	for from := range t.size {
		for i := range amount(from, r) {
			if t.inPlace {
				s.had(int(rd[from])+i, passing(r, from, i))
			}
			s.want.set(int(rd[from])+i, passing(from, r, i))
		}
	}
	sc, sd, end := blocks(t.size, func(to int) int { return amount(r, to) }, v)
	if !t.inPlace {
		s.sends(sk, end, t.count, func(int) elem { return elem{} })
		for to := range t.size {
			for i := range amount(r, to) {
				s.send.set(int(sd[to])+i, passing(r, to, i))
			}
		}
	}
	if v {
		s.v = &Vectors{SendCounts: sc, SendDispls: sd, RecvCounts: rc, RecvDispls: rd}
	}
}

// fillAlltoallw gives each pair of ranks a datatype of its own.
func (t trial) fillAlltoallw(s *seat, r int) {
	amount := func(from, to int) int {
		if t.inPlace {
			return t.amount(min(from, to), max(from, to))
		}
		return t.amount(from, to)
	}
	s.v = new(Vectors)
	side := func(which int, amount func(i int) int) (spots []spot, counts, displs []int64, types []Layout, ts []*dtype.Type) {
		var at int64
		for i := range t.size {
			k := t.kindFor(r+i, which)
			counts, displs = append(counts, int64(amount(i))), append(displs, at)
			types, ts = append(types, LayoutOf(k.t)), append(ts, k.t)
			for range amount(i) {
				spots = append(spots, spot{at, k})
				at += k.t.Extent()
			}
			at += 48
		}
		return spots, counts, displs, types, ts
	}
	var spots []spot
	var sts, rts []*dtype.Type
	if !t.inPlace {
		spots, s.v.SendCounts, s.v.SendDispls, s.v.SendTypes, sts = side(0, func(to int) int { return amount(r, to) })
		s.send = newMemory(spots, 0x55)
		at := 0
		for to := range t.size {
			for i := range amount(r, to) {
				s.send.set(at, passing(r, to, i))
				at++
			}
		}
	}
	spots, s.v.RecvCounts, s.v.RecvDispls, s.v.RecvTypes, rts = side(1, func(from int) int { return amount(from, r) })
	s.recv = newMemory(spots, 0xAA)
	s.want = s.recv.clone()
	at := 0
	for from := range t.size {
		for i := range amount(from, r) {
			if t.inPlace {
				s.had(at, passing(r, from, i))
			}
			s.want.set(at, passing(from, r, i))
			at++
		}
	}
	s.args.Types = append(sts, rts...)
}

func (t trial) fillReduce(s *seat, r int, k *kind) {
	n := t.count
	root := r == t.root || t.coll != Reduce
	s.shape.InPlace = t.inPlace && root
	s.shape.RecvCount, s.shape.Recv, s.args.RecvType = int64(n), LayoutOf(k.t), k.t
	if root {
		s.receives(k, n, n)
	}
	if !s.shape.InPlace {
		s.sends(k, n, n, func(i int) elem { return value(r, i) })
	}
	for i := range n {
		if s.shape.InPlace {
			s.had(i, value(r, i))
		}
		lo, hi := 0, t.size
		switch t.coll {
		case Scan:
			hi = r + 1
		case Exscan:
			hi = r
		}
		if root && hi > lo {
			s.want.set(i, t.fold(lo, hi, func(rank int) elem { return value(rank, i) }))
		}
	}
}

func (t trial) fillReduceScatter(s *seat, r int, k *kind) {
	v := t.coll == ReduceScatter
	counts, displs, all := blocks(t.size, t.blockOf(v), false)
	if v {
		s.v = &Vectors{RecvCounts: counts}
	}
	n := int(counts[r])
	if t.inPlace {
		s.receives(k, all, t.count)
		for i := range all {
			s.had(i, value(r, i))
		}
	} else {
		s.receives(k, n, t.count)
		s.sends(k, all, all, func(i int) elem { return value(r, i) })
	}
	for i := range n {
		s.want.set(i, t.fold(0, t.size, func(rank int) elem { return value(rank, int(displs[r])+i) }))
	}
}
