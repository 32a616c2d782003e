package mpi

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"
	"unsafe"
)

// TestWorkAside: while a thread of rank 1 does long work, another one does everything else.
func TestWorkAside(t *testing.T) {
	world(t, 2, func(c *Comm) {
		e, peer := c.e, 1-c.Rank()
		begun, finish, ended := make(chan bool), make(chan bool), false
		if c.Rank() == 1 {
			e.mu.Lock()
			w := e.newWork()
			w.part = func(*work, int64, int64) bool {
				close(begun)
				<-finish
				return true
			}
			w.end = func(*work, bool) { ended = true }
			w.begin(e, longWork+1)
			e.mu.Unlock()
			go e.doWork()
			<-begun
		}
		for _, length := range []int{1, 3000, 100_000} {
			got := make([]int64, length)
			if _, err := c.Sendrecv(Slice(numbers(length, c.Rank())), peer, 1, Slice(got), peer, 1); err != nil || !slices.Equal(got, numbers(length, peer)) {
				t.Errorf("%d numbers from %d: %v", length, peer, err)
			}
			if err := Allreduce(c, numbers(length, 0), got, Sum); err != nil || got[length-1] != 2*int64(length-1) {
				t.Errorf("the sum of %d: %v", length, err)
			}
		}
		if c.Rank() == 1 {
			if ended || e.drained() {
				t.Error("the work has ended before it was done")
			}
			close(finish)
		}
	})
}

// matched begins the receive of a long message that rank 0 has sent, as the first thread of a rank does: what is
// left is the work.
func matched(t *testing.T, c *Comm, b Buffer, source int) (*Request, *work) {
	t.Helper()
	if _, err := c.Probe(source, 3); err != nil {
		t.Error(err)
	}
	e := c.e
	e.mu.Lock()
	defer e.mu.Unlock()
	r := e.newRequest(recvRequest)
	r.bind(c, b)
	e.startRecv(r, source, 3, c.ctx)
	w := e.takeWork()
	if w == nil || r.Done() {
		t.Fatal("nothing is left to do")
	}
	return r, w
}

// over is the end of work, of which a part was done, at whatever has happened.
func (w *work) over(e *engine, ok bool) {
	e.mu.Lock()
	e.worked(w, ok)
	e.mu.Unlock()
}

// What may happen while a message is copied without the lock.
func TestWorkMeanwhile(t *testing.T) {
	const length = 200_000
	cases := []struct {
		name string
		room int
		do   func(t *testing.T, c *Comm, r *Request, w *work) (ok bool)
		err  error
	}{
		{"cancelled at both ends", length, func(t *testing.T, c *Comm, r *Request, w *work) bool {
			if err := r.Cancel(); err != nil || r.Done() {
				t.Errorf("a receive that is matched ends when it is cancelled: %v", err)
			}
			return w.part(w, 0, w.size)
		}, nil},
		{"truncated", length / 2, func(_ *testing.T, _ *Comm, _ *Request, w *work) bool { return w.part(w, 0, w.size) }, ErrTruncate},
		{"in parts", length, func(_ *testing.T, _ *Comm, _ *Request, w *work) bool {
			return w.part(w, 0, 1000) && w.part(w, 1000, w.size-1000)
		}, nil},
		{"unreadable in the middle", length, func(t *testing.T, _ *Comm, _ *Request, w *work) bool {
			if !w.part(w, 0, w.size/2) {
				t.Error("cannot be read")
			}
			w.addr = 8 - uintptr(w.size/2)
			return w.part(w, w.size/2, w.size/2)
		}, nil},
		{"its sender comes and sends the rest", length, func(t *testing.T, _ *Comm, _ *Request, w *work) bool {
			if !w.part(w, 0, fetchPiece) {
				t.Error("cannot be read")
			}
			w.off = fetchPiece
			return false
		}, nil},
		{"revoked", length, func(t *testing.T, c *Comm, r *Request, w *work) bool {
			if err := c.Revoke(); err != nil || r.Done() {
				t.Errorf("what is under way ends when it is revoked: %v", err)
			}
			return w.part(w, 0, w.size)
		}, nil},
	}
	for _, k := range cases {
		world(t, 2, func(world *Comm) {
			c, err := world.Dup()
			if err != nil {
				t.Fatal(err)
			}
			if c.Rank() == 0 {
				r := isend(t, c, Standard, numbers(length, 5), 1, 3)
				Recv(world, []int{0}, 1, 1)
				if err := r.Cancel(); err != nil {
					t.Error(err)
				}
				Send(world, []int{0}, 1, 1)
				if st, err := r.Wait(); st.Cancelled() || err != nil && k.name != "revoked" {
					t.Errorf("%s: the send: %+v, %v", k.name, st, err)
				}
				return
			}
			got := make([]int64, k.room)
			r, w := matched(t, c, Slice(got), 0)
			Send(world, []int{0}, 0, 1)
			Recv(world, []int{0}, 0, 1)
			w.over(c.e, k.do(t, c, r, w))
			st, err := r.Wait()
			if ClassOf(err) != ClassOf(k.err) || st.Cancelled() || st.Bytes() != int64(8*k.room) || !slices.Equal(got, numbers(length, 5)[:k.room]) {
				t.Errorf("%s: %+v, %v", k.name, st, err)
			}
		})
	}
}

