package rudp

import "testing"

// A load is something to send, in transfers with tokens from first on. It returns how long that took.
type load struct {
	name string
	run  func(w *world, first uint64) int64
}

const loadBytes = 16 << 20

var everything = []load{
	{"one way", func(w *world, first uint64) int64 { return transfer(w, first, false) }},
	{"both ways", func(w *world, first uint64) int64 { return transfer(w, first, true) }},
	{"8 of 64 KiB", func(w *world, first uint64) int64 { return windowed(w, first, 8, 64<<10) }},
	{"8 of 256 KiB", func(w *world, first uint64) int64 { return windowed(w, first, 8, 256<<10) }},
	{"1 of 1 MiB", func(w *world, first uint64) int64 { return windowed(w, first, 1, 1<<20) }},
	{"1 MiB after a pause", func(w *world, first uint64) int64 { return lonely(w, first, w.bulkOnce) }},
	{"1 MiB in order after a pause", func(w *world, first uint64) int64 { return lonely(w, w.ends[1].wantMsg, w.orderedOnce) }},
}

func transfer(w *world, first uint64, both bool) int64 {
	a, b, start := w.ends[0], w.ends[1], w.now
	w.sendBulk(a, first, loadBytes)
	if both {
		w.sendBulk(b, first, loadBytes)
	}
	w.run(20*second, func() bool { return a.sent[first] && (!both || b.sent[first]) })
	return w.now - start
}

func windowed(w *world, first, window uint64, size int64) int64 {
	a, start := w.ends[0], w.now
	next, end := first, first+uint64(loadBytes/size)
	w.run(20*second, func() bool {
		for ; next < end && (next < first+window || a.sent[next-window]); next++ {
			w.sendBulk(a, next, size)
		}
		return a.sent[end-1] && w.now > start && a.c.InFlight() == 0
	})
	return w.now - start
}

// lonely returns how long messages of 1 MiB take to come, each after a pause.
func lonely(w *world, first uint64, send func(k uint64)) (sum int64) {
	for k := range uint64(loadBytes >> 20) {
		until := w.now + 20*millisecond
		w.run(second, func() bool { return w.now >= until })
		start := w.now
		send(first + k)
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
// transfer, one way or both, no window of a few, and no single message. The last packet may be late by what one takes on a
// rail of 10 Mbit/s, more than a millisecond, and it costs something at first to find out how slow a rail is: that is the
// slack with ends that are idle, with busy ones, and the first time, in thousandths of the time.
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
		name              string
		rail              func() *rail
		idle, busy, first int64
	}{
		{"1 % lost", func() *rail { return lossy(0.01) }, 0, 0, 0},
		{"5 % lost", func() *rail { return lossy(0.05) }, 0, 0, 0},
		{"20 % lost", func() *rail { return lossy(0.2) }, 0, 0, 40},
		{"100 Mbit/s", func() *rail { return slow(12.5e6) }, 0, 0, 10},
		{"10 Mbit/s", func() *rail { return slow(1.25e6) }, 20, 50, 200},
	}
	const seeds = 3
	for _, busy := range []bool{false, true} {
		if busy && testing.Short() {
			continue
		}
		for _, l := range everything {
			took := func(second func() *rail) (cold, warm int64) {
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
					cold += l.run(w, 0)
					warm += l.run(w, 1<<20)
				}
				return cold, warm
			}
			aloneCold, aloneWarm := took(nil)
			for _, s := range seconds {
				cold, warm := took(s.rail)
				t.Logf("%s beside %s, ends busy %v: %.3f times as fast, at first %.3f",
					l.name, s.name, busy, float64(aloneWarm)/float64(warm), float64(aloneCold)/float64(cold))
				slack := s.idle
				if busy {
					slack = s.busy
				}
				if warm > aloneWarm*(1000+slack)/1000 || cold > aloneCold*(1000+slack+s.first)/1000 {
					t.Errorf("%s beside %s, ends busy %v: %d us, and %d us without; at first %d and %d", l.name, s.name, busy,
						warm/microsecond, aloneWarm/microsecond, cold/microsecond, aloneCold/microsecond)
				}
			}
		}
	}
}

// TestBothRailsLossy: what is lost at random is the cable's doing and holds nothing else back: with 5 % lost on both rails, most
// of the rate is kept, even if ends that are off their processors for a while look like queues; and of a single message as
// much as its last repairs allow.
func TestBothRailsLossy(t *testing.T) {
	const seeds = 4
	least := map[string][2]int64{ // thousandths, with ends that are idle and with busy ones
		"one way": {900, 900}, "both ways": {890, 870}, "8 of 64 KiB": {900, 800}, "1 MiB after a pause": {820, 720},
	}
	for _, l := range everything {
		if least[l.name][0] == 0 {
			continue
		}
		for i, busy := range []bool{false, true} {
			took := func(loss float64) (sum int64) {
				for seed := range uint64(seeds) {
					a, b := gigabit(), gigabit()
					a.loss, b.loss = loss, loss
					w := newWorld(t, seed, Config{}, a, b)
					w.up()
					if busy {
						w.ends[0].lateBy, w.ends[1].stalls = 100*microsecond, 2*millisecond
					}
					l.run(w, 0)
					for k := range uint64(2) {
						sum += l.run(w, (k+1)<<20)
					}
				}
				return sum
			}
			kept := took(0) * 1000 / took(0.05)
			t.Logf("%s, ends busy %v: %d thousandths of the rate without loss", l.name, busy, kept)
			if kept < least[l.name][i] {
				t.Errorf("%s, ends busy %v: %d thousandths of the rate without loss", l.name, busy, kept)
			}
		}
	}
}
