package rudp

import (
	"math/rand/v2"
	"slices"
	"testing"

	"rainmpi/rainnet/wire"
)

func TestRing(t *testing.T) {
	var r ring[int]
	var want []int
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range 10000 {
		switch k := rng.IntN(5); {
		case k < 2:
			*r.push() = i
			want = append(want, i)
		case k == 2:
			*r.pushFront() = i
			want = slices.Insert(want, 0, i)
		case k == 3 && len(want) > 0:
			if got := r.pop(); got != want[0] {
				t.Fatalf("pop: %d, want %d", got, want[0])
			}
			want = want[1:]
		case k == 4 && len(want) > 0:
			if got := *r.at(len(want) - 1); got != want[len(want)-1] {
				t.Fatalf("last: %d, want %d", got, want[len(want)-1])
			}
		}
		if r.n != len(want) {
			t.Fatalf("%d elements, want %d", r.n, len(want))
		}
	}
}

func TestIntervalsAgainstBitmap(t *testing.T) {
	const size = 300
	rng := rand.New(rand.NewPCG(2, 2))
	for range 200 {
		var s intervals
		var bits [size]bool
		for range 60 {
			lo := rng.Int64N(size)
			hi := lo + rng.Int64N(min(40, size-lo)+1)
			checkMissing(t, s, bits[:], lo, hi)
			want := int64(0)
			for i := lo; i < hi; i++ {
				if !bits[i] {
					bits[i] = true
					want++
				}
			}
			if got := s.add(lo, hi); got != want {
				t.Fatalf("add [%d,%d): %d new, want %d; %v", lo, hi, got, want, s)
			}
			for i := range s {
				if s[i].lo >= s[i].hi || i > 0 && s[i-1].hi >= s[i].lo {
					t.Fatalf("not sorted, disjoint and merged: %v", s)
				}
			}
		}
	}
}

func checkMissing(t *testing.T, s intervals, bits []bool, lo, hi int64) {
	t.Helper()
	from := lo
	for from < hi && bits[from] {
		from++
	}
	to := from
	for to < hi && !bits[to] {
		to++
	}
	gotFrom, gotTo := s.missing(lo, hi)
	if gotTo-gotFrom != to-from || to > from && gotFrom != from {
		t.Fatalf("missing of [%d,%d): [%d,%d), want [%d,%d); %v", lo, hi, gotFrom, gotTo, from, to, s)
	}
}

func TestReceivedAgainstMap(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	for range 20 {
		var r received
		r.dueAt = never
		seen := map[uint64]bool{}
		next := rng.Uint64N(3)
		for range 5000 {
			pn := next
			switch rng.IntN(20) {
			case 0:
				next += rng.Uint64N(100) // a burst was lost
				pn = next
				next++
			case 1, 2:
				pn -= min(pn, rng.Uint64N(200)) // late or again
			case 3:
				pn -= min(pn, rng.Uint64N(2*replayWindow))
			default:
				next++
			}
			dup := r.duplicate(pn)
			if seen[pn] && !dup {
				t.Fatalf("packet %d taken twice", pn)
			}
			if !seen[pn] && dup && r.largest-pn < replayWindow {
				t.Fatalf("packet %d refused, largest is %d", pn, r.largest)
			}
			if dup {
				continue
			}
			seen[pn] = true
			r.add(0, pn, 100, true, millisecond)
			checkRanges(t, &r, seen)
		}
	}
}

func checkRanges(t *testing.T, r *received, seen map[uint64]bool) {
	t.Helper()
	if len(r.ranges) > wire.MaxAckRanges || r.ranges[0].Last != r.largest {
		t.Fatalf("%d ranges, newest ends at %d, largest is %d", len(r.ranges), r.ranges[0].Last, r.largest)
	}
	for i, a := range r.ranges {
		if a.First > a.Last || i > 0 && a.Last+1 >= r.ranges[i-1].First {
			t.Fatalf("ranges are not sorted, disjoint and merged: %v", r.ranges)
		}
		if !seen[a.First] || !seen[a.Last] || seen[a.Last+1] {
			t.Fatalf("range %v is not what came", a)
		}
	}
}

