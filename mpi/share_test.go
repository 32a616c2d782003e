package mpi

import (
	"runtime"
	"slices"
	"testing"
)

// shared is matched where the sender, rank 0 or the last one, seems to wait in MPI: it is offered a share.
func shared(t *testing.T, c *Comm, b Buffer, source int) (*Request, *work) {
	t.Helper()
	c.CopyByBothEnds()
	e := c.e
	p := c.proc(source)
	p.pace[paceClass(int64(8*b.Count))].read = cost{trials: paceTrials, perByte: 1e-9}
	p.pace[paceClass(int64(8*b.Count))].out = cost{trials: paceTrials, perByte: 1}
	waits := &e.mem.seg.Control(p.local).Waiting
	waits.Add(1)
	r, w := matched(t, c, b, source)
	waits.Add(^uint32(0))
	if w.share == nil {
		t.Fatal("the sender is not asked to help")
	}
	return r, w
}

// help is what the sender finds to do.
func help(t *testing.T, e *engine) *work {
	t.Helper()
	for {
		e.mu.Lock()
		e.progress()
		w := e.takeWork()
		e.mu.Unlock()
		if w != nil {
			return w
		}
		runtime.Gosched()
	}
}

// parts does so many parts of a share; what is left, if it is negative. It ends with the first that fails.
func (w *work) parts(n int) (ok bool) {
	for ok = true; ok && n != 0 && w.size > 0; n-- {
		ok = w.part(w, 0, 1)
	}
	return ok
}

// What both ends may do with a long message of which each copies a part.
func TestShare(t *testing.T) {
	const length = 200_000
	for _, k := range []struct {
		name   string
		room   int
		reads  func(c *Comm, r *Request, w *work) bool // before
		writes func(c *Comm, w *work) bool             // and that before
		rest   func(w *work) bool
		err    error
	}{
		{name: "the sender does not come", room: length, reads: func(_ *Comm, _ *Request, w *work) bool { return w.parts(-1) }},
		{name: "the sender copies all", room: length, writes: func(_ *Comm, w *work) bool { return w.parts(-1) }},
		{name: "both copy", room: length, reads: func(_ *Comm, _ *Request, w *work) bool { return w.parts(1) },
			writes: func(_ *Comm, w *work) bool { return w.parts(2) }},
		{name: "truncated", room: length/2 + 1, reads: func(_ *Comm, _ *Request, w *work) bool { return w.parts(1) },
			writes: func(_ *Comm, w *work) bool { return w.parts(1) }, err: ErrTruncate},
		{name: "revoked", room: length, reads: func(c *Comm, r *Request, w *work) bool { return c.Revoke() == nil && !r.Done() && w.parts(1) },
			writes: func(_ *Comm, w *work) bool { return w.parts(1) }},
		{name: "cancelled", room: length, reads: func(_ *Comm, r *Request, w *work) bool { return r.Cancel() == nil && !r.Done() && w.parts(1) },
			writes: func(_ *Comm, w *work) bool { return w.parts(-1) }},
		{name: "the receiver cannot read", room: length, reads: func(_ *Comm, _ *Request, w *work) bool { return w.parts(1) },
			writes: func(_ *Comm, w *work) bool { return w.parts(1) }, rest: func(w *work) bool {
				w.addr = 8
				return !w.parts(-1)
			}},
		{name: "the sender cannot write", room: length, reads: func(_ *Comm, _ *Request, w *work) bool { return w.parts(1) },
			writes: func(_ *Comm, w *work) bool {
				own := w.data.Addr
				ok := w.parts(1)
				w.data.Addr = nil
				ok = !w.parts(1) && ok
				w.data.Addr = own
				return ok
			}},
	} {
		world(t, 2, func(world *Comm) {
			c, err := world.Dup()
			if err != nil {
				t.Fatal(err)
			}
			e, turn := c.e, []int{0}
			if c.Rank() == 0 {
				r := isend(t, c, Standard, numbers(length, 5), 1, 3)
				var w *work
				if k.writes != nil {
					w = help(t, e)
				}
				Send(world, turn, 1, 1)
				Recv(world, turn, 1, 1)
				if w != nil {
					ok := k.writes(c, w)
					w.over(e, ok)
					if !ok && k.name != "the sender cannot write" {
						t.Errorf("%s: the sender cannot write", k.name)
					}
				}
				Send(world, turn, 1, 1)
				if st, err := r.Wait(); st.Cancelled() || err != nil && k.name != "revoked" {
					t.Errorf("%s: the send: %+v, %v", k.name, st, err)
				}
				return
			}
			got := make([]int64, k.room)
			r, w := shared(t, c, Slice(got), 0)
			Recv(world, turn, 0, 1)
			if k.reads != nil && !k.reads(c, r, w) {
				t.Errorf("%s: the receiver cannot read", k.name)
			}
			Send(world, turn, 0, 1)
			Recv(world, turn, 0, 1)
			if r.Done() || e.drained() {
				t.Errorf("%s: ended before the receiver's part has", k.name)
			}
			if k.rest == nil {
				k.rest = func(w *work) bool { return w.parts(-1) }
			}
			if !k.rest(w) {
				t.Errorf("%s: the rest", k.name)
			}
			w.over(e, k.name != "the receiver cannot read")
			st, err := r.Wait()
			if ClassOf(err) != ClassOf(k.err) || st.Cancelled() || st.Bytes() != int64(8*k.room) || !slices.Equal(got, numbers(length, 5)[:k.room]) {
				t.Errorf("%s: %+v, %v", k.name, st, err)
			}
		})
	}
}

