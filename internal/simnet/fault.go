package simnet

import (
	"fmt"
	"math/rand/v2"

	"rainmpi/internal/simnet/sim"
	"rainmpi/rainnet/wire"
)

// A faultPlan is one fault, to begin when so many packets have been carried.
type faultPlan struct {
	kind  faultKind
	after int64 // packets
	lasts int64 // nanoseconds
	pick  [4]int
	level float64
}

type faultKind int

const (
	deadRail  faultKind = iota // a rail dies in both directions
	deadLine                   // one direction of one path does
	deadCard                   // all paths of one card, and its host sees no carrier
	deadAll                    // every path between two hosts
	flapping                   // a rail dies and comes back several times
	lossy                      // many packets are lost on a rail
	bursts                     // runs of packets are
	shuffled                   // packets of a rail overtake each other
	repeated                   // packets come twice, soon or late
	slow                       // the cards of a rail lose most of their rate
	far                        // a rail becomes much longer
	stopped                    // a host is
	glitch                     // a host sees its carrier go, and nothing else happens
	dying                      // a rail flaps and then stays dead for long
	lostRelay                  // one end of a session does not reach one of its relays
	faultKinds
)

var faultNames = [faultKinds]string{"dead rail", "dead line", "dead card", "dead all", "flapping", "lossy",
	"bursts", "shuffled", "repeated", "slow", "far", "stopped", "glitch", "dying", "lost relay"}

func (f faultPlan) String() string {
	return fmt.Sprintf("%s for %v (%v %.2f)", faultNames[f.kind], duration(f.lasts), f.pick, f.level)
}

func drawFault(rng *rand.Rand) faultPlan {
	f := faultPlan{
		kind:  faultKind(sim.Pick(rng, 5, 4, 4, 2, 4, 2, 2, 2, 2, 2, 2, 2, 2, 3)),
		after: rng.Int64N(MinPackets * 3 / 4),
		lasts: sim.LogUniform(rng, 5*millisecond, 1500*millisecond),
		level: rng.Float64(),
	}
	if rng.IntN(10) == 0 {
		f.lasts *= 3
	}
	if f.kind == dying {
		f.lasts = min(f.lasts, 500*millisecond) + deadFor
	}
	for i := range f.pick {
		f.pick[i] = rng.IntN(1 << 16)
	}
	return f
}

// beginFaults begins what is due. It is called after each packet.
func (w *world) beginFaults() {
	for w.faults < len(w.plan.faults) && w.net.carried >= w.plan.faults[w.faults].after {
		f := w.plan.faults[w.faults]
		w.faults++
		w.At(w.Now, func() { w.begin(f) })
	}
}

func (w *world) begin(f faultPlan) {
	w.tracef("fault begins: %v", f)
	w.broken++
	end := w.inflict(f)
	w.After(f.lasts, func() {
		w.tracef("fault ends: %v", f)
		end()
		w.broken--
	})
}

// inflict begins a fault and returns what ends it.
func (w *world) inflict(f faultPlan) (end func()) {
	s := w.sessions[f.pick[0]%len(w.sessions)]
	rail := f.pick[1] % len(w.plan.rails)
	switch f.kind {
	case deadRail:
		return kill(s.cablesOf(rail))
	case deadLine:
		side := f.pick[2] % 2
		id := s.pathIDs[f.pick[3]%len(s.pathIDs)]
		return kill([]*cable{s.cables[side][id]})
	case deadCard:
		return w.unplug(w.hosts[f.pick[0]%len(w.hosts)], rail)
	case deadAll:
		return kill(s.allCables())
	case flapping:
		return w.flap(s.cablesOf(rail), f)
	case glitch:
		w.carrierGone(w.hosts[f.pick[0]%len(w.hosts)], rail)
		return func() {}
	case dying:
		return w.die(s.cablesOf(rail), f)
	case lostRelay:
		return s.loseRelay(f.pick[2]%2, f.pick[3]%len(w.plan.relays))
	case slow:
		return w.slowDown(rail, 2+int64(f.level*30))
	case stopped:
		h := w.hosts[f.pick[0]%len(w.hosts)]
		d := min(f.lasts, 500*millisecond)
		for _, e := range h.ends {
			e.sleep(d)
		}
		return func() {}
	}
	return s.worsen(rail, f)
}

// cablesOf returns both directions of all paths that use a rail.
func (s *session) cablesOf(rail int) (list []*cable) {
	for _, id := range s.pathIDs {
		if int(id>>8) == rail || int(id&0xff) == rail {
			list = append(list, s.cables[0][id], s.cables[1][id])
		}
	}
	return list
}

func (s *session) allCables() (list []*cable) {
	for _, id := range s.pathIDs {
		list = append(list, s.cables[0][id], s.cables[1][id])
	}
	return list
}

