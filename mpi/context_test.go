package mpi

import (
	"encoding/binary"
	"strings"
	"testing"
)

// Two communicators that overlap in rank 1 are duplicated at the same time:
// rank 1 must not get one context for both, however far the others have counted.
func TestContextsOfOverlappingCommunicators(t *testing.T) {
	world(t, 3, func(c *Comm) {
		low, high := pair(t, c, 0, 1), pair(t, c, 1, 2)
		var made []*Comm
		var requests []*Request
		for _, from := range []*Comm{low, high} {
			if from == nil {
				continue
			}
			d, r, err := from.Idup()
			if err != nil {
				t.Error(err)
				return
			}
			made, requests = append(made, d), append(requests, r)
		}
		if _, err := Waitall(requests); err != nil {
			t.Error(err)
			return
		}
		if c.Rank() == 1 && made[0].ctx == made[1].ctx {
			t.Errorf("both duplicates have context %#x", made[0].ctx)
		}
		// Rank 1 hears its neighbours on the right communicators, in the order in
		// which it asks.
		switch c.Rank() {
		case 0:
			check(t, Send(made[0], []int{10}, 1, 0))
		case 2:
			check(t, Send(made[0], []int{12}, 0, 0))
		case 1:
			got := []int{0}
			for i, want := range []int{12, 10} {
				_, err := Recv(made[1-i], got, AnySource, 0)
				if check(t, err); got[0] != want {
					t.Errorf("received %d, want %d", got[0], want)
				}
			}
		}
	})
}

func pair(t *testing.T, c *Comm, a, b int) *Comm {
	color := Undefined
	if c.Rank() == a || c.Rank() == b {
		color = 0
	}
	p, err := c.Split(color, 0)
	check(t, err)
	return p
}

func TestIdupOfIntercommunicator(t *testing.T) {
	world(t, 4, func(c *Comm) {
		i, low := inter(t, c)
		if i == nil {
			return
		}
		d, r, err := i.Idup()
		check(t, err)
		_, err = r.Wait()
		check(t, err)
		checkInter(t, c, d, low)
		if d.ctx == i.ctx || d.local.ctx != d.ctx+localContext {
			t.Errorf("contexts %#x and %#x of the duplicate of %#x", d.ctx, d.local.ctx, i.ctx)
		}
	})
}

func TestContextsEnd(t *testing.T) {
	world(t, 2, func(c *Comm) {
		if c.Rank() == 0 {
			c.e.nextContext = 1<<contextNumberBits - contextsPerComm
		}
		_, err := c.Dup() // the last one
		check(t, err)
		if _, err = c.Dup(); ClassOf(err) != ErrNoMem {
			t.Errorf("rank %d: a context beyond the last one: %v", c.Rank(), err)
		}
	})
}

func TestHeaderHoldsTheLargestContext(t *testing.T) {
	h := header{kind: kindEager, sync: true, ctx: 1<<contextBits - 1, src: 1, tag: 2, size: 3, id: 4}
	var b [headerSize]byte
	h.encode(b[:])
	if got, ok := decodeHeader(append(b[:], "abc"...)); !ok || got != h {
		t.Errorf("decoded %+v, want %+v", got, h)
	}

	// A brief header is the beginning of one, and its message all that follows.
	record := binary.LittleEndian.AppendUint64(nil, uint64(h.ctx)<<(64-contextBits)|kindBrief)
	record = append(append(record, b[8:briefSize]...), "abc"...)
	got, payload, ok := decodeRecord(record)
	if want := (header{kind: kindEager, ctx: h.ctx, src: h.src, tag: h.tag, size: 3}); !ok || got != want || string(payload) != "abc" {
		t.Errorf("decoded %+v with %q, want %+v", got, payload, want)
	}
	for n := range briefSize {
		if _, _, ok := decodeRecord(record[:n]); ok {
			t.Errorf("%d bytes are a header", n)
		}
	}
	for n := range headerSize {
		if _, _, ok := decodeRecord(b[:n]); ok {
			t.Errorf("%d bytes are a header", n)
		}
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}

// Who never frees communicators is told so, at all ranks in the same call, and can go on when some are freed.
func TestTooManyCommunicators(t *testing.T) {
	defer func(was int) { maxComms = was }(maxComms)
	maxComms = 20
	world(t, 3, func(c *Comm) {
		var made []*Comm
		var err error
		for len(made) < 2*maxComms && err == nil {
			var d *Comm
			if d, err = c.Dup(); err == nil {
				made = append(made, d)
			}
		}
		if ClassOf(err) != ErrNoMem || !strings.Contains(err.Error(), "MPI_Comm_free") {
			t.Errorf("after %d communicators: %v", len(made), err)
		}
		counts := []int{0, 0}
		check(t, Allreduce(c, []int{len(made), -len(made)}, counts, Max))
		if counts[0] != -counts[1] {
			t.Errorf("some made %d communicators, some %d", counts[0], -counts[1])
		}
		check(t, made[3].Free())
		d, err := c.Dup()
		check(t, err)
		check(t, d.Barrier())
	})
}