func TestAckTiming(t *testing.T) {
	var r received
	r.dueAt = never
	r.add(10, 0, 100, true, millisecond)
	if r.due(10) || !r.due(10+millisecond) {
		t.Error("a lone packet is acknowledged after the delay, not before")
	}
	r.add(20, 1, 100, true, millisecond)
	if !r.due(millisecond) {
		t.Error("two packets wait for more than the interval of ACKs")
	}
	b := r.append(5*millisecond, make([]byte, 0, 100), 1)
	if len(b) == 0 || r.due(never-1) {
		t.Error("an ACK leaves nothing to acknowledge")
	}
	r.add(5*millisecond, 2, 100, true, millisecond)
	r.add(5*millisecond, 3, 100, true, millisecond)
	if r.due(5*millisecond) || !r.due(6*millisecond) {
		t.Error("bulk is acknowledged once per interval")
	}
	r.add(5*millisecond, 5, 100, true, millisecond)
	if !r.due(5 * millisecond) {
		t.Error("a gap is told at once")
	}
	r.append(6*millisecond, make([]byte, 0, 100), 1)
	r.add(6*millisecond, 6, 100, false, millisecond)
	if r.deadline() != never {
		t.Error("a packet that asks for nothing is acknowledged")
	}
}

func TestRTT(t *testing.T) {
	var r rtt
	r.sample(100*microsecond, 0, millisecond)
	if r.smoothed != 100*microsecond || r.variance != 50*microsecond {
		t.Errorf("first sample: %+v", r)
	}
	r.sample(900*microsecond, 800*microsecond, millisecond)
	if r.smoothed != 100*microsecond {
		t.Errorf("the peer's delay was not taken off: %+v", r)
	}
	for range 100 {
		r.sample(2*millisecond, 0, millisecond)
	}
	if d := r.smoothed - 2*millisecond; abs(d) > microsecond {
		t.Errorf("does not converge: %+v", r)
	}
	if got, want := r.lossDelay(timeThreshold), r.latest*9/8; got != want {
		t.Errorf("time threshold %d, want %d", got, want)
	}
	if got := r.pto(millisecond); got < 4*millisecond-2*microsecond || got > 5*millisecond {
		t.Errorf("PTO %d", got)
	}
}

func TestFilters(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	var f maxFilter
	var least minFilter
	const window = 1000
	var all []timed
	for now := int64(1); now < 50000; now += 1 + rng.Int64N(20) {
		v := 1000 + rng.Int64N(1000)
		all = append(all, timed{now, v})
		f.update(now, window, v)
		// The same values, upside down.
		if least.update(now, window, 3000-v); least.get() != 3000-f.get() {
			t.Fatalf("at %d: least %d, most %d", now, least.get(), f.get())
		}
		// It may forget a little early, and never remembers too long.
		upper, lower := int64(0), int64(0)
		for _, s := range all {
			if s.at >= now-window {
				upper = max(upper, s.v)
			}
			if s.at >= now-window/2 {
				lower = max(lower, s.v)
			}
		}
		if f.get() > upper || f.get() < lower*9/10 {
			t.Fatalf("at %d: %d, want between %d and %d", now, f.get(), lower, upper)
		}
	}
}

func TestPacer(t *testing.T) {
	const rate, size = 125e6, 1500
	var p pacer
	sent := int64(0)
	burst := quantum(rate, size)
	for now := int64(second); now < 2*second; now += 70 * microsecond {
		if p.readyAt(burst*second/rate) > now {
			continue
		}
		for in := int64(0); p.next <= now; in += size {
			p.spend(now, size*second/rate, false)
			sent += size
			if in > rate*idleDepth/second+size {
				t.Fatalf("burst of %d bytes at once", in)
			}
		}
	}
	if sent < rate*97/100 || sent > rate*103/100 {
		t.Errorf("%d bytes in a second at %.0f", sent, float64(rate))
	}
}

