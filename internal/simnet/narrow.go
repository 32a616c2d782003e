package simnet

import (
	"math/rand/v2"

	"rainmpi/internal/simnet/sim"
	"rainmpi/rainnet/wire"
)

// In a third of the seeds paths take shorter packets for a while, as when a route changes to a tunnel: longer
// ones are lost, and nobody says so. How an Endpoint finds out is its own business; here the ends are told when they
// would have, at different times, and so when the path has widened again.

// longestUnnoticed is how long packets may be lost for their length: rainnet takes 0.7 s of silence for a sign.
const longestUnnoticed = 1 * second

func (w *world) drawNarrowings(rng *rand.Rand) {
	if rng.IntN(3) != 0 {
		return
	}
	for range 1 + rng.IntN(4) {
		s := w.sessions[rng.IntN(len(w.sessions))]
		id := s.pathIDs[rng.IntN(len(s.pathIDs))]
		size := 600 + rng.IntN(1000)
		lasts := sim.LogUniform(rng, longestUnnoticed, 2*second)
		var notice [2][2]int64 // by whether it is over, and end
		for i := range notice {
			for side := range notice[i] {
				notice[i][side] = rng.Int64N(2) * sim.LogUniform(rng, millisecond, longestUnnoticed)
			}
		}
		w.At(sim.LogUniform(rng, millisecond, 4*second), func() { s.narrow(id, size, lasts, notice) })
	}
}

// narrow has a path carry no more than so many bytes. Who sends what is too long for it is none from whom delivery can be
// demanded.
func (s *session) narrow(id wire.PathID, size int, lasts int64, notice [2][2]int64) {
	cables := [2]*cable{s.cables[0][id], s.cables[1][id]}
	wide := cables[0].mtu
	if s.over || s.winding || cables[0].takes > 0 || wide <= size {
		return
	}
	s.tracef("path %d takes %d bytes, for %v", id, size, duration(lasts))
	s.broken++
	for side, c := range cables {
		c.takes = size
		c.sicken(1)
		s.After(notice[0][side], func() { s.ends[side].resize(id, size, func() { c.sicken(-1) }) })
	}
	s.After(lasts, func() {
		s.tracef("path %d takes %d bytes again", id, wide)
		s.broken--
		for side, c := range cables {
			c.takes = 0
			s.After(notice[1][side], func() { s.ends[side].resize(id, wide, func() {}) })
		}
	})
}

// resize tells an end what a path takes, as soon as it is awake.
func (e *end) resize(id wire.PathID, size int, then func()) {
	if e.asleep {
		e.After(millisecond, func() { e.resize(id, size, then) })
		return
	}
	then()
	if !e.over {
		e.out[id].mtu = size
		e.conn.AddPath(e.clock(), id, size)
		e.drive()
	}
}
