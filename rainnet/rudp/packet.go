package rudp

import (
	"slices"

	"rainmpi/rainnet/link"
	"rainmpi/rainnet/wire"
)

// NextPacket writes the next packet that is to leave now into buf: its header and
// its frames in clear, and Rest after them. Sealed, it is wire.TagLen longer, and then
// no longer than the path's MTU. Packets of bulk data come in bursts of equal size for one path.
// buf holds the largest MTU of all paths. Not ok means that nothing may leave
// before Deadline, or before something else is called.
func (c *Conn) NextPacket(now int64, buf []byte) (n int, id wire.PathID, ok bool) {
	if p, ping := c.nextPing(now); p != nil {
		return c.build(now, buf, p, contents{ping: ping, hasPing: true})
	}
	if c.closing {
		return c.nextClose(now, buf)
	}
	if p := c.nextProbe(); p != nil {
		// A path that is suspect, or kept in reserve, is only asked whether it is still
		// there, unless there is no better one.
		data := c.desperate || slices.Contains(c.usable, p)
		return c.build(now, buf, p, contents{probe: true, ordered: data, bulk: data})
	}
	if p, carries := c.pick(now); p != nil {
		return c.build(now, buf, p, carries)
	}
	if p := c.nextControl(now); p != nil {
		return c.build(now, buf, p, contents{})
	}
	c.noteStarved(now)
	return 0, 0, false
}

// Rest is the end of the packet that NextPacket wrote last, where that is bulk data that lies in the
// memory of its source: what buf holds is to be sent with Rest behind it. It is good until Recv is called.
func (c *Conn) Rest() []byte { return c.rest }

// contents says what a packet may carry beside acknowledgements and control.
type contents struct {
	ping          link.Ping
	hasPing       bool
	probe         bool // something to be acknowledged has to be in it
	ordered, bulk bool
}

// nextPing returns a path whose link has a ping to send.
func (c *Conn) nextPing(now int64) (*path, link.Ping) {
	if !c.linkDirty && now < c.linkAt {
		return nil, link.Ping{}
	}
	for _, p := range c.paths {
		if p.gone {
			continue
		}
		if ping, ok := p.link.NextPing(now); ok {
			c.linkDirty = true
			return p, ping
		}
	}
	c.refreshLinks()
	return nil, link.Ping{}
}

func linkFrame(p link.Ping) wire.LinkFrame {
	return wire.LinkFrame{
		Number: p.Number, Echo: p.Echo, EchoDelay: p.EchoDelay, HasEcho: p.HasEcho, Ask: p.Ask, A: p.A, R: p.R,
	}
}

// nextProbe returns a path whose probe time-out has passed.
func (c *Conn) nextProbe() *path {
	for _, p := range c.paths {
		if p.loss.probe > 0 {
			p.loss.probe--
			if !p.gone && !p.sent.full() {
				return p
			}
		}
	}
	return nil
}

// nextControl returns a path for what has to leave even without data.
func (c *Conn) nextControl(now int64) *path {
	for _, p := range c.paths {
		if p.recv.due(now) {
			return c.ackPath(p)
		}
	}
	if c.recv.creditDue {
		return c.controlPath(nil)
	}
	for _, p := range c.paths {
		if c.tell(now, p) {
			return c.controlPath(p.histVia)
		}
	}
	return nil
}

// ackPath returns the path for an acknowledgement of p: p itself, where it is a
// measurement and a proof as well, unless it is known not to work.
func (c *Conn) ackPath(p *path) *path {
	if c.open(p) && !p.suspect {
		return p
	}
	if q := c.controlPath(nil); q != nil {
		return q
	}
	return p // it works in one direction at least
}

// controlPath returns a path for what any path may carry, another than avoid if
// there is one.
func (c *Conn) controlPath(avoid *path) *path {
	if len(c.usable) == 0 {
		return nil
	}
	p := c.usable[0]
	if avoid != nil {
		p = c.pathAfter(avoid)
	}
	if p.sent.full() || c.desperate && p.sent.inFlight > 0 {
		return nil
	}
	return p
}

// pathAfter returns the path whose turn is after p: "over any Up path", the backup
// ones too, since what told it in vain may be the only active one.
func (c *Conn) pathAfter(p *path) *path {
	i := slices.Index(c.paths, p)
	for range c.paths {
		i = (i + 1) % len(c.paths)
		if q := c.paths[i]; c.open(q) && (c.desperate || !q.suspect) {
			return q
		}
	}
	return p
}

