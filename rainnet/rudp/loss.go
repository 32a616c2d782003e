package rudp

import "rainmpi/rainnet/wire"

// loss finds out which packets of a path were lost, as RFC 9002, section 6 says.
type loss struct {
	any     bool
	largest uint64 // acknowledged so far

	// holes are the packets below largest that were not acknowledged, oldest
	// first. Only they can be lost; all else is either acknowledged or too
	// young.
	holes []uint64

	timeAt    int64 // when the next hole is lost by time; never: none
	threshold uint64
	eighths   int64 // time threshold, in eighths of the round-trip time

	// gone and come are how many packets were lost lately, and how many were not.
	gone, come int64

	ptoCount int // probe time-outs since the last acknowledgement
	probe    int // probes that have to be sent

	// verdictAt is when a path that has been silent for its probe time-outs
	// is left, unless it answers before: set when the peer is heard on
	// another path meanwhile, never otherwise.
	verdictAt int64
}

const (
	packetThreshold    = 3 // "kPacketThreshold: RECOMMENDED value [...] is 3"
	maxPacketThreshold = 512
	timeThreshold      = 9 // eighths
	maxTimeThreshold   = 16
	maxPTO             = 250 * millisecond
	leastRTT           = 5 * microsecond // of two processes on one host
	suspectAfter       = 2               // probe time-outs
	// "An endpoint MAY send up to two full-sized datagrams [...] to avoid an expensive consecutive PTO expiration due to a
	// single lost datagram": RFC 9002, section 6.2.4.
	probesAtOnce = 2
)

// lossMemory is of how many packets the loss is known, about.
const lossMemory = 1000

// count takes note of a packet that was lost, or was not.
func (l *loss) count(lost bool) {
	if l.gone+l.come >= lossMemory {
		l.gone, l.come = l.gone/2, l.come/2
	}
	if lost {
		l.gone++
	} else {
		l.come++
	}
}

// inThousand returns how many of a thousand packets are lost.
func (l *loss) inThousand() int64 { return l.gone * 1000 / max(l.gone+l.come, 1) }

// delay returns by how much later than without loss the last of n packets comes in the mean, if each is known to be lost
// after d: what is sent again may be lost again.
func (l *loss) delay(n, d int64) (sum int64) {
	const one = 1000
	left := n * one
	for range maxRepairs {
		left = left * l.gone / max(l.gone+l.come, 1)
		sum += d * min(left, one) / one
	}
	return sum
}

// maxRepairs bounds how often something is thought to be lost in a row.
const maxRepairs = 4

// ackResult is what one ACK frame did.
type ackResult struct {
	any      bool
	newest   sentPacket // the newest packet that it acknowledged
	newestPN uint64
	bytes    int64
}

// recvAck takes an ACK frame that came on path on. It may speak of another.
func (c *Conn) recvAck(now int64, on *path, f wire.AckFrame) error {
	p := c.path(f.Path)
	if c.has(BugAckWrongPath) {
		p = on
	}
	if p == nil {
		return nil // of a path we have never had: says nothing to us
	}
	if f.Largest >= p.sent.next() {
		return ErrAck
	}
	var res ackResult
	c.ackRanges(p, f, &res)
	c.ackHoles(p, f, &res)
	c.newHoles(p, f.Largest)
	if !res.any {
		return nil
	}
	c.acknowledged(now, p, on, f, &res)
	c.detectLoss(now, p)
	p.sent.trim(now - p.rtt.pto(c.cfg.MaxAckDelay))
	return nil
}

// ackRanges takes the part of the ranges above all that was acknowledged before.
func (c *Conn) ackRanges(p *path, f wire.AckFrame, res *ackResult) {
	from := p.sent.base
	if p.loss.any && !c.has(BugAckTwice) {
		from = max(from, p.loss.largest+1)
	}
	for r, ok := f.Next(); ok && r.Last >= from; r, ok = f.Next() {
		for pn := r.Last + 1; pn > max(from, r.First); {
			pn--
			c.ackPacket(p, pn, res)
		}
	}
}

// ackHoles takes the part below: only holes can be new there.
func (c *Conn) ackHoles(p *path, f wire.AckFrame, res *ackResult) {
	i := len(p.loss.holes) - 1
	for r, ok := f.Next(); ok && i >= 0; r, ok = f.Next() {
		for i >= 0 && p.loss.holes[i] > r.Last {
			i--
		}
		for i >= 0 && p.loss.holes[i] >= r.First {
			c.ackPacket(p, p.loss.holes[i], res)
			i--
		}
	}
}

