package mpi

import (
	"slices"
	"testing"
)

func TestDimsCreate(t *testing.T) {
	for _, k := range []struct {
		n          int
		dims, want []int
		class      Class
	}{
		{n: 6, dims: []int{0, 0}, want: []int{3, 2}},
		{n: 7, dims: []int{0, 0}, want: []int{7, 1}},
		{n: 6, dims: []int{0, 3, 0}, want: []int{2, 3, 1}},
		{n: 16, dims: []int{0, 0, 0}, want: []int{4, 2, 2}},
		{n: 36, dims: []int{0, 0, 0}, want: []int{4, 3, 3}},
		{n: 1 << 20, dims: []int{0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, want: []int{4, 4, 4, 4, 4, 4, 4, 4, 4, 4}},
		{n: 720720, dims: []int{0, 0, 0}, want: []int{91, 90, 88}},
		{n: 5040, dims: []int{0, 0, 0}, want: []int{21, 16, 15}},
		{n: 98784, dims: []int{0, 0, 0, 0, 0}, want: []int{14, 14, 9, 8, 7}},
		{n: 3628800, dims: []int{0, 0, 0, 0, 0}, want: []int{24, 21, 20, 20, 18}},
		{n: 12, dims: []int{3, 4}, want: []int{3, 4}},
		{n: 7, dims: []int{0, 3, 0}, class: ErrDims},
		{n: 12, dims: []int{3, 3}, class: ErrDims},
		{n: 12, dims: []int{3, -1}, class: ErrDims},
		{n: 0, dims: []int{0}, class: ErrArg},
	} {
		got := slices.Clone(k.dims)
		if err := DimsCreate(k.n, got); ClassOf(err) != k.class || err == nil && !slices.Equal(got, k.want) {
			t.Errorf("%d processes on %v: %v instead of %v, %v", k.n, k.dims, got, k.want, err)
		}
	}
}

func TestCart(t *testing.T) {
	world(t, 7, func(c *Comm) {
		g, err := c.CartCreate([]int{2, 3}, []bool{false, true}, true)
		if err != nil || (g == nil) != (c.Rank() == 6) {
			t.Errorf("cart_create: %v", err)
			return
		}
		if g == nil {
			return
		}
		me := g.Rank()
		_, _, at, err := g.Cart()
		if err != nil || at[0] != me/3 || at[1] != me%3 {
			t.Errorf("rank %d is at %v, %v", me, at, err)
		}
		if r, err := g.CartRank([]int{at[0], at[1] - 3}); r != me || err != nil {
			t.Errorf("one time round: rank %d, %v", r, err)
		}
		if _, err := g.CartRank([]int{2, 0}); ClassOf(err) != ErrArg {
			t.Errorf("outside of the grid: %v", err)
		}
		above := []int{3, 4, 5, ProcNull, ProcNull, ProcNull}[me]
		below := []int{ProcNull, ProcNull, ProcNull, 0, 1, 2}[me]
		if s, d, err := g.CartShift(0, 1); s != below || d != above || err != nil {
			t.Errorf("shift: %d to %d, %v", s, d, err)
		}
		d, err := g.Dup()
		if err != nil {
			t.Error(err)
			return
		}
		checkHalo(t, d, []int{below, above, 3*at[0] + (at[1]+2)%3, 3*at[0] + (at[1]+1)%3})
		row, err := d.CartSub([]bool{false, true})
		if err != nil || row.Size() != 3 || row.Rank() != at[1] {
			t.Errorf("cart_sub: %v", err)
			return
		}
		checkHalo(t, row, []int{(at[1] + 2) % 3, (at[1] + 1) % 3})
		if k, err := row.TopoTest(); k != CartTopology || err != nil {
			t.Errorf("topo_test: %d, %v", k, err)
		}
	})
}

// checkHalo sends each neighbour our rank, and its direction.
func checkHalo(t *testing.T, c *Comm, neighbors []int) {
	mine, got := []int64{int64(c.Rank())}, make([]int64, len(neighbors))
	want := make([]int64, len(neighbors))
	for i, n := range neighbors {
		got[i] = -1
		want[i] = int64(n)
		if n == ProcNull {
			want[i] = -1
		}
	}
	b := Slice(got)
	b.Count = 1
	if err := c.NeighborAllgather(Slice(mine), b); err != nil || !slices.Equal(got, want) {
		t.Errorf("rank %d: neighbor_allgather: %v instead of %v, %v", c.Rank(), got, want, err)
	}
	send := make([]int64, len(neighbors))
	for i := range send {
		send[i] = int64(10*c.Rank() + i)
		got[i] = -1
		if want[i] >= 0 {
			want[i] = 10*want[i] + int64(i^1)
		}
	}
	s := Slice(send)
	s.Count = 1
	r, err := c.IneighborAlltoall(s, b)
	if err == nil {
		_, err = r.Wait()
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("rank %d: neighbor_alltoall: %v instead of %v, %v", c.Rank(), got, want, err)
	}
}

// TestGraphs: a star around rank 0, given in the three ways.
func TestGraphs(t *testing.T) {
	world(t, 4, func(c *Comm) {
		n, me := c.Size(), c.Rank()
		index, edges := []int{n - 1}, sequence(n)[1:]
		leaves := slices.Clone(edges)
		for range n - 1 {
			edges = append(edges, 0)
			index = append(index, len(edges))
		}
		mine := []int{0}
		if me == 0 {
			mine = leaves
		}
		g, err := c.GraphCreate(index, edges, false)
		if err != nil {
			t.Error(err)
			return
		}
		if got, err := g.GraphNeighbors(me); err != nil || !slices.Equal(got, mine) {
			t.Errorf("rank %d: neighbours %v, %v", me, got, err)
		}
		checkStar(t, g, mine)
		a, err := c.DistGraphCreateAdjacent(Neighbors{Ranks: mine}, Neighbors{Ranks: mine}, false)
		if err != nil {
			t.Error(err)
			return
		}
		checkStar(t, a, mine)

		// Rank i gives the edges of rank i+1, the weights are the sums of the ends.
		sources, degrees, ends, weights := []int{(me + 1) % n}, []int{1}, []int{0}, []int{(me + 1) % n}
		if sources[0] == 0 {
			degrees, ends, weights = []int{n - 1}, leaves, leaves
		}
		d, err := c.DistGraphCreate(sources, degrees, ends, weights, false)
		if err != nil {
			t.Error(err)
			return
		}
		in, out, err := d.DistGraphNeighbors()
		slices.Sort(in.Ranks)
		slices.Sort(out.Ranks)
		if err != nil || !slices.Equal(in.Ranks, mine) || !slices.Equal(out.Ranks, mine) || out.Weights[0] != max(me, out.Weights[0]) {
			t.Errorf("rank %d: in %v, out %v, %v", me, in, out, err)
		}
		if _, err := c.GraphCreate([]int{2}, []int{0}, false); ClassOf(err) != ErrArg {
			t.Errorf("a graph with too few edges: %v", err)
		}
		if _, _, err := c.CartShift(0, 1); ClassOf(err) != ErrTopology {
			t.Errorf("shift without a grid: %v", err)
		}
	})
}

func checkStar(t *testing.T, c *Comm, neighbors []int) {
	mine, got := []int64{int64(c.Rank())}, make([]int64, len(neighbors))
	b := Slice(got)
	b.Count = 1
	if err := c.NeighborAllgather(Slice(mine), b); err != nil {
		t.Error(err)
	}
	for i, n := range neighbors {
		if got[i] != int64(n) {
			t.Errorf("rank %d: %v from %v", c.Rank(), got, neighbors)
		}
	}
}
