package rudp

import "testing"

// suspected returns how long after a cut a path under load is left, with hints of it or without.
func suspected(t *testing.T, hints bool) int64 {
	rails := []*rail{gigabit(), gigabit()}
	w := newWorld(t, 21, Config{}, rails...)
	w.up()
	a := w.ends[0].c
	w.sendBulk(w.ends[0], 1, 60<<20)
	from := w.now
	w.run(second, func() bool { return w.now > from+50*millisecond })
	cut := w.now
	rails[1].cut = [2]bool{true, true}
	w.run(second, func() bool {
		if hints {
			a.Hint(w.now, w.id(1))
		}
		return a.Paths()[1].Suspect || !a.Paths()[1].Up
	})
	took := w.now - cut
	w.run(3*second, func() bool { return w.ends[0].sent[1] })
	return took
}

// TestHint: a path that hints are about is left within a probe time-out.
func TestHint(t *testing.T) {
	with, without := suspected(t, true), suspected(t, false)
	t.Logf("left %d µs after the cut with hints, %d without", with/microsecond, without/microsecond)
	if with > 4*millisecond || with >= without {
		t.Errorf("left after %d µs with hints, %d without", with/microsecond, without/microsecond)
	}
}

// TestFalseHints: hints of paths that are well, however many, are a ping every 3 ms at most: no path is
// left, and nothing is sent twice. Where there is one path only it stays.
func TestFalseHints(t *testing.T) {
	for n := 1; n <= 2; n++ {
		rails := []*rail{gigabit(), gigabit()}[:n]
		w := newWorld(t, 22, Config{}, rails...)
		w.up()
		a := w.ends[0].c
		w.sendBulk(w.ends[0], 1, 40<<20)
		from, pings := w.now, 0
		w.run(3*second, func() bool {
			for i := range rails {
				due := a.path(w.id(i)).hintAt
				a.Hint(w.now, w.id(i))
				if a.path(w.id(i)).hintAt != due {
					pings++
				}
			}
			for _, p := range a.Paths() {
				if p.Suspect || !p.Up {
					w.fail("a path is left for a hint alone")
				}
			}
			return w.ends[0].sent[1]
		})
		if most := n * (int((w.now-from)/hintEvery) + 1); pings > most {
			t.Errorf("%d rails: %d pings for hints, at most %d", n, pings, most)
		}
		for _, p := range a.Paths() {
			if p.ResentBytes > 0 {
				t.Errorf("%d rails: %d bytes sent again", n, p.ResentBytes)
			}
		}
	}
}

// TestHintOfOnlyPath: the last path is never left for hints, true or not, and what was lost comes.
func TestHintOfOnlyPath(t *testing.T) {
	rails := []*rail{gigabit()}
	w := newWorld(t, 23, Config{}, rails...)
	w.up()
	a := w.ends[0].c
	w.sendMessage(w.ends[0], 5000)
	rails[0].cut = [2]bool{true, true}
	w.drive(w.ends[0])
	from := w.now
	w.run(second, func() bool { a.Hint(w.now, w.id(0)); return w.now > from+10*millisecond })
	if a.Paths()[0].Suspect {
		t.Error("the only path is left for a hint")
	}
	rails[0].cut = [2]bool{}
	w.run(second, func() bool { return w.ends[1].wantMsg == 1 })
}

// TestHintsOfPeerAway: hints while the peer is off its processor: it is the peer that is silent, and no path is left.
func TestHintsOfPeerAway(t *testing.T) {
	w := newWorld(t, 24, Config{}, gigabit(), gigabit())
	w.up()
	a := w.ends[0].c
	w.sendBulk(w.ends[0], 1, 40<<20)
	from := w.now
	w.run(second, func() bool { return w.now > from+20*millisecond })
	w.ends[1].stallsTill = w.now + 25*millisecond
	w.run(second, func() bool {
		for i := range 2 {
			a.Hint(w.now, w.id(i))
		}
		for _, p := range a.Paths() {
			if p.Suspect || !p.Up {
				w.fail("a path is left while the peer is away")
			}
		}
		return w.now >= w.ends[1].stallsTill
	})
	w.run(second, func() bool { return w.ends[0].sent[1] })
}
