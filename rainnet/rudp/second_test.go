package rudp

import (
	"slices"
	"testing"
)

// A load is something to send. It returns how long that took.
type load struct {
	name string
	run  func(w *world) int64
}

const loadBytes = 16 << 20

var (
	oneWay   = load{"one way", func(w *world) int64 { return transfer(w, false) }}
	bothWays = load{"both ways", func(w *world) int64 { return transfer(w, true) }}
	small8   = load{"8 of 64 KiB", func(w *world) int64 { return windowed(w, 8, 64<<10) }}
	large8   = load{"8 of 256 KiB", func(w *world) int64 { return windowed(w, 8, 256<<10) }}
	large1   = load{"1 of 1 MiB", func(w *world) int64 { return windowed(w, 1, 1<<20) }}
	bulk     = load{"1 MiB after a pause", func(w *world) int64 { return lonely(w, w.bulkOnce) }}
	ordered  = load{"1 MiB in order after a pause", func(w *world) int64 { return lonely(w, w.orderedOnce) }}

	everything = []load{oneWay, bothWays, small8, large8, large1, bulk, ordered}
)

func transfer(w *world, both bool) int64 {
	a, b, start := w.ends[0], w.ends[1], w.now
	w.sendBulk(a, 1, loadBytes)
	if both {
		w.sendBulk(b, 2, loadBytes)
	}
	w.run(20*second, func() bool { return a.sent[1] && (!both || b.sent[2]) })
	return w.now - start
}

func windowed(w *world, window uint64, size int64) int64 {
	a, start := w.ends[0], w.now
	begun, all := uint64(0), uint64(loadBytes/size)
	w.run(20*second, func() bool {
		for ; begun < all && (begun < window || a.sent[begun-window]); begun++ {
			w.sendBulk(a, begun, size)
		}
		return len(a.sent) == int(all)
	})
	return w.now - start
}

// lonely returns how long messages of 1 MiB take to come, each after a pause.
func lonely(w *world, send func(k uint64)) (sum int64) {
	for k := range uint64(loadBytes >> 20) {
		until := w.now + 20*millisecond
		w.run(second, func() bool { return w.now >= until })
		start := w.now
		send(k)
		sum += w.now - start
	}
	return sum
}

func (w *world) bulkOnce(k uint64) {
	w.sendBulk(w.ends[0], k, 1<<20)
	w.run(5*second, func() bool { return w.ends[1].done[k] > 0 })
}

func (w *world) orderedOnce(k uint64) {
	w.sendMessage(w.ends[0], 1<<20)
	w.run(5*second, func() bool { return w.ends[1].wantMsg == k+1 })
}

// TestSecondRail: a rail that loses packets, or that is slow, makes nothing slower than it is on the good rail alone: no
// transfer, one way or both, no window of a few, and no single message. The last packet of a transfer may be late by what
// one takes on a rail of 10 Mbit/s, more than a millisecond: that is its slack, in thousandths of the time.
func TestSecondRail(t *testing.T) {
	lossy := func(loss float64) *rail {
		r := gigabit()
		r.loss = loss
		return r
	}
	slow := func(rate int64) *rail {
		r := gigabit()
		r.rate, r.queue = rate, rate/50
		return r
	}
	seconds := []struct {
		name  string
		rail  func() *rail
		loads []load
		slack int64
	}{
		{"1 % lost", func() *rail { return lossy(0.01) }, everything, 0},
		{"5 % lost", func() *rail { return lossy(0.05) }, everything, 0},
		{"20 % lost", func() *rail { return lossy(0.2) }, []load{oneWay, bothWays, small8, large8, bulk}, 0},
		{"100 Mbit/s", func() *rail { return slow(12.5e6) }, []load{oneWay, bothWays, small8, large8, large1, bulk}, 0},
		{"10 Mbit/s", func() *rail { return slow(1.25e6) }, []load{oneWay, bothWays}, 20},
	}
	const seeds = 3
	for _, busy := range []bool{false, true} {
		if busy && testing.Short() {
			continue
		}
		for _, l := range everything {
			took := func(second func() *rail) (sum int64) {
				for seed := range uint64(seeds) {
					rails := []*rail{gigabit()}
					if second != nil {
						rails = append(rails, second())
					}
					w := newWorld(t, seed, Config{}, rails...)
					w.up()
					if busy {
						w.ends[0].lateBy, w.ends[1].stalls = 100*microsecond, 2*millisecond
					}
					sum += l.run(w)
				}
				return sum
			}
			alone := took(nil)
			for _, s := range seconds {
				if !slices.ContainsFunc(s.loads, func(x load) bool { return x.name == l.name }) {
					continue
				}
				both := took(s.rail)
				t.Logf("%s beside %s, ends busy %v: %.3f times as fast", l.name, s.name, busy, float64(alone)/float64(both))
				if both > alone*(1000+s.slack)/1000 {
					t.Errorf("%s beside %s, ends busy %v: %d us, and %d us without", l.name, s.name, busy, both/microsecond, alone/microsecond)
				}
			}
		}
	}
}
