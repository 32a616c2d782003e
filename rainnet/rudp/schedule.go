package rudp

// turn is the path that bulk data goes to for now. A path gets a burst of packets
// of one size before the next has its turn, so that the driver can hand them to
// the kernel in one piece (UDP_SEGMENT).
type turn struct {
	path *path
	left int64 // bytes of the burst
	next int   // index into usable of the path after
}

// pick returns the path that the next packet of data goes to, nil if there is
// nothing to send or no path may send now. bulk says whether it may carry bulk.
func (c *Conn) pick(now int64) (p *path, bulk bool) {
	c.wakeAt = never
	if c.desperate {
		return c.pickSuspect()
	}
	if c.orderedWaits() {
		if p := c.pickOrdered(now); p != nil {
			return p, c.mayBulk(now, p)
		}
	}
	if c.bulkWaits() {
		return c.pickBulk(now), true
	}
	return nil, false
}

// pickSuspect returns a path to try when all are suspect: one with nothing in
// flight. What is in flight is watched by probe time-outs.
func (c *Conn) pickSuspect() (*path, bool) {
	if !c.orderedWaits() && !c.bulkWaits() {
		return nil, false
	}
	for _, p := range c.usable {
		if p.sent.inFlight == 0 {
			return p, true
		}
	}
	return nil, false
}

// Messages may go beyond what bulk data is held to, so that a small message does
// not wait for a large transfer: this much more in flight, and a debt of a quantum
// to the pacer.
const orderedSlack = 64 << 10

// pickOrdered returns the path where a message will arrive first.
func (c *Conn) pickOrdered(now int64) *path {
	var best *path
	var bestDelay int64
	for _, p := range c.usable {
		if !p.room(now, orderedSlack) {
			c.wakeAt = min(c.wakeAt, p.roomAt(now, orderedSlack))
			continue
		}
		if at := p.pace.next - quantumTime; at > now {
			c.wakeAt = min(c.wakeAt, at)
			continue
		}
		lag, burst := c.lag(now, p)
		delay := lag + lasts(smallMessage, burst)
		if p == c.send.path {
			// Change for a reason only: a message that overtakes its
			// predecessor has to wait for it in a buffer.
			delay -= delay/4 + 20*microsecond
		}
		if best == nil || delay < bestDelay {
			best, bestDelay = p, delay
		}
	}
	if best != nil {
		c.send.path = best
	}
	return best
}

const smallMessage = 1024

// mayBulk reports whether a packet of messages may be filled with bulk data.
func (c *Conn) mayBulk(now int64, p *path) bool {
	return p.room(now, 0) && p.pace.next <= now
}

// pickBulk returns the path that the next packet of bulk data goes to. Each path
// takes as fast as it can, so that shares follow rates.
func (c *Conn) pickBulk(now int64) *path {
	if t := &c.turn; t.left > 0 && t.path != nil && c.mayBulk(now, t.path) {
		return t.path
	}
	left := c.bulkLeft()
	for i := range c.usable {
		k := (c.turn.next + i) % len(c.usable)
		p := c.usable[k]
		if !p.room(now, 0) {
			c.wakeAt = min(c.wakeAt, p.roomAt(now, 0))
			continue
		}
		if c.endsSooner(now, p, left) {
			continue
		}
		burst := min(c.burst(now, p), max(left, int64(p.mtu)))
		if at := p.pace.readyAt(p.rate.duration(burst)); at > now {
			c.wakeAt = min(c.wakeAt, at)
			continue
		}
		c.turn = turn{path: p, left: burst, next: k + 1}
		return p
	}
	return nil
}

// muchSlower is from what ratio on a path counts as slower than another one. What takes twice as long on one of two
// equal rails does so by chance, or as an end was off its processor.
const muchSlower = 4

// burstTime returns how long maxQuantum bytes take on a path, and on the quickest one.
func (c *Conn) burstTime(now int64, p *path) (mine, best int64) {
	mine = p.queue.burstTime(now)
	best = mine
	for _, q := range c.usable {
		if t := q.queue.burstTime(now); t > 0 {
			best = min(best, t)
		}
	}
	if mine <= muchSlower*best {
		mine = best
	}
	return mine, best
}

// burst returns the bytes that a path may have at once, fewer where they take much longer than on another one: what
// is left behind such a burst ends late.
func (c *Conn) burst(now int64, p *path) int64 {
	full := quantum(p.rate.pacing, p.mtu)
	if mine, best := c.burstTime(now, p); mine > best {
		full = max(full*muchSlower*best/mine/int64(p.mtu), 2) * int64(p.mtu)
	}
	return full
}

// lag returns when something that is given to a path now will be at the peer, but for the time that it lasts itself:
// behind what is in flight, or when the pacer lets it go if that is later. The smoothed round trip says nothing of the
// queue: it is of packets that met one, which has gone by now.
func (c *Conn) lag(now int64, p *path) (lag, burst int64) {
	burst, _ = c.burstTime(now, p)
	return max(p.pace.next-now, p.wait(now), 0) + p.rtt.oneWay(), p.rate.notBelow(burst)
}

// endsSooner reports whether paths that are less behind than p would have sent all that is left before p has sent its
// next burst: "the tail goes to the path that ends first".
func (c *Conn) endsSooner(now int64, p *path, left int64) bool {
	if len(c.usable) == 1 {
		return false
	}
	lag, burst := c.lag(now, p)
	mine := lag + lasts(min(left, c.burst(now, p)), burst)
	for _, q := range c.usable {
		other, burst := c.lag(now, q)
		if other >= lag {
			continue
		}
		if left -= carried(mine-other, burst); left <= 0 {
			return true
		}
	}
	return false
}