func TestPool(t *testing.T) {
	p := pool{keep: 1 << 20}
	for _, n := range []int{0, 1, 64, 65, 1000, 1 << 16, 1<<20 - 1, 1 << 20, 1<<20 + 1} {
		b := p.get(n)
		if len(b) != n {
			t.Fatalf("%d bytes, want %d", len(b), n)
		}
		p.put(b)
	}
	if p.held > p.keep {
		t.Errorf("holds %d of %d", p.held, p.keep)
	}
	a := p.get(100)
	p.put(a)
	if b := p.get(120); &a[:1][0] != &b[:1][0] {
		t.Error("a buffer of the same class was not used again")
	}
}

func TestMatching(t *testing.T) {
	for _, tt := range []struct {
		name  string
		pairs []wire.PathID
		want  []wire.PathID
	}{
		{"bridged", []wire.PathID{0x0000, 0x0001, 0x0100, 0x0101}, []wire.PathID{0x0000, 0x0101}},
		{"crossed cables", []wire.PathID{0x0001, 0x0100}, []wire.PathID{0x0001, 0x0100}},
		{"must make room", []wire.PathID{0x0000, 0x0001, 0x0100}, []wire.PathID{0x0001, 0x0100}},
		{"one to many", []wire.PathID{0x0000, 0x0001, 0x0002}, []wire.PathID{0x0000}},
		{"many to one", []wire.PathID{0x0001, 0x0101, 0x0201}, []wire.PathID{0x0101}},
		{"none", nil, nil},
	} {
		var paths []*path
		for _, id := range tt.pairs {
			paths = append(paths, &path{id: id, lowerNIC: uint8(id >> 8), higherNIC: uint8(id), up: true})
		}
		match(paths)
		var got []wire.PathID
		for _, p := range paths {
			if p.active {
				got = append(got, p.id)
			}
		}
		if len(got) != len(tt.want) || tt.name != "many to one" && !slices.Equal(got, tt.want) {
			t.Errorf("%s: active %v, want %v", tt.name, got, tt.want)
		}
	}
}

// TestAgainKeepsEveryByte cuts, loses and merges pieces of one message.
func TestAgainKeepsEveryByte(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	out := &outgoing{n: 10000}
	var a again
	a.push(piece{out: out, n: 10000})
	for range 2000 {
		pc := a.take(int32(1 + rng.IntN(int(a.q.at(0).n))))
		if rng.IntN(2) == 0 {
			a.push(pc)
		} else {
			a.pushFront(pc)
		}
	}
	var have intervals
	var sum int64
	for a.q.n > 0 {
		pc := a.take(a.q.at(0).n)
		sum += have.add(pc.off, pc.off+int64(pc.n))
	}
	if sum != 10000 || a.bytes != 0 || len(have) != 1 {
		t.Errorf("%d bytes of 10000, %v, %d left", sum, have, a.bytes)
	}
}

// TestQuantumIsWholePackets: a burst that ended within a packet would be one more for the kernel, by itself.
func TestQuantumIsWholePackets(t *testing.T) {
	for _, mtu := range []int{minMTU, 1232, 1472, 8972} {
		for rate := int64(minPacing); rate < 100e9; rate *= 3 {
			q := quantum(rate, mtu)
			if q%int64(mtu) != 0 || q < 2*int64(mtu) || q > maxQuantum {
				t.Errorf("%d bytes at %d bytes a second in packets of %d", q, rate, mtu)
			}
		}
		if q := quantum(100e9, mtu); q+int64(mtu) <= maxQuantum {
			t.Errorf("%d bytes in packets of %d: one more fits", q, mtu)
		}
	}
}

