package member

// lease is what a member has promised and what it may claim.
type lease struct {
	namedIn Ballot // the ballot under which I was last named
	namedAt int64  // when I last copied a token of it

	passedIn   Ballot // the ballot under which I last passed on a ripe token
	passedAt   int64  // when, first
	passedRipe bool
	provenAt   int64 // a majority has copied what I passed on then
	proven     bool

	member    bool   // a confirmed view has me
	named     bool   // a view has me, confirmed or about to be
	viewAt    int64  // since when I know
	delivered uint64 // entries
}

// grant promises to everybody in the ring not to agree to a removal for Removal.
func (m *Machine) grant(now int64) {
	for i := range m.tok.slots {
		if s := &m.tok.slots[i]; !s.out {
			if p := m.peer(s.ID); p != nil {
				p.granted = grant{inc: s.Inc, at: now, stamp: m.tok.Stamp}
			}
		}
	}
}

// agree counts, hop by hop, who finds that the time of a member out of the ring is
// over. When everybody in the ring has said so in a row, it is.
func (m *Machine) agree(now int64) {
	for i := range m.tok.slots {
		s := &m.tok.slots[i]
		if p := m.peer(s.ID); s.out && p != nil {
			m.watch(now, s, &p.granted)
			if now < p.granted.at+m.cfg.Removal {
				s.agree = 0
			} else if s.agree < MaxHosts {
				s.agree++
			}
		}
	}
}

// watch begins to count the time of a member that is out of the ring when I first
// see it so. Those to whom it owes its lease may all have died since it was left
// out, and have come back as members that have promised it nothing: they begin to
// count when they come. Whoever has had it in the ring after the token left it out
// makes all the others begin again.
func (m *Machine) watch(now int64, s *slot, g *grant) {
	switch {
	case g.inc != s.Inc:
		*g = grant{inc: s.Inc}
	case g.out == s.since:
		return
	case g.out == Stamp{} && s.since.compare(g.stamp) < 0:
		s.since = m.tok.Stamp
	}
	g.at, g.out = now, s.since
}

// renew looks whether the token that has come back is the one I passed on. Then
// everybody in its ring has copied it since, and is bound by its promises.
func (m *Machine) renew(now int64) {
	if !m.passedRipe || m.passedIn != m.tok.Ballot || !m.quorum(func(s *slot) bool { return s.named }) {
		return
	}
	m.provenAt, m.proven = m.passedAt, true
	if m.cfg.has(BugLeaseOnReturn) {
		m.provenAt = now
	}
}

// passed takes note of when the token was passed on first.
func (m *Machine) passed(now int64) {
	s := m.tok.slot(m.me)
	m.passedIn, m.passedAt, m.passedRipe = m.tok.Ballot, now, m.tok.ripe() && s != nil && s.named
}

// Primary reports whether this member is of the primary partition at this instant.
// It is a question to the clock: a host that was stopped has lost it in its sleep.
func (m *Machine) Primary(now int64) bool {
	return m.member && m.proven && now < m.provenAt+m.cfg.Fence
}

// Eating reports whether this member holds the token of the primary: at any
// instant at most one does. It must come round within Promise.
func (m *Machine) Eating(now int64) bool {
	return m.state == eating && m.Primary(now) && m.tok.ripe() && m.passedIn == m.tok.Ballot &&
		m.provenAt == m.passedAt && now < m.provenAt+m.cfg.Promise
}

// lapsesAt is when a member that has no proof of a majority fences itself. One that
// a view takes in does so too if it never hears that the view is confirmed.
func (m *Machine) lapsesAt() int64 {
	if !m.named {
		return Never
	}
	at := m.viewAt
	if m.proven {
		at = max(at, m.provenAt)
	}
	return at + m.cfg.Fence
}

// lapse is self-fencing: the others may remove me soon, or have, and my ranks
// must have ended before they do.
func (m *Machine) lapse(now int64) {
	if now >= m.lapsesAt() {
		m.fence(now, "no majority was heard of in time")
	}
}

// fence ends this life. The host comes back under another incarnation, which
// nothing is known of.
func (m *Machine) fence(now int64, why string) {
	if m.state == gone {
		return
	}
	was := m.member
	m.push(Event{Kind: Fenced, At: now, Who: m.me, Cause: why})
	if was && m.cfg.has(BugStayFenced) {
		m.provenAt, m.viewAt = now, now
		return
	}
	p := m.peer(m.me.ID)
	m.me.Inc = max(m.me.Inc+1, p.floor)
	p.floor = m.me.Inc
	m.lease = lease{}
	m.outgoing = outgoing{}
	m.lock = lock{}
	m.stash = nil
	m.target = Member{}
	m.alone(now)
}
