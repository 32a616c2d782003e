package rudp

import "rainmpi/rainnet/wire"

// Two hosts with two NICs each on two switches that are bridged have four paths
// that work, but only two cables each. Active is a maximum matching between the
// NICs of one end and those of the other, over the pairs that are Up: no NIC is
// in two active paths, and no more pairs could be active at once. The others
// are backup. Both ends compute it from the same ids by the same rule.

// Several addresses may belong to one NIC (IPv4 and IPv6); until SetNICs says
// so, each address counts as a NIC of its own.

// SetNICs says which NICs a path connects: that of the peer with the lower id,
// and that of the peer with the higher. Both ends must say the same.
func (c *Conn) SetNICs(now int64, id wire.PathID, lower, higher uint8) {
	if p := c.path(id); p != nil {
		p.lowerNIC, p.higherNIC = lower, higher
		c.rank()
	}
}

// match marks the active ones of paths, which are sorted by id and of which
// only those with up set take part. It is Kuhn's algorithm: each lower NIC in
// turn takes a free higher NIC or makes its holder move to another. Equal
// numbers are tried first, because rails are listed in the same order at both
// ends where somebody took care.
func match(paths []*path) {
	var m matcher
	m.paths = paths
	for i := range m.holder {
		m.holder[i] = nil
	}
	for _, p := range paths {
		p.active = false
		if !p.relayed() && !m.placed[p.lowerNIC] {
			m.placed[p.lowerNIC] = true
			m.seen = [256]bool{}
			m.place(p.lowerNIC)
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
	holder [256]*path // by higher NIC: the path that has it
	placed [256]bool  // lower NICs that had their turn
	seen   [256]bool  // higher NICs tried for the present one
}

func (m *matcher) place(lower uint8) bool {
	return m.try(lower, true) || m.try(lower, false)
}

// try looks for a place among the pairs of equal number, or among all others.
func (m *matcher) try(lower uint8, equal bool) bool {
	for _, p := range m.paths {
		higher := p.higherNIC
		if p.lowerNIC != lower || !p.up || p.relayed() || (higher == lower) != equal || m.seen[higher] {
			continue
		}
		m.seen[higher] = true
		held := m.holder[higher]
		if held == nil || m.place(held.lowerNIC) {
			m.holder[higher] = p
			return true
		}
	}
	return false
}
