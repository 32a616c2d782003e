package member

// lock is mutual exclusion: whoever holds the token of the primary.
type lock struct {
	wanted bool
	locked bool
	until  int64
}

// Lock asks for the token. Event Locked says that it is here, and until when: then
// it goes on, whoever was stopped in between.
func (m *Machine) Lock(now int64) {
	m.wanted = true
	m.tryLock(now)
}

// Unlock lets the token go on, or the wish for it.
func (m *Machine) Unlock(now int64) {
	m.wanted = false
	if m.locked {
		m.locked = false
		m.passAt = now
	}
}

// Locked reports whether this member has the lock at this instant.
func (m *Machine) Locked(now int64) bool { return m.locked && m.Eating(now) && now < m.until }

func (m *Machine) tryLock(now int64) {
	if !m.wanted || m.locked || !m.Eating(now) {
		return
	}
	m.wanted, m.locked = false, true
	m.until = min(m.provenAt+m.cfg.Promise, m.provenAt+m.cfg.Fence)
	m.passAt = m.until
	m.push(Event{Kind: Locked, At: now, Who: m.me, Until: m.until})
}
