package member

// pass sends the token on.
func (m *Machine) pass(now int64) {
	m.locked = false
	if !m.work(now) {
		return
	}
	m.passed(now)
	if m.mergeWanted(now) {
		m.to, m.merging = m.target, true
	} else {
		m.to, m.merging = m.tok.after(m.me), false
		if m.to == m.me {
			m.tok.Seq++
			m.eat(now)
			return
		}
	}
	m.state = passing
	m.tries = 0
	m.attempt(now)
}

// attempt delivers the token once more.
func (m *Machine) attempt(now int64) {
	m.tries++
	m.retryAt = now + m.cfg.Retry
	msg := m.tokenFor()
	if m.merging {
		msg.kind = kindMerge
	}
	m.send(m.to.ID, msg)
}

// tokenFor is the token one hop on.
func (m *Machine) tokenFor() message {
	t := m.tok
	t.Seq++
	return message{kind: kindToken, stamp: t.Stamp, token: t}
}

// recvAck ends the hop. The member waits for the token's return.
func (m *Machine) recvAck(now int64, from Member, s Stamp) {
	if m.state == passing && from == m.to && s == (Stamp{m.tok.Ballot, m.tok.Seq + 1}) {
		m.starve(now, m.cfg.Starve)
	}
}

// retry is called when no acknowledgement has come.
func (m *Machine) retry(now int64) {
	if m.dead(m.to) || m.tries >= m.cfg.Attempts && !m.cfg.has(BugNoDetection) {
		m.undelivered(now)
		return
	}
	m.attempt(now)
}

// undelivered passes over a member that does not answer. It may have the token all
// the same: from here the token goes on under a higher ballot.
//
// Detection is conservative: the member is not taken out of the ring but put behind the
// next (ABCD → ACBD), so that another tries, and goes after two failed deliveries in a
// row. With two members the second attempt is one's own.
func (m *Machine) undelivered(now int64) {
	if m.merging {
		m.target = Member{}
	} else if s := m.tok.slot(m.to); s != nil {
		s.fails++
		if m.cfg.Aggressive || s.fails >= 2 || m.dead(m.to) {
			before := m.tok
			before.slots = append([]slot(nil), m.tok.slots...)
			m.tok.putOut(m.to)
			m.compare(now, &before)
		} else {
			m.tok.swap(m.to)
		}
	}
	if m.cfg.has(BugSameBallot) {
		m.tok.Seq++
	} else {
		m.bump()
	}
	m.state = eating
	m.pass(now)
}