func kill(cables []*cable) (revive func()) {
	for _, c := range cables {
		c.dead++
	}
	return func() {
		for _, c := range cables {
			c.dead--
		}
	}
}

// unplug kills all paths of a card. Its own host sees that there is no carrier,
// the others do not: a switch stands between.
func (w *world) unplug(h *host, rail int) (plug func()) {
	var cables []*cable
	h.pathsOf(rail, func(e *end, id wire.PathID) {
		cables = append(cables, e.cables[0][id], e.cables[1][id])
	})
	plug = kill(cables)
	w.carrierGone(h, rail)
	return plug
}

// carrierGone has a host notice that one of its cards lost its carrier.
func (w *world) carrierGone(h *host, rail int) {
	h.pathsOf(rail, func(e *end, id wire.PathID) {
		if e.asleep {
			return
		}
		e.conn.LinkDown(e.clock(), id)
		e.events()
		e.drive()
	})
}

// pathsOf calls do for each path that ends at a card.
func (h *host) pathsOf(card int, do func(e *end, id wire.PathID)) {
	for _, e := range h.ends {
		for _, id := range e.pathIDs {
			index := int(id >> 8)
			if e.side == 1 {
				index = int(id & 0xff)
			}
			if index == card {
				do(e, id)
			}
		}
	}
}

// deadFor is how long a dying rail stays dead: longer than the ends of a path may
// disagree on it.
const deadFor = 1500 * millisecond

// die flaps a rail and then kills it for long, so that the last transitions may
// have been told on nothing but that rail.
func (w *world) die(cables []*cable, f faultPlan) (revive func()) {
	still := w.flap(cables, f)
	back := func() {}
	w.After(f.lasts-deadFor, func() {
		still()
		back = kill(cables)
	})
	return func() { back() }
}

// flap kills and revives a rail, at the pace at which links notice.
func (w *world) flap(cables []*cable, f faultPlan) (end func()) {
	var revive func()
	ended := false
	period := int64(10*millisecond) + int64(f.level*float64(120*millisecond))
	var turn func()
	turn = func() {
		switch {
		case ended:
		case revive == nil:
			revive = kill(cables)
			w.After(period, turn)
		default:
			revive()
			revive = nil
			w.After(period*int64(1+f.pick[2]%4)/2, turn)
		}
	}
	turn()
	return func() {
		ended = true
		if revive != nil {
			revive()
		}
	}
}

// slowDown divides the rate of the cards of a rail.
func (w *world) slowDown(rail int, by int64) (end func()) {
	each := func(rate func(rate int64) int64) {
		for _, h := range w.hosts {
			if rail >= len(h.cards) {
				continue
			}
			for _, c := range []*card{&h.cards[rail].out, &h.cards[rail].in} {
				w.net.setRate(c, rate(c.rate))
			}
		}
	}
	each(func(rate int64) int64 { return rate / by })
	w.sicken(rail, 1)
	return func() {
		each(func(rate int64) int64 { return rate * by })
		w.sicken(rail, -1)
	}
}

func (w *world) sicken(rail, by int) {
	for _, s := range w.sessions {
		for _, c := range s.cablesOf(rail) {
			c.sicken(by)
		}
	}
}

// worsen changes how the lines of a rail treat packets.
func (s *session) worsen(rail int, f faultPlan) (end func()) {
	cables := s.cablesOf(rail)
	// One direction only, now and then.
	if f.pick[2]%3 == 0 {
		side := f.pick[3] % 2
		var half []*cable
		for i := side; i < len(cables); i += 2 {
			half = append(half, cables[i])
		}
		cables = half
	}
	for _, c := range cables {
		c.worse(f)
		c.sicken(1)
	}
	return func() {
		for _, c := range cables {
			c.sicken(-1)
		}
	}
}

// sicken counts the faults in force. What they changed is put right when the
// last of them has ended.
func (c *cable) sicken(by int) {
	c.sick += by
	if c.sick == 0 {
		c.faults, c.delay, c.burst = c.normal, c.home, false
	}
}

func (c *cable) worse(f faultPlan) {
	switch f.kind {
	case lossy:
		c.faults.loss = 0.02 + f.level*0.4
	case bursts:
		c.faults.burst = 0.002 + f.level*0.03
	case shuffled:
		c.faults.reorder = 0.05 + f.level*0.5
		c.faults.late = c.delay + int64(f.level*float64(10*millisecond)) + 1
	case repeated:
		c.faults.duplicate = f.level * 0.5
		c.faults.ghost = f.level * 0.02
	case far:
		c.delay = c.home + int64(f.level*float64(60*millisecond))
	}
}
