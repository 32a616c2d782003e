package rudp

import (
	"fmt"
	"testing"
)

func TestMessagesAndBulkOnCleanPath(t *testing.T) {
	w := newWorld(t, 1, Config{}, gigabit())
	w.up()
	for i := range 100 {
		w.sendMessage(w.ends[0], 8+i*37)
		w.sendMessage(w.ends[1], 8+i*11)
	}
	w.sendBulk(w.ends[0], 1, 1<<20)
	w.sendBulk(w.ends[1], 2, 0)
	w.run(second, func() bool {
		a, b := w.ends[0], w.ends[1]
		return a.wantMsg == 100 && b.wantMsg == 100 && a.sent[1] && b.done[1] > 0 && b.sent[2] && a.done[2] > 0 &&
			a.c.Backlog() == 0 && b.c.Backlog() == 0
	})
}

// TestAcksOfAnswers: who sleeps until an answer comes is not woken by the acknowledgement before it, if that can come
// along: within MaxAckDelay. Later ones cost one packet more; many messages in a row not one each.
func TestAcksOfAnswers(t *testing.T) {
	for _, tt := range []struct {
		think    int64 // before an answer
		messages int   // before that
		most     int   // packets to who waits, for each exchange
	}{
		{300 * microsecond, 1, 1}, {5 * millisecond, 1, 2}, {300 * microsecond, 100, 2}, {5 * millisecond, 100, 8},
	} {
		w := newWorld(t, 1, Config{}, gigabit())
		w.up()
		asks, answers := w.ends[0], w.ends[1]
		const exchanges = 100
		start, before := w.now, answers.packets
		for range exchanges {
			for range tt.messages {
				w.sendMessage(asks, 100)
			}
			w.run(second, func() bool { return answers.wantMsg == asks.nextMsg })
			answerAt := w.now + tt.think
			w.run(second, func() bool { return w.now >= answerAt })
			w.sendMessage(answers, 100)
			w.run(second, func() bool { return asks.wantMsg == answers.nextMsg })
		}
		pings := int(2 * (w.now - start) / (10 * millisecond))
		if came := answers.packets - before; came > tt.most*exchanges+pings {
			t.Errorf("%d messages, answered after %d us: %d packets came in %d exchanges; want %d each, and %d pings",
				tt.messages, tt.think/microsecond, came, exchanges, tt.most, pings)
		}
	}
}

// TestAcksOfFastPath: acknowledgements keep a distance in time where a path is fast, and yet none of its rate is
// lost. On a rail of 1 Gbit/s they come by the 48 KiB, as ever.
func TestAcksOfFastPath(t *testing.T) {
	for _, tt := range []struct {
		rail        *rail
		least, most int // packets of the receiver
	}{
		{&rail{rate: 2500e6, delay: 20 * microsecond, queue: 8 << 20}, 100, 250},
		{gigabit(), 600, 1000},
	} {
		w := newWorld(t, 1, Config{}, tt.rail)
		w.up()
		const n = 32 << 20
		w.sendBulk(w.ends[0], 1, n)
		start, before := w.now, w.ends[1].packets
		w.run(second, func() bool { return w.ends[0].sent[1] })
		if acks := w.ends[1].packets - before; acks < tt.least || acks > tt.most {
			t.Errorf("%d packets for 32 MiB at %d MB/s", acks, tt.rail.rate/1e6)
		}
		if rate := n * second / (w.now - start); rate < tt.rail.rate*8/10 {
			t.Errorf("%d MB/s of %d", rate/1e6, tt.rail.rate/1e6)
		}
	}
}

