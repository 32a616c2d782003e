package mpi

import (
	"slices"
	"testing"
)

// inter splits c into its first ranks, a third of all and at least one, and the
// others, and joins them.
func inter(t *testing.T, c *Comm) (i *Comm, low bool) {
	first := max(1, c.Size()/3)
	low = c.Rank() < first
	color, leader := 0, first
	if !low {
		color, leader = 1, 0
	}
	half, err := c.Split(color, 0)
	if err != nil {
		t.Error(err)
		return nil, low
	}
	i, err = half.CreateInter(0, c, leader, 7)
	if err != nil {
		t.Error(err)
	}
	return i, low
}

func TestIntercommunicators(t *testing.T) {
	for _, n := range []int{2, 3, 5} {
		world(t, n, func(c *Comm) {
			i, low := inter(t, c)
			if i == nil {
				return
			}
			checkInter(t, c, i, low)
			d, err := i.Dup()
			if err != nil {
				t.Error(err)
				return
			}
			checkInter(t, c, d, low)
			m, err := i.Merge(low)
			if err != nil {
				t.Error(err)
				return
			}
			far, _ := i.RemoteSize()
			want := i.Rank()
			if low {
				want += far
			}
			if m.Size() != n || m.Rank() != want {
				t.Errorf("merged: rank %d of %d instead of %d", m.Rank(), m.Size(), want)
			}
			s, err := i.Split(0, -i.Rank())
			if err != nil || s.Rank() != i.Size()-1-i.Rank() || s.peers() != far {
				t.Errorf("split: %v", err)
				return
			}
			checkInter(t, c, s, low)
			g, _ := i.Group().Incl([]int{0})
			k, err := i.Create(g)
			if err != nil || (k != nil) != (i.Rank() == 0) || k != nil && (k.Size() != 1 || k.peers() != 1) {
				t.Errorf("create: %v", err)
			}
		})
	}
}

// checkInter talks across i.
func checkInter(t *testing.T, c, i *Comm, low bool) {
	far := i.peers()
	// The other group's sum of its processes' ranks in c.
	ours, theirs, all := []int64{int64(c.Rank())}, []int64{0}, []int64{0}
	if err := Allreduce(c, ours, all, Sum); err != nil {
		t.Error(err)
	}
	if err := Allreduce(i, ours, theirs, Sum); err != nil {
		t.Error(err)
	}
	mine := []int64{0}
	if err := Allreduce(i.local, ours, mine, Sum); err != nil {
		t.Error(err)
	}
	if theirs[0]+mine[0] != all[0] {
		t.Errorf("allreduce: %d of the other group, %d of ours, %d of all", theirs[0], mine[0], all[0])
	}
	got := make([]int64, far)
	b := Slice(got)
	b.Count = 1
	if err := i.Allgather(Slice(ours), b); err != nil || slices.Contains(got, int64(c.Rank())) {
		t.Errorf("allgather: %v, %v", got, err)
	}
	// The last of the low group tells the high group.
	word, root := []int64{0}, ProcNull
	switch {
	case !low:
		root = far - 1
	case i.Rank() == i.Size()-1:
		word[0], root = 99, Root
	}
	if err := i.Bcast(Slice(word), root); err != nil || !low && word[0] != 99 {
		t.Errorf("bcast: %v, %v", word, err)
	}
	if err := i.Barrier(); err != nil {
		t.Error(err)
	}
	if err := i.Scan(Slice(ours), Slice(mine), Sum); ClassOf(err) != ErrComm {
		t.Errorf("scan on an intercommunicator: %v", err)
	}
	if err := i.Allreduce(InPlace, Slice(mine), Sum); ClassOf(err) != ErrBuffer {
		t.Errorf("in place on an intercommunicator: %v", err)
	}
}
