package member

import "errors"

// Errors of Recv. The message is to be counted and dropped.
var (
	ErrStranger  = errors.New("member: message of a host that is not of this job")
	ErrDead      = errors.New("member: message of an incarnation that has died")
	ErrMalformed = errors.New("member: malformed message")
	ErrVersion   = errors.New("member: message of another version")
)

// Recv takes a message that came from a host. Who sent it is known from the
// transport, which authenticates; what it says of others is believed.
func (m *Machine) Recv(now int64, from ID, data []byte) error {
	if m.state == gone {
		return nil
	}
	m.lapse(now)
	p := m.peer(from)
	if p == nil || from == m.me.ID {
		return ErrStranger
	}
	msg, ok := decode(data)
	switch {
	case len(data) > 0 && data[0] != Version:
		return ErrVersion
	case !ok:
		return ErrMalformed
	}
	// A host that was restarted or has fenced itself speaks as another member:
	// that is positive evidence that the one before is dead.
	if msg.inc < p.floor {
		// If it lives all the same, it has to come back as another.
		m.send(from, message{kind: kindGoodbye, who: Member{from, msg.inc}})
		return ErrDead
	}
	p.floor = msg.inc
	sender := Member{from, msg.inc}
	m.maxEpoch = max(m.maxEpoch, msg.stamp.Epoch)

	switch msg.kind {
	case kindToken:
		m.recvToken(now, sender, msg.token)
	case kindAck:
		m.recvAck(now, sender, msg.stamp)
	case kindStale:
		m.recvStale(now, sender, msg.stamp)
	case kind911:
		m.recv911(now, sender, msg.stamp)
	case kindGrant:
		m.recvGrant(now, sender, msg.stamp)
	case kindDeny:
		m.recvDeny(now, msg.stamp)
	case kindBeacon, kindAnswer:
		m.recvBeacon(now, sender, msg)
	case kindMerge:
		m.recvMerge(now, sender, msg.token)
	case kindGoodbye:
		m.recvGoodbye(now, msg.who)
	}
	return nil
}

// recvToken takes the token, if it is one for me and newer than all I know.
func (m *Machine) recvToken(now int64, from Member, t token) {
	if s := t.slot(m.me); s == nil || s.out {
		m.beacon(from.ID, kindAnswer) // it means another life of mine, or a ring that I have left
		return
	}
	c := t.Ballot.compare(m.tok.Ballot)
	switch {
	case c == 0 && t.Seq <= m.tok.Seq:
		// The same hop again: only its acknowledgement was lost.
		m.send(from.ID, message{kind: kindAck, stamp: t.Stamp})
	case c < 0 && !m.cfg.has(BugTakeOld):
		// An older token is dropped.
		m.refuse(from)
	default:
		m.send(from.ID, message{kind: kindAck, stamp: t.Stamp})
		m.take(now, t)
	}
}

// refuse tells a sender of a smaller token what it has: a member of my ring loses
// it, a stranger is told of my group.
func (m *Machine) refuse(to Member) {
	if m.tok.inRing(to) {
		m.send(to.ID, message{kind: kindStale, stamp: m.tok.Stamp})
		return
	}
	m.beacon(to.ID, kindAnswer)
}

// recvStale drops a token in favour of a larger one of this ring.
func (m *Machine) recvStale(now int64, from Member, s Stamp) {
	if (m.state == passing || m.state == eating) && s.Ballot.compare(m.tok.Ballot) > 0 && m.tok.inRing(from) {
		m.starve(now, m.cfg.Starve)
	}
}

// recvGoodbye takes positive evidence of a death.
func (m *Machine) recvGoodbye(now int64, who Member) {
	p := m.peer(who.ID)
	if p == nil || who.Inc < p.floor {
		return
	}
	p.floor = who.Inc + 1
	switch {
	case who.ID == m.me.ID:
		m.fence(now, "the others hold it dead")
	case m.state == passing && m.to == who:
		m.retryAt = now // it is not asked again: see undelivered
	case m.state == hungry && m.tok.inRing(who):
		// The token may have died with it.
		m.starveAt = min(m.starveAt, now+2*m.cfg.Round)
	}
}

// Gone says that the present incarnation of a host is known to be dead: its agent
// exited, its guardian said so. All in the ring are told.
func (m *Machine) Gone(now int64, id ID) {
	for _, s := range m.tok.slots {
		if s.ID == id && id != m.me.ID && !m.dead(s.Member) {
			for _, o := range m.Ring() {
				m.send(o.ID, message{kind: kindGoodbye, who: s.Member})
			}
			m.recvGoodbye(now, s.Member)
			return
		}
	}
}

// dead reports whether an incarnation is known to be over.
func (m *Machine) dead(o Member) bool {
	p := m.peer(o.ID)
	return p == nil || o.Inc < p.floor
}

// Leave says goodbye. The machine does nothing any more once its messages have
// been taken.
func (m *Machine) Leave(int64) {
	if m.state == gone {
		return
	}
	for _, o := range m.Ring() {
		m.send(o.ID, message{kind: kindGoodbye, who: m.me})
	}
	if next := m.tok.after(m.me); m.state == eating && next != m.me {
		m.send(next.ID, m.tokenFor())
	}
	m.state = gone
}
