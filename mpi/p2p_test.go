package mpi

import (
	"context"
	"errors"
	"slices"
	"testing"
	"unsafe"
)

// numbers is n values that depend on seed.
func numbers(n, seed int) []int64 {
	s := make([]int64, n)
	for i := range s {
		s[i] = int64(seed)*1_000_003 + int64(i)
	}
	return s
}

// TestRing sends messages of every protocol's length round a ring of ranks.
func TestRing(t *testing.T) {
	for _, n := range []int{1, 2, 3, 5} {
		world(t, n, func(c *Comm) {
			next, prev := (c.Rank()+1)%n, (c.Rank()+n-1)%n
			for _, length := range []int{0, 1, 100, 1000, 5000, 100_000, 1_000_000} {
				got := make([]int64, length)
				st, err := Sendrecv(c, numbers(length, c.Rank()), next, 7, got, prev, 7)
				if err != nil {
					t.Error(err)
				}
				if !slices.Equal(got, numbers(length, prev)) {
					t.Errorf("rank %d: %d numbers came wrong", c.Rank(), length)
				}
				if st.Source != prev || st.Tag != 7 || st.Count(DatatypeOf[int64]()) != length {
					t.Errorf("rank %d: status %+v for %d numbers", c.Rank(), st, length)
				}
			}
		})
	}
}

// TestWithoutDirectReading forces rendezvous data through the rings.
func TestWithoutDirectReading(t *testing.T) {
	world(t, 2, func(c *Comm) {
		const length = 300_000
		strided, err := NewVector(length, 1, 2, DatatypeOf[int64]())
		if err != nil {
			t.Error(err)
			return
		}
		strided.Commit()
		peer := 1 - c.Rank()
		wide := make([]int64, 2*length)
		for i, v := range numbers(length, c.Rank()) {
			wide[2*i] = v
		}
		r, _ := c.Irecv(Slice(make([]int64, length)), peer, 1)
		got := make([]int64, length)
		r2, _ := c.Irecv(Slice(got), peer, 2)
		b := Slice(wide)
		b.Count, b.Type = 1, strided
		s, err := c.Isend(b, peer, 1)
		if err != nil {
			t.Error(err)
			return
		}
		s2, _ := c.Isend(b, peer, 2)
		if _, err := Waitall([]*Request{r, r2, s, s2}); err != nil {
			t.Error(err)
		}
		if !slices.Equal(got, numbers(length, peer)) {
			t.Errorf("rank %d: strided numbers came wrong", c.Rank())
		}
	})
}

// TestManyUnexpected sends more than the receiver is willing to hold, before
// it receives anything: it must get all in order, and nobody may deadlock.
func TestManyUnexpected(t *testing.T) {
	world(t, 2, func(c *Comm) {
		const messages, length = 3000, 500
		if c.Rank() == 0 {
			for i := range messages {
				if err := Send(c, numbers(length, i), 1, 3); err != nil {
					t.Error(err)
				}
			}
			Send(c, []int64{1}, 1, 4)
			return
		}
		got := make([]int64, length)
		r, _ := c.Irecv(Slice(make([]int64, 1)), 0, 4)
		for i := range messages {
			if _, err := Recv(c, got, AnySource, 3); err != nil {
				t.Error(err)
			}
			if !slices.Equal(got, numbers(length, i)) {
				t.Errorf("message %d came wrong, or out of order", i)
				return
			}
		}
		r.Wait()
	})
}

func TestSynchronousWaitsForItsReceive(t *testing.T) {
	world(t, 2, func(c *Comm) {
		if c.Rank() == 0 {
			r, err := c.Issend(Slice([]int64{5}), 1, 1)
			if err != nil {
				t.Error(err)
			}
			// The other's message was sent before its receive was posted.
			Recv(c, make([]int64, 1), 1, 2)
			if r.Done() {
				t.Error("a synchronous send is complete before its receive is posted")
			}
			Send(c, []int64{1}, 1, 3)
			r.Wait()
			return
		}
		Send(c, []int64{1}, 0, 2)
		Recv(c, make([]int64, 1), 0, 3)
		Recv(c, make([]int64, 1), 0, 1)
	})
}

func TestTruncation(t *testing.T) {
	world(t, 2, func(c *Comm) {
		for _, length := range []int{10, 100_000} {
			if c.Rank() == 0 {
				if err := Send(c, numbers(length, 1), 1, 0); err != nil {
					t.Errorf("the sender of a truncated message gets %v", err)
				}
				continue
			}
			got := make([]int64, length)
			_, err := Recv(c, got[:length/2], 0, 0)
			if !errors.Is(err, ErrTruncate) {
				t.Errorf("%d numbers into half the room: %v", length, err)
			}
			if !slices.Equal(got[:length/2], numbers(length, 1)[:length/2]) || slices.Max(got[length/2:]) != 0 {
				t.Errorf("%d numbers into half the room: the buffer is wrong", length)
			}
		}
	})
}

