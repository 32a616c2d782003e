package rudp

import "rainmpi/rainnet/wire"

// bulkSend is the bulk transfers that have not been sent entirely.
type bulkSend struct {
	fresh ring[*outgoing] // oldest first; bounded by the caller
	bytes int64           // in fresh, not yet sent
	open  int             // transfers not entirely acknowledged
}

// SendBulk sends n bytes of src to where the peer expects token. Tokens are never
// used again. src is read until the event BulkSent.
func (c *Conn) SendBulk(now int64, token uint64, n int64, src Source) {
	if n < 0 {
		panic("rudp: bulk data of negative length")
	}
	o := c.outs.get()
	o.id, o.n, o.src = token, n, src
	o.mem, _ = src.(Memory)
	*c.bulkSend.fresh.push() = o
	c.bulkSend.bytes += n
	c.bulkSend.open++
	c.talk(now)
}

// bulkWaits reports whether bulk data waits to be sent.
func (c *Conn) bulkWaits() bool { return c.bulkAgain.q.n > 0 || c.bulkSend.fresh.n > 0 }

// bulkLeft returns how many bytes of bulk data wait to be sent.
func (c *Conn) bulkLeft() int64 { return c.bulkAgain.bytes + c.bulkSend.bytes }

// leastRest is the least data that is left where it lies: less is copied sooner than gathered.
const leastRest = 1 << 10

// appendBulk fills b with pieces of bulk data, lost ones first. One that is all that fits may become c.rest.
func (c *Conn) appendBulk(b []byte, p *path) []byte {
	for c.bulkWaits() && c.rest == nil {
		again := c.bulkAgain.q.n > 0
		var n int64
		if again {
			n = int64(c.bulkAgain.q.at(0).n)
		} else {
			o := *c.bulkSend.fresh.at(0)
			n = o.n - o.next
		}
		room := cap(b) - len(b) - wire.BulkOverhead
		if !worth(n, room, len(b)) {
			break
		}
		cut := min(n, int64(room), wire.MaxData)
		pc := p.sent.pieces.push()
		c.takeBulk(pc, cut, again)
		b = wire.AppendBulk(b, pc.out.id, uint64(pc.off), int(cut))
		if cut == int64(room) && cut >= leastRest && pc.out.mem != nil {
			c.rest = pc.out.mem.Bytes(c.restAt(pc), cut)
		}
		if at := len(b); c.rest == nil {
			b = b[:at+int(cut)]
			if cut > 0 {
				pc.out.src.ReadAt(b[at:], pc.off)
			}
		}
		if again {
			p.stats.resentBytes += uint64(cut)
		}
	}
	return b
}

// restAt returns where the data of a piece lies in its source.
func (c *Conn) restAt(pc *piece) int64 {
	if c.has(BugRestNewest) {
		return pc.out.next - int64(pc.n)
	}
	return pc.off
}

// takeBulk takes the next n bytes for pc, which is zero.
func (c *Conn) takeBulk(pc *piece, n int64, again bool) {
	if again {
		*pc = c.cutAgain(&c.bulkAgain, n)
		return
	}
	s := &c.bulkSend
	o := *s.fresh.at(0)
	pc.kind, pc.out, pc.off, pc.n = pieceBulk, o, o.next, int32(n)
	o.begun = true
	o.next += n
	s.bytes -= n
	if o.sentAll() {
		s.fresh.pop()
		if c.has(BugSentEarly) {
			c.emit(Event{Kind: BulkSent, Token: o.id})
		}
	}
}

// bulkAcked follows the acknowledgement of all of a transfer.
func (c *Conn) bulkAcked(o *outgoing) {
	c.bulkSend.open--
	if !c.has(BugSentEarly) {
		c.emit(Event{Kind: BulkSent, Token: o.id})
	}
	c.outs.put(o)
}

// pieceAcked follows the acknowledgement of a packet that carried the piece.
func (c *Conn) pieceAcked(p *path, pc *piece) {
	switch pc.kind {
	case pieceHistory:
		if q := c.path(pc.path); q != nil && !c.has(BugTellForEver) {
			q.histKnown = uint64(pc.off)
		}
	case pieceMsg, pieceBulk:
		o := pc.out
		o.acked += int64(pc.n)
		if o.acked != o.n || !o.sentAll() {
			return
		}
		if pc.kind == pieceMsg {
			c.messageAcked(o)
		} else {
			c.bulkAcked(o)
		}
	}
}

// pieceLost puts a piece where it waits to be sent again.
func (c *Conn) pieceLost(p *path, pc piece, front bool) {
	switch pc.kind {
	case pieceHistory:
		if q := c.path(pc.path); q != nil {
			q.histTold = q.histKnown // tell again
		}
		return
	case pieceCredit:
		c.recv.creditDue = !c.has(BugLoseCredit)
		return
	}
	if pc.kind == pieceMsg && c.has(BugForgetLostMsg) || pc.kind == pieceBulk && c.has(BugForgetLost) {
		return
	}
	a := &c.msgAgain
	if pc.kind == pieceBulk {
		a = &c.bulkAgain
	}
	if front {
		a.pushFront(pc)
	} else {
		a.push(pc)
	}
}
