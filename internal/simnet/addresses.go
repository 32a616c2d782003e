package simnet

import (
	"encoding/binary"
	"math/rand/v2"

	"rainmpi/internal/simnet/sim"
)

// In a third of the seeds, ends tell each other that addresses of theirs have changed. Nothing follows
// from it here: what an Endpoint makes of it is its own business. What is told must arrive, the newest
// last.

// numbers of addresses that change.
const changing = 3

// news is what one end tells of its addresses, and has heard of the peer's.
type news struct {
	told  [changing]uint16 // revision
	heard [changing]uint16
}

// drawNews has the ends of a session tell something now and then.
func (s *session) drawNews(rng *rand.Rand) {
	if rng.IntN(3) != 0 {
		return
	}
	for range 2 + rng.IntN(20) {
		e := s.ends[rng.IntN(2)]
		index := uint8(rng.IntN(changing))
		s.At(sim.LogUniform(rng, millisecond, 4*second), func() { e.announce(index) })
	}
}

func (e *end) announce(index uint8) {
	if e.asleep || e.over || e.winding {
		return
	}
	e.news.told[index]++
	rev := e.news.told[index]
	e.conn.Announce(e.clock(), index, rev, binary.BigEndian.AppendUint16(nil, rev))
	e.drive()
}

// onAddress takes what the peer tells.
func (e *end) onAddress(index uint8, data []byte) {
	if int(index) >= changing || len(data) != 2 {
		e.failf("%s hears of address %d: %x", e.name, index, data)
		return
	}
	rev := binary.BigEndian.Uint16(data)
	if rev <= e.news.heard[index] || rev > e.peer.news.told[index] {
		e.failf("%s hears of revision %d of address %d after %d, told were %d", e.name, rev, index, e.news.heard[index], e.peer.news.told[index])
	}
	e.news.heard[index] = rev
}

// checkNews fails if something was told and has not arrived, when all paths have long been there.
func (s *session) checkNews() {
	for _, e := range s.ends {
		if e.news.heard != e.peer.news.told {
			s.failf("%s has heard of revisions %d of the peer's addresses, told were %d", e.name, e.news.heard, e.peer.news.told)
		}
	}
}