// ackPacket takes the acknowledgement of one packet.
func (c *Conn) ackPacket(p *path, pn uint64, res *ackResult) {
	s := p.sent.get(pn)
	if s == nil {
		return
	}
	switch s.state {
	case untracked:
		return
	case acked:
		if !c.has(BugAckTwice) {
			return
		}
	case lost:
		p.lateAck(pn, s)
	}
	if !res.any || pn > res.newestPN {
		res.any, res.newest, res.newestPN = true, *s, pn
	}
	res.bytes += int64(s.size)
	if s.state != lost {
		for i := int32(0); i < s.pieces; i++ {
			c.pieceAcked(p, p.sent.piece(s, i))
		}
	}
	p.sent.out(s, acked)
	p.loss.count(false)
}

// lateAck learns from a packet that was given up and not lost: reordering is
// deeper on this path than was thought, or its delay varies more.
func (p *path) lateAck(pn uint64, s *sentPacket) {
	p.stats.spurious++
	if s.probed || !p.loss.any {
		return
	}
	if behind := max(p.loss.largest, pn) - pn; behind >= p.loss.threshold {
		p.loss.threshold = min(behind+1, maxPacketThreshold)
	}
	p.loss.eighths = min(p.loss.eighths+1, maxTimeThreshold)
}

// newHoles looks at what lies between the old largest and the new.
func (c *Conn) newHoles(p *path, largest uint64) {
	if p.loss.any && largest <= p.loss.largest {
		return
	}
	from := p.sent.base
	if p.loss.any {
		from = max(from, p.loss.largest+1)
	}
	for pn := from; pn < largest; pn++ {
		if s := p.sent.get(pn); s.state == inFlight || s.state == lost {
			p.loss.holes = append(p.loss.holes, pn)
		}
	}
	p.loss.any, p.loss.largest = true, largest
}

// acknowledged follows an ACK that acknowledged something new.
func (c *Conn) acknowledged(now int64, p, on *path, f wire.AckFrame, res *ackResult) {
	queued := int64(never)
	if s := p.sent.get(f.Largest); s != nil {
		most := int64(never)
		if trip := now - s.at - int64(f.Delay)*1000; on == p && p.rate.minRTT > 0 && trip > 0 {
			most = max(trip-p.rate.minRTT, 0)
		}
		queued = p.way.sample(now, s.at, f.Came, most)
	}
	// A sample of the path is what went out and came back on it. "An RTT sample
	// is generated [...] if the largest acknowledged packet number is newly
	// acknowledged". Packets above it that ask for no acknowledgement do not
	// count: pings that follow every packet would keep it from being measured.
	if on == p && p.sent.silentTo(res.newestPN+1, f.Largest) {
		// An acknowledgement that was held back for longer than the peer may
		// hold one is the repetition of one that was lost.
		if delay := int64(f.Delay) * 1000; delay <= 2*c.cfg.MaxAckDelay || p.rtt.smoothed == 0 {
			p.rtt.sample(now-res.newest.at, delay, 2*c.cfg.MaxAckDelay)
		}
		// Both clocks are read once per batch, so the delay may come out
		// longer than the round trip; such a sample says nothing.
		if trip := p.rtt.latest - int64(f.Delay)*1000; trip > 0 {
			queued = min(queued, max(trip-p.rate.minRTT, 0))
			p.rate.onRTT(now, max(trip, leastRTT), queued)
			if res.newest.flight < maxQuantum {
				p.rtt.sampleLone(now, queued)
			}
		}
		p.link.SetRTT(p.rtt.smoothed)
	}
	p.arrived(now, queued, res)
	p.loss.ptoCount, p.loss.verdictAt = 0, never
	c.trust(now, p)
	if on == p {
		c.proof(now, p, res.newest.at)
	}
}

// arrived tells queue and rate when what was acknowledged had come, having waited for queued on its way; never if that is
// not known.
func (p *path) arrived(now, queued int64, res *ackResult) {
	came := min(now, res.newest.at+min(queued, second))
	if took := came - p.rate.cameAt; queued != never && !p.rate.resting && res.newest.flight >= p.queueLeast() {
		p.queue.sample(now, res.bytes, max(took, 0), queued)
	}
	ahead := came
	if next := p.sent.get(res.newestPN + 1); next != nil {
		ahead = max(ahead, next.at) // the path was idle until then
	}
	p.queue.came(ahead, p.sent.bytes, p.burstTime(now))
	p.rate.onAck(now, came, &res.newest, res.bytes, p.queued(now))
}