// TestTorn: a short message of whole elements is right, and one that ends inside an element never is.
func TestTorn(t *testing.T) {
	const blocks = 20_000 // a rendezvous, as whole messages
	world(t, 2, func(c *Comm) {
		apart, err := NewVector(blocks, 1, 2, Int32)
		if err != nil || apart.Commit() != nil {
			t.Error(err)
			return
		}
		for _, bytes := range []int{4, 3, 0, 70_000, 70_001} {
			if c.Rank() == 0 {
				if err := Send(c, make([]byte, bytes), 1, 0); err != nil {
					t.Error(err)
				}
				continue
			}
			got := make([]int32, 2*blocks)
			_, err := c.Recv(Buffer{Addr: unsafe.Pointer(&got[0]), Count: 1, Type: apart}, 0, 0)
			if torn := bytes%4 != 0; torn != errors.Is(err, ErrType) || !torn && err != nil {
				t.Errorf("%d bytes received as numbers of 4: %v", bytes, err)
			}
		}
	})
}

func TestProbeAndMatched(t *testing.T) {
	world(t, 2, func(c *Comm) {
		if c.Rank() == 0 {
			r, _ := Isend(c, numbers(20_000, 1), 1, 9)
			Send(c, numbers(3, 2), 1, 8)
			r.Wait()
			return
		}
		s, err := c.Probe(AnySource, 8)
		if err != nil || s.Bytes() != 24 {
			t.Errorf("probe: %+v, %v", s, err)
		}
		m, s, err := c.Mprobe(0, AnyTag)
		if err != nil || s.Tag != 9 {
			t.Errorf("the first message has tag %d, %v; want 9", s.Tag, err)
		}
		three := make([]int64, 3)
		Recv(c, three, 0, 8)
		got := make([]int64, 20_000)
		if _, err := m.Recv(Slice(got)); err != nil || !slices.Equal(got, numbers(20_000, 1)) {
			t.Errorf("the matched message came wrong: %v", err)
		}
	})
}

func TestPersistentAndCancel(t *testing.T) {
	world(t, 2, func(c *Comm) {
		peer := 1 - c.Rank()
		out, in := make([]int64, 100), make([]int64, 100)
		s, err := c.SendInit(Standard, Slice(out), peer, 1)
		if err != nil {
			t.Error(err)
		}
		r, _ := c.RecvInit(Slice(in), peer, 1)
		for i := range 50 {
			copy(out, numbers(100, i))
			if err := Startall([]*Request{r, s}); err != nil {
				t.Error(err)
			}
			Waitall([]*Request{r, s})
			if !slices.Equal(in, numbers(100, i)) {
				t.Errorf("round %d came wrong", i)
			}
		}
		r.Start()
		r.Cancel()
		if st, err := r.Wait(); err != nil || !st.Cancelled() {
			t.Errorf("a cancelled receive ends with %+v, %v", st, err)
		}
		r.Free()
		s.Free()
	})
}

