package simnet

import (
	"fmt"
	"math/rand/v2"

	"rainmpi/rainnet/history"
	"rainmpi/rainnet/link"
	"rainmpi/rainnet/rudp"
)

// Options are what can be had beside a seed.
type Options struct {
	Bugs     rudp.Bugs
	LinkBugs link.Bugs
	NoRelay  bool              // a planted bug: relays are there, and not looked for
	Trace    func(line string) // if not nil, is told everything that happens
	// History, if not nil, is told every transition of a path by one of its ends.
	History func(history.Entry)
}

// Slack is N of a seed's links.
func Slack(seed uint64) int { return draw(rand.New(rand.NewPCG(seed, 0x7261696e))).slack }

// Result is what became of a seed.
type Result struct {
	Seed       uint64
	Failures   []string // what was promised and not kept; empty if all is well
	Packets    int64
	Faults     int
	Messages   uint64
	Moves      int64 // transitions of the ends of paths
	Groundless int64 // of those, Downs on a path that was well
	Took       int64 // virtual nanoseconds
	Memory     int64 // the most that was found on one Conn
	Digest     uint64
}

func (r Result) String() string {
	return fmt.Sprintf("seed %d: %d packets, %d messages, %d faults, %d transitions (%d without reason) in %v, %d KiB at most",
		r.Seed, r.Packets, r.Messages, r.Faults, r.Moves, r.Groundless, duration(r.Took), r.Memory>>10)
}

// longest bounds a run: everything finishes when the faults have ended.
const longest = 600 * second

// quietAfter is how long the run is watched after the last delivery: no data may
// travel any more once the last ghosts are gone.
const quietAfter = 3 * second

// Run runs one seed.
func Run(seed uint64, o Options) (r Result) {
	rng := rand.New(rand.NewPCG(seed, 0x7261696e))
	p := draw(rng)
	p.drawRelays(rand.New(rand.NewPCG(seed, 0x72656c61))) // draws of its own: other seeds stay the same
	p.drawUneven(rand.New(rand.NewPCG(seed, 0x756e6576)))
	p.bugs, p.linkBugs, p.noRelay = o.Bugs, o.LinkBugs, o.NoRelay
	w := newWorld(seed, p, rng)
	w.tracing, w.trace, w.history = o.Trace != nil, o.Trace, o.History
	defer func() {
		// A machine that finds its own invariant broken panics. That is a
		// finding too.
		if x := recover(); x != nil {
			if o.Trace != nil {
				panic(x)
			}
			w.failf("panic: %v", x)
		}
		r = w.result()
	}()
	w.runLinks()
	w.run()
	return r
}

// runLinks puts the link machines alone through a life of their own, before
// anything else happens.
func (w *world) runLinks() {
	cfg := link.Config{Slack: w.plan.slack, Bugs: w.plan.linkBugs}
	if w.seed%4 != 0 {
		// Little hold-down, so that the path is Up often enough for more to
		// go wrong.
		cfg.HoldBase, cfg.HoldMax = millisecond, 20*millisecond
	}
	var l *linkWorld
	fail := func(format string, args ...any) {
		w.failf(format, args...)
		l.over = true
	}
	trace := func(format string, args ...any) {
		if w.tracing {
			w.tracef("%v "+format, append([]any{duration(l.Now)}, args...)...)
		}
	}
	// Draws of its own, so that the rest of the seed stays the same.
	l = newLinkWorld(rand.New(rand.NewPCG(w.seed, 0x6c696e6b)), cfg, fail, trace)
	l.run()
}

func (w *world) run() {
	for _, s := range w.sessions {
		s.tick()
	}
	w.until(func() bool {
		return w.net.carried >= MinPackets && w.faults == len(w.plan.faults) && w.broken == 0
	}, "enough packets and all faults")
	w.winding = true
	w.until(w.done, "the delivery of all that was sent")
	w.until(w.settled, "all paths to be Up with equal histories at both ends")
	w.quiet()
}

// until runs the world until a condition holds.
func (w *world) until(holds func() bool, what string) {
	start := w.Now
	for !w.over && !holds() {
		if !w.Step() {
			w.failf("nothing left to do while waiting for %s", what)
		}
		w.beginFaults()
		if w.Now-start > longest {
			w.failf("%v of waiting for %s: %s", duration(w.Now-start), what, w.waitsFor())
		}
	}
}

func (w *world) done() bool {
	for _, s := range w.sessions {
		for _, e := range s.ends {
			if e.pending() || e.waiting {
				return false
			}
		}
	}
	return true
}

func (w *world) settled() bool {
	for _, s := range w.sessions {
		if !s.settled() {
			return false
		}
	}
	return true
}

// quiet watches the world after all is done.
func (w *world) quiet() {
	until := w.Now + quietAfter
	w.until(func() bool { return w.Now >= until }, "silence")
	w.watched = true
	until = w.Now + quietAfter
	w.until(func() bool { return w.Now >= until }, "silence")
	for _, s := range w.sessions {
		s.checkSilence()
		s.checkRelaysLeft()
		s.checkNews()
	}
	w.over = true
}

// waitsFor is what is not delivered, for people.
func (w *world) waitsFor() (text string) {
	for _, s := range w.sessions {
		for _, e := range s.ends {
			text += e.name + ": " + e.waitsForMine() + "; "
		}
	}
	return text
}

func (e *end) waitsForMine() (text string) {
	text = fmt.Sprintf("backlog %d, %d messages of %d bytes", e.conn.Backlog(), len(e.box.waiting), e.box.bytes)
	shown := 0
	for token := uint64(1); token <= e.nextToken && shown < 5; token++ {
		if x := e.transfers[token]; x != nil {
			text += fmt.Sprintf(", %v", x)
			shown++
		}
	}
	for _, id := range e.pathIDs {
		h := e.histories.of(id)
		text += fmt.Sprintf(", path %d epoch %d", id, h.epoch[e.side])
	}
	return text
}

func (w *world) result() Result {
	r := Result{Seed: w.seed, Failures: w.failures, Packets: w.net.carried, Faults: w.faults, Took: w.Now, Groundless: w.groundless}
	for _, s := range w.sessions {
		for _, e := range s.ends {
			r.Messages += e.box.sent
			r.Memory = max(r.Memory, e.largest)
			r.Digest = word(r.Digest, uint64(e.delivered)+e.box.sent<<32)
			for _, id := range s.pathIDs {
				r.Digest = word(r.Digest, e.numbers[id])
				r.Moves += int64(s.histories.of(id).epoch[e.side])
			}
		}
	}
	return r
}
