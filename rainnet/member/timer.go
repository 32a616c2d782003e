package member

// maxLate bounds how often in a row a late timer is excused.
const maxLate = 10

// Deadline returns when Expire has to be called next.
func (m *Machine) Deadline() int64 {
	if m.state == gone {
		return Never
	}
	return min(m.due(), m.beaconAt, m.lapsesAt())
}

// due is when the member acts next in its present state.
func (m *Machine) due() int64 {
	switch m.state {
	case hungry:
		return m.starveAt
	case eating:
		return m.passAt
	}
	return m.retryAt
}

// Expire acts on the time. Whoever drives the machine has taken everything out of
// its sockets before.
func (m *Machine) Expire(now int64) {
	if m.state == gone {
		return
	}
	m.lapse(now)
	if m.excuse(now) {
		return
	}
	if now >= m.due() {
		switch m.state {
		case hungry:
			m.call911(now)
		case eating:
			m.pass(now)
		case passing:
			m.retry(now)
		case asking:
			m.retry911(now)
		}
	}
	if now >= m.beaconAt {
		m.discover(now)
	}
}

// excuse restarts what this member waits for if it is late itself: "an agent that
// is late by its own clock judges nobody". Its own fencing is not
// excused.
func (m *Machine) excuse(now int64) bool {
	if m.state == eating || now-m.Deadline() <= m.cfg.Round || m.late >= maxLate {
		if now >= m.due() {
			m.late = 0
		}
		return false
	}
	m.late++
	m.beaconAt = max(m.beaconAt, now)
	switch m.state {
	case hungry:
		m.starveAt = max(m.starveAt, now+m.cfg.Starve)
	case passing, asking:
		m.tries = 0
		m.retryAt = now
	}
	return true
}
