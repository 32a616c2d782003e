package rudp

import "testing"

// TestLeastDelay: a small message goes where it is at the peer first, of rails that take 30 us and 2 ms: the near one while
// what anybody's bulk data queues there is less than the difference, and the far one while it is more.
func TestLeastDelay(t *testing.T) {
	for _, tt := range []struct {
		name   string
		own    bool  // bulk data of the same connection, on both rails
		others int   // connections with bulk data on the near rail alone
		near   int   // least percentage of messages by the near rail
		far    int   // and by the far one
		known  bool  // the far rail has carried bulk data before
		beyond int64 // most that they take in the mean beyond the quicker way
	}{
		{"idle", false, 0, 100, 0, false, 2 * microsecond},
		{"own bulk", true, 0, 80, 0, false, 50 * microsecond},
		{"bulk of another", false, 1, 95, 0, false, 50 * microsecond},
		{"bulk of many", false, 8, 0, 95, true, 200 * microsecond},
		{"bulk of many, the far rail unknown", false, 8, 0, 95, false, 200 * microsecond},
	} {
		rails := []*rail{gigabit(), gigabit()}
		rails[1].delay = 2 * millisecond
		w := newWorld(t, 40, Config{}, rails...)
		w.up()
		for range tt.others {
			w.addPair(Config{})
		}
		if tt.known {
			w.sendBulk(w.ends[0], 1<<32, 8<<20)
			w.run(second, func() bool { return w.ends[0].sent[1<<32] })
		}
		w.leaving = true
		for _, e := range w.ends[2:] {
			e.c.RemovePath(w.now, w.id(1))
		}
		senders := w.ends[:1]
		if !tt.own {
			senders = nil
		}
		for i := 2; i < len(w.ends); i += 2 {
			senders = append(senders, w.ends[i])
		}
		token := uint64(0)
		pass := func(d int64, done func() bool) {
			until := w.now + d
			w.run(d+second, func() bool {
				for _, e := range senders {
					if len(e.sent) == len(e.peer.bulk) {
						token++
						w.sendBulk(e, token, 8<<20)
					}
				}
				return done() || w.now >= until
			})
		}
		pass(200*millisecond, func() bool { return false })
		a, b := w.ends[0], w.ends[1]
		const rounds = 400
		var by [2]int
		var beyond, worst int64
		for k := range uint64(rounds) {
			pass(int64(500+k%7*100)*microsecond, func() bool { return false })
			best, from := int64(never), w.now
			for _, r := range rails {
				best = min(best, max(r.freeAt[0]-w.now, 0)+r.delay)
			}
			w.sendMessage(a, 64)
			pass(second, func() bool { return b.wantMsg == k+1 })
			for i, p := range a.c.paths {
				if p == a.c.send.path {
					by[i]++
				}
			}
			beyond += w.now - from - best
			worst = max(worst, w.now-from-best)
		}
		t.Logf("%s: %d by the near rail, %d by the far one; %d us beyond the quicker way, %d us at worst",
			tt.name, by[0], by[1], beyond/rounds/microsecond, worst/microsecond)
		if by[0]*100 < tt.near*rounds || by[1]*100 < tt.far*rounds || beyond/rounds > tt.beyond {
			t.Errorf("%s: by the slower way", tt.name)
		}
	}
}
