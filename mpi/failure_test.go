package mpi

import (
	"errors"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// bereaved runs body as ranks 0 and 1 of a host, of whose three ranks the last does nothing
// but what last says. die is the agents' word that it has failed, to both.
func bereaved(t *testing.T, last func(c *Comm), body func(c *Comm, die func())) {
	t.Helper()
	fd, err := unix.MemfdCreate("mpi-test", unix.MFD_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	comms := []*Comm{testRank(t, fd, 3, 0), testRank(t, fd, 3, 1)}
	last(testRank(t, fd, 3, 2))
	var once sync.Once
	die := func() {
		once.Do(func() {
			for _, c := range comms {
				c.e.lost([]int{2})
			}
		})
	}
	var wg sync.WaitGroup
	for _, c := range comms {
		wg.Go(func() {
			body(c, die)
			c.e.until(c.e.drained)
		})
	}
	survive(t, &wg)
}

func nothing(*Comm) {}

func wantClass(t *testing.T, what string, err error, class Class) {
	t.Helper()
	if !errors.Is(err, class) {
		t.Errorf("%s: %v, want %v", what, err, class)
	}
}

// Everything that waits for the dead when the word comes, of each kind, ends with the error.
func TestBury(t *testing.T) {
	bereaved(t, nothing, func(c *Comm, die func()) {
		one, big := make([]int64, 1), make([]int64, 100_000)
		var all []*Request
		begin := func(r *Request, err error) {
			if err != nil {
				t.Error(err)
			}
			all = append(all, r)
		}
		begin(c.Irecv(Slice(one), 2, 0))
		begin(c.Issend(Slice(one), 2, 0))
		begin(c.Isend(Slice(big), 2, 0))
		for range 40 { // until the ring is full, and packets wait
			begin(c.Isend(Slice(big[:2000]), 2, 1))
		}
		begin(c.Ibarrier())
		begin(c.PrecvInit(Slice(big[:10]), 4, 2, 5))
		if err := all[len(all)-1].Start(); err != nil {
			t.Error(err)
		}
		time.AfterFunc(10*time.Millisecond, die)
		failed := 0
		for i, r := range all {
			if _, err := r.Wait(); err != nil {
				wantClass(t, "a request", err, ErrProcFailed)
				failed++
			} else if i < 3 || i > 42 {
				t.Errorf("request %d has succeeded", i)
			}
		}
		if failed < 10 {
			t.Errorf("%d of %d have failed", failed, len(all))
		}
		wantClass(t, "a later send", c.Send(Slice(one), 2, 0), ErrProcFailed)
		wantClass(t, "a later collective", c.Barrier(), ErrProcFailed)
		if err := all[len(all)-1].Start(); err != nil {
			t.Error(err)
		}
		_, err := all[len(all)-1].Wait()
		wantClass(t, "a later round of partitions", err, ErrProcFailed)
		g, err := c.Failed()
		if err != nil || g.Size() != 1 || g.ranks[0] != 2 {
			t.Errorf("failed: %v, %v", g, err)
		}
		// The living are as they were.
		other := 1 - c.Rank()
		got := make([]int64, 1)
		if _, err := c.Sendrecv(Slice([]int64{int64(c.Rank())}), other, 7, Slice(got), other, 7); err != nil || got[0] != int64(other) {
			t.Errorf("%d from %d, %v", got[0], other, err)
		}
	})
}

// What the dead had sent is received; what it had only announced is lost.
func TestLegacy(t *testing.T) {
	last := func(c *Comm) {
		for r := range 2 {
			if err := c.Send(Slice([]int64{42}), r, 3); err != nil {
				t.Error(err)
			}
			if _, err := c.Isend(Slice(make([]int64, 100_000)), r, 4); err != nil {
				t.Error(err)
			}
		}
	}
	bereaved(t, last, func(c *Comm, die func()) {
		die()
		for n := 0; n == 0; { // the other may be the one that tells
			g, err := c.Failed()
			if err != nil {
				t.Fatal(err)
			}
			n = g.Size()
		}
		got := make([]int64, 100_000)
		if _, err := c.Recv(Slice(got[:1]), 2, 3); err != nil || got[0] != 42 {
			t.Errorf("%d, %v", got[0], err)
		}
		_, err := c.Recv(Slice(got), 2, 4)
		wantClass(t, "an announced message", err, ErrProcFailed)
		_, err = c.Recv(Slice(got), 2, 3)
		wantClass(t, "another message", err, ErrProcFailed)
	})
}

// A receive from any source stalls, is released by the acknowledgement, and gets its message;
// so does a persistent one.
func TestStall(t *testing.T) {
	bereaved(t, nothing, func(c *Comm, die func()) {
		got := make([]int64, 1)
		other := 1 - c.Rank()
		kept, err := c.RecvInit(Slice(got), AnySource, 9)
		if err != nil {
			t.Fatal(err)
		}
		for round := range 2 {
			if err := kept.Start(); err != nil {
				t.Error(err)
			}
			if round == 0 {
				time.AfterFunc(10*time.Millisecond, die)
				for range 3 {
					_, err = kept.Wait()
					wantClass(t, "a wait", err, ErrProcFailedPending)
				}
				if _, ok := kept.Peek(); ok {
					t.Error("a stalled request is done")
				}
				_, err = c.Recv(Slice(got), AnySource, 8)
				wantClass(t, "a blocking receive", err, ErrProcFailed)
				_, _, err = c.Iprobe(AnySource, 8)
				wantClass(t, "a probe", err, ErrProcFailed)
				if n, err := c.AckFailed(0); n != 0 || err != nil {
					t.Errorf("%d acknowledged, %v", n, err)
				}
				if n, err := c.AckFailed(5); n != 1 || err != nil {
					t.Errorf("%d acknowledged, %v", n, err)
				}
				_, err = c.AckFailed(-1)
				wantClass(t, "a negative number", err, ErrArg)
			}
			if _, ok, err := kept.Test(); ok || err != nil {
				t.Errorf("a test after the acknowledgement: %v, %v", ok, err)
			}
			// Not before the other is as far.
			if _, err := c.Sendrecv(Slice(got), other, 1, Slice(got), other, 1); err != nil {
				t.Error(err)
			}
			if err := c.Send(Slice([]int64{int64(10 + round)}), other, 9); err != nil {
				t.Error(err)
			}
			if s, err := kept.Wait(); err != nil || s.Source != other || got[0] != int64(10+round) {
				t.Errorf("%+v, %d, %v", s, got[0], err)
			}
		}
	})
}

// The receive of a blocking call never looks stalled, not for a moment: who waits for it
// looks without the lock.
func TestBlockingNeverStalls(t *testing.T) {
	bereaved(t, nothing, func(c *Comm, die func()) {
		r, err := c.BlockingRecv(Slice(make([]int64, 1)), AnySource, 9)
		if err != nil {
			t.Fatal(err)
		}
		seen := make(chan bool)
		go func() {
			state := r.done.Load()
			for state == underWayStill {
				state = r.done.Load()
			}
			seen <- state == stalled
		}()
		time.AfterFunc(10*time.Millisecond, die)
		if <-seen {
			t.Error("it was stalled")
		}
		_, err = r.Wait()
		wantClass(t, "a blocking receive", err, ErrProcFailed)
	})
}

// A message that comes to a stalled receive ends it, acknowledged or not.
func TestStalledIsMatched(t *testing.T) {
	bereaved(t, nothing, func(c *Comm, die func()) {
		got := make([]int64, 1)
		r, err := c.Irecv(Slice(got), AnySource, 9)
		if err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(10*time.Millisecond, die)
		_, err = r.Wait()
		wantClass(t, "a wait", err, ErrProcFailedPending)
		other := 1 - c.Rank()
		if _, err := c.Sendrecv(Slice([]int64{1}), other, 1, Slice(make([]int64, 1)), other, 1); err != nil { // it is as far
			t.Error(err)
		}
		if err := c.Send(Slice([]int64{5}), other, 9); err != nil {
			t.Error(err)
		}
		for errors.Is(err, ErrProcFailedPending) {
			_, err = r.Wait()
		}
		if err != nil || got[0] != 5 {
			t.Errorf("%d, %v", got[0], err)
		}
	})
}

// survive waits for the ranks that go on.
func survive(t *testing.T, ranks *sync.WaitGroup) {
	t.Helper()
	done := make(chan struct{})
	go func() { ranks.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(3 * time.Minute):
		panic(t.Name() + ": the survivors hang")
	}
}

// A lock that the dead holds is not waited for, and windows are flushed without it.
func TestBuryWindow(t *testing.T) {
	var ready sync.WaitGroup
	ready.Add(1)
	fd, err := unix.MemfdCreate("mpi-test", unix.MFD_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	comms := []*Comm{testRank(t, fd, 3, 0), testRank(t, fd, 3, 1), testRank(t, fd, 3, 2)}
	var wg sync.WaitGroup
	for rank, c := range comms {
		wg.Go(func() {
			w, _, err := WinMake[int64](c, 4)
			if err != nil {
				t.Error(err)
				return
			}
			if rank == 2 {
				if err := w.Lock(LockExclusive, 0, 0); err != nil {
					t.Error(err)
				}
				ready.Done()
				return // and never again
			}
			ready.Wait()
			if rank == 0 {
				time.Sleep(10 * time.Millisecond)
				for _, c := range comms[:2] {
					c.e.lost([]int{2})
				}
			}
			wantClass(t, "a lock", w.Lock(LockExclusive, 0, 0), ErrProcFailed)
			if err := w.Lock(LockExclusive, 1, 0); err != nil && !errors.Is(err, ErrProcFailed) { // the other may hold it
				t.Error(err)
			} else if err == nil {
				if err := w.Unlock(1); err != nil {
					t.Error(err)
				}
			}
			wantClass(t, "a fence", w.Fence(0), ErrProcFailed)
		})
	}
	survive(t, &wg)
}

// Who is killed while it changes an element that no instruction can change at once keeps nobody from that memory:
// neither its owner's engine, which comes to it with its lock, nor who shares it.
func TestBuryChanger(t *testing.T) {
	fd, err := unix.MemfdCreate("mpi-test", unix.MFD_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	comms := []*Comm{testRank(t, fd, 3, 0), testRank(t, fd, 3, 1), testRank(t, fd, 3, 2)}
	var wg, begun, locked, added sync.WaitGroup
	begun.Add(1)
	locked.Add(2)
	added.Add(2)
	for rank, c := range comms {
		wg.Go(func() {
			w, mem, err := WinMake[complex128](c, 4)
			if err != nil {
				t.Error(err)
				return
			}
			if rank == 2 {
				w.peers[0].control.enter(c.e)
				begun.Done()
				return // and never again
			}
			begun.Wait()
			if err := w.LockAll(0); err != nil {
				t.Error(err)
			}
			locked.Done()
			locked.Wait()
			if rank == 0 {
				time.AfterFunc(10*time.Millisecond, func() {
					for _, c := range comms[:2] {
						c.e.lost([]int{2})
					}
				})
			}
			for range 100 {
				if err := w.Accumulate(Slice([]complex128{1}), Place{Disp: 1}, Sum); err != nil {
					t.Error(err)
				}
			}
			w.UnlockAll() // with the error that a process has failed
			added.Done()
			added.Wait()
			if rank == 0 && real(mem[1]) != 200 {
				t.Errorf("%v after 200 sums of 1", mem[1])
			}
		})
	}
	survive(t, &wg)
}

// Revoking reaches who waits, also by way of a third rank, and ends nothing elsewhere.
func TestRevoke(t *testing.T) {
	world(t, 3, func(c *Comm) {
		d, err := c.Dup()
		if err != nil {
			t.Error(err)
			return
		}
		if d.Revoked() {
			t.Error("revoked from the start")
		}
		if err := c.Barrier(); err != nil { // all have looked
			t.Error(err)
		}
		if c.Rank() == 0 {
			if err := d.Revoke(); err != nil {
				t.Error(err)
			}
		} else {
			_, err := d.Recv(Slice(make([]int64, 1)), 0, 0)
			wantClass(t, "a receive", err, ErrRevoked)
		}
		wantClass(t, "a barrier", d.Barrier(), ErrRevoked)
		wantClass(t, "a send", d.Send(Slice([]int64{1}), (c.Rank()+1)%3, 0), ErrRevoked)
		if _, err := d.Failed(); err != nil {
			t.Error(err)
		}
		if !d.Revoked() {
			t.Error("not revoked")
		}
		if err := d.Free(); err != nil {
			t.Error(err)
		}
	})
}

// The word may come between a call's look and its turn: nothing begins that nobody ends.
func TestRevokedMeanwhile(t *testing.T) {
	world(t, 2, func(c *Comm) {
		d, err := c.Dup()
		if err != nil {
			t.Error(err)
			return
		}
		for _, begin := range []func(b Buffer) (*Request, error){
			func(b Buffer) (*Request, error) { return d.Irecv(b, 1-c.Rank(), 5) },
			func(b Buffer) (*Request, error) { return d.Issend(b, 1-c.Rank(), 6) },
		} {
			c.e.mu.Lock()
			d.revoked.Store(false)
			var r *Request
			var err error
			begun := make(chan struct{})
			go func() {
				r, err = begin(Slice(make([]int64, 1)))
				close(begun)
			}()
			time.Sleep(20 * time.Millisecond) // it waits for the lock
			d.revoked.Store(true)
			c.e.mu.Unlock()
			if <-begun; err == nil {
				_, err = r.Wait()
			}
			wantClass(t, "a request", err, ErrRevoked)
		}
	})
}

// The word of a revocation may come before the communicator is made here.
func TestRevokedBefore(t *testing.T) {
	world(t, 2, func(c *Comm) {
		const ctx = firstUserContext + 800
		if c.Rank() == 0 {
			if err := c.e.newComm(ctx, c.group).Revoke(); err != nil {
				t.Error(err)
			}
		}
		if err := c.Barrier(); err != nil {
			t.Error(err)
		}
		if c.Rank() == 1 && !c.e.newComm(ctx, c.group).Revoked() {
			t.Error("not revoked")
		}
	})
}
