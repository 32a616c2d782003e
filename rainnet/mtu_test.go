package rainnet

import (
	"testing"

	"rainmpi/rainnet/udp"
	"rainmpi/rainnet/wire"
)

// search runs a track against a path that carries packets up to limit, both ways, with a small
// packet each way every 10 ms and full ones when data is set; it returns the size found.
func search(t *testing.T, a, b *track, limit int, data bool, now *int64, periods int) int {
	t.Helper()
	buf := make([]byte, 16<<10)
	for range periods {
		for _, dir := range [][2]*track{{a, b}, {b, a}} {
			sizes := []int{60}
			if data {
				sizes = append(sizes, dir[0].size-wire.TagLen)
			}
			for _, size := range sizes {
				n := dir[0].prepare(buf, size, 0, *now) + wire.TagLen
				if n <= limit {
					dir[1].arrived(buf[:n], *now)
				}
			}
		}
		*now += 10e6
	}
	return a.size
}

func TestSearchOfMTU(t *testing.T) {
	for _, c := range []struct{ max, limit int }{
		{8972, 8972}, {8972, 1472}, {8972, 4000}, {1472, 1472}, {1472, 1372}, {1000, 1000}, {8972, baseMTU},
	} {
		a, b, now := newTrack(c.max), newTrack(c.max), int64(1)
		got := search(t, &a, &b, c.limit, false, &now, 300)
		if got > c.limit || got < c.limit-searchStep {
			t.Errorf("cards take %d, the path %d: found %d", c.max, c.limit, got)
		}
	}
}

// TestBlackHole: the path's limit falls while it carries data.
func TestBlackHole(t *testing.T) {
	a, b, now := newTrack(8972), newTrack(8972), int64(1)
	if got := search(t, &a, &b, 8972, true, &now, 100); got != 8972 {
		t.Fatalf("found %d", got)
	}
	if got := search(t, &a, &b, 1472, true, &now, 150); got > 1472 {
		t.Errorf("found %d, 1.5 s after the limit fell to 1472", got)
	}
	if got := search(t, &a, &b, 1472, true, &now, 150); got > 1472 || got < 1472-searchStep {
		t.Errorf("found %d after the limit fell to 1472", got)
	}
	if got := search(t, &a, &b, 8972, true, &now, 61*100*10); got != 8972 {
		t.Errorf("found %d ten minutes after it rose again", got)
	}
}

// TestSmallSwitch: the cards said that they take jumbo frames, and the network does not.
func TestSmallSwitch(t *testing.T) {
	l := newLab(t, 1, 9000, false)
	a, b := l.node(t, 0, Config{}), l.node(t, 1, Config{})
	introduce(t, a, b)
	for host := range l.hosts {
		l.mtu(t, host, "rail0", 4000)
	}
	transfer(t, a, b, 5, func(int) {})
	drive(t, 10, "the end of the search", func() bool {
		return mtuOf(a) > 3900 && mtuOf(b) > 3900
	}, a, b)
	transfer(t, a, b, 2, func(int) {})
	if got := mtuOf(a); got > 4000-28 {
		t.Errorf("packets of %d bytes on a path of 4000", got)
	}
}

func mtuOf(n *node) (mtu int) {
	for _, p := range n.peers {
		for _, i := range p.Paths() {
			mtu = i.MTU
		}
	}
	return mtu
}

// TestMTUShrinks: a card that took jumbo frames takes them no more, in the middle of a transfer: this
// end's own, the peer's, both. Both ends send smaller packets then, and larger ones when it does again.
func TestMTUShrinks(t *testing.T) {
	for _, c := range []struct {
		what  string
		hosts []int
	}{{"own card", []int{0}}, {"the peer's card", []int{1}}, {"both", []int{0, 1}}} {
		t.Run(c.what, func(t *testing.T) {
			l := newLab(t, 1, 9000, false)
			a, b := l.node(t, 0, Config{}), l.node(t, 1, Config{})
			introduce(t, a, b)
			become := func(card, payload int) {
				t.Helper()
				for _, host := range c.hosts {
					l.mtu(t, host, "rail0", card)
				}
				drive(t, 10, "packets of the cards' size", func() bool {
					a.peers[11].want(Now())
					return mtuOf(a) == payload && mtuOf(b) == payload
				}, a, b)
			}
			become(9000, 8972)
			var tooBig int64
			transfer(t, a, b, 4, func(round int) {
				switch round {
				case 1: // with data under way that is too long now
					become(1400, 1372)
					tooBig = a.e.Stats().TooBig + b.e.Stats().TooBig
				}
			})
			if n := a.e.Stats().TooBig + b.e.Stats().TooBig - tooBig; n > 0 {
				t.Errorf("%d packets were too large for a card whose MTU is known", n)
			}
			for _, n := range []*node{a, b} {
				if f := n.e.rails[0].conn.Features(); f&udp.Segment == 0 {
					t.Errorf("features %v: runs are not cut by the kernel any more", f)
				}
			}
			become(9000, 8972)
			transfer(t, a, b, 2, func(int) {})
			if s := a.e.Stats(); s.Malformed+s.Misrouted > 0 {
				t.Errorf("%+v", s)
			}
		})
	}
}
