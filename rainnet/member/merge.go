package member

import "cmp"

// A group is a ring as others see it. Groups join in one direction only: to the
// one that has confirmed more, then to the one with the lower lowest member, which
// is a group's id.
type group struct {
	view   uint64 // index of its confirmed view
	lowest ID
	ballot Ballot
}

func (m *Machine) group() group {
	g := group{view: m.tok.view.Index, lowest: m.me.ID, ballot: m.tok.Ballot}
	for _, s := range m.tok.slots {
		if !s.out {
			g.lowest = min(g.lowest, s.ID)
		}
	}
	return g
}

func (g group) betterThan(o group) bool {
	return cmp.Or(cmp.Compare(g.view, o.view), -cmp.Compare(g.lowest, o.lowest), g.ballot.compare(o.ballot)) > 0
}

// beacon tells a host of my group.
func (m *Machine) beacon(to ID, k kind) {
	m.send(to, message{kind: k, group: m.group(), stamp: m.tok.Stamp})
}

// discover sends a small datagram to hosts that are not in the ring: to the lowest
// of them, where most groups join, and to each of the others in turn.
func (m *Machine) discover(now int64) {
	m.beaconAt = now + m.cfg.Round*int64(1+m.tok.size()/8)
	here := make([]bool, len(m.peers))
	for i := range m.peers {
		id := m.peers[i].id
		for _, s := range m.tok.slots {
			here[i] = here[i] || s.ID == id && !s.out
		}
	}
	lowest := -1
	for i := range here {
		if !here[i] {
			lowest = i
			m.beacon(m.peers[i].id, kindBeacon)
			break
		}
	}
	for range here {
		m.beaconed = (m.beaconed + 1) % len(here)
		if i := m.beaconed; !here[i] {
			if i != lowest {
				m.beacon(m.peers[i].id, kindBeacon)
			}
			return
		}
	}
}

func (m *Machine) recvBeacon(now int64, from Member, msg message) {
	m.maxEpoch = max(m.maxEpoch, msg.group.ballot.Epoch)
	if m.tok.inRing(from) || m.cfg.has(BugNoMerge) {
		return
	}
	if m.group().betterThan(msg.group) {
		if msg.kind == kindBeacon {
			m.beacon(from.ID, kindAnswer)
		}
		return
	}
	m.target, m.targetAt = from, now
}

// mergeWanted reports whether the token is to be passed to another group.
func (m *Machine) mergeWanted(now int64) bool {
	return m.target != Member{} && now < m.targetAt+m.cfg.Starve && !m.tok.inRing(m.target) && !m.dead(m.target)
}

// recvMerge keeps the token of another group until I hold my own: two
// tokens become one where one node has both.
func (m *Machine) recvMerge(now int64, from Member, t token) {
	p := m.peer(from.ID)
	if p.merged != t.Stamp && len(m.stash) < len(m.peers) {
		p.merged = t.Stamp
		m.stash = append(m.stash, t)
	}
	if p.merged == t.Stamp {
		m.send(from.ID, message{kind: kindAck, stamp: t.Stamp})
	}
}

// mergeStash takes the members and the knowledge of other groups' tokens into
// mine.
func (m *Machine) mergeStash(now int64) {
	for i := range m.stash {
		o := &m.stash[i]
		before := m.tok
		before.slots = append([]slot(nil), m.tok.slots...)
		m.maxEpoch = max(m.maxEpoch, o.Epoch)
		m.tok.learn(&o.log)
		m.believe(o)
		prev := m.me
		for _, s := range o.slots {
			if s.out || s.ID == m.me.ID || m.peer(s.ID) == nil || m.dead(s.Member) || m.tok.inRing(s.Member) {
				continue
			}
			m.tok.admit(prev, s.Member)
			prev = s.Member
		}
		m.tok.normalize()
		m.bump()
		m.compare(now, &before)
	}
	m.stash = nil
}