func TestThroughput(t *testing.T) {
	fast := func() *rail { return &rail{rate: 6250e6, delay: 20 * microsecond, queue: 8 << 20} }
	slow := gigabit()
	slow.rate, slow.queue = 12.5e6, 250e3
	lossy := gigabit()
	lossy.loss = 0.05
	shallow := gigabit()
	shallow.queue = 125e3
	for _, tt := range []struct {
		name  string
		rails []*rail
		want  float64 // of the sum of rates
		both  bool
		busy  int64
	}{
		{"one", []*rail{gigabit()}, 0.93, false, 0},
		{"two", []*rail{gigabit(), gigabit()}, 0.92, false, 0},
		{"unequal", []*rail{gigabit(), slow}, 0.9, false, 0},
		{"fast", []*rail{fast()}, 0.75, false, 0},
		{"lossy", []*rail{lossy}, 0.82, false, 0},
		{"shallow", []*rail{shallow}, 0.85, false, 0},
		{"both", []*rail{gigabit(), gigabit()}, 0.9, true, 0},
		{"stalls", []*rail{gigabit()}, 0.6, false, 8 * millisecond},
		{"stalls two", []*rail{gigabit(), gigabit()}, 0.6, false, 8 * millisecond},
		{"stalls fast", []*rail{fast()}, 0.1, false, 8 * millisecond},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, 1, Config{}, tt.rails...)
			for _, e := range w.ends {
				e.lateBy = 100 * microsecond
			}
			w.up()
			var sum int64
			for _, r := range tt.rails {
				sum += r.rate
			}
			for _, e := range w.ends {
				e.stalls = tt.busy
			}
			n := min(sum/4, 64<<20)
			start := w.now
			w.sendBulk(w.ends[0], 1, n)
			if tt.both {
				w.sendBulk(w.ends[1], 2, n)
			}
			w.run(10*second, func() bool {
				return w.ends[0].sent[1] && (!tt.both || w.ends[1].sent[2])
			})
			got := float64(n) / float64(w.now-start) * second / float64(sum)
			t.Logf("%.3f of the line rate", got)
			for id, r := range w.rail {
				t.Logf("path %v: %d kB sent, %d dropped, queue up to %d kB", id, r.sent[0]/1000, r.dropped[0], r.highest[0]/1000)
			}
			for _, p := range w.ends[0].c.Paths() {
				t.Logf("%+v", p)
			}
			if got < tt.want {
				t.Errorf("%.3f of the line rate, want %.2f", got, tt.want)
			}
		})
	}
}

// TestWindow keeps a few transfers under way, as a program does with nonblocking sends, or one: there is something to
// send, but never much. Rails that let a burst through at once look faster than they are, and acknowledgements of
// what had to queue tell of a queue that has gone: neither may leave a rail idle.
func TestWindow(t *testing.T) {
	for _, tt := range []struct {
		window, size, burst int64
		second              int64   // the other rail's rate
		want                float64 // of the sum of rates
	}{
		{8, 64 << 10, 0, 125e6, 0.9}, {8, 64 << 10, 128 << 10, 125e6, 0.9},
		{8, 256 << 10, 0, 125e6, 0.9}, {8, 256 << 10, 128 << 10, 125e6, 0.9},
		{1, 1 << 20, 0, 125e6, 0.8}, {1, 1 << 20, 128 << 10, 125e6, 0.88},
		// The fast rail alone would be 0.86 at most.
		{8, 64 << 10, 0, 12.5e6, 0.89}, {8, 64 << 10, 128 << 10, 12.5e6, 0.91},
		{8, 256 << 10, 0, 12.5e6, 0.92}, {8, 256 << 10, 128 << 10, 12.5e6, 0.92},
		{1, 1 << 20, 0, 12.5e6, 0.86}, {1, 1 << 20, 128 << 10, 12.5e6, 0.9},
	} {
		t.Run(fmt.Sprintf("%d of %d KiB, burst %d KiB, %d MB per s", tt.window, tt.size>>10, tt.burst>>10, tt.second/1e6), func(t *testing.T) {
			rails := []*rail{gigabit(), gigabit()}
			rails[1].rate, rails[1].queue = tt.second, tt.second/50
			for _, r := range rails {
				r.burst = tt.burst
			}
			w := newWorld(t, 3, Config{}, rails...)
			w.up()
			a, b := w.ends[0], w.ends[1]
			a.lateBy, b.stalls = 100*microsecond, 2*millisecond
			total := int64(128 << 20)
			begun, window, all := uint64(0), uint64(tt.window), uint64(total/tt.size)
			start := w.now
			w.run(10*second, func() bool {
				for ; begun < all && (begun < window || a.sent[begun-window]); begun++ {
					w.sendBulk(a, begun, tt.size)
				}
				return len(a.sent) == int(all)
			})
			got := float64(total) / float64(w.now-start) * second / float64(125e6+tt.second)
			t.Logf("%.3f of the line rate", got)
			for id, r := range w.rail {
				t.Logf("path %v: %d kB sent, queue up to %d kB", id, r.sent[0]/1000, r.highest[0]/1000)
			}
			if got < tt.want {
				t.Errorf("%.3f of the line rate, want %.2f", got, tt.want)
			}
		})
	}
}

