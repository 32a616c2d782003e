package simnet

import (
	"math/rand/v2"

	"rainmpi/internal/simnet/sim"
	"rainmpi/rainnet/wire"
)

// In a third of the seeds, ends hear hints that what they send does not arrive: of paths that are dead,
// as a router or the own kernel would give, and of any, as a liar would. They may hurry what happens
// anyhow, and prove nothing.
func (s *session) drawHints(rng *rand.Rand) {
	if rng.IntN(3) != 0 {
		return
	}
	liar := rng.IntN(2) == 0
	every := sim.LogUniform(rng, millisecond, 50*millisecond)
	for _, e := range s.ends {
		var next func()
		next = func() {
			id := s.pathIDs[rng.IntN(len(s.pathIDs))]
			if liar || s.cables[e.side][id].dead > 0 {
				e.hint(id)
			}
			if !s.over && !s.winding {
				s.After(1+rng.Int64N(every), next)
			}
		}
		s.At(rng.Int64N(every), next)
	}
}

// hint tells the machine, and fails if the path is left for that alone.
func (e *end) hint(id wire.PathID) {
	if e.asleep || e.over {
		return
	}
	suspect := e.suspected(id)
	e.conn.Hint(e.clock(), id)
	if e.suspected(id) != suspect {
		e.failf("%s leaves path %d for a hint alone", e.name, id)
	}
	e.drive()
}

func (e *end) suspected(id wire.PathID) bool {
	for _, p := range e.conn.Paths() {
		if p.ID == id {
			return p.Suspect
		}
	}
	return false
}
