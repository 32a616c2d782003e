package mpi

import (
	"errors"
	"runtime"
	"slices"
	"testing"
	"unsafe"
)

// counted returns blocks of 1, 2, … elements with a gap of one between them, in
// descending order of ranks.
func counted(n int) (counts, displs []int64, total int) {
	counts, displs = make([]int64, n), make([]int64, n)
	at := int64(0)
	for r := n - 1; r >= 0; r-- {
		counts[r], displs[r] = int64(r+1), at
		at += int64(r + 2)
	}
	return counts, displs, int(at)
}

func bufferV(s []int64, counts, displs []int64) BufferV {
	return BufferV{Addr: unsafe.Pointer(unsafe.SliceData(s)), Counts: counts, Displs: displs, Type: DatatypeOf[int64]()}
}

// TestVectorCollectives runs the v and w calls; rank r's i-th element is 100r+i.
func TestVectorCollectives(t *testing.T) {
	for _, n := range []int{1, 2, 3, 5} {
		world(t, n, func(c *Comm) { checkVectors(t, c) })
	}
}

func checkVectors(t *testing.T, c *Comm) {
	n, me := c.Size(), c.Rank()
	counts, displs, total := counted(n)
	mine := make([]int64, me+1)
	for i := range mine {
		mine[i] = int64(100*me + i)
	}
	want := make([]int64, total)
	for r := range n {
		for i := range counts[r] {
			want[displs[r]+i] = int64(100*r) + i
		}
	}
	check := func(name string, err error, got, want []int64) {
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s, rank %d of %d: %v instead of %v (%v)", name, me, n, got, want, err)
		}
	}

	got := make([]int64, total)
	check("allgatherv", c.Allgatherv(Slice(mine), bufferV(got, counts, displs)), got, want)
	got = make([]int64, total)
	copy(got[displs[me]:], mine)
	check("allgatherv in place", c.Allgatherv(InPlace, bufferV(got, counts, displs)), got, want)
	got = make([]int64, total)
	err := c.Gatherv(Slice(mine), bufferV(got, counts, displs), n-1)
	if me == n-1 {
		check("gatherv", err, got, want)
	}
	part := make([]int64, me+1)
	check("scatterv", c.Scatterv(bufferV(want, counts, displs), Slice(part), 0), part, mine)

	// Rank r gives rank s r+s+1 elements of 100r+s.
	var give, take, is []int64
	var sc, sd, rc, rd []int64
	for r := range n {
		sc, sd = append(sc, int64(me+r+1)), append(sd, int64(len(give)))
		rc, rd = append(rc, int64(me+r+1)), append(rd, int64(len(is)))
		for range me + r + 1 {
			give, is = append(give, int64(100*me+r)), append(is, int64(100*r+me))
		}
	}
	take = make([]int64, len(is))
	check("alltoallv", c.Alltoallv(bufferV(give, sc, sd), bufferV(take, rc, rd)), take, is)
	take = slices.Clone(give)
	check("alltoallv in place", c.Alltoallv(InPlaceV, bufferV(take, rc, rd)), take, is)

	types := make([]*Datatype, n)
	bytes := make([]int64, n)
	for r := range n {
		types[r], bytes[r] = DatatypeOf[int64](), 8*sd[r]
	}
	take = make([]int64, len(is))
	r, err := c.Ialltoallw(BufferW{Slice(give).Addr, sc, bytes, types}, BufferW{Slice(take).Addr, rc, bytes, types})
	if err == nil {
		_, err = r.Wait()
	}
	check("ialltoallw", err, take, is)

	// Every rank contributes the numbers from 0 on.
	all := make([]int64, n*(n+1)/2)
	first := me * (me + 1) / 2
	sum := make([]int64, me+1)
	for i := range all {
		all[i] = int64(i)
	}
	for i := range sum {
		sum[i] = int64(n * (first + i))
	}
	got = make([]int64, me+1)
	check("reduce_scatter", c.ReduceScatter(Slice(all), Slice(got), counts, Sum), got, sum)
	got = []int64{0}
	check("reduce_scatter_block", c.ReduceScatterBlock(Slice(all[:n]), Slice(got), Sum), got, []int64{int64(n * me)})
	got, want = []int64{-1}, []int64{2 * int64(me)}
	if me == 0 {
		want[0] = -1 // nothing is below rank 0
	}
	check("exscan", c.Exscan(Slice([]int64{2}), Slice(got), Sum), got, want)
}

// TestPersistentVectors: the counts of a persistent call are read when it is made.
func TestPersistentVectors(t *testing.T) {
	world(t, 3, func(c *Comm) {
		counts, displs, total := counted(3)
		mine, got := make([]int64, c.Rank()+1), make([]int64, total)
		r, err := c.AllgathervInit(Slice(mine), bufferV(got, counts, displs))
		if err != nil {
			t.Error(err)
			return
		}
		at := slices.Clone(displs)
		clear(counts)
		clear(displs)
		for i := range int64(5) {
			mine[0] = 10*i + int64(c.Rank())
			r.Start()
			if _, err := r.Wait(); err != nil || got[at[2]] != 10*i+2 || got[at[0]] != 10*i {
				t.Errorf("start %d: %v, %v", i, got, err)
			}
		}
		r.Free()
	})
}