// TestQueueOnTheWayBack: what delays nothing but acknowledgements is no reason to send less.
func TestQueueOnTheWayBack(t *testing.T) {
	r := gigabit()
	w := newWorld(t, 4, Config{}, r)
	w.up()
	a := w.ends[0]
	start := w.now
	const n = 64 << 20
	w.sendBulk(a, 1, n)
	w.run(10*second, func() bool {
		if w.now > start+40*millisecond {
			r.wait[1] = 12 * millisecond
		}
		return a.sent[1]
	})
	got := float64(n) / float64(w.now-start) * second / float64(r.rate)
	if t.Logf("%.3f of the line rate", got); got < 0.9 {
		t.Error("want 0.9")
	}
}

// shaped returns a world of n rails of 1 Gbit/s that are shaped by token buckets, as a lab's are, with paths that are up.
func shaped(t *testing.T, seed uint64, cfg Config, n int) *world {
	var rails []*rail
	for range n {
		r := gigabit()
		r.burst, r.queue = 128<<10, 4<<20
		rails = append(rails, r)
	}
	w := newWorld(t, seed, cfg, rails...)
	w.up()
	for _, e := range w.ends {
		e.lateBy = 100 * microsecond
	}
	return w
}

// TestWindowBothWays lets both ends send a window at once and begin the next when both have theirs, as programs that exchange
// halos do. What each has in flight lies in the queue that the other's acknowledgements have to pass: no rail may stand
// idle while its window is full of what has arrived already, nor end long after the others.
func TestWindowBothWays(t *testing.T) {
	for n := 1; n <= 4; n *= 2 {
		t.Run(fmt.Sprintf("%d rails", n), func(t *testing.T) {
			w := shaped(t, 5, Config{}, n)
			a, b := w.ends[0], w.ends[1]
			const size, windows = 8 << 20, 24
			start := w.now
			for k := range uint64(windows) {
				w.sendBulk(a, 2*k, size)
				w.sendBulk(b, 2*k+1, size)
				w.run(10*second, func() bool { return a.sent[2*k] && b.sent[2*k+1] })
			}
			for _, p := range a.c.Paths() {
				if p.ResentBytes > 64<<10 {
					t.Errorf("path %v: %d kB were sent again, and nothing was lost", p.ID, p.ResentBytes/1000)
				}
			}
			got := float64(windows*size) / float64(w.now-start) * second / float64(125e6*n)
			t.Logf("%.3f of the line rate", got)
			if got < 0.92 {
				t.Error("want 0.92")
			}
		})
	}
}

// TestMessagesBothWays is TestWindowBothWays for messages that go in order.
func TestMessagesBothWays(t *testing.T) {
	for _, size := range []int{4 << 10, 16 << 10, 64 << 10} {
		var sum float64
		const seeds, windows, bytes = 5, 10, 4 << 20
		for seed := range uint64(seeds) {
			w := shaped(t, seed, Config{Window: 64 << 20}, 2)
			a, b := w.ends[0], w.ends[1]
			start := w.now
			for range windows {
				for range bytes / size {
					w.sendMessage(a, size)
					w.sendMessage(b, size)
				}
				w.run(10*second, func() bool { return b.wantMsg == a.nextMsg && a.wantMsg == b.nextMsg })
			}
			sum += float64(windows*bytes) / float64(w.now-start) * second / 250e6
		}
		if t.Logf("%d KiB: %.3f of the line rate", size>>10, sum/seeds); sum/seeds < 0.85 {
			t.Error("want 0.85")
		}
	}
}

// TestShare lets several connections use the same rails: together they fill them,
// none starves, and their queue stays below what the rail holds.
func TestShare(t *testing.T) {
	rails := []*rail{gigabit(), gigabit()}
	w := newWorld(t, 8, Config{}, rails...)
	for range 3 {
		w.addPair(Config{})
	}
	w.up()
	start := w.now
	const n = 16 << 20
	for i := 0; i < len(w.ends); i += 2 {
		w.sendBulk(w.ends[i], 1, n)
	}
	var first, last int64
	w.run(5*second, func() bool {
		done := 0
		for i := 0; i < len(w.ends); i += 2 {
			if w.ends[i].sent[1] {
				done++
			}
		}
		if done > 0 && first == 0 {
			first = w.now - start
		}
		last = w.now - start
		return done == len(w.ends)/2
	})
	got := float64(n*len(w.ends)/2) / float64(last) * second / 250e6
	t.Logf("%.3f of the line rate; first done after %d ms, last after %d ms", got, first/millisecond, last/millisecond)
	for id, r := range w.rail {
		t.Logf("path %v: %d kB sent, %d dropped, queue up to %d kB", id, r.sent[0]/1000, r.dropped[0], r.highest[0]/1000)
	}
	if got < 0.88 || first < last/3 {
		t.Error("unfair or slow")
	}
}

