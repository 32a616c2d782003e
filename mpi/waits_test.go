package mpi

import (
	"slices"
	"testing"
)

// A rank knows for whom it waits: in a receive, in a send that nobody takes, in a
// collective; not in what is complete, nor in a receive from anybody.
func TestWaitsFor(t *testing.T) {
	world(t, 3, func(c *Comm) {
		want := func(ranks ...int) {
			if got := c.e.waitsFor(); !slices.Equal(got, ranks) {
				t.Errorf("rank %d waits for %v, want %v", c.Rank(), got, ranks)
			}
		}
		buf, big := make([]byte, 1), make([]byte, 1<<20)
		want()
		if c.Rank() != 1 {
			var rs []*Request
			begin := func(r *Request, err error) {
				if err != nil {
					t.Error(err)
				}
				rs = append(rs, r)
			}
			begin(c.Irecv(Slice(buf), AnySource, 8))
			want()
			begin(c.Irecv(Slice(buf), 1, 7))
			want(1)
			if c.Rank() == 2 {
				begin(c.IsendMode(Synchronous, Slice(big), 0, 9))
				want(0, 1)
			}
			if err := c.Send(Slice(buf), 1, 1); err != nil {
				t.Error(err)
			}
			if c.Rank() == 0 {
				if _, err := c.Recv(Slice(big), 2, 9); err != nil {
					t.Error(err)
				}
			}
			if _, err := Waitall(rs); err != nil {
				t.Error(err)
			}
			want()
			begin(c.Ibarrier())
			if got := c.e.waitsFor(); len(got) == 0 && !rs[len(rs)-1].Done() {
				t.Errorf("in a barrier, rank %d waits for nobody", c.Rank())
			}
			if _, err := rs[len(rs)-1].Wait(); err != nil {
				t.Error(err)
			}
			return
		}
		for _, other := range []int{0, 2} { // they have looked
			if _, err := c.Recv(Slice(buf), other, 1); err != nil {
				t.Error(err)
			}
		}
		for _, other := range []int{0, 2} {
			for _, tag := range []int{7, 8} {
				if err := c.Send(Slice(buf), other, tag); err != nil {
					t.Error(err)
				}
			}
		}
		r, err := c.Ibarrier() // it does not match a blocking one
		if err == nil {
			_, err = r.Wait()
		}
		if err != nil {
			t.Error(err)
		}
	})
}
