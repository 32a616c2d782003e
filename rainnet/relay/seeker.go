// Package relay decides when a peer is talked to through a third host, and through which.
//
// A has lost its card on rail 0 and B its card on rail 1: no path leads from one to the other, and C,
// which has both rails, reaches both. "If nodes relay, only 2 nodes are lost to 3 switch faults" of
// RAIN's wiring, where six are without. The packets of the two travel through C as those of one more
// path, with packet numbers, a link machine and a history of its own; this package only says when
// there is such a path, and who C is. Each end decides for itself, and the link machine finds out
// whether both have decided well.
//
// A Seeker is a pure machine, as those of rudp and link are.
package relay

import "math"

const (
	// Patience is how long a peer that no path has led to yet may be looked for before relays are
	// asked: its first pings are answered within a few round trips, and it may still be starting. A
	// peer that was reached and is not any more is sought at once: its paths have had their time-outs.
	Patience = 200_000_000

	// TryTime is how long a relay has to prove itself: it may have to find its own paths to the peer
	// first, which takes a few round trips and three pings.
	TryTime = 250_000_000

	// LookTime is when to look again for relays, if none of them answers.
	LookTime = 20_000_000

	// Linger is how long direct paths must have been there before the relay is left: a cable that is
	// being plugged in comes and goes.
	Linger = 1_000_000_000

	never = math.MaxInt64
)

// None is no relay.
const None = -1

// A Seeker is one end's decision about one peer. Relays are known to it by number, the same as long as
// it lives. All times are nanoseconds of one monotonic clock.
type Seeker struct {
	lower bool // this end has the lower id: of two good choices its own counts
	first int  // the relay to try first

	direct  bool  // some path leads to the peer
	by      int   // through whom, or None
	since   int64 // when it was chosen
	up      bool  // the relayed path is
	heard   int64 // when a relayed packet last came
	seeking bool
	at      int64 // when to decide anew
}

// New returns the Seeker of a peer that is looked for since now. lower says that this end has the lower
// id. first is any number, the same at both ends, by which pairs of peers are spread over the relays.
func New(now int64, lower bool, first int) Seeker {
	return Seeker{lower: lower, first: first, by: None, at: now + Patience}
}

// By returns through whom packets for the relayed path go; None: there is no such path.
func (s *Seeker) By() int { return s.by }

// Seeking reports whether relays are wanted: they are to be asked whether they answer.
func (s *Seeker) Seeking() bool { return s.seeking }

// Deadline returns when Expire has to be called next.
func (s *Seeker) Deadline() int64 { return s.at }

// Direct tells whether any path leads to the peer without a relay.
func (s *Seeker) Direct(now int64, up bool) {
	if s.direct == up {
		return
	}
	s.direct = up
	s.seeking = s.seeking && !up
	switch {
	case !up && !s.up:
		s.at = now
	case !up || s.by == None:
		s.at = never
	default:
		s.at = now + Linger
	}
}

// Relayed tells whether the relayed path is up.
func (s *Seeker) Relayed(now int64, up bool) {
	if s.by == None {
		return // the peer still goes by it; this end does not
	}
	s.up = up
	switch {
	case s.direct:
	case up:
		s.at, s.seeking = never, false
	default:
		s.at = now
	}
}

// Arrived tells that an authentic packet of the peer has come through a relay, and reports whether it
// is to be taken. It proves that the relay reaches both ends, so that an end which has nothing better
// answers the same way; of two that have, the end with the lower id stays and the other follows.
func (s *Seeker) Arrived(now int64, by int) bool {
	if s.direct && s.lower && s.by == None {
		return false // the way is no longer needed; the peer will find that too
	}
	s.heard = now
	if by == s.by || s.up && s.lower {
		return true
	}
	s.by, s.since = by, now
	switch {
	case s.direct:
		s.at = now + Linger
	case !s.up:
		s.at = now + TryTime
	}
	return true
}

// Expire decides anew when it is time. answers tells which of the relays 0 to n-1 can be reached.
func (s *Seeker) Expire(now int64, n int, answers func(relay int) bool) {
	switch {
	case now < s.at:
	case s.direct:
		s.leave(now)
	case s.by != None && now-s.since < TryTime && !s.up:
		s.at = s.since + TryTime
	default:
		s.try(now, n, answers)
	}
}

// leave gives up a relay that is not needed any more. The end with the lower id leaves first; the other
// when nothing comes this way any longer, so that the two do not hold each other.
func (s *Seeker) leave(now int64) {
	if s.by != None && !s.lower && now-s.heard < Linger {
		s.at = s.heard + Linger
		return
	}
	s.by, s.up, s.at = None, false, never
}

// try takes the next relay that answers.
func (s *Seeker) try(now int64, n int, answers func(relay int) bool) {
	s.at, s.seeking = now+LookTime, true
	from := s.first
	if s.by != None {
		from = s.by + 1
	}
	for i := range n {
		next := (from + i) % n
		if answers(next) {
			s.by, s.since, s.at = next, now, now+TryTime
			return
		}
	}
}