// The sender dies when it has taken a part: what it has not said is lost, and nobody waits for it.
func TestShareBereaved(t *testing.T) {
	const length = 200_000
	data := numbers(length, 5)
	for _, last := range []string{"takes", "writes", "says"} {
		var dead *Comm
		bereaved(t, func(c *Comm) {
			dead = c
			isend(t, c, Standard, data, 0, 3)
		}, func(c *Comm, die func()) {
			if c.Rank() != 0 {
				return
			}
			got := make([]int64, length)
			r, w := shared(t, c, Slice(got), 2)
			theirs := help(t, dead.e)
			if last == "takes" {
				w.share.cut.Back(w.share.gen)
			} else if !theirs.parts(2) {
				t.Error("the sender cannot write")
			}
			if last == "says" {
				if !theirs.parts(-1) {
					t.Error("the sender cannot write the rest")
				}
				theirs.over(dead.e, true)
			}
			early := last == "writes"
			if early && !w.parts(-1) {
				t.Error("the receiver cannot read")
			}
			if early {
				w.over(c.e, true)
			}
			if r.Done() {
				t.Errorf("%s: ended too early", last)
			}
			die()
			if !early {
				w.over(c.e, w.parts(-1))
			}
			_, err := r.Wait()
			if last == "says" {
				if err != nil || !slices.Equal(got, data) {
					t.Errorf("a message that was written: %v", err)
				}
			} else {
				wantClass(t, last, err, ErrProcFailed)
			}
		})
		runtime.KeepAlive(dead)
	}
}

// The send ends by a revocation, and its request is another's when its part is written: it is the message's still.
func TestShareReused(t *testing.T) {
	const length = 200_000
	world(t, 2, func(world *Comm) {
		c, err := world.Dup()
		if err != nil {
			t.Fatal(err)
		}
		if c.Rank() == 0 {
			data := numbers(length, 5)
			r := isend(t, c, Standard, data, 1, 3)
			w := help(t, c.e)
			if err := c.Revoke(); err != nil {
				t.Error(err)
			}
			_, err := r.Wait()
			wantClass(t, "the send", err, ErrRevoked)
			again := isend(t, world, Standard, numbers(length, 6), 1, 9)
			if again != r {
				t.Error("the request is not used again: this test shows nothing")
			}
			w.over(c.e, w.parts(-1))
			Send(world, []int{0}, 1, 1)
			if _, err := again.Wait(); err != nil {
				t.Error(err)
			}
			runtime.KeepAlive(data)
			return
		}
		got := make([]int64, length)
		r, w := shared(t, c, Slice(got), 0)
		Recv(world, []int{0}, 0, 1)
		w.over(c.e, w.parts(-1))
		if _, err := r.Wait(); err != nil || !slices.Equal(got, numbers(length, 5)) {
			t.Errorf("the message: %v", err)
		}
		if _, err := Recv(world, got, 0, 9); err != nil || !slices.Equal(got, numbers(length, 6)) {
			t.Errorf("the next one: %v", err)
		}
	})
}

// A thread of the sender that has something else to do says before it goes what it has written.
func TestShareLeft(t *testing.T) {
	const length = 1_000_000
	world(t, 2, func(c *Comm) {
		e, turn := c.e, []int{0}
		if c.Rank() == 0 {
			r := isend(t, c, Standard, numbers(length, 5), 1, 3)
			w := help(t, e)
			e.wait.set.self().Switched.Store(now())
			write := w.part
			w.part = func(w *work, off, n int64) bool {
				defer e.wait.changed()
				return write(w, off, n)
			}
			e.mu.Lock()
			e.enqueue(w)
			e.mu.Unlock()
			e.doWork()
			Send(c, turn, 1, 1)
			for e.mem.procs[0].in.Next() == nil { // it computes until the receiver has all
				runtime.Gosched()
			}
			if _, err := r.Wait(); err != nil {
				t.Error(err)
			}
			return
		}
		got := make([]int64, length)
		r, w := shared(t, c, Slice(got), 0)
		Recv(c, turn, 0, 1)
		w.over(e, w.parts(-1))
		if !r.Done() || !slices.Equal(got, numbers(length, 5)) {
			t.Error("the receiver waits for a word")
		}
		r.Wait()
	})
}

// Ranks that send each other windows of long messages of all lengths help each other, and every byte is right.
func TestSharesAtOnce(t *testing.T) {
	rounds := 60
	if testing.Short() {
		rounds = 10
	}
	helped := 0
	world(t, 2, func(c *Comm) {
		c.CopyByBothEnds()
		peer := 1 - c.Rank()
		p := c.proc(peer)
		for i := range p.pace {
			p.pace[i].read = cost{trials: paceTrials, perByte: 1e-9}
			p.pace[i].out = cost{trials: paceTrials, perByte: 1}
		}
		for round := range rounds {
			var rs []*Request
			var got [][]int64
			for i := range 8 {
				n := (round*8+i)*977%70_000 + 5000
				if (round+c.Rank())%3 != 0 {
					rs = append(rs, isend(t, c, Standard, numbers(n, round+i), peer, i))
				}
				if (round+peer)%3 != 0 {
					got = append(got, make([]int64, n))
					r, err := c.Irecv(Slice(got[i]), peer, i)
					if err != nil {
						t.Error(err)
					}
					rs = append(rs, r)
				}
			}
			if _, err := Waitall(rs); err != nil {
				t.Error(err)
			}
			for i, g := range got {
				if !slices.Equal(g, numbers(len(g), round+i)) {
					t.Errorf("round %d: message %d came wrong", round, i)
				}
			}
			c.e.mu.Lock()
			for _, s := range p.shares {
				if s.told > 0 && c.Rank() == 0 {
					helped++
				}
			}
			c.e.mu.Unlock()
		}
	})
	if helped == 0 {
		t.Error("no sender has helped")
	}
}