// detectLoss gives up the holes that are three packets or 9/8 of a round-trip
// time older than what has been acknowledged.
func (c *Conn) detectLoss(now int64, p *path) {
	l := &p.loss
	l.timeAt = never
	delay := p.rtt.lossDelay(l.eighths)
	linger := p.rtt.pto(c.cfg.MaxAckDelay)
	keep := l.holes[:0]
	for _, pn := range l.holes {
		s := p.sent.get(pn)
		switch {
		case s == nil || s.state == acked || s.state == untracked:
			continue
		case s.state == lost && s.lostAt <= now-linger:
			continue
		case s.state == lost:
		case l.largest-pn >= l.threshold || s.at+delay <= now:
			p.stats.lostPackets++
			p.loss.count(true)
			p.rate.onLost(int64(s.size))
			c.giveUp(now, p, s, false)
		default:
			l.timeAt = min(l.timeAt, s.at+delay)
		}
		keep = append(keep, pn)
	}
	l.holes = keep
}

// giveUp takes a packet out of flight and puts what it carried where it waits
// to be sent again.
func (c *Conn) giveUp(now int64, p *path, s *sentPacket, front bool) {
	p.sent.out(s, lost)
	s.lostAt = now
	s.probed = front
	for i := int32(0); i < s.pieces; i++ {
		k := i
		if front {
			k = s.pieces - 1 - i
		}
		c.pieceLost(p, *p.sent.piece(s, k), front)
	}
}

// giveUpAll gives up all that is in flight on p, to be sent first.
func (c *Conn) giveUpAll(now int64, p *path) {
	tail := c.has(BugLoseTail)
	for i := p.sent.packets.n - 1; i >= 0; i-- {
		if s := p.sent.packets.at(i); s.state == inFlight {
			if tail {
				p.sent.out(s, acked)
				tail = false
				continue
			}
			c.giveUp(now, p, s, true)
		}
	}
	p.loss.timeAt = never
}

// lossDeadline returns when onLossTimer has to be called.
func (c *Conn) lossDeadline(p *path) int64 {
	if p.sent.inFlight == 0 || !c.open(p) {
		return never // it waits for requeueWaiting
	}
	if c.has(BugOneProbe) && p.loss.ptoCount > 0 && p.loss.timeAt == never {
		return never
	}
	at := p.sent.lastAt + c.ptoOf(p)
	if p.loss.timeAt != never {
		at = p.loss.timeAt
	}
	return min(at, p.loss.verdictAt)
}

// ptoOf returns the present probe time-out: "the PTO period is [...] doubled
// each time".
func (c *Conn) ptoOf(p *path) int64 {
	return min(p.rtt.pto(c.cfg.MaxAckDelay)<<min(p.loss.ptoCount, 16), p.rtt.maxPTO())
}

// onLossTimer acts on the time: a path left, packets lost by age, or a probe.
func (c *Conn) onLossTimer(now int64, p *path) {
	if now >= p.loss.verdictAt {
		if c.heard < p.hintedAt+p.rtt.estimate()/2 {
			p.loss.verdictAt = now + granularity // it may be the peer that is silent
			return
		}
		p.loss.verdictAt = never
		c.distrust(now, p)
		return
	}
	if p.loss.timeAt != never {
		c.detectLoss(now, p)
		p.sent.trim(now - p.rtt.pto(c.cfg.MaxAckDelay))
		return
	}
	p.loss.ptoCount++
	p.loss.probe = probesAtOnce
	p.stats.probes++
	p.sent.lastAt = now
	c.doubt = c.doubt || p.loss.ptoCount >= suspectAfter
	c.giveUpOldest(now, p)
}

// giveUpOldest lets the probe carry something useful: the data of the oldest
// packet in flight, which may leave by another path at the same time. The
// packet itself is not counted as lost.
func (c *Conn) giveUpOldest(now int64, p *path) {
	for i := 0; i < p.sent.packets.n; i++ {
		if s := p.sent.packets.at(i); s.state == inFlight {
			c.giveUp(now, p, s, true)
			return
		}
	}
}
