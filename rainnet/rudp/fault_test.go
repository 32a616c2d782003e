package rudp

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestFaults runs random traffic over random rails that lose, repeat, delay and
// die, and checks that all arrives once, in order, and unharmed.
func TestFaults(t *testing.T) {
	seeds := 60
	if testing.Short() {
		seeds = 15
	}
	for seed := range uint64(seeds) {
		runFaults(t, seed)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func runFaults(t *testing.T, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 2))
	var rails []*rail
	for range 1 + rng.IntN(3) {
		r := &rail{
			rate:  int64(math.Pow(10, 6.5+2.5*rng.Float64())),
			delay: int64(math.Pow(10, 4+2.5*rng.Float64())),
			loss:  []float64{0, 0.01, 0.05, 0.2}[rng.IntN(4)],
			dup:   []float64{0, 0.05}[rng.IntN(2)],
			late:  []float64{0, 0, 0.1}[rng.IntN(3)],
		}
		r.queue = 20e3 + int64(rng.Float64()*float64(r.rate)/50)
		r.by = 1 + int64(rng.Float64()*5e6)
		rails = append(rails, r)
	}
	w := newWorld(t, seed, Config{Window: 64 << 10 << rng.IntN(5)}, rails...)
	t.Logf("seed %d, %d rails", seed, len(rails))
	w.run(20*second, func() bool { return w.ends[0].c.upCount > 0 && w.ends[1].c.upCount > 0 })

	token, steps := uint64(0), 0
	nextAt, faultAt := w.now, w.now
	quiet := false
	w.run(300*second, func() bool {
		if w.now >= nextAt && steps < 400 {
			nextAt = w.now + rng.Int64N(int64(3*millisecond))
			steps++
			e := w.ends[rng.IntN(2)]
			if rng.IntN(3) == 0 {
				token++
				w.sendBulk(e, token, rng.Int64N(1<<rng.IntN(19)+1))
			} else if e.c.Backlog() < e.c.cfg.Window*3 {
				w.sendMessage(e, rng.IntN(1<<(3+rng.IntN(15))))
			}
		}
		if w.now >= faultAt && steps < 400 {
			faultAt = w.now + rng.Int64N(100*millisecond)
			rails[rng.IntN(len(rails))].cut = [2]bool{rng.IntN(4) == 0, rng.IntN(4) == 0}
		}
		if steps == 400 && !quiet {
			quiet = true
			for _, r := range rails {
				r.cut = [2]bool{}
			}
		}
		return quiet && allDone(w, token)
	})
}

func allDone(w *world, tokens uint64) bool {
	a, b := w.ends[0], w.ends[1]
	return a.wantMsg == b.nextMsg && b.wantMsg == a.nextMsg &&
		uint64(len(a.done)+len(b.done)) == tokens && uint64(len(a.sent)+len(b.sent)) == tokens &&
		a.c.Backlog() == 0 && b.c.Backlog() == 0
}

// TestPathDeath cuts one of two rails under load: the other carries on at its own
// rate, without a pause worth mentioning, and both ends count the same epochs.
func TestPathDeath(t *testing.T) {
	for _, dirs := range [][2]bool{{true, true}, {true, false}, {false, true}} {
		rails := []*rail{gigabit(), gigabit()}
		w := newWorld(t, 3, Config{}, rails...)
		w.up()
		start := w.now
		w.sendBulk(w.ends[0], 1, 60<<20)
		w.run(second, func() bool { return w.now > start+50*millisecond })
		rails[1].cut = dirs
		most := w.ends[0].c.Paths()[1].Window + 128<<10 // in flight when the path is left, and some probes
		w.run(3*second, func() bool { return w.ends[0].sent[1] && w.ends[0].c.upCount == 1 && w.ends[1].c.upCount == 1 })
		took := w.now - start
		// 50 ms at twice the rate, then the rest at once.
		ideal := 50*millisecond + (int64(60<<20)*100/94-12.5e6)*second/125e6
		t.Logf("cut %v: %d ms, ideal %d ms", dirs, took/millisecond, ideal/millisecond)
		if took > ideal*11/10+20*millisecond {
			t.Errorf("cut %v: took %d ms, want about %d", dirs, took/millisecond, ideal/millisecond)
		}
		var resent int64
		for _, p := range w.ends[0].c.Paths() {
			resent += int64(p.ResentBytes)
		}
		if resent == 0 || resent > most {
			t.Errorf("cut %v: %d bytes were sent again, at most %d were in flight: once per epoch", dirs, resent, most)
		}
		rails[1].cut = [2]bool{}
		w.up()
		for i, p := range w.ends[0].c.Paths() {
			if q := w.ends[1].c.Paths()[i]; p.Epoch != q.Epoch {
				t.Errorf("path %v: epochs %d and %d", p.ID, p.Epoch, q.Epoch)
			}
		}
		start = w.now
		w.sendBulk(w.ends[0], 2, 60<<20)
		w.run(3*second, func() bool { return w.ends[0].sent[2] })
		if got := float64(60<<20) / float64(w.now-start) * second; got < 0.88*250e6 {
			t.Errorf("after the repair: %.0f MB/s", got/1e6)
		}
	}
}

