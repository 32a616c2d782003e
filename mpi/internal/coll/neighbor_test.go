package coll

import (
	"testing"

	"rainmpi/mpi/internal/dtype"
)

// TestNeighbors runs neighbourhood collectives on a graph with multiple edges and
// on Cartesian topologies whose periodic dimensions have one, two and more
// processes.
func TestNeighbors(t *testing.T) {
	// edges[a] are the destinations of a, in order.
	edges := [][]int{{1, 1, 2}, {0, 3, 3, 3}, {2, 0}, {}, {0}}
	in := make([][]int, len(edges))
	for a, outs := range edges {
		for _, b := range outs {
			in[b] = append(in[b], a)
		}
	}
	groups := make([]Group, len(edges))
	for r := range groups {
		groups[r] = Group{Rank: r, Size: len(edges), In: in[r], Out: edges[r]}
	}
	testNeighbors(t, "graph", groups, func(r, i int) (from, j int) {
		// The i-th source of r is the n-th edge from there.
		from, n := in[r][i], 0
		for _, f := range in[r][:i] {
			if f == from {
				n++
			}
		}
		for k, to := range edges[from] {
			if to == r {
				if n == 0 {
					return from, k
				}
				n--
			}
		}
		panic("no such edge")
	})
	for _, dims := range [][2]int{{1, 1}, {2, 1}, {2, 2}, {3, 2}, {4, 3}} {
		for _, periodic := range []bool{true, false} {
			testNeighbors(t, "cart", cart(dims, periodic), nil)
		}
	}
}

// cart returns a two-dimensional topology, row by row.
func cart(dims [2]int, periodic bool) []Group {
	at := func(x, y int) int {
		if !periodic && (x < 0 || y < 0 || x >= dims[0] || y >= dims[1]) {
			return -3
		}
		return mod(x, dims[0])*dims[1] + mod(y, dims[1])
	}
	var groups []Group
	for x := range dims[0] {
		for y := range dims[1] {
			n := []int{at(x-1, y), at(x+1, y), at(x, y-1), at(x, y+1)}
			groups = append(groups, Group{Rank: len(groups), Size: dims[0] * dims[1], In: n, Out: n, Cart: true})
		}
	}
	return groups
}

// testNeighbors checks that block i of r comes from the rank's block that source
// says; in a Cartesian topology, from the neighbour's block of the opposite side.
func testNeighbors(t *testing.T, name string, groups []Group, source func(r, i int) (from, j int)) {
	if source == nil {
		source = func(r, i int) (int, int) { return groups[r].In[i], i ^ 1 }
	}
	const n = 3
	k := kinds[1]
	for c := NeighborAllgather; c <= NeighborAlltoallw; c++ {
		for seed := range uint64(6) {
			s := newSim(len(groups), seed, manner(seed%uint64(numManners)))
			var recvs, wants []*memory
			for r, g := range groups {
				st := &seat{group: g}
				st.shape.Coll = c
				all := c == NeighborAllgather || c == NeighborAllgatherv
				st.sends(k, n*max(1, len(g.Out)), n, func(i int) elem {
					if all {
						return value(r, i%n)
					}
					return passing(r, i/n, i%n)
				})
				st.receives(k, n*len(g.In), n)
				for i := range g.In {
					if g.In[i] < 0 {
						continue
					}
					for e := range n {
						from, j := source(r, i)
						v := passing(from, j, e)
						if all {
							v = value(from, e)
						}
						st.want.set(i*n+e, v)
					}
				}
				st.v, st.args.Types = neighborVectors(c, g, n, k)
				st.args.Send, st.args.Recv = st.send.addr(), st.recv.addr()
				sched := Build(g, new(Choice), st.shape, st.v)
				if err := check(sched, st, len(groups)); err != nil {
					t.Fatal(err)
				}
				s.ranks[r].run.Bind(s.ranks[r], sched, st.args)
				recvs, wants = append(recvs, st.recv), append(wants, st.want)
			}
			if err := s.run(); err != nil {
				t.Fatalf("%v on a %s of %d, seed %d: %v", c, name, len(groups), seed, err)
			}
			for r := range recvs {
				if d := recvs[r].differs(wants[r]); d != "" {
					t.Fatalf("%v on a %s of %d, seed %d, rank %d: %s", c, name, len(groups), seed, r, d)
				}
			}
		}
	}
}

func neighborVectors(c Coll, g Group, n int64, k *kind) (v *Vectors, types []*dtype.Type) {
	unit := int64(1)
	if c == NeighborAlltoallw {
		unit = k.t.Extent()
	}
	row := func(m int) (counts, displs []int64, layouts []Layout) {
		for i := range m {
			counts, displs = append(counts, n), append(displs, int64(i)*n*unit)
			layouts = append(layouts, LayoutOf(k.t))
			types = append(types, k.t)
		}
		return counts, displs, layouts
	}
	v = new(Vectors)
	v.SendCounts, v.SendDispls, v.SendTypes = row(len(g.Out))
	v.RecvCounts, v.RecvDispls, v.RecvTypes = row(len(g.In))
	return v, types
}
