package simnet

import "fmt"

// letter is what the sender noted of an ordered message: what it means, and all
// that is needed to compute its content.
type letter struct {
	number uint64
	length int
	kind   letterKind
	token  uint64 // of bulk data that it speaks of
	bytes  int64  // of that
	sentAt int64
}

type letterKind uint8

const (
	plain   letterKind = iota
	request            // wants a reply
	reply
	offer // "I have bytes for you under this token"
	grant // "I expect them"
)

// mailbox checks the ordered messages of one direction: each exactly once, in
// the order of sending, with the bytes that were sent.
type mailbox struct {
	key     uint64
	sent    uint64
	waiting []letter // sent and not delivered, oldest first
	bytes   int64    // of those
}

// post notes a message and returns its bytes.
func (m *mailbox) post(l letter, buf []byte) []byte {
	l.number = m.sent
	m.sent++
	m.waiting = append(m.waiting, l)
	m.bytes += int64(l.length)
	buf = append(buf[:0], make([]byte, l.length)...)
	fill(buf, m.key+l.number<<32, 0)
	return buf
}

// deliver checks a message that arrived and returns what the sender noted.
func (m *mailbox) deliver(data []byte) (letter, error) {
	if len(m.waiting) == 0 {
		return letter{}, fmt.Errorf("a message of %d bytes was delivered, but all %d have been before", len(data), m.sent)
	}
	l := m.waiting[0]
	if len(data) != l.length {
		return l, fmt.Errorf("message %d has %d bytes, sent were %d%s", l.number, len(data), l.length, m.whose(data))
	}
	if err := verify(data, m.key+l.number<<32, 0); err != nil {
		return l, fmt.Errorf("message %d: %v%s", l.number, err, m.whose(data))
	}
	m.waiting = m.waiting[1:]
	m.bytes -= int64(l.length)
	return l, nil
}

// whose guesses which message this is instead.
func (m *mailbox) whose(data []byte) string {
	for n := range m.sent {
		if len(data) >= 4 && verify(data, m.key+n<<32, 0) == nil {
			return fmt.Sprintf("; this is message %d", n)
		}
	}
	return ""
}
