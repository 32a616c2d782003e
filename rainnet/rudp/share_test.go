package rudp

import (
	"math/rand/v2"
	"testing"

	"rainmpi/rainnet/wire"
)

// newShared returns a connection with n paths that are up as far as sharing is concerned.
func newShared(n int) *Conn {
	c := New(Config{Local: 0, Remote: 1}, 0)
	for i := range n {
		c.AddPath(0, wire.MakePathID(0, 1, uint8(i), uint8(i)), 1472)
	}
	c.usable = append(c.usable[:0], c.paths...)
	return c
}

// TestShareOut: of whatever is left, with whatever is in front of paths of whatever rates, all is shared out, and no path ends
// its share after another one would have ended its own and a packet. Only what is much slower gets less.
func TestShareOut(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	const now = 100 * second
	for range 20_000 {
		c := newShared(1 + rng.IntN(5))
		left := 1 + rng.Int64N(1<<(4+rng.IntN(24)))
		for _, p := range c.paths {
			p.rtt.sample(20*microsecond+rng.Int64N(4*millisecond), 0, 0)
			p.rate.bw.update(now, second, 1+rng.Int64N(1<<(1+rng.IntN(36))))
			p.queue.until = now + rng.Int64N(1<<(10+rng.IntN(14)))
			for range rng.IntN(300) {
				p.loss.count(rng.IntN(10) == 0)
			}
		}
		c.shareOut(now, left)
		most := c.paths[0]
		for _, p := range c.paths {
			if p.share > most.share {
				most = p
			}
		}
		sum, slower := int64(0), false
		for _, p := range c.paths {
			sum += p.share
			slower = slower || p.burst > muchSlower*most.burst
			if len(c.paths) == 1 || p.share == 0 {
				continue
			}
			if p.share%int64(p.mtu) != 0 {
				t.Fatalf("%d bytes of %d are no whole packets", p.share, left)
			}
			ends := p.lag + lasts(p.share-int64(p.mtu), p.burst)
			for _, q := range c.paths {
				if other := q.lag + lasts(q.share+int64(q.mtu), q.burst); q.burst <= muchSlower*most.burst && ends > other+microsecond {
					t.Fatalf("of %d bytes a path ends %d us after another would have", left, (ends-other)/microsecond)
				}
			}
		}
		if sum > left+int64(len(c.paths))*1472 || !slower && sum < left-int64(len(c.paths))*1472 {
			t.Fatalf("%d bytes of %d are shared out to %d paths", sum, left, len(c.paths))
		}
	}
}

// TestShareOfUnknown: a path of which nothing is known gets little beside one that is known, and that one does not count on it.
func TestShareOfUnknown(t *testing.T) {
	const now, left = 100 * second, 1 << 20
	c := newShared(2)
	known, unknown := c.paths[0], c.paths[1]
	known.rate.bw.update(now, second, 125e6)
	c.shareOut(now, left)
	if known.share < left || unknown.share > firstFlight {
		t.Errorf("%d of %d bytes for the known path, %d for the other", known.share, left, unknown.share)
	}
	unknown.sent.bytes = firstFlight
	if c.shareOut(now, left); unknown.share != 0 {
		t.Errorf("%d bytes more for the unknown path", unknown.share)
	}
}

// TestRepairs: what comes late for losses is what is lost of a burst, what is lost of that, and so on.
func TestRepairs(t *testing.T) {
	for _, tt := range []struct{ inHundred, least, most int64 }{{0, 0, 0}, {1, 400, 500}, {5, 1050, 1200}, {20, 2200, 2600}, {100, 4000, 4000}} {
		var l loss
		for i := range int64(500) {
			l.count(i%100 < tt.inHundred)
		}
		if got := l.delay(44, 1000); got < tt.least || got > tt.most {
			t.Errorf("%d %% lost: %d, want %d to %d", tt.inHundred, got, tt.least, tt.most)
		}
	}
	var l loss
	for range 5 * lossMemory {
		l.count(true)
	}
	for range 8 * lossMemory {
		l.count(false)
	}
	if l.delay(44, 1000) > 400 {
		t.Error("losses are remembered for ever")
	}
}

// TestLatenessOfFewPackets: with little in front of a packet, it may have waited for the peer to look, and tells nothing of the
// path; unless the path is known to be so slow that this little lasts.
func TestLatenessOfFewPackets(t *testing.T) {
	const now = 100 * second
	p := newShared(1).paths[0]
	want := func(what string, least int64) {
		t.Helper()
		if got := p.queueLeast(); got != least {
			t.Errorf("%s: %d bytes, want %d", what, got, least)
		}
	}
	want("nothing is known", queueLeast)
	p.rate.bw.update(now, second, 1.25e6)
	want("a path of 10 Mbit/s", 2500)
	p.rate.atLeast = true
	want("one that never had enough to send", queueLeast)
	p.rate.atLeast = false
	p.rate.bw.update(now, second, 125e6)
	want("a path of 1 Gbit/s", queueLeast)
}
