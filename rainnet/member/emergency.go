package member

// starve waits for the token for some time more.
func (m *Machine) starve(now, d int64) {
	m.state = hungry
	m.locked = false
	m.starveAt = now + d
}

// call911 asks everybody in the ring whether the token is known to live: I have not
// had it for the starvation time, and say which copy was my last.
func (m *Machine) call911(now int64) {
	m.state = asking
	m.tries = 0
	for i := range m.peers {
		m.peers[i].granter = false
	}
	m.ask(now)
}

func (m *Machine) ask(now int64) {
	m.tries++
	m.retryAt = now + m.cfg.Retry
	for _, o := range m.Ring() {
		if p := m.peer(o.ID); o != m.me && p != nil && !p.granter {
			m.send(o.ID, message{kind: kind911, stamp: m.tok.Stamp})
		}
	}
	if m.granted() {
		m.regenerate(now)
	}
}

// granted reports whether everybody else in the ring has let me regenerate.
func (m *Machine) granted() bool {
	for _, o := range m.Ring() {
		if o != m.me && !m.dead(o) && !m.peer(o.ID).granter {
			return false
		}
	}
	return true
}

// recv911 answers: who has a more recent copy denies. From one who is no member it is
// a request to join: who next holds the token admits it, and sends it the token.
//
// A sender that is no member here and has the more recent copy is of a ring that I
// am in and have not heard of yet. It is for it to regenerate: were it denied for
// having to join, two halves of a merge that was broken off would wait for each
// other for ever.
func (m *Machine) recv911(now int64, from Member, s Stamp) {
	c := m.tok.Stamp.compare(s)
	if m.state == eating || m.state == passing || c > 0 || c == 0 && m.me.ID < from.ID {
		if !m.tok.inRing(from) {
			p := m.peer(from.ID)
			p.joining, p.joins, p.joinsAt = true, from, s.Ballot
		}
		m.send(from.ID, message{kind: kindDeny, stamp: m.tok.Stamp})
		return
	}
	if m.state == hungry {
		m.starveAt = max(m.starveAt, now+m.cfg.Starve/2) // it will regenerate
	}
	m.send(from.ID, message{kind: kindGrant, stamp: s})
}

func (m *Machine) recvGrant(now int64, from Member, s Stamp) {
	if m.state != asking || s != m.tok.Stamp || !m.tok.inRing(from) {
		return
	}
	m.peer(from.ID).granter = true
	if m.granted() {
		m.regenerate(now)
	}
}

func (m *Machine) recvDeny(now int64, _ Stamp) {
	if m.state == asking {
		m.starve(now, m.cfg.Starve)
	}
}

// retry911 is called when some have not answered.
func (m *Machine) retry911(now int64) {
	if m.tries < m.cfg.Attempts {
		m.ask(now)
		return
	}
	m.regenerate(now)
}

// regenerate makes the token again from the most recent copy of those who
// answered, which is mine. Those who did not are out of the ring.
func (m *Machine) regenerate(now int64) {
	if m.cfg.has(BugNoRegenerate) {
		m.starve(now, m.cfg.Starve)
		return
	}
	before := m.tok
	before.slots = append([]slot(nil), m.tok.slots...)
	for _, o := range m.Ring() {
		if o != m.me && !m.peer(o.ID).granter {
			m.tok.putOut(o)
		}
	}
	m.bump()
	m.compare(now, &before)
	m.eat(now)
}

// admitJoiners lets into the ring who has asked.
func (m *Machine) admitJoiners(now int64) {
	for i := range m.peers {
		p := &m.peers[i]
		if !p.joining {
			continue
		}
		p.joining = false
		if m.dead(p.joins) || p.joins.ID == m.me.ID || m.tok.inRing(p.joins) {
			continue
		}
		if p.joinsAt.compare(m.tok.Ballot) >= 0 {
			m.maxEpoch = max(m.maxEpoch, p.joinsAt.Epoch)
			m.bump() // or it would take mine for a smaller one
		}
		before := m.tok
		before.slots = append([]slot(nil), m.tok.slots...)
		m.tok.admit(m.me, p.joins)
		m.compare(now, &before)
	}
}