// TestListsOfRequests ends requests of one list in the order in which they can be: what is spent is nil in the list, and
// the persistent one stays.
func TestListsOfRequests(t *testing.T) {
	const goOn = 9
	world(t, 2, func(c *Comm) {
		peer := 1 - c.Rank()
		if c.Rank() == 1 {
			for _, tags := range [][]int{{1}, {0, 2}, {3}} {
				Recv(c, []int64{0}, peer, goOn)
				for _, tag := range tags {
					Send(c, numbers(1, tag), peer, tag)
				}
			}
			return
		}
		in := make([][]int64, 4)
		rs := make([]*Request, len(in))
		for tag := range in {
			in[tag] = make([]int64, 1)
			var err error
			if tag == 3 {
				if rs[tag], err = c.RecvInit(Slice(in[tag]), peer, tag); err == nil {
					err = rs[tag].Start()
				}
			} else {
				rs[tag], err = c.Irecv(Slice(in[tag]), peer, tag)
			}
			if err != nil {
				t.Error(err)
				return
			}
		}
		next := func() {
			if err := Send(c, []int64{0}, peer, goOn); err != nil {
				t.Error(err)
			}
		}
		if _, all, err := Testall(rs); all || err != nil {
			t.Errorf("before anything was sent Testall gives %v, %v", all, err)
		}
		if i, _, some, err := Testany(rs); some || i != Undefined || err != nil {
			t.Errorf("before anything was sent Testany gives %d, %v, %v", i, some, err)
		}
		if which, _, active, err := Testsome(rs); len(which) > 0 || !active || err != nil {
			t.Errorf("before anything was sent Testsome gives %v, %v, %v", which, active, err)
		}
		next()
		if i, st, err := Waitany(rs); i != 1 || st.Tag != 1 || err != nil || rs[1] != nil {
			t.Errorf("Waitany gives %d, %+v, %v", i, st, err)
		}
		next()
		ended := 0
		for ended < 2 {
			which, statuses, err := Waitsome(rs)
			if err != nil || len(which) == 0 {
				t.Errorf("Waitsome gives %v, %v", which, err)
				return
			}
			for k, i := range which {
				if statuses[k].Tag != i || rs[i] != nil {
					t.Errorf("request %d ended with %+v", i, statuses[k])
				}
			}
			ended += len(which)
		}
		next()
		for all := false; !all; {
			st, now, err := Testall(rs)
			if all = now; err != nil || all && st[3].Tag != 3 {
				t.Errorf("Testall gives %+v, %v", st, err)
			}
		}
		for tag := range in {
			if !slices.Equal(in[tag], numbers(1, tag)) {
				t.Errorf("the message with tag %d came wrong", tag)
			}
		}
		// Nothing is active.
		persistent := rs[3]
		if i, _, some, err := Testany(rs); i != Undefined || !some || err != nil {
			t.Errorf("with nothing active Testany gives %d, %v, %v", i, some, err)
		}
		if _, _, active, err := Testsome(rs); active || err != nil {
			t.Errorf("with nothing active Testsome gives %v, %v", active, err)
		}
		if i, _, err := Waitany(rs); i != Undefined || err != nil {
			t.Errorf("with nothing active Waitany gives %d, %v", i, err)
		}
		if _, err := Waitall(rs); err != nil || persistent == nil || rs[3] != persistent {
			t.Errorf("with nothing active Waitall gives %v; the persistent request is %v", err, rs[3])
		}
		persistent.Free()
	})
}

func TestArguments(t *testing.T) {
	world(t, 2, func(c *Comm) {
		one := Slice([]int64{1})
		free, _ := NewContiguous(2, DatatypeOf[int64]())
		for _, k := range []struct {
			name string
			err  error
			want Class
		}{
			{"rank too large", c.Send(one, 2, 0), ErrRank},
			{"rank negative", c.Send(one, -7, 0), ErrRank},
			{"any source as destination", c.Send(one, AnySource, 0), ErrRank},
			{"tag negative", c.Send(one, 0, -5), ErrTag},
			{"any tag in a send", c.Send(one, 0, AnyTag), ErrTag},
			{"count negative", c.Send(Buffer{Addr: one.Addr, Count: -1, Type: one.Type}, 0, 0), ErrCount},
			{"null datatype", c.Send(Buffer{Addr: one.Addr, Count: 1}, 0, 0), ErrType},
			{"datatype not committed", c.Send(Buffer{Addr: one.Addr, Count: 1, Type: free}, 0, 0), ErrType},
			{"null communicator", (*Comm)(nil).Send(one, 0, 0), ErrComm},
			{"root", c.Bcast(one, 5), ErrRoot},
			{"op on type", c.Allreduce(Slice([]float64{1}), Slice([]float64{1}), BAnd), ErrOp},
			{"null op", c.Allreduce(one, Slice([]int64{0}), nil), ErrOp},
			{"same buffer", c.Allreduce(one, one, Sum), ErrBuffer},
		} {
			if !errors.Is(k.err, k.want) {
				t.Errorf("%s: %v, want class %v", k.name, k.err, k.want)
			}
		}
	})
}

func TestWaitContext(t *testing.T) {
	world(t, 2, func(c *Comm) {
		peer := 1 - c.Rank()
		in := make([]int64, 1)
		r, err := Irecv(c, in, peer, 5)
		if err != nil {
			t.Error(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		go cancel()
		if st, err := r.WaitContext(ctx); !errors.Is(err, context.Canceled) || !st.Cancelled() {
			t.Errorf("a receive that nobody answers ends with %+v, %v", st, err)
		}
		if err := c.Barrier(); err != nil { // neither sends while the other's first receive is posted
			t.Error(err)
		}
		// The cancelled receive takes no message: the next one gets it.
		r, _ = Irecv(c, in, peer, 5)
		if err := Send(c, []int64{int64(c.Rank())}, peer, 5); err != nil {
			t.Error(err)
		}
		if _, err := r.WaitContext(context.Background()); err != nil || in[0] != int64(peer) {
			t.Errorf("the next receive: %d, %v", in[0], err)
		}
	})
}
