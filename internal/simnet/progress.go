package simnet

import "rainmpi/rainnet/wire"

// stuckAfter is how long nothing may be delivered although something waits and
// a path has been well for as long. A probe time-out backs off to less.
const stuckAfter = 2 * second

// wellFor returns for how long some path has been well all the time: alive in
// both directions, its faults mild, both hosts awake.
func (s *session) wellFor() int64 {
	best := int64(0)
	for _, id := range s.pathIDs {
		best = max(best, s.pathWellFor(id))
	}
	return best
}

func (s *session) pathWellFor(id wire.PathID) int64 {
	x, y := s.cables[0][id], s.cables[1][id]
	if s.ends[0].asleep || s.ends[1].asleep || x.ill() || y.ill() {
		return 0
	}
	return s.Now - max(x.illAt, y.illAt, s.sleptAt)
}

// ill reports whether a cable is in no state to demand delivery of it.
func (c *cable) ill() bool { return c.dead > 0 || c.sick > 0 }

// tick looks at the progress of both ends, now and then for ever.
func (s *session) tick() {
	for _, e := range s.ends {
		e.checkProgress()
		e.checkTrust()
		e.converse()
		e.checkMemory()
	}
	for _, id := range s.pathIDs {
		for side := range s.cables {
			if c := s.cables[side][id]; c.ill() {
				c.illAt = s.Now
			}
		}
	}
	s.tickRelays()
	if s.ends[0].asleep || s.ends[1].asleep {
		s.sleptAt = s.Now
	}
	if !s.over {
		s.After(20*millisecond, s.tick)
	}
}

// progress is what gets on while an end's data flows; any change of it will do.
type progress struct {
	delivered, backlog int64
	reached            furthest
}

// checkProgress fails if nothing this end sends has got on for too long.
func (e *end) checkProgress() {
	p := progress{e.delivered, e.conn.Backlog(), e.reached}
	if p != e.progress || !e.undelivered() {
		e.progress, e.progressAt, e.believed = p, e.Now, 0
		return
	}
	// Nobody looks for a relay before the last direct path is Down at both ends, which takes as long as they trust it: four
	// round trips, and those may be long where a rail has become slow under a full flight.
	e.believed = max(e.believed, e.trust(), e.peer.trust())
	silent, well := e.Now-e.progressAt, e.wellFor()
	if well <= stuckAfter {
		silent, well = silent-e.believed, e.relaysWellFor()-e.believed
	}
	if min(silent, well) > stuckAfter {
		e.failf("%s: nothing delivered for %v though a path has been well for %v: %s",
			e.name, duration(e.Now-e.progressAt), duration(well), e.waitsFor())
		e.progressAt = e.Now
	}
}

// trust returns for how long this end believes in a direct path that is silent.
func (e *end) trust() (longest int64) {
	for _, p := range e.conn.Paths() {
		if p.Up && p.ID != wire.Relayed {
			longest = max(longest, p.Timeout)
		}
	}
	return longest
}

// checkTrust fails if a path that is up, and well, is left for long for its silence of
// once: it carries nothing meanwhile.
func (e *end) checkTrust() {
	for _, p := range e.conn.Paths() {
		since, suspected := e.suspects[p.ID]
		switch {
		case !p.Suspect || p.ID == wire.Relayed:
			delete(e.suspects, p.ID)
		case !suspected:
			e.suspects[p.ID] = e.Now
		case min(e.Now-since, e.pathWellFor(p.ID)) > stuckAfter:
			e.failf("%s has suspected path %d for %v, which has been well for %v", e.name, p.ID, duration(e.Now-since), duration(e.pathWellFor(p.ID)))
		}
	}
}

// furthest is the furthest piece of an end's messages and of its transfers that has come to the peer: number<<32 | byte.
type furthest struct{ message, transfer uint64 }

// reach takes note of how far what is in a packet reaches that came to the peer.
// It may be longer than what a rail carries in stuckAfter: 2 MiB at 1 MiB/s, which
// others share. While pieces come that are beyond all before, it is on its way.
func (e *end) reach(packet []byte) {
	eachFrame(packet, func(t wire.FrameType, b []byte) {
		switch t {
		case wire.Msg:
			f, _ := wire.ConsumeMsg(b)
			e.reached.message = max(e.reached.message, f.ID<<32|(uint64(f.Offset)+uint64(len(f.Data))))
		case wire.Bulk:
			f, _ := wire.ConsumeBulk(b)
			e.reached.transfer = max(e.reached.transfer, f.Token<<32|(f.Offset+uint64(len(f.Data))))
		}
	})
}

// undelivered reports whether something that this end has handed to its machine
// is on its way. An offer that the peer has yet to grant is not.
func (e *end) undelivered() bool {
	return len(e.box.waiting) > 0 || e.given > 0 || e.conn.Backlog() > 0
}

// wakes counts how often a machine is woken, per virtual time.
type wakes struct {
	since int64
	count int
}

// checkWake fails if a machine lets itself be woken far more often than it has
// anything to do: its timers are then no timers.
func (e *end) checkWake() {
	const most, within = 5000, 10 * millisecond
	w := &e.wakes
	w.count++
	if e.Now-w.since > within {
		*w = wakes{since: e.Now}
	}
	if w.count > most {
		e.failf("%s wakes %d times in %v", e.name, w.count, duration(e.Now-w.since))
		*w = wakes{since: e.Now}
	}
}

// A cable is one direction of a path with what checkers know of it.
type cable struct {
	line
	mtu   int
	home  int64 // its delay when all is well
	sick  int   // faults in force that delivery need not survive
	illAt int64 // when it was last ill
}
