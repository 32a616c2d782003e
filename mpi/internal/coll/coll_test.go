package coll

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// try runs a trial with an algorithm and reports what went wrong.
func try(t trial, a *Algorithm, seed uint64, m manner) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	seats := t.seats()
	s := newSim(t.size, seed, m)
	s.op = apply(t.op())
	for i, st := range seats {
		sched := a.Build(st.group, st.shape, st.v)
		if err := check(sched, st, t.size); err != nil {
			return fmt.Errorf("rank %d: %w", i, err)
		}
		s.ranks[i].run.Bind(s.ranks[i], sched, st.args)
	}
	if err := s.run(); err != nil {
		return err
	}
	for i, st := range seats {
		if d := st.recv.differs(st.want); d != "" {
			return fmt.Errorf("rank %d, receive buffer: %s", i, d)
		}
		if d := st.send.differs(st.wantSend); d != "" {
			return fmt.Errorf("rank %d, send buffer: %s", i, d)
		}
	}
	return nil
}

// trials calls f with every kind of call of a collective.
func trials(c Coll, sizes, counts []int, f func(trial)) {
	for _, size := range sizes {
		for _, count := range counts {
			for kind := 0; kind <= len(kinds); kind++ {
				for _, root := range roots(c, size) {
					for _, inPlace := range flags(hasInPlace(c)) {
						for _, commute := range flags(isReduction(c)) {
							if isReduction(c) && kind == len(kinds) {
								continue // MPI: the datatypes of a reduction are the same
							}
							for _, hosts := range placements(size) {
								f(trial{c, size, root, count, kind, inPlace, commute, hosts})
							}
						}
					}
				}
			}
		}
	}
}

func isReduction(c Coll) bool { return c >= Reduce && c <= Exscan }

func hasInPlace(c Coll) bool { return c != Barrier && c != Bcast }

func flags(both bool) []bool {
	if both {
		return []bool{false, true}
	}
	return []bool{false}
}

func roots(c Coll, size int) []int {
	switch c {
	case Bcast, Gather, Gatherv, Scatter, Scatterv, Reduce:
		if size <= 5 {
			all := make([]int, size)
			for i := range all {
				all[i] = i
			}
			return all
		}
		return []int{0, 2, size/2 + 1, size - 1}
	}
	return []int{0}
}

// placements are ways of ranks on hosts: unknown, blocks, and dealt out.
func placements(size int) [][]int {
	if size < 3 {
		return [][]int{nil}
	}
	block, deal := make([]int, size), make([]int, size)
	for i := range size {
		block[i], deal[i] = 7-i/3, i%2
	}
	return [][]int{nil, block, deal}
}

// costly calls move much and find nothing that others do not find.
func (t trial) costly() bool {
	if t.count < 100 {
		return false
	}
	pairs := t.coll >= Alltoall && t.coll <= Alltoallw
	return pairs && t.size > 9 || t.kind == 1 || t.kind == 2 || t.size > 5 && t.size != 8 && t.size != 17
}

// TestAlgorithms runs every algorithm with every kind of call against the naive
// reference.
func TestAlgorithms(t *testing.T) {
	sizes := []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 17}
	counts := []int{0, 1, 7, 1000}
	if testing.Short() {
		sizes, counts = []int{1, 2, 3, 5, 8, 9}, []int{0, 1, 7}
	}
	for i := range algorithms {
		a := &algorithms[i]
		if a.Coll >= NeighborAllgather {
			continue
		}
		t.Run(a.Coll.String()+"/"+a.Name, func(t *testing.T) {
			t.Parallel()
			seed, failed := uint64(i), 0
			trials(a.Coll, sizes, counts, func(tr trial) {
				if failed > 3 || tr.costly() {
					return
				}
				// Only hierarchical algorithms look at hosts.
				if a.fits == nil && tr.hostOf != nil {
					return
				}
				g := Group{Size: tr.size, HostOf: tr.hostOf}
				if !a.can(&g, &Shape{Coll: a.Coll, Commutative: tr.commute}) {
					return
				}
				seed++
				if err := try(tr, a, seed, manner(seed%uint64(numManners))); err != nil {
					failed++
					t.Errorf("%v, seed %d: %v", tr, seed, err)
				}
			})
		})
	}
}

// TestRandomCalls draws calls that the grid of TestAlgorithms does not have:
// larger groups, any placement on hosts, whatever the table chooses.
func TestRandomCalls(t *testing.T) {
	n := 1500
	if testing.Short() {
		n = 300
	}
	for seed := range uint64(n) {
		rng := rand.New(rand.NewPCG(seed, 7))
		tr := trial{coll: Coll(rng.IntN(int(NeighborAllgather))), size: 1 + rng.IntN(40)}
		tr.root = rng.IntN(tr.size)
		tr.count = rng.IntN(1 << rng.IntN(9))
		tr.kind = rng.IntN(len(kinds) + 1)
		if isReduction(tr.coll) {
			tr.kind = rng.IntN(len(kinds))
		}
		tr.inPlace = hasInPlace(tr.coll) && rng.IntN(2) == 0
		tr.commute = rng.IntN(2) == 0
		hosts := 1 + rng.IntN(tr.size)
		for range tr.size {
			tr.hostOf = append(tr.hostOf, rng.IntN(hosts))
		}
		var fit []*Algorithm
		for i := range algorithms {
			a := &algorithms[i]
			if a.Coll == tr.coll && a.can(&Group{Size: tr.size, HostOf: tr.hostOf}, &Shape{Commutative: tr.commute}) {
				fit = append(fit, a)
			}
		}
		a := fit[rng.IntN(len(fit))]
		if err := try(tr, a, seed, manner(rng.IntN(int(numManners)))); err != nil {
			t.Fatalf("%v by %s, seed %d: %v", tr, a.Name, seed, err)
		}
	}
}
