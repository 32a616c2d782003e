package membersim

import (
	"math/rand/v2"

	"rainmpi/rainnet/member"
)

// Detection is how long after a crash, in nanoseconds, the survivors knew of it.
type Detection struct {
	Silent  int64 // until the ring went on without the host
	Removed int64 // until all survivors had a view without it
}

// Detect forms a primary of n hosts, crashes one at a random moment, which nobody
// is told of, and measures. ok is false if the primary does not form, or does not
// get rid of the host.
func Detect(seed uint64, n int, cfg member.Config) (d Detection, ok bool) {
	rng := rand.New(rand.NewPCG(seed, 0x64657465))
	w := newWorld(rng, cfg, n)
	for _, h := range w.hosts {
		w.After(rng.Int64N(100*millisecond), h.start)
	}
	if !w.await(func() bool { return w.agreed(w.hosts) }) {
		return d, false
	}
	w.run(second + rng.Int64N(second))
	victim := w.hosts[rng.IntN(n)]
	if n == 2 {
		victim = w.hosts[1] // host 1 cannot outlive host 0: the tie is host 0's
	}
	dead := victim.m.Self()
	victim.crash()
	start := w.Now
	w.check.silent = func(m member.Member) {
		if m == dead && d.Silent == 0 {
			d.Silent = w.Now - start
		}
	}
	var left []*host
	for _, h := range w.hosts {
		if h != victim {
			left = append(left, h)
		}
	}
	ok = w.await(func() bool { return w.agreed(left) })
	d.Removed = w.Now - start
	return d, ok && len(w.failures) == 0
}

// await runs until a condition holds.
func (w *world) await(holds func() bool) bool {
	for end := w.Now + 120*second; w.Now < end && !w.over; {
		w.run(millisecond)
		if holds() {
			return true
		}
	}
	return false
}

// agreed reports whether these hosts have the view of all of them, and no other.
func (w *world) agreed(hosts []*host) bool {
	for _, h := range hosts {
		if h.m == nil || len(h.m.View().Members) != len(hosts) {
			return false
		}
	}
	return true
}