// TestStall cuts all rails for a while. Nothing is lost, and it is told once.
func TestStall(t *testing.T) {
	for n := 1; n <= 2; n++ {
		rails := []*rail{gigabit(), gigabit()}[:n]
		w := newWorld(t, 4, Config{}, rails...)
		w.up()
		w.sendBulk(w.ends[0], 1, 30<<20)
		w.sendMessage(w.ends[1], 100)
		from := w.now
		w.run(second, func() bool { return w.now > from+20*millisecond })
		for _, r := range rails {
			r.cut = [2]bool{true, true}
		}
		w.run(5*second, func() bool { return w.now > from+2*second })
		sent := rails[0].sent[0]
		w.run(5*second, func() bool { return w.now > from+3*second })
		if sent = rails[0].sent[0] - sent; sent > 1e6 {
			t.Errorf("%d rails: %d bytes sent into a dead rail in a second", n, sent)
		}
		for _, r := range rails {
			r.cut = [2]bool{}
		}
		back := w.now
		w.run(5*second, func() bool { return w.ends[0].sent[1] })
		t.Logf("%d rails: done %d ms after the repair", n, (w.now-back)/millisecond)
		for i, e := range w.ends {
			var stalls, resumes int
			for _, ev := range e.events {
				switch ev.Kind {
				case Stalled:
					stalls++
				case Resumed:
					resumes++
				}
			}
			if stalls != 1 || resumes != 1 {
				t.Errorf("%d rails: end %d: %d times stalled, %d resumed", n, i, stalls, resumes)
			}
		}
	}
}

// TestSilenceOfAll cuts all rails of a pair that has had nothing to say for a while: the longer time-out
// of an idle path must not keep up what was silent before it.
func TestSilenceOfAll(t *testing.T) {
	rails := []*rail{gigabit(), gigabit()}
	w := newWorld(t, 5, Config{}, rails...)
	w.up()
	w.sendMessage(w.ends[0], 100)
	w.run(second, func() bool { return w.ends[1].wantMsg == 1 })
	said := w.now
	w.run(5*second, func() bool { return w.now > said+idleAfter-stallTime/2 })
	from := w.now
	for _, r := range rails {
		r.cut = [2]bool{true, true}
	}
	w.run(5*second, func() bool { return w.now > from+5*second/2 })
	for i, e := range w.ends {
		var downs []int64
		for _, ev := range e.events {
			if ev.Kind == PathDown {
				downs = append(downs, ev.At-from)
			}
		}
		if len(downs) != 2 {
			t.Fatalf("end %d: %d of 2 silent paths went down", i, len(downs))
		}
		for _, at := range downs {
			if at < 2*stallTime/3 || at > 4*stallTime/3 {
				t.Errorf("end %d: a path of a silent peer went down after %d ms, want %d", i, at/millisecond, stallTime/millisecond)
			}
		}
	}
}