// A request that was freed ends with its work, and then the job may.
func TestWorkFreed(t *testing.T) {
	world(t, 2, func(c *Comm) {
		const length = 100_000
		if c.Rank() == 0 {
			Send(c, numbers(length, 5), 1, 3)
			return
		}
		got := make([]int64, length)
		r, w := matched(t, c, Slice(got), 0)
		if r.Free(); c.e.drained() {
			t.Error("drained while a message is copied")
		}
		w.over(c.e, w.part(w, 0, w.size))
		if !c.e.drained() || !slices.Equal(got, numbers(length, 5)) {
			t.Error("not drained, or the message is damaged")
		}
	})
}

// The sender dies while its message is read: what was read whole is received, else it is an error.
func TestWorkBereaved(t *testing.T) {
	const length = 100_000
	for _, whole := range []bool{true, false} {
		data := numbers(length, 5)
		var dead *Comm // its memory is still there
		var reading sync.WaitGroup
		reading.Add(2)
		bereaved(t, func(c *Comm) {
			dead = c
			for dest := range 2 {
				isend(t, c, Standard, data, dest, 3)
			}
		}, func(c *Comm, die func()) {
			got := make([]int64, length)
			r, w := matched(t, c, Slice(got), 2)
			reading.Done()
			reading.Wait()
			if die(); r.Done() {
				t.Error("ended while it is read")
			}
			if !whole {
				w.addr = 8
			}
			w.over(c.e, w.part(w, 0, w.size))
			if _, err := r.Wait(); whole && (err != nil || !slices.Equal(got, data)) {
				t.Errorf("a message that was read: %v", err)
			} else if !whole {
				wantClass(t, "a message that could not be read", err, ErrProcFailed)
			}
		})
		runtime.KeepAlive(dead)
	}
}

// A correspondence is a thread's.
type correspondence struct {
	c       *Comm
	random  *rand.Rand
	strided *Datatype // int64s with gaps
}

// TestThreads: threads with a communicator each send, receive and add up short and long messages, to the other
// ranks and to themselves. Every message is compared with what was sent.
func TestThreads(t *testing.T) {
	const ranks, threads = 3, 4
	rounds := 40
	if testing.Short() {
		rounds = 8
	}
	for _, both := range []bool{false, true} {
		world(t, ranks, func(c *Comm) {
			if both {
				c.CopyByBothEnds()
			}
			strided, err := NewResized(DatatypeOf[int64](), 0, 16)
			if err != nil {
				t.Fatal(err)
			}
			strided.Commit()
			var wg sync.WaitGroup
			for thread := range threads {
				own, err := c.Dup()
				if err != nil {
					t.Fatal(err)
				}
				wg.Go(func() {
					k := correspondence{c: own, random: rand.New(rand.NewPCG(1, uint64(thread))), strided: strided}
					for round := range rounds {
						if err := k.round(round*threads + thread); err != nil {
							panic(fmt.Sprintf("rank %d, thread %d, round %d: %v", c.Rank(), thread, round, err))
						}
					}
				})
			}
			wg.Wait()
		})
	}
}

// buffer has n numbers, one after the other or with a gap behind each.
func (k *correspondence) buffer(values []int64, gaps bool) (b Buffer, read func() []int64) {
	if !gaps {
		return Slice(values), func() []int64 { return values }
	}
	wide := make([]int64, 2*len(values))
	for i, v := range values {
		wide[2*i] = v
	}
	return Buffer{Addr: unsafe.Pointer(&wide[0]), Count: len(values), Type: k.strided}, func() []int64 {
		for i := range values {
			values[i] = wide[2*i]
		}
		return values
	}
}

// round is the same for all ranks but in whom they talk to.
func (k *correspondence) round(seed int) error {
	n, me := k.c.Size(), k.c.Rank()
	length := []int{1, 1000, 9000, 40_000, 150_000}[k.random.IntN(5)]
	shift, gapsOut, gapsIn := k.random.IntN(n), k.random.IntN(2) == 0, k.random.IntN(2) == 0
	to, from := (me+shift)%n, (me-shift+n)%n
	in, read := k.buffer(make([]int64, length), gapsIn)
	out, _ := k.buffer(numbers(length, seed+100*me), gapsOut)
	if k.random.IntN(2) == 0 {
		if _, err := k.c.Sendrecv(out, to, 1, in, from, 1); err != nil {
			return err
		}
	} else {
		s, err := k.c.Isend(out, to, 1)
		if err != nil {
			return err
		}
		if _, err := k.c.Recv(in, from, 1); err != nil {
			return err
		}
		if _, err := s.Wait(); err != nil {
			return err
		}
	}
	if !slices.Equal(read(), numbers(length, seed+100*from)) {
		return fmt.Errorf("%d numbers from rank %d came damaged", length, from)
	}
	sum := make([]int64, length)
	if err := Allreduce(k.c, numbers(length, seed+100*me), sum, Sum); err != nil {
		return err
	}
	for i, v := range sum {
		if want := int64(n*seed+100*n*(n-1)/2)*1_000_003 + int64(n*i); v != want {
			return fmt.Errorf("sum %d of %d is %d, not %d", i, length, v, want)
		}
	}
	return nil
}
