package member

import "errors"

// MaxData bounds one message of the user's.
const MaxData = 1024

// maxQueue bounds those that wait for the token.
const maxQueue = 64

// Errors of Multicast.
var (
	ErrTooLong = errors.New("member: a message on the token has at most MaxData bytes")
	ErrFull    = errors.New("member: too many messages wait for the token")
	ErrOutside = errors.New("member: not a member of the primary")
)

// outgoing is what waits for the token.
type outgoing struct {
	queue []entry
	next  uint64 // number of the newest of mine
	done  uint64 // number of mine that was delivered last
}

// Multicast sends a message to all members of the view, which all get it once, at
// the same place among all others and among the views. It is lost only with its
// sender's life.
func (m *Machine) Multicast(now int64, data []byte) error {
	switch {
	case len(data) > MaxData:
		return ErrTooLong
	case len(m.queue) >= maxQueue:
		return ErrFull
	case !m.member || m.state == gone:
		return ErrOutside
	}
	m.next++
	m.queue = append(m.queue, entry{from: m.me, number: m.next, data: append([]byte(nil), data...)})
	if m.state == eating && !m.locked {
		m.passAt = min(m.passAt, now+m.cfg.Round/8)
	}
	return nil
}

// append puts what waits on the token. What was put on one that was lost is put
// on again; the log tells.
func (m *Machine) append() {
	t := &m.tok
	newest := m.done
	for i := range t.entries {
		if e := &t.entries[i]; e.from == m.me && !m.cfg.has(BugSendAgain) {
			newest = max(newest, e.number)
		}
	}
	for _, e := range m.queue {
		if e.number > newest && len(t.entries) < maxMessages {
			t.entries = append(t.entries, e)
		}
	}
}

// deliver hands out entries that are confirmed, from the view on that takes me in.
// It reports false if that was my last.
func (m *Machine) deliver(now int64) bool {
	t := &m.tok
	if !m.member && !m.join() {
		return true
	}
	if m.delivered+1 < t.first {
		m.fence(now, "the others have gone on")
		return false
	}
	limit := t.commit
	if m.cfg.has(BugDeliverEarly) {
		limit = t.last()
	}
	for m.delivered < limit && len(m.events) < maxEvents {
		m.delivered++
		e := t.at(m.delivered)
		if !e.view {
			m.push(Event{Kind: Delivered, At: now, Index: m.delivered, Who: e.from, Number: e.number, Data: e.data})
			if e.from == m.me {
				m.done = max(m.done, e.number)
				for len(m.queue) > 0 && m.queue[0].number <= e.number {
					m.queue = m.queue[1:]
				}
			}
			continue
		}
		v := View{m.delivered, e.members}
		m.push(Event{Kind: Confirmed, At: now, Index: m.delivered, View: v})
		if !v.Has(m.me) {
			m.fence(now, "the others have removed it")
			return false
		}
	}
	return true
}

// join looks for the confirmed view that takes me in.
func (m *Machine) join() bool {
	t := &m.tok
	for i := range t.entries {
		index := t.first + uint64(i)
		if index > t.commit {
			break
		}
		if e := &t.entries[i]; e.view && (View{index, e.members}).Has(m.me) {
			m.member, m.delivered = true, index-1
			return true
		}
	}
	return false
}
