package rudp

import "rainmpi/rainnet/wire"

// Two hosts with two NICs each on two switches that are bridged have four paths
// that work, but only two cables each. Active is a maximum matching between the
// NICs of one end and those of the other, over the pairs that are Up: no NIC is
// in two active paths, and no more pairs could be active at once. The others
// are backup. Both ends compute it from the same ids by the same rule.

// match marks the active ones of paths, which are sorted by id and of which
// only those with up set take part. It is Kuhn's algorithm: each lower address
// in turn takes a free higher address or makes its holder move to another.
// Equal indices are tried first, because rails are listed in the same order at
// both ends where somebody took care.
func match(paths []*path) {
	var m matcher
	m.paths = paths
	for i := range m.holder {
		m.holder[i] = nil
	}
	for i, p := range paths {
		p.active = false
		lower := p.id >> 8
		if i == 0 || paths[i-1].id>>8 != lower {
			m.seen = [256]bool{}
			m.place(lower)
		}
	}
	for _, p := range m.holder {
		if p != nil {
			p.active = true
		}
	}
}

type matcher struct {
	paths  []*path
	holder [256]*path // by higher address: the path that has it
	seen   [256]bool  // higher addresses tried for the present one
}

func (m *matcher) place(lower wire.PathID) bool {
	return m.try(lower, true) || m.try(lower, false)
}

// try looks for a place among the pairs of equal index, or among all others.
func (m *matcher) try(lower wire.PathID, equal bool) bool {
	for _, p := range m.paths {
		higher := p.id & 0xff
		if p.id>>8 != lower || !p.up || (higher == lower) != equal || m.seen[higher] {
			continue
		}
		m.seen[higher] = true
		held := m.holder[higher]
		if held == nil || m.place(held.id>>8) {
			m.holder[higher] = p
			return true
		}
	}
	return false
}
