package mpi

import (
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"time"
)

// The short way takes a message only where nobody could tell that it was taken so.
func TestShort(t *testing.T) {
	world(t, 2, func(c *Comm) {
		e, peer, turn := c.e, 1-c.Rank(), []int{0}
		data := numbers(4, 1)
		strided, err := NewVector(2, 1, 2, DatatypeOf[int64]())
		if err != nil {
			t.Fatal(err)
		}
		strided.Commit()
		other, err := c.Dup()
		if err != nil {
			t.Fatal(err)
		}
		wide := Slice(make([]int64, 4))
		wide.Count, wide.Type = 1, strided
		if c.Rank() == 0 {
			Recv(c, turn, peer, 9)
			for _, k := range []struct {
				what      string
				b         Buffer
				dest, tag int
			}{
				{"a long message", Slice(make([]byte, e.options.eagerLocal+1)), peer, 1}, {"a message to oneself", Slice(data), 0, 1},
				{"one with gaps", wide, peer, 1}, {"one to nobody", Slice(data), ProcNull, 1}, {"one to rank 2", Slice(data), 2, 1},
				{"one with tag -1", Slice(data), peer, -1}, {"one with a negative count", Buffer{Addr: Slice(data).Addr, Count: -1, Type: Slice(data).Type}, peer, 1},
			} {
				if c.sendShort(k.b, k.dest, k.tag) {
					t.Errorf("%s is sent the short way", k.what)
				}
			}
			if !c.sendShort(Slice(data[:0]), peer, 6) || !other.sendShort(Slice(data), peer, 0) {
				t.Error("not sent")
			}
			for tag := range 5 {
				if !c.sendShort(Slice(data), peer, tag) {
					t.Errorf("message %d is not sent", tag)
				}
			}
			Send(c, turn, peer, 9)
			Recv(c, turn, peer, 9)
			return
		}
		Send(c, turn, peer, 9) // from now on nothing takes what is in the ring but what is called here
		got := make([]int64, 4)
		short := func(c *Comm, b Buffer, tag int, want bool) {
			t.Helper()
			for atomic.LoadUint32(c.proc(peer).in.Word()) == 0 {
				runtime.Gosched()
			}
			clear(got)
			s, ok := c.recvShort(b, peer, tag)
			if ok != want || ok && (s.Tag != tag && tag != AnyTag || s.Source != peer || !slices.Equal(got[:b.Count], data[:b.Count])) {
				t.Errorf("taken: %v, %+v, %v", ok, s, got)
			}
		}
		short(c, Slice(got[:0]), 6, true)
		short(c, Slice(got), 0, false) // of another communicator is the next
		short(other, Slice(got), 0, true)
		short(c, Slice(got), 0, true)
		short(c, Slice(got), 2, false) // 1 is the next
		short(c, Slice(got[:3]), 1, false)
		short(c, wide, 1, false)
		short(c, Slice(got), AnyTag, true)
		r, err := c.Irecv(Slice(make([]int64, 4)), peer, 7)
		if err != nil {
			t.Error(err)
		}
		short(c, Slice(got), 2, false) // a receive is posted
		if err := r.Cancel(); err != nil {
			t.Error(err)
		}
		r.Wait()
		if _, err := Recv(c, got, peer, 3); err != nil { // 2 is waiting since, and so nothing may overtake it
			t.Error(err)
		}
		if _, ok := c.recvShort(Slice(got), peer, 4); ok {
			t.Error("a message is taken before one that has arrived")
		}
		for _, tag := range []int{2, 4} {
			if st, err := Recv(c, got, peer, AnyTag); err != nil || st.Tag != tag || !slices.Equal(got, data) {
				t.Errorf("tag %d: %+v, %v", tag, st, err)
			}
		}
		if _, err := Recv(c, turn, peer, 9); err != nil {
			t.Error(err)
		}
		Send(c, turn, peer, 9)
	})
}

// Who receives short messages only, as fast as they come, does for others what there is to do.
func TestShortLooks(t *testing.T) {
	world(t, 3, func(c *Comm) {
		const length = 40_000
		one := []int64{1}
		switch c.Rank() {
		case 0:
			strided, err := NewVector(length, 1, 2, DatatypeOf[int64]())
			if err != nil {
				t.Fatal(err)
			}
			strided.Commit()
			long := Slice(numbers(2*length, 0))
			long.Count, long.Type = 1, strided
			r, err := c.Isend(long, 2, 5) // rank 2 has to ask for it
			if err != nil {
				t.Error(err)
			}
			for st := (Status{}); st.Tag == 0; {
				if st, err = Recv(c, one, 1, AnyTag); err != nil {
					t.Error(err)
				}
				for start := now(); now()-start < 3000; { // so that the next one is there
				}
			}
			r.Wait()
		case 1:
			for start, told := time.Now(), false; !told; {
				Send(c, one, 0, 0)
				if _, told, _ = c.Iprobe(2, 7); time.Since(start) > 20*time.Second {
					t.Error("rank 0 receives, and does nothing for rank 2")
					break
				}
			}
			Send(c, one, 0, 1)
			Recv(c, one, 2, 7)
		case 2:
			if _, err := Recv(c, make([]int64, length), 0, 5); err != nil {
				t.Error(err)
			}
			Send(c, one, 1, 7)
		}
	})
}
