package member

// A kind says what a message is.
type kind uint8

const (
	kindToken   kind = iota + 1 // stamp and token, to the next in the ring
	kindAck                     // stamp: it has come
	kindStale                   // stamp: the larger token that I know, so drop yours
	kind911                     // stamp: of my last copy; have you a more recent one?
	kindGrant                   // stamp: of yours; I have not
	kindDeny                    // stamp: of mine; I have, or you will be let in
	kindBeacon                  // group: who is there?
	kindAnswer                  // group: I am, in this one
	kindMerge                   // stamp and token of another group
	kindGoodbye                 // who: is dead
)

// A message between two members.
type message struct {
	kind  kind
	inc   uint64 // the sender's incarnation
	stamp Stamp
	group group
	who   Member
	token token
}

// envelope is a message on its way out.
type envelope struct {
	to   ID
	data []byte
}

// send queues a message. The bound is far above what one call causes; beyond it
// messages are lost, as they may be on any network.
func (m *Machine) send(to ID, msg message) {
	if to == m.me.ID || len(m.outbox) >= 4*len(m.peers)+64 {
		return
	}
	msg.inc = m.me.Inc
	m.outbox = append(m.outbox, envelope{to, encode(nil, msg)})
}

// NextMessage returns the next message to be sent, and to whom.
func (m *Machine) NextMessage() (to ID, data []byte, ok bool) {
	if len(m.outbox) == 0 {
		return 0, nil, false
	}
	e := m.outbox[0]
	m.outbox = m.outbox[1:]
	return e.to, e.data, true
}