// TestWay: what a packet queued is told by when it came, whatever the peer's clock says, as long as that runs like ours.
func TestWay(t *testing.T) {
	const start, every, trip = 100 * second, millisecond, 50 * microsecond
	for _, clock := range []int64{0, 7 * second, -3 * second, 1<<32*microsecond - start} { // the last one wraps at once
		for _, ppm := range []int64{0, 100, -100} {
			var w way
			for k := range int64(20_000) { // 20 s
				sent, queued := start+k*every, int64(0)
				if k%10 == 9 {
					queued = 3 * millisecond
				}
				came := sent + trip + queued
				told := uint32((came + clock + (came-start)*ppm/1e6) / microsecond)
				if got := w.sample(came+trip, sent, told, never); abs(got-queued) > 4*microsecond {
					t.Fatalf("packet %d, clock %d s ahead and %d ppm faster: queued %d us, want %d", k, clock/second, ppm, got/microsecond, queued/microsecond)
				}
			}
		}
	}
}

// TestWayOfClockThatIsSet: what was later by a clock that was set since is not taken for a queue.
func TestWayOfClockThatIsSet(t *testing.T) {
	const trip, queue = 50 * microsecond, 3 * millisecond
	for _, step := range []int64{-second, -millisecond, 10 * millisecond, 3600 * second} {
		var w way
		now, clock := int64(second), int64(0)
		for k := range 2000 {
			now += millisecond
			if k == 1000 {
				clock = step
			}
			queued := int64(0)
			if k%3 == 2 {
				queued = queue
			}
			told := uint32((now + clock + trip + queued) / microsecond)
			// Acknowledgements queue as well.
			if got := w.sample(now+2*trip+queued, now, told, queued+int64(k%2)*millisecond); k > 1006 && abs(got-queued) > 4*microsecond {
				t.Fatalf("set by %d ms, packet %d after that: queued %d us, want %d", step/millisecond, k-1000, got/microsecond, queued/microsecond)
			}
		}
	}
}

// TestQueue: a path is as fast as what waits in front of it comes, whatever a burst does after a pause, and what is in front
// is told by the time that has passed, without acknowledgements.
func TestQueue(t *testing.T) {
	const n, took = 48 << 10, 393 * microsecond // 125 MB/s
	now := int64(second)
	var q queue
	if q.burstTime(now) != 0 {
		t.Error("a path that nothing is known of has a speed")
	}
	q.sample(now, n, 10*millisecond, millisecond) // not in a queue all the time
	if q.burstTime(now) != 0 {
		t.Error("the time between two sends was taken for the path's")
	}
	for range 100 {
		now += took
		q.sample(now, n, took, 5*millisecond)
	}
	const want = int64(maxQuantum * second / 125_000_000)
	if got := q.burstTime(now); abs(got-want) > want/50 {
		t.Errorf("64 KiB take %d us, want %d", got/microsecond, want/microsecond)
	}
	if got := q.burstTime(now + queueMemory); abs(got-want/2) > want/50 {
		t.Errorf("what is old is believed as if it were new: %d us", got/microsecond)
	}
	for range 100 { // now it is half as fast
		now += 2 * took
		q.sample(now, n, 2*took, 5*millisecond)
	}
	if got := q.burstTime(now); abs(got-2*want) > want/10 {
		t.Errorf("64 KiB take %d us, want %d", got/microsecond, 2*want/microsecond)
	}

	q.came(now, 0, want)
	for range 4 {
		q.sent(now, maxQuantum, want)
	}
	if q.until != now+4*want {
		t.Errorf("four bursts last until %d us from now, want %d", (q.until-now)/microsecond, 4*want/microsecond)
	}
	q.came(now-millisecond, 2*maxQuantum, want)
	if q.until != now-millisecond+2*want {
		t.Error("an acknowledgement does not tell how long what is still in flight takes")
	}
	if got := lasts(1<<62, second); got < 0 {
		t.Errorf("overflow: %d", got)
	}
}
