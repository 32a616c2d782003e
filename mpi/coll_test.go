package mpi

import (
	"slices"
	"testing"
)

// TestCollectives runs each collective on every small number of ranks and for
// lengths that take different algorithms.
func TestCollectives(t *testing.T) {
	for _, n := range []int{1, 2, 3, 4, 7} {
		for _, length := range []int{1, 13, 5000} {
			world(t, n, func(c *Comm) { checkCollectives(t, c, length) })
		}
	}
}

func checkCollectives(t *testing.T, c *Comm, length int) {
	n, me := c.Size(), c.Rank()
	root := n - 1
	mine := numbers(length, me)
	sum := make([]int64, length)
	for r := range n {
		for i, v := range numbers(length, r) {
			sum[i] += v
		}
	}
	check := func(name string, err error, got, want []int64) {
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: rank %d of %d, %d numbers: wrong (%v)", name, me, n, length, err)
		}
	}
	var all []int64
	for r := range n {
		all = append(all, numbers(length, r)...)
	}

	b := numbers(length, me)
	check("bcast", Bcast(c, b, root), b, numbers(length, root))
	got := make([]int64, length)
	check("allreduce", Allreduce(c, mine, got, Sum), got, sum)
	got = slices.Clone(mine)
	check("allreduce in place", Allreduce(c, nil, got, Sum), got, sum)
	got = make([]int64, length)
	err := Reduce(c, mine, got, Sum, root)
	if me == root {
		check("reduce", err, got, sum)
	}
	gathered := make([]int64, n*length)
	check("allgather", Allgather(c, mine, gathered), gathered, all)
	gathered = make([]int64, n*length)
	err = Gather(c, mine, gathered, root)
	if me == root {
		check("gather", err, gathered, all)
	}
	part := make([]int64, length)
	check("scatter", Scatter(c, all, part, root), part, mine)
	var out, want []int64
	for r := range n {
		out = append(out, numbers(length, me*n+r)...)
		want = append(want, numbers(length, r*n+me)...)
	}
	in := make([]int64, n*length)
	check("alltoall", Alltoall(c, out, in), in, want)

	// A user's operation that does not commute: the last rank's value wins.
	last := OpFunc(func(a, b int64) int64 { return b }, false)
	got = make([]int64, length)
	check("allreduce, user operation", Allreduce(c, mine, got, last), got, numbers(length, n-1))
	scan := make([]int64, length)
	check("scan, user operation", Scan(c, mine, scan, last), scan, mine)

	r, err := c.Iallreduce(Slice(mine), Slice(got), Max)
	if err != nil {
		t.Error(err)
	} else if _, err = r.Wait(); err != nil {
		t.Error(err)
	}
	check("iallreduce", err, got, numbers(length, n-1))
}

func TestPersistentCollective(t *testing.T) {
	world(t, 3, func(c *Comm) {
		in, out := make([]int64, 10), make([]int64, 10)
		r, err := c.AllreduceInit(Slice(in), Slice(out), Sum)
		if err != nil {
			t.Error(err)
			return
		}
		for i := range 20 {
			copy(in, numbers(10, i))
			r.Start()
			if _, err := r.Wait(); err != nil || out[3] != 3*numbers(10, i)[3] {
				t.Errorf("round %d: %v, %v", i, out[3], err)
			}
		}
		r.Free()
	})
}

func TestCommunicators(t *testing.T) {
	world(t, 5, func(c *Comm) {
		d, err := c.Dup()
		if err != nil || d.Compare(c) != Congruent {
			t.Errorf("dup: %v", err)
			return
		}
		s, err := d.Split(c.Rank()%2, -c.Rank())
		if err != nil {
			t.Error(err)
			return
		}
		if want := []int{3, 2}[c.Rank()%2]; s.Size() != want {
			t.Errorf("split: %d ranks, want %d", s.Size(), want)
		}
		sum := []int64{0}
		Allreduce(s, []int64{int64(c.Rank())}, sum, Sum)
		if want := []int64{6, 4}[c.Rank()%2]; sum[0] != want {
			t.Errorf("split: the ranks' sum is %d, want %d", sum[0], want)
		}
		if c.Rank() == 4 && s.Rank() != 0 {
			t.Errorf("rank 4 is rank %d in the split by descending key", s.Rank())
		}
		none, err := c.Split(Undefined, 0)
		if none != nil || err != nil {
			t.Errorf("split with Undefined: %v, %v", none, err)
		}
		if c.Rank() > 1 {
			g, _ := c.Group().Excl([]int{0, 1})
			cg, err := c.CreateGroup(g, 5)
			if err != nil || cg.Size() != 3 || cg.Rank() != c.Rank()-2 {
				t.Errorf("create_group: %v", err)
			}
		}
		if err := s.Free(); err != nil {
			t.Error(err)
		}
		if err := s.Free(); ClassOf(err) != ErrComm {
			t.Errorf("freed twice: %v", err)
		}
	})
}
