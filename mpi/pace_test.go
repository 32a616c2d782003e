package mpi

import (
	"slices"
	"testing"
)

// copying is what a byte costs on a machine, in ns: into the ring, out of it, and read.
type copying struct{ in, out, read float64 }

// come has a message come the way that the pace says, and reports which.
func (m copying) come(p *pace, n int64) (streamed bool) {
	c, ns := &p[paceClass(n)], func(perByte float64) int64 { return int64(perByte * float64(n)) }
	if streamed = p.streams(n); streamed {
		c.in.took(n, ns(m.in))
		c.out.took(n, ns(m.out))
	} else {
		c.read.took(n, ns(m.read))
	}
	return streamed
}

// most reports how many of the next messages are streamed.
func (m copying) most(p *pace, messages int, n int64) (streamed int) {
	for range messages {
		if m.come(p, n) {
			streamed++
		}
	}
	return streamed
}

// Long messages come the way that costs less on the machine at hand.
func TestPace(t *testing.T) {
	cache, mesh := copying{0.03, 0.04, 0.12}, copying{0.13, 0.11, 0.09}
	const n = 1 << 20
	for _, k := range []struct {
		name     string
		m        copying
		streamed int // of 1024, but for the first and for one in paceAgain
	}{{"processors that share a cache", cache, 1024 - 1024/paceAgain}, {"processors that do not", mesh, 1024 / paceAgain}} {
		var p pace
		if first := k.m.most(&p, 2*paceTrials, n); first != paceTrials {
			t.Errorf("%s: of the first %d messages %d are streamed; want half", k.name, 2*paceTrials, first)
		}
		if got := k.m.most(&p, 1024, n); got != k.streamed {
			t.Errorf("%s: %d of 1024 messages are streamed; want %d", k.name, got, k.streamed)
		}
		if got := k.m.most(&p, 1, n/16); got != 1 {
			t.Errorf("%s: what is known of 1 MiB is taken for 64 KiB", k.name)
		}
	}

	// The ranks move, and what was the better way is the worse one.
	var p pace
	cache.most(&p, 1000, n)
	mesh.most(&p, 2*paceAgain, n)
	if got := mesh.most(&p, paceAgain, n); got > 1 {
		t.Errorf("%d of %d messages are streamed where that has become the worse way", got, paceAgain)
	}
	mesh.most(&p, 1000, n)
	cache.most(&p, 2*paceAgain, n)
	if got := cache.most(&p, paceAgain, n); got < paceAgain-1 {
		t.Errorf("%d of %d messages are streamed where that has become the better way", got, paceAgain)
	}

	// Once put off its processor for a second while it read, a rank does not stream for ever.
	p = pace{}
	mesh.most(&p, 1000, n)
	p[paceClass(n)].read.took(n, 1e9)
	if got := mesh.most(&p, paceAgain, n); got > 2 {
		t.Errorf("%d of %d messages are streamed because one took a second to read", got, paceAgain)
	}
}

func TestPaceClasses(t *testing.T) {
	last := 0
	for n := int64(1); n < 1<<40; n *= 2 {
		c := paceClass(n)
		if c < last || c > last+1 || c >= paceClasses {
			t.Errorf("%d bytes are of class %d, and half of that of %d", n, c, last)
		}
		last = c
	}
	if last != paceClasses-1 || paceClass(64<<10-1) != 0 || paceClass(64<<10) != 1 || paceClass(256<<10) != 2 || paceClass(4<<20) != 4 {
		t.Error("the classes begin elsewhere than is said")
	}
}

// A nonblocking call returns before the data of a long message is copied: its program may have sends to begin that
// others wait for.
func TestBeginsAtOnce(t *testing.T) {
	world(t, 2, func(c *Comm) {
		const length = 200_000
		data, got := numbers(length, c.Rank()), make([]int64, length)
		if c.Rank() == 0 {
			if err := Send(c, data, 1, 3); err != nil {
				t.Error(err)
			}
			return
		}
		if _, err := c.Probe(0, 3); err != nil {
			t.Error(err)
		}
		for range paceTrials { // so that it would be read
			c.e.procs[0].pace[paceClass(8*length)].in.took(length, 2*length)
			c.e.procs[0].pace[paceClass(8*length)].out.took(length, 2*length)
			c.e.procs[0].pace[paceClass(8*length)].read.took(length, length)
		}
		r, err := c.Irecv(Slice(got), 0, 3)
		if err != nil {
			t.Fatal(err)
		}
		if r.Done() || got[length-1] != 0 {
			t.Error("Irecv has copied the message")
		}
		if _, err := r.Wait(); err != nil || !slices.Equal(got, numbers(length, 0)) {
			t.Errorf("the message: %v", err)
		}
	})
}