// TestPersistentOrder: ranks may start persistent collectives in different orders
// (MPI 5.0 section 6.13: only their making has an order).
func TestPersistentOrder(t *testing.T) {
	world(t, 3, func(c *Comm) {
		word := []int64{0}
		b, err := c.BcastInit(Slice(word), 0)
		if err != nil {
			t.Error(err)
		}
		w, err := c.BarrierInit()
		if err != nil {
			t.Error(err)
		}
		for i := range int64(5) {
			if c.Rank() == 0 {
				word[0] = i + 1
			}
			rs := []*Request{b, w}
			if c.Rank() == 1 {
				rs = []*Request{w, b}
			}
			Startall(rs)
			if _, err := Waitall(rs); err != nil || word[0] != i+1 {
				t.Errorf("rank %d: %d instead of %d, %v", c.Rank(), word[0], i+1, err)
			}
		}
		b.Free()
		w.Free()
	})
}

func TestCollectiveErrors(t *testing.T) {
	world(t, 2, func(c *Comm) {
		b := Slice(make([]int64, 4))
		b2 := Slice(make([]int64, 4))
		double := Slice(make([]float64, 4))
		negative := b
		negative.Count = -1
		v := bufferV(make([]int64, 4), []int64{1, -1}, []int64{0, 1})
		var null *Comm
		for _, k := range []struct {
			name  string
			err   error
			class Class
		}{
			{"bcast, root too large", c.Bcast(b, 2), ErrRoot},
			{"bcast, root negative", c.Bcast(b, -1), ErrRoot},
			{"bcast in place", c.Bcast(InPlace, 0), ErrBuffer},
			{"bcast, null type", c.Bcast(Buffer{Count: 1}, 0), ErrType},
			{"bcast, negative count", c.Bcast(negative, 0), ErrCount},
			{"allreduce, null operation", c.Allreduce(b, b2, nil), ErrOp},
			{"allreduce, operation not for the type", c.Allreduce(double, Slice(make([]float64, 4)), BAnd), ErrOp},
			{"allreduce, one buffer", c.Allreduce(b, b, Sum), ErrBuffer},
			{"allreduce into in place", c.Allreduce(b, InPlace, Sum), ErrBuffer},
			{"gather in place where not root", c.Gather(InPlace, b, 1-c.Rank()), ErrBuffer},
			{"allgatherv, negative count", c.Allgatherv(b, v), ErrCount},
			{"alltoallv, too few counts", c.Alltoallv(v, BufferV{Type: v.Type}), ErrArg},
			{"reduce_scatter, too few counts", c.ReduceScatter(b, b2, []int64{1}, Sum), ErrArg},
			{"neighbor_alltoall without topology", c.NeighborAlltoall(b, b2), ErrTopology},
			{"null communicator", null.Barrier(), ErrComm},
		} {
			if ClassOf(k.err) != k.class {
				t.Errorf("%s: %v", k.name, k.err)
			}
		}
		// Nothing of this was started.
		if err := c.Barrier(); err != nil {
			t.Error(err)
		}
	})
}

// TestTruncatedCollective: a rank whose buffer is too small is told, the others
// are not kept waiting.
func TestTruncatedCollective(t *testing.T) {
	world(t, 3, func(c *Comm) {
		b := make([]int64, 4-c.Rank()/2)
		err := c.Bcast(Slice(b), 0)
		if want := c.Rank() == 2; errors.Is(err, ErrTruncate) != want {
			t.Errorf("rank %d: %v", c.Rank(), err)
		}
	})
}

// TestCollectivesAllocateNothing: the steady state of blocking collectives needs
// no new memory.
func TestCollectivesAllocateNothing(t *testing.T) {
	world(t, 2, func(c *Comm) {
		in, out := make([]int64, 100), make([]int64, 200)
		counts, displs := []int64{100, 100}, []int64{0, 100}
		once := func() {
			c.Barrier()
			c.Bcast(Slice(in), 1)
			c.Allreduce(Slice(in), Slice(out[:100]), Sum)
			c.Allgatherv(Slice(in), bufferV(out, counts, displs))
			c.Reduce(Slice(in), Slice(out[:100]), Sum, 0)
		}
		for range 50 {
			once()
		}
		var before, after runtime.MemStats
		c.Barrier()
		runtime.ReadMemStats(&before)
		const times = 200
		for range times {
			once()
		}
		c.Barrier()
		runtime.ReadMemStats(&after)
		if n := float64(after.Mallocs-before.Mallocs) / times; n > 1 {
			t.Errorf("five collectives allocate %.1f times", n)
		}
	})
}

func BenchmarkAllreduce8Bytes(b *testing.B) {
	world(b, 2, func(c *Comm) {
		in, out := []int64{1}, []int64{0}
		if c.Rank() == 0 {
			b.ReportAllocs()
			b.ResetTimer()
		}
		for range b.N {
			c.Allreduce(Slice(in), Slice(out), Sum)
		}
	})
}