// build writes a packet for path p and remembers it.
func (c *Conn) build(now int64, buf []byte, p *path, what contents) (n int, id wire.PathID, ok bool) {
	room := min(len(buf), p.mtu-wire.TagLen)
	pn := p.sent.next()
	number := pn
	if c.has(BugReusePacket) && pn%500 == 499 {
		number--
	}
	b := wire.AppendHeader(buf[:0:room], wire.Header{
		Kind: wire.KindData, Path: p.id, Src: c.cfg.Local, Dst: c.cfg.Remote, Number: number,
	})
	before := p.sent.pieces.n
	if what.hasPing {
		b = c.appendAddresses(b, p)
		b = wire.AppendLink(b, linkFrame(what.ping))
	}
	b = c.appendSeen(b)
	b = c.appendAcks(now, b, p)
	if c.open(p) && (!p.suspect || c.desperate) {
		b = c.appendHistories(now, b, p)
		if c.recv.creditDue {
			b = c.appendCredit(b, p)
		}
	}
	if what.ordered {
		b = c.appendOrdered(b, p)
	}
	c.rest = nil
	if what.bulk {
		b = c.appendBulk(b, p)
	}
	if what.probe && p.sent.pieces.n == before {
		b = c.appendCredit(b, p)
	}
	if len(b) == wire.HeaderLen {
		return 0, 0, false
	}
	c.sentPacket(now, p, len(b)+len(c.rest)+wire.TagLen, p.sent.pieces.n-before, what.ordered || what.bulk)
	return len(b), p.id, true
}

// sentPacket keeps the books of a packet that leaves; data says whether it might have carried any.
func (c *Conn) sentPacket(now int64, p *path, size, pieces int, data bool) {
	flight := p.sent.bytes
	s := p.sent.add(now, size, pieces, pieces > 0)
	p.rate.onSent(now, s, flight)
	s.appLimited = s.appLimited || !data // what has to be said is not all that the path can carry
	p.stats.sentPackets++
	p.stats.sentBytes += uint64(size)
	if pieces == 0 {
		if p.sent.inFlight == 0 {
			p.sent.trim(now - p.rtt.pto(c.cfg.MaxAckDelay))
		}
		return
	}
	p.pace.spend(now, p.rate.duration(int64(size)), flight > 0)
	p.queue.sent(now, int64(size), p.burstTime(now))
	if p == c.turn.path {
		c.turn.left -= int64(size)
	}
}

// appendAcks writes what is to be acknowledged of p, and of those other paths
// that cannot speak for themselves.
func (c *Conn) appendAcks(now int64, b []byte, p *path) []byte {
	for _, q := range c.paths {
		if q.recv.eliciting == 0 {
			continue
		}
		if q == p || q.recv.due(now) && c.ackPath(q) == p {
			b = q.recv.append(now, b, q.id)
		}
	}
	return b
}

// tell reports whether the peer has to be told p's history: it has changed since
// it was told, or it was told a while ago and is not acknowledged.
func (c *Conn) tell(now int64, p *path) bool {
	h := p.history()
	if h == p.histKnown || c.has(BugStaleHistory) {
		return false
	}
	return h != p.histTold || now-p.histAt >= historyRetry
}

// historyRetry is how long a history that was told may stay unacknowledged; one
// that was lost is told again as soon as that is known.
const historyRetry = 20 * millisecond

// appendHistories writes the histories that have to be told. "(path, a, r) is
// cumulative and rides on every packet to that peer, over any Up path."
func (c *Conn) appendHistories(now int64, b []byte, p *path) []byte {
	for _, q := range c.paths {
		if !c.tell(now, q) || cap(b)-len(b) < wire.HistoryLen {
			continue
		}
		// What was told in vain goes by all other paths before it goes by the same again, which may be dead and
		// not known to be. Nothing else that leaves, as pings in step with the repetition do, changes the order.
		again := p == q.histVia || q.histTold == q.history()
		if turn := c.controlPath(q.histVia); q.histVia != nil && again && turn != nil && turn != p {
			continue
		}
		a, r := q.link.History()
		b = wire.AppendHistory(b, wire.HistoryFrame{Path: q.id, A: a, R: r})
		q.histTold, q.histAt, q.histVia = q.history(), now, p
		pc := p.sent.pieces.push()
		pc.kind, pc.path, pc.off = pieceHistory, q.id, int64(q.history())
	}
	return b
}

// noteStarved tells the paths that have room that it is for lack of data.
func (c *Conn) noteStarved(now int64) {
	for _, p := range c.usable {
		if p.room(now, 0) && c.wakeAt == never {
			p.rate.starved(p.sent.bytes)
		}
	}
}

// noteIdle tells the paths with nothing in flight that it was for lack of data until now: what was in flight when noteStarved
// said so has been acknowledged since.
func (c *Conn) noteIdle() {
	for _, p := range c.usable {
		if p.sent.bytes == 0 {
			p.rate.starved(0)
		}
	}
}

// nextClose writes the CLOSE for a path that has not had it.
func (c *Conn) nextClose(now int64, buf []byte) (n int, id wire.PathID, ok bool) {
	for _, p := range c.paths {
		if p.closed || p.gone {
			continue
		}
		p.closed = true
		b := wire.AppendHeader(buf[:0], wire.Header{
			Kind: wire.KindData, Path: p.id, Src: c.cfg.Local, Dst: c.cfg.Remote, Number: p.sent.next(),
		})
		b = wire.AppendClose(c.appendAcks(now, b, p), c.closeCode)
		c.rest = nil
		c.sentPacket(now, p, len(b)+wire.TagLen, 0, false)
		return len(b), p.id, true
	}
	return 0, 0, false
}
