package coll

import (
	"fmt"
	"testing"
)

// An interTrial is a call of two groups: sizes[0] ranks and sizes[1] ranks.
type interTrial struct {
	trial
	sizes [2]int
	side  int // the group with the root
}

// seat builds the part of rank r of group g.
func (t interTrial) seat(g, r int) *seat {
	k := t.kindFor(r, g)
	far := t.sizes[1-g]
	s := &seat{group: Group{Rank: r, Size: t.sizes[g], Remote: far}}
	s.shape = Shape{Coll: t.coll, Commutative: t.commute, Root: t.root}
	rooted := g == t.side
	if rooted {
		s.shape.Root = RootProcNull
		if r == t.root {
			s.shape.Root = RootHere
		}
	}
	// Values of the far group's rank i.
	theirs := func(i, n int) elem { return value(100*(1-g)+i, n) }
	ours := func(n int) elem { return value(100*g+r, n) }
	n := t.count
	total := n * t.sizes[0] * t.sizes[1] // of a reduce_scatter, in both groups
	fold := func(i int) elem { return t.fold(0, far, func(rank int) elem { return theirs(rank, i) }) }
	switch t.coll {
	case Barrier:
	case Bcast:
		s.receives(k, n, n)
		for i := range n {
			if rooted && r == t.root {
				s.had(i, ours(i))
			} else if !rooted {
				s.want.set(i, value(100*t.side+t.root, i))
			}
		}
	case Gather, Gatherv:
		t.interGatherSeat(s, g, rooted && r == t.root, !rooted, k, ours, theirs)
	case Allgather, Allgatherv:
		t.interGatherSeat(s, g, true, true, k, ours, theirs)
	case Scatter, Scatterv, Alltoall, Alltoallv, Alltoallw:
		t.interScatterSeat(s, g, r, rooted, k)
	case Reduce, Allreduce:
		s.shape.RecvCount, s.shape.Recv, s.args.RecvType = int64(n), LayoutOf(k.t), k.t
		if t.coll == Allreduce || rooted && r == t.root {
			s.receives(k, n, n)
			for i := range n {
				s.want.set(i, fold(i))
			}
		}
		if t.coll == Allreduce || !rooted {
			s.sends(k, n, n, ours)
		}
	case ReduceScatter, ReduceScatterBlock:
		each := total / t.sizes[g]
		s.receives(k, each, each)
		s.sends(k, total, total, ours)
		if t.coll == ReduceScatter {
			s.v = new(Vectors)
			for range t.sizes[g] {
				s.v.RecvCounts = append(s.v.RecvCounts, int64(each))
			}
		}
		for i := range each {
			s.want.set(i, fold(r*each+i))
		}
	}
	if s.send != nil {
		s.args.Send, s.wantSend = s.send.addr(), s.send.clone()
	}
	if s.recv != nil {
		s.args.Recv = s.recv.addr()
	}
	return s
}

// interGatherSeat: the v variants have blocks of i+count elements for rank i.
func (t interTrial) interGatherSeat(s *seat, g int, gets, gives bool, k *kind, ours func(int) elem, theirs func(i, n int) elem) {
	v := t.coll == Gatherv || t.coll == Allgatherv
	amount := func(i int) int {
		if v && t.count > 0 {
			return t.count + i
		}
		return t.count
	}
	if gets {
		counts, displs, end := blocks(t.sizes[1-g], amount, v)
		s.receives(k, end, t.count)
		if v {
			s.v = &Vectors{RecvCounts: counts, RecvDispls: displs}
		}
		for i := range counts {
			for n := range int(counts[i]) {
				s.want.set(int(displs[i])+n, theirs(i, n))
			}
		}
	}
	if gives {
		n := amount(s.group.Rank)
		s.sends(k, n, n, ours)
	}
}

func (t interTrial) interScatterSeat(s *seat, g, r int, rooted bool, k *kind) {
	n, far := t.count, t.sizes[1-g]
	all := t.coll != Scatter && t.coll != Scatterv
	from := func(i, n int) elem { return passing(100*(1-g)+i, r, n) }
	counts, displs, end := blocks(far, func(int) int { return n }, false)
	s.v = new(Vectors)
	if all || rooted && r == t.root {
		s.sends(k, end, n, func(i int) elem { return passing(100*g+r, i/n, i%n) })
		s.v.SendCounts, s.v.SendDispls = counts, displs
	}
	if all {
		s.receives(k, end, n)
		s.v.RecvCounts, s.v.RecvDispls = counts, displs
		for i := range end {
			s.want.set(i, from(i/n, i%n))
		}
	} else if !rooted {
		s.receives(k, n, n)
		for i := range n {
			s.want.set(i, from(t.root, i))
		}
	}
	if t.coll == Alltoallw {
		v := &Vectors{SendCounts: counts, RecvCounts: counts}
		s.args.Types = nil
		for i := range far {
			v.SendDispls = append(v.SendDispls, displs[i]*k.t.Extent())
			v.SendTypes = append(v.SendTypes, LayoutOf(k.t))
		}
		v.RecvDispls, v.RecvTypes = v.SendDispls, v.SendTypes
		for range 2 * far {
			s.args.Types = append(s.args.Types, k.t)
		}
		s.v = v
	}
}

func (t interTrial) try(seed uint64) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	n := t.sizes[0] + t.sizes[1]
	s := newSim(n, seed, manner(seed%uint64(numManners)))
	s.op = apply(t.op())
	seats := make([]*seat, n)
	for i := range seats {
		g, r := 0, i
		if i >= t.sizes[0] {
			g, r = 1, i-t.sizes[0]
		}
		st := t.seat(g, r)
		seats[i] = st
		sched := Build(st.group, new(Choice), st.shape, st.v)
		if err := check(sched, st, n); err != nil {
			return fmt.Errorf("group %d rank %d: %w", g, r, err)
		}
		s.ranks[i].of = func(peer int) int {
			switch {
			case g == 0:
				return peer // the other group follows on ours
			case peer < t.sizes[1]:
				return t.sizes[0] + peer
			}
			return peer - t.sizes[1]
		}
		s.ranks[i].run.Bind(s.ranks[i], sched, st.args)
	}
	if err := s.run(); err != nil {
		return err
	}
	for i, st := range seats {
		if d := st.recv.differs(st.want); d != "" {
			return fmt.Errorf("process %d, receive buffer: %s", i, d)
		}
		if d := st.send.differs(st.wantSend); d != "" {
			return fmt.Errorf("process %d, send buffer: %s", i, d)
		}
	}
	return nil
}

// TestInter runs every operation of two groups against the reference.
func TestInter(t *testing.T) {
	seed := uint64(0)
	for c := range numColl {
		if !c.HasInter() {
			continue
		}
		for _, sizes := range [][2]int{{1, 1}, {1, 3}, {2, 2}, {3, 2}, {4, 5}} {
			for _, count := range []int{0, 1, 7} {
				for kind := range kinds {
					for side := range 2 {
						for root := range sizes[side] {
							for _, commute := range flags(isReduction(c)) {
								seed++
								tr := interTrial{trial{coll: c, root: root, count: count, kind: kind, commute: commute}, sizes, side}
								if err := tr.try(seed); err != nil {
									t.Fatalf("%v between groups of %v, root %d of group %d, count %d, %s, commutative %v, seed %d: %v",
										c, sizes, root, side, count, kinds[kind].name, commute, seed, err)
								}
							}
						}
					}
				}
			}
		}
	}
}
