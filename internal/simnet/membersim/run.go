package membersim

import (
	"fmt"
	"math/rand/v2"

	"rainmpi/internal/simnet/sim"
	"rainmpi/rainnet/member"
)

// Options are what can be had beside a seed.
type Options struct {
	Bugs  member.Bugs
	Hosts int               // 0: as the seed says
	Trace func(line string) // if not nil, is told everything that happens
}

// Result is what became of a seed.
type Result struct {
	Seed     uint64
	Hosts    int
	Failures []string // what was promised and not kept; empty if all is well
	Messages int
	Views    int // confirmed
	Reigns   int // orders that were begun anew because nobody was left
	Took     int64
}

func (r Result) String() string {
	return fmt.Sprintf("seed %d: %d hosts, %d messages, %d views in %d reigns, %v", r.Seed, r.Hosts, r.Messages, r.Views, r.Reigns, duration(r.Took))
}

// Run runs one seed.
func Run(seed uint64, o Options) (r Result) {
	rng := rand.New(rand.NewPCG(seed, 0x6d656d62))
	cfg, n := drawConfig(rng)
	cfg.Bugs = o.Bugs
	if o.Hosts > 0 {
		n, cfg.Witness = o.Hosts, nil
	}
	w := newWorld(rng, cfg, n)
	w.trace = o.Trace
	defer func() {
		// A machine that finds its own invariant broken panics. That is a finding too.
		if x := recover(); x != nil {
			if o.Trace != nil {
				panic(x)
			}
			w.failf("panic: %v", x)
		}
		r = Result{seed, n, w.failures, w.messages, w.check.views, w.check.reigns, w.Now}
	}()
	w.drawNetwork()
	w.live()
	return r
}

// Times that a ring needs to find itself again when all is well, at most.
func (w *world) regroup() int64 { return 40 * w.cfg.Round }

// live is a run: times in which things break, and times in which nothing does.
func (w *world) live() {
	w.tracef("%d hosts, removal after %v, delay %v, loss %.3f", len(w.hosts), duration(w.cfg.Removal), duration(w.delay), w.loss)
	for _, h := range w.hosts {
		w.After(w.rng.Int64N(second), h.start)
		w.talk(h)
	}
	w.calm(second+w.regroup(), true)
	for range 2 + w.rng.IntN(3) {
		w.trouble()
		// Who was crashed may stay so for now.
		w.settle()
		if w.over {
			return
		}
	}
	for _, h := range w.hosts {
		h.start()
	}
	w.settle()
}

// trouble lets some faults come, close together or far apart.
func (w *world) trouble() {
	end := sim.LogUniform(w.rng, 100*millisecond, 3*w.cfg.Removal/2)
	for range 1 + w.rng.IntN(4) {
		w.After(w.rng.Int64N(end), w.fault)
	}
	w.troubled = true
	w.run(end)
	// No more faults but those that seize a moment: much happens when hosts come
	// back.
	w.run(w.cfg.Removal)
	w.troubled = false
}

// settle mends all and waits until everything must be well again.
func (w *world) settle() {
	w.run(2 * w.cfg.Removal) // the longest fault
	must := w.check.survivors(w.regroup() * 5 / 8)
	w.tracef("calm")
	w.run(w.cfg.Removal)
	w.calm(w.regroup(), must)
}

// calm lets d pass with nothing sent and nothing lost, and looks at what has come
// of it: where one lost message puts a host out of the ring, there is no other way.
func (w *world) calm(d int64, must bool) {
	was := w.network
	w.loss, w.dup, w.late, w.quiet = 0, 0, 0, true
	w.run(d)
	w.check.calm(must)
	w.network, w.quiet = was, false
}

// talk lets a host send messages and take locks, all its lives long.
func (w *world) talk(h *host) {
	every := sim.LogUniform(w.rng, 50*millisecond, 5*second)
	var again func()
	again = func() {
		switch {
		case h.m == nil || h.asleep || w.quiet:
		case w.rng.IntN(3) == 0:
			h.m.Lock(w.Now)
			h.drive()
			m := h.m
			w.After(w.rng.Int64N(400*millisecond), func() {
				if h.m == m && !h.asleep {
					h.m.Unlock(w.Now)
					h.drive()
				}
			})
		default:
			h.multicast()
		}
		w.After(every/2+w.rng.Int64N(every), again)
	}
	w.After(0, again)
}
