package membersim

import (
	"math/rand/v2"

	"rainmpi/internal/simnet/sim"
	"rainmpi/rainnet/member"
)

// fault breaks something for a while.
func (w *world) fault() {
	h := w.hosts[w.rng.IntN(len(w.hosts))]
	if h.m == nil && w.rng.IntN(2) == 0 {
		h.start()
		return
	}
	// From a blink to longer than a host is waited for.
	d := sim.LogUniform(w.rng, 20*millisecond, 2*w.cfg.Removal)
	switch sim.Pick(w.rng, 4, 2, 4, 3, 3, 4, 2, 1, 2) {
	case 0:
		h.crash()
		if w.rng.IntN(3) > 0 {
			w.After(d, h.start)
		}
	case 1:
		w.crashKnown(h)
	case 2:
		w.partition(d)
	case 3: // one direction between two hosts
		to := w.hosts[w.rng.IntN(len(w.hosts))]
		w.sever(int(h.id), int(to.id), d)
	case 4: // one host, in one direction or both
		w.isolate(h, w.rng.IntN(3), d)
	case 5:
		h.sleep(d)
	case 6:
		w.lossy(d)
	case 7: // all stop: the machine they run on was suspended
		for _, h := range w.hosts {
			h.sleep(d)
		}
	case 8: // it hangs, and cannot speak when it wakes; what came before it has
		h.sleep(sim.LogUniform(w.rng, w.cfg.Removal/10, w.cfg.Removal))
		w.After(w.rng.Int64N(3*w.cfg.Round), func() {
			w.isolate(h, 2, 2*w.cfg.Removal-3*w.cfg.Round)
		})
	}
}

// seize may use the moment in which one member knows that a view is confirmed and
// the others do not yet.
func (w *world) seize() {
	if !w.troubled || w.rng.IntN(2) > 0 {
		return
	}
	if w.rng.IntN(2) == 0 {
		w.After(w.rng.Int64N(w.cfg.Round/4), w.fault)
		return
	}
	w.isolate(w.hosts[w.rng.IntN(len(w.hosts))], 2, sim.LogUniform(w.rng, w.cfg.Round, 2*w.cfg.Removal))
}

// seizeSilence may crash a host soon after it has noticed that another is missing,
// and start it again at once: what it did alone is lost.
func (w *world) seizeSilence(h *host) {
	if !w.troubled || w.rng.IntN(6) > 0 {
		return
	}
	w.After(w.rng.Int64N(w.cfg.Removal/3), func() {
		h.crash()
		w.After(w.rng.Int64N(4*w.cfg.Round), h.start)
	})
}

// isolate loses what a host is sent, what it sends, or both.
func (w *world) isolate(h *host, dir int, d int64) {
	w.tracef("%d is cut off (%d) for %v", h.id, dir, duration(d))
	for i := range w.hosts {
		if dir != 0 {
			w.sever(int(h.id), i, d)
		}
		if dir != 1 {
			w.sever(i, int(h.id), d)
		}
	}
}

// crashKnown is a crash of which another host hears at once: of a guardian, or by
// the goodbye of the agent itself.
func (w *world) crashKnown(h *host) {
	if h.m == nil || h.asleep {
		return
	}
	if w.rng.IntN(2) == 0 {
		h.m.Leave(w.Now)
		h.drain()
		h.crash()
		return
	}
	h.crash()
	o := w.hosts[w.rng.IntN(len(w.hosts))]
	if o.m != nil && !o.asleep {
		w.tracef("%d hears of it", o.id)
		o.m.Gone(w.Now, h.id)
		o.drive()
	}
}

// partition splits the hosts in two or three.
func (w *world) partition(d int64) {
	sides := make([]int, len(w.hosts))
	n := 2 + sim.Pick(w.rng, 4, 1)
	for i := range sides {
		sides[i] = w.rng.IntN(n)
	}
	w.tracef("partition %v for %v", sides, duration(d))
	for i := range sides {
		for j := range sides {
			if sides[i] != sides[j] {
				w.sever(i, j, d)
			}
		}
	}
}

// sever loses what goes from i to j.
func (w *world) sever(i, j int, d int64) {
	w.cut[i][j]++
	w.After(d, func() { w.cut[i][j]-- })
}

func (w *world) lossy(d int64) {
	was := w.loss
	w.loss = min(w.loss+0.4*w.rng.Float64(), 0.8)
	more := w.loss - was
	w.tracef("loss %.2f for %v", w.loss, duration(d))
	w.After(d, func() { w.loss -= more })
}

// drawConfig draws what a seed may vary.
func drawConfig(rng *rand.Rand) (cfg member.Config, hosts int) {
	cfg.Round = 100 * millisecond
	cfg.Removal = sim.LogUniform(rng, 3*second, 6*second)
	cfg.Aggressive = rng.IntN(3) == 0
	hosts = 2 + sim.Pick(rng, 6, 6, 3, 2, 1, 1)
	if rng.IntN(4) == 0 {
		cfg.Witness = []member.ID{member.ID(rng.IntN(hosts))}
	}
	return cfg, hosts
}

func (w *world) drawNetwork() {
	w.network.delay = sim.LogUniform(w.rng, 50*microsecond, 8*millisecond)
	w.lateBy = w.cfg.Removal
	if w.rng.IntN(2) == 0 {
		w.loss = w.rng.Float64() * 0.05
		w.dup = w.rng.Float64() * 0.05
		w.late = w.rng.Float64() * 0.02
	}
}