// TestHistoryByBackup has a transition to tell while the only active path is dead in
// one direction and slow to be found so: a backup path tells it.
func TestHistoryByBackup(t *testing.T) {
	far := gigabit()
	far.delay = 100 * millisecond
	rails := []*rail{far, gigabit(), gigabit()}
	w := newWorld(t, 12, Config{}, rails...)
	for _, e := range w.ends {
		for i := range rails {
			e.c.SetNICs(w.now, w.id(i), 0, 0)
		}
	}
	w.up()
	from := w.now
	w.run(5*second, func() bool { return w.now > from+3*second }) // idle ends leave a silent path late
	far.cut[0], rails[2].cut = true, [2]bool{true, true}
	w.ends[0].c.LinkDown(w.now, w.id(2))
	w.run(100*millisecond, func() bool { return w.ends[1].c.Paths()[2].Epoch == 2 })
}

// TestLonelyMessageLost loses the only packet: the probe time-out brings it.
func TestLonelyMessageLost(t *testing.T) {
	rails := []*rail{gigabit(), gigabit()}
	w := newWorld(t, 5, Config{}, rails...)
	w.up()
	from := w.now
	w.sendMessage(w.ends[0], 10)
	rails[0].cut[0], rails[1].cut[0] = true, true
	w.drive(w.ends[0])
	rails[0].cut[0], rails[1].cut[0] = false, false
	w.run(second, func() bool { return w.ends[1].wantMsg == 1 })
	if d := w.now - from; d > 6*millisecond {
		t.Errorf("came after %d µs", d/microsecond)
	}
}

// TestRemovePath takes a path away under load and adds it again.
func TestRemovePath(t *testing.T) {
	w := newWorld(t, 6, Config{}, gigabit(), gigabit())
	w.up()
	w.sendBulk(w.ends[0], 1, 20<<20)
	from := w.now
	w.run(second, func() bool { return w.now > from+20*millisecond })
	for _, e := range w.ends {
		e.c.RemovePath(w.now, w.id(0))
	}
	w.fly = nil // a packet on a path that is not there would be an error
	w.run(2*second, func() bool { return w.ends[0].sent[1] })
	for _, e := range w.ends {
		e.c.AddPath(w.now, w.id(0), 1472)
	}
	w.sendBulk(w.ends[0], 2, 1<<20)
	w.up()
	w.run(2*second, func() bool { return w.ends[0].sent[2] })
}

// TestLongMessage sends messages longer than the window.
func TestLongMessage(t *testing.T) {
	w := newWorld(t, 7, Config{Window: 64 << 10}, gigabit(), gigabit())
	w.up()
	for _, n := range []int{10, 64 << 10, 1 << 20, 100, 40 << 10, 3 << 20, 8} {
		w.sendMessage(w.ends[0], n)
	}
	w.run(5*second, func() bool { return w.ends[1].wantMsg == 7 && w.ends[0].c.Backlog() == 0 })
}

// TestPeerAway takes the peer off its processor for less than a link's time-out: all
// its paths are silent, none is left, and next to nothing is sent twice.
func TestPeerAway(t *testing.T) {
	w := newWorld(t, 10, Config{}, gigabit(), gigabit())
	w.up()
	w.sendBulk(w.ends[0], 1, 40<<20)
	for range 5 {
		from := w.now
		w.run(second, func() bool { return w.now > from+20*millisecond })
		w.ends[1].stallsTill = w.now + 20*millisecond
	}
	w.run(second, func() bool { return w.ends[0].sent[1] })
	var resent uint64
	for _, p := range w.ends[0].c.Paths() {
		resent += p.ResentBytes
		if p.Epoch != 1 {
			t.Errorf("path %v went down", p.ID)
		}
	}
	t.Logf("%d bytes sent again", resent)
	if resent > 100<<10 {
		t.Error("too much")
	}
}

// TestOrderedFillsRails streams messages of middling size over two rails.
func TestOrderedFillsRails(t *testing.T) {
	w := newWorld(t, 11, Config{}, gigabit(), gigabit())
	w.up()
	const n, size = 1500, 30000
	start := w.now
	w.run(5*second, func() bool {
		for w.ends[0].nextMsg < n && w.ends[0].c.Backlog() < 3<<20 {
			w.sendMessage(w.ends[0], size)
		}
		return w.ends[1].wantMsg == n
	})
	got := float64(n*size) / float64(w.now-start) * second / 250e6
	t.Logf("%.3f of the line rate", got)
	if got < 0.8 {
		t.Error("too slow")
	}
}
