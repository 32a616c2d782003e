package member

// take receives the token: it copies what came and adopts the view.
func (m *Machine) take(now int64, t token) {
	before := m.tok
	if !m.cfg.has(BugNewestCopy) {
		t.learn(&before.log)
	}
	m.tok = t
	m.believe(&t)
	m.tok.normalize()
	m.compare(now, &before)
	m.eat(now)
}

// believe takes the deaths that a token tells of. A later life of a host tells of
// the end of the one before.
func (m *Machine) believe(t *token) {
	for i := range t.slots {
		s := &t.slots[i]
		p := m.peer(s.ID)
		if p == nil || s.ID == m.me.ID {
			continue
		}
		p.floor = max(p.floor, s.Inc)
		if s.dead {
			p.floor = max(p.floor, s.Inc+1)
		}
	}
}

// eat begins to hold the token that is in m.tok.
func (m *Machine) eat(now int64) {
	m.state = eating
	s := m.tok.slot(m.me)
	s.fails = 0
	m.renew(now)
	m.grant(now)
	m.agree(now)
	if !m.work(now) {
		return // fenced, and alone
	}
	m.passAt = now + m.hold()
	m.tryLock(now)
}

// hold is how long the token stays here: a round's share, less when somebody
// waits for what it carries.
func (m *Machine) hold() int64 {
	d := m.cfg.Round / int64(m.tok.size())
	if !m.tok.ripe() || m.tok.commit < m.tok.last() || len(m.queue) > 0 {
		d /= 4
	}
	return d
}

// work does everything that a member does with the token in hand. It is done when
// the token comes and again before it goes. It reports false if the member has
// found itself fenced, and has started alone.
func (m *Machine) work(now int64) bool {
	m.mergeStash(now)
	m.admitJoiners(now)
	m.bury(now)
	m.name(now)
	if m.tok.ripe() {
		m.propose()
		m.append()
	}
	m.acknowledge()
	return m.settle(now)
}

// bury takes those who are known to be dead out of the ring, with no attempt to
// reach them.
func (m *Machine) bury(int64) {
	for again := true; again; {
		again = false
		for i := range m.tok.slots {
			s := &m.tok.slots[i]
			if s.dead || !m.dead(s.Member) {
				continue
			}
			s.dead = true
			if !s.out {
				m.tok.putOut(s.Member)
				again = true
				break
			}
		}
	}
}

// name counts me in under this ballot, if my promise to another has ended, and
// makes the token ripe when a majority is named.
func (m *Machine) name(now int64) {
	t := &m.tok
	s := t.slot(m.me)
	if m.namedIn == t.Ballot || now >= m.namedAt+m.cfg.Promise || m.cfg.has(BugNoPromise) {
		s.named = true
		m.namedIn, m.namedAt = t.Ballot, now
	}
	if t.ripe() || !m.quorum(func(s *slot) bool { return s.named }) {
		return
	}
	// What was copied before now was the log of another ballot.
	t.log.ballot = t.Ballot
	for i := range t.slots {
		t.slots[i].acked = 0
	}
}

// propose appends the next view: without those whose time is over, with those who
// have come.
func (m *Machine) propose() {
	t := &m.tok
	last := t.lastView()
	if last.Index > t.commit {
		return // one at a time
	}
	if t.count(func(s *slot) bool { return s.named }) < t.size() {
		return // somebody has not seen this ring yet
	}
	var next []Member
	removed := false
	for _, o := range last.Members {
		if s := t.slot(o); s != nil && s.out && (s.dead || m.over(s)) {
			removed = true
			continue
		}
		next = append(next, o)
	}
	kept := len(next)
	next = t.newcomers(last, next)
	added := len(next) > kept
	limit := maxJoins
	if removed {
		limit = maxEntries
	}
	if !removed && !added || len(t.entries) >= limit {
		return
	}
	t.entries = append(t.entries, entry{view: true, members: next})
	t.normalize()
}

// over reports whether the whole ring has agreed that the time of a member that
// is out of it has passed.
func (m *Machine) over(s *slot) bool {
	return int(s.agree) >= m.tok.size() || m.cfg.has(BugRemoveAtOnce)
}

// acknowledge takes note that I have copied the log, and confirms what all have: a full
// round of the ring, and among it a majority of the view that was confirmed before. Else
// two rings could each hold a majority of a view that the other has not heard of.
func (m *Machine) acknowledge() {
	t := &m.tok
	if !t.ripe() {
		return
	}
	me := t.slot(m.me)
	if me.named {
		me.acked = t.last()
	}
	all := t.last()
	for i := range t.slots {
		if s := &t.slots[i]; !s.out {
			all = min(all, s.acked)
		}
	}
	if m.cfg.has(BugConfirmEarly) {
		all = t.last()
	}
	if all <= t.commit {
		return
	}
	if m.quorum(func(s *slot) bool { return s.acked >= all }) || m.cfg.has(BugConfirmEarly) {
		t.confirm(all)
		t.normalize()
	}
}

// settle delivers what is confirmed, and drops from the token what nobody misses.
func (m *Machine) settle(now int64) bool {
	if !m.named && m.tok.lastView().Has(m.me) {
		m.named, m.viewAt = true, now
	}
	if !m.deliver(now) {
		return false
	}
	t := &m.tok
	if m.member {
		t.slot(m.me).have = m.delivered
	}
	if m.cfg.has(BugTrimEarly) {
		t.trim(t.commit)
		return true
	}
	if len(t.views()) > 1 {
		return true
	}
	have := t.commit
	for _, o := range t.view.Members {
		if s := t.slot(o); s != nil {
			have = min(have, s.have)
		} else {
			return true
		}
	}
	if len(t.view.Members) > 0 {
		t.trim(have)
	}
	return true
}
