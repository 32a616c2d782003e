package rudp

import "rainmpi/rainnet/wire"

// orderedSend is the ordered messages that have not been sent entirely, and the
// flow control of all.
type orderedSend struct {
	fresh   ring[*outgoing] // not yet all sent, oldest first; bounded by the caller: see Backlog
	bytes   int64           // in fresh, not yet sent
	nextID  uint64
	cost    uint64 // credit that all messages so far cost
	limit   uint64 // credit that the peer has given
	backlog int64
	path    *path // the one that messages went to last
	above   bool  // backlog is above where Room will tell that it fell
}

// Send takes an ordered message, head followed by body. It is copied. Its length
// is at most wire.MaxMessage. It is always accepted: the caller keeps Backlog
// bounded, near Config.Window at most.
func (c *Conn) Send(now int64, head, body []byte) {
	s := &c.send
	n := len(head) + len(body)
	if n > wire.MaxMessage {
		panic("rudp: ordered message is longer than wire.MaxMessage")
	}
	c.noteIdle()
	o := c.outs.get()
	o.id, o.n, o.start = s.nextID, int64(n), s.cost
	o.buf = c.pool.get(n)
	copy(o.buf, head)
	copy(o.buf[len(head):], body)
	s.nextID++
	s.cost += uint64(n) + wire.MessageCost
	s.backlog += int64(n) + wire.MessageCost
	s.above = s.above || s.backlog >= c.cfg.Window/2
	*s.fresh.push() = o
	s.bytes += int64(n)
	c.talk(now)
}

// Backlog returns the ordered bytes accepted and not yet acknowledged; each
// message counts wire.MessageCost bytes more than it is long.
func (c *Conn) Backlog() int64 { return c.send.backlog }

// allowed returns how many bytes of the oldest unsent message may be sent now, and
// whether anything may.
func (c *Conn) allowed() (n int64, ok bool) {
	if c.send.fresh.n == 0 {
		return 0, false
	}
	o := *c.send.fresh.at(0)
	left := o.n - o.next
	if c.has(BugIgnoreCredit) {
		return left, true
	}
	// Bytes of a message may go as far as the credit reaches, so that one
	// longer than the window flows as the receiver takes it in.
	credit := int64(c.send.limit - o.start - wire.MessageCost - uint64(o.next))
	if credit < 0 || credit == 0 && left > 0 {
		return 0, false
	}
	return min(left, credit), true
}

// orderedWaits reports whether a piece of a message could be sent now.
func (c *Conn) orderedWaits() bool {
	if c.msgAgain.q.n > 0 {
		return true
	}
	_, ok := c.allowed()
	return ok
}

// orderedLeft returns how many bytes of messages wait to be sent.
func (c *Conn) orderedLeft() int64 { return c.msgAgain.bytes + c.send.bytes }

// orderedInFlight reports whether some of what has been sent of messages is not acknowledged.
func (c *Conn) orderedInFlight() bool {
	return c.send.backlog > c.orderedLeft()+int64(c.send.fresh.n)*wire.MessageCost
}

// appendOrdered fills b with pieces of messages, lost ones first.
func (c *Conn) appendOrdered(b []byte, p *path) []byte {
	for {
		room := cap(b) - len(b) - wire.MsgOverhead
		n, again := c.nextOrdered()
		if n < 0 || !worth(n, room, len(b)) {
			return b
		}
		cut := min(n, int64(room), wire.MaxData)
		pc := c.takeOrdered(cut, again)
		b = wire.AppendMsg(b, pc.out.id, uint32(pc.out.n), uint32(pc.off), int(cut))
		b = append(b, pc.out.buf[pc.off:pc.off+cut]...)
		*p.sent.pieces.push() = pc
		if again {
			p.stats.resentBytes += uint64(cut)
		}
	}
}

// nextOrdered returns the length of the next piece, and whether it was lost
// before; -1 if there is none.
func (c *Conn) nextOrdered() (n int64, again bool) {
	if c.msgAgain.q.n > 0 {
		return int64(c.msgAgain.q.at(0).n), true
	}
	if n, ok := c.allowed(); ok {
		return n, false
	}
	return -1, false
}

func (c *Conn) takeOrdered(n int64, again bool) piece {
	if again {
		return c.cutAgain(&c.msgAgain, n)
	}
	o := *c.send.fresh.at(0)
	pc := piece{kind: pieceMsg, out: o, off: o.next, n: int32(n)}
	o.begun = true
	o.next += n
	c.send.bytes -= n
	if o.sentAll() {
		c.send.fresh.pop()
	}
	return pc
}

// cutAgain takes n bytes of the oldest lost piece.
func (c *Conn) cutAgain(a *again, n int64) piece {
	if c.has(BugOffByOne) && n > 1 && n < int64(a.q.at(0).n) {
		pc := a.take(int32(n))
		a.q.at(0).off++
		return pc
	}
	return a.take(int32(n))
}

// worth reports whether a piece of n bytes should go into room bytes of a packet
// that holds used already: all of it, or enough that cutting it pays.
func worth(n int64, room, used int) bool {
	if room < 0 {
		return false
	}
	return n <= int64(room) || room >= 256 || used <= wire.HeaderLen && room > 0
}

// messageAcked follows the acknowledgement of all of a message.
func (c *Conn) messageAcked(o *outgoing) {
	s := &c.send
	s.backlog -= o.n + wire.MessageCost
	if s.above && s.backlog < c.cfg.Window/2 {
		s.above = false
		c.emit(Event{Kind: Room})
	}
	c.pool.put(o.buf)
	c.outs.put(o)
}

// recvCredit takes the credit that the peer gives.
func (c *Conn) recvCredit(limit uint64) {
	c.send.limit = max(c.send.limit, limit)
}