// TestWayBackOfPathThatReturns: a path is as good after it was down, whatever it has carried before, and its acknowledgements
// may queue meanwhile.
func TestWayBackOfPathThatReturns(t *testing.T) {
	r := gigabit()
	w := newWorld(t, 4, Config{}, r)
	w.up()
	a := w.ends[0]
	p := a.c.paths[0]
	w.sendBulk(a, 1, 8<<20)
	w.run(second, func() bool { return a.sent[1] })
	p.rate.delivered += 12 << 30 // more than 2^63 bytes times nanoseconds in a second
	p.rate.roundEnd += 12 << 30
	r.cut = [2]bool{true, true}
	w.run(second, func() bool { return !p.up })
	r.cut, r.wait[1] = [2]bool{}, 12*millisecond
	w.run(second, func() bool { return p.up && w.ends[1].c.paths[0].up })
	start := w.now
	w.sendBulk(a, 3, 64<<20)
	w.run(10*second, func() bool {
		if p.rate.back() < 0 || p.rate.sustained() < 0 {
			t.Fatalf("%d bytes may be unacknowledged, at %d bytes a second", p.rate.back(), p.rate.sustained())
		}
		return a.sent[3]
	})
	if took := w.now - start; took > 2*second {
		t.Errorf("64 MiB take %d ms", took/millisecond)
	}
}

// TestShareAfterIdle: a queue that others have made meanwhile is a queue for who comes late, however long nothing told it
// what an empty path takes.
func TestShareAfterIdle(t *testing.T) {
	w := newWorld(t, 20, Config{}, gigabit())
	w.addPair(Config{})
	w.up()
	pass := func(d int64, each func()) {
		until := w.now + d
		w.run(d+10*second, func() bool {
			each()
			return w.now >= until
		})
	}
	pass(60*second, func() {})
	begun := [2]uint64{}
	keep := func(k int) func() {
		e := w.ends[2*k]
		e.peer.stalls = 300 * microsecond
		return func() {
			if begun[k] == 0 || e.sent[begun[k]] {
				delete(e.peer.bulk, begun[k])
				begun[k]++
				w.sendBulk(e, begun[k], 16<<20)
			}
		}
	}
	first, late := keep(0), keep(1)
	came := func(k int) float64 { return float64(w.ends[2*k].peer.c.Paths()[0].RecvBytes) }
	pass(second, first)
	pass(second/2, func() { first(); late() })
	a, b := came(0), came(1)
	pass(2*second, func() { first(); late() })
	a, b = came(0)-a, came(1)-b
	t.Logf("%.2f and %.2f of the rail", a/250e6, b/250e6)
	if a < b*2/3 || b < a*2/3 {
		t.Error("one of two has more than its share")
	}
}

// TestLatencyUnderBulk measures small messages beside a large transfer: they wait
// for the queue in the network, which the rate control keeps short.
func TestLatencyUnderBulk(t *testing.T) {
	w := newWorld(t, 9, Config{}, gigabit())
	w.up()
	w.sendBulk(w.ends[0], 1, 40<<20)
	from := w.now
	w.run(second, func() bool { return w.now > from+100*millisecond })
	var worst, sum int64
	const rounds = 100
	for i := range uint64(rounds) {
		from := w.now
		w.sendMessage(w.ends[0], 64)
		w.run(second, func() bool { return w.ends[1].wantMsg == i+1 })
		w.sendMessage(w.ends[1], 64)
		w.run(second, func() bool { return w.ends[0].wantMsg == i+1 })
		worst = max(worst, w.now-from)
		sum += w.now - from
	}
	t.Logf("round trip %d µs in the mean, %d µs at worst", sum/rounds/microsecond, worst/microsecond)
	if sum/rounds > 3*millisecond {
		t.Error("small messages wait too long")
	}
}
