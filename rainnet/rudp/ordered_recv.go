package rudp

import "rainmpi/rainnet/wire"

// orderedRecv puts ordered messages together and in order.
type orderedRecv struct {
	next     uint64      // id of the message to be delivered next
	waiting  ring[inMsg] // messages next, next+1, …, of which something has come
	buffered int64       // what those cost of the window
	cost     uint64      // what all delivered messages cost

	spare []intervals // empty, for use again

	limit     uint64 // credit given
	told      uint64 // credit that has been sent
	creditDue bool
}

// keepSpare bounds the interval sets that are kept.
const keepSpare = 256

// inMsg is a message of which a piece has come before all that precedes it.
type inMsg struct {
	begun bool
	total int64
	got   int64
	buf   []byte
	have  intervals
}

func (m *inMsg) complete() bool { return m.begun && m.got == m.total }

// recvMsg takes a piece of a message.
func (c *Conn) recvMsg(now int64, f wire.MsgFrame) error {
	r := &c.recv
	whole := len(f.Data) == int(f.Total)
	if f.ID < r.next {
		if c.has(BugTakeTwice) && whole {
			c.emitMessage(f.Data, nil)
		}
		return nil // it was delivered
	}
	if f.ID == r.next && whole && (r.waiting.n == 0 || !r.waiting.at(0).begun) {
		// The way of nearly all messages: alone in one packet, in order.
		// The data is delivered where it lies.
		if r.waiting.n > 0 {
			r.waiting.pop()
		}
		c.deliver(f.Data, nil)
		c.deliverWaiting()
		c.lengthenCredit() // the next may be a long one that has begun
		return nil
	}
	m, err := c.waitingMsg(f)
	if err != nil {
		return err
	}
	if err := c.put(m, f); err != nil {
		return err
	}
	c.deliverWaiting()
	c.lengthenCredit()
	return nil
}

// waitingMsg returns where the message of f is put together.
func (c *Conn) waitingMsg(f wire.MsgFrame) (*inMsg, error) {
	r := &c.recv
	// Every message costs something, so the window bounds how far ahead of
	// the next one the peer can be.
	if f.ID-r.next > uint64(c.cfg.Window/wire.MessageCost) {
		return nil, ErrCredit
	}
	ahead := int(f.ID - r.next)
	if ahead < r.waiting.n && r.waiting.at(ahead).begun {
		m := r.waiting.at(ahead)
		if m.total != int64(f.Total) {
			return nil, ErrMessage
		}
		return m, nil
	}
	// One message may begin within the credit and end beyond, and the next
	// may be one whose own length has lengthened the credit.
	cost := c.costOf(int64(f.Total))
	if r.buffered+cost > 3*c.cfg.Window+3*wire.MessageCost {
		return nil, ErrCredit
	}
	for r.waiting.n <= ahead {
		r.waiting.push()
	}
	r.buffered += cost
	m := r.waiting.at(ahead)
	m.begun = true
	m.total = int64(f.Total)
	m.buf = c.pool.get(int(min(int64(f.Total), c.cfg.Window)))
	if k := len(r.spare); k > 0 {
		m.have, r.spare = r.spare[k-1], r.spare[:k-1]
	}
	return m, nil
}

// costOf returns what a message that is put together takes of the bound.
func (c *Conn) costOf(total int64) int64 {
	return min(total, c.cfg.Window) + wire.MessageCost
}

// put copies what is new of a piece. The buffer of a message longer than the
// window grows with what has come of it: a length alone claims no memory.
func (c *Conn) put(m *inMsg, f wire.MsgFrame) error {
	lo, hi := int64(f.Offset), int64(f.Offset)+int64(len(f.Data))
	if len(m.have) >= maxIntervals {
		return ErrHoles
	}
	if hi > m.got+3*c.cfg.Window {
		return ErrCredit
	}
	if hi > int64(len(m.buf)) {
		longer := c.pool.get(int(min(m.total, max(hi, 2*int64(len(m.buf))))))
		copy(longer, m.buf)
		c.pool.put(m.buf)
		m.buf = longer
	}
	if m.got < m.total {
		copy(m.buf[lo:hi], f.Data)
		m.got += m.have.add(lo, hi)
	}
	return nil
}

// deliverWaiting delivers what is complete and next.
func (c *Conn) deliverWaiting() {
	r := &c.recv
	if c.has(BugSwapMessages) && r.waiting.n > 1 && !r.waiting.at(0).complete() && r.waiting.at(1).complete() {
		*r.waiting.at(0), *r.waiting.at(1) = *r.waiting.at(1), *r.waiting.at(0)
	}
	for r.waiting.n > 0 && r.waiting.at(0).complete() {
		m := r.waiting.pop()
		r.buffered -= c.costOf(m.total)
		if len(r.spare) < keepSpare {
			r.spare = append(r.spare, m.have[:0])
		}
		c.deliver(m.buf, m.buf)
	}
}

// deliver hands the next message up and extends the credit by what it cost.
func (c *Conn) deliver(data, pooled []byte) {
	r := &c.recv
	r.next++
	r.cost += uint64(len(data)) + wire.MessageCost
	if c.has(BugShortCredit) {
		r.cost -= wire.MessageCost
	}
	c.emitMessage(data, pooled)
	c.raise(r.cost + uint64(c.cfg.Window))
}

// lengthenCredit lets a message flow that is longer than the window: what has
// come of it counts as delivered once it is the next.
func (c *Conn) lengthenCredit() {
	r := &c.recv
	if r.waiting.n == 0 || r.waiting.at(0).total <= c.cfg.Window/2 {
		return
	}
	c.raise(r.cost + uint64(r.waiting.at(0).got) + uint64(c.cfg.Window))
}

// raise gives more credit, and has it told when it is worth a frame.
func (c *Conn) raise(limit uint64) {
	r := &c.recv
	r.limit = max(r.limit, limit)
	if r.limit-r.told >= uint64(c.cfg.Window/4) {
		r.creditDue = true
	}
}

// appendCredit writes the CREDIT frame if it fits.
func (c *Conn) appendCredit(b []byte, p *path) []byte {
	if cap(b)-len(b) < wire.CreditLen {
		return b
	}
	c.recv.creditDue, c.recv.told = false, c.recv.limit
	p.sent.pieces.push().kind = pieceCredit
	return wire.AppendCredit(b, c.recv.limit)
}
