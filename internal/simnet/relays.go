package simnet

import (
	"math/rand/v2"

	"rainmpi/internal/simnet/sim"
	"rainmpi/rainnet/relay"
	"rainmpi/rainnet/wire"
)

// Some sessions have relays: third hosts that pass packets on while no direct path is up. What a relay
// is made of is not simulated, only its rate, its delay, and which of the two ends reach it.

type relayPlan struct {
	cardPlan
	delay int64
}

// drawRelays gives a third of the seeds relays, and faults that make them needed.
func (p *plan) drawRelays(rng *rand.Rand) {
	if rng.IntN(3) != 0 {
		return
	}
	for range 1 + rng.IntN(3) {
		rate := sim.LogUniform(rng, 1<<20, 60<<20)
		p.relays = append(p.relays, relayPlan{
			cardPlan: cardPlan{rate, max(60<<10, rate*sim.LogUniform(rng, 2, 30)/1000)},
			delay:    sim.LogUniform(rng, 20*microsecond, 10*millisecond),
		})
	}
	for range 2 + rng.IntN(2) {
		f := drawFault(rng)
		f.kind, f.lasts = deadAll, sim.LogUniform(rng, 50*millisecond, 8*second)
		p.faults = append(p.faults, f)
	}
	for range rng.IntN(4) {
		f := drawFault(rng)
		f.kind = lostRelay
		p.faults = append(p.faults, f)
	}
	p.sortFaults()
}

// relayMTU is what the least path of mtus leaves.
const relayMTU = 1232 - wire.Overhead

// relays are one end's way through third hosts.
type relays struct {
	seeker  relay.Seeker
	out     []*cable // to the peer, by relay
	lost    []int    // faults that keep this end from a relay; it reaches it at 0
	upSince map[wire.PathID]int64
}

func (s *session) layRelays() {
	for side, e := range s.ends {
		e.relays = relays{seeker: relay.New(s.Now, side == 0, int(s.seed%7)), upSince: map[wire.PathID]int64{}}
		for _, p := range s.plan.relays {
			c := &cable{mtu: relayMTU, home: p.delay}
			c.line = line{from: &card{rate: p.rate, limit: p.limit}, to: &card{rate: p.rate, limit: p.limit}, delay: p.delay}
			e.relays.out = append(e.relays.out, c)
			e.relays.lost = append(e.relays.lost, 0)
		}
	}
}

// loseRelay keeps one end from a relay, and so both from using it.
func (s *session) loseRelay(side, n int) (end func()) {
	change := func(by int) {
		s.ends[side].relays.lost[n] += by
		for _, e := range s.ends {
			e.relays.out[n].dead += by
		}
	}
	change(1)
	return func() { change(-1) }
}

// deadline is when the machines of this end want to be driven.
func (e *end) deadline() int64 {
	if len(e.relays.out) == 0 || e.plan.noRelay {
		return e.due()
	}
	return min(e.due(), e.relays.seeker.Deadline())
}

// seek looks for a relay, as rainnet's Peer does.
func (e *end) seek() {
	r := &e.relays
	if len(r.out) == 0 || e.plan.noRelay || e.Now < r.seeker.Deadline() {
		return
	}
	before := r.seeker.By()
	r.seeker.Expire(e.Now, len(r.out), func(n int) bool { return r.lost[n] == 0 })
	e.reroute(before)
}

func (e *end) arrivedBy(by int) bool {
	before := e.relays.seeker.By()
	if e.plan.noRelay {
		return false
	}
	if !e.relays.seeker.Arrived(e.Now, by) {
		e.conn.Use(e.clock())
		return false
	}
	e.reroute(before)
	return true
}

func (e *end) reroute(before int) {
	switch by := e.relays.seeker.By(); {
	case by == before:
		return
	case by == relay.None:
		e.conn.RemovePath(e.clock(), wire.Relayed)
	default:
		e.conn.AddPath(e.clock(), wire.Relayed, relayMTU)
		e.conn.Use(e.clock())
		e.conn.Ask(e.clock(), wire.Relayed)
	}
	e.events()
}

// noteMove follows a transition of a path.
func (e *end) noteMove(id wire.PathID, up bool) {
	if id == wire.Relayed {
		e.relays.seeker.Relayed(e.Now, up)
		return
	}
	e.relays.seeker.Direct(e.Now, e.conn.Direct())
	delete(e.relays.upSince, id)
	if up {
		e.relays.upSince[id] = e.Now
	}
}

// relaysWellFor returns for how long one of the relays has been of use all the time.
func (s *session) relaysWellFor() int64 {
	if s.ends[0].asleep || s.ends[1].asleep {
		return 0
	}
	best := int64(0)
	for n, c := range s.ends[0].relays.out {
		if !c.ill() {
			best = max(best, s.Now-max(c.illAt, s.ends[1].relays.out[n].illAt, s.sleptAt))
		}
	}
	return best
}

// tickRelays keeps the times that relaysWellFor looks at.
func (s *session) tickRelays() {
	for _, e := range s.ends {
		for _, c := range e.relays.out {
			if c.ill() {
				c.illAt = s.Now
			}
		}
	}
}

// directWithin is how soon data must go by a direct path again that is up and well.
const directWithin = second

// checkRelayed looks at a packet that an end sends through a relay. A direct path that is silent may be dead: until it
// is heard again the relay is the better one, if it is still there. Not for long: see checkTrust.
func (e *end) checkRelayed(packet []byte) {
	if e.relays.seeker.By() == relay.None {
		e.failf("%s sends through a relay and has none", e.name)
		return
	}
	data := false
	eachFrame(packet, func(t wire.FrameType, _ []byte) { data = data || t == wire.Msg || t == wire.Bulk })
	if !data {
		return
	}
	for id, since := range e.relays.upSince {
		if e.Now-since > directWithin && e.pathWellFor(id) > directWithin && !e.suspected(id) {
			e.failf("%s sends data through a relay though path %d has been up for %v", e.name, id, duration(e.Now-since))
			return
		}
	}
}

// checkRelaysLeft fails if a relay is still used when all paths have long been there.
func (s *session) checkRelaysLeft() {
	for _, e := range s.ends {
		if by := e.relays.seeker.By(); by != relay.None {
			s.failf("%s still uses relay %d, long after all paths came back", e.name, by)
		}
	}
}
