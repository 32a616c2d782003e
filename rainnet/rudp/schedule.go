package rudp

import (
	"cmp"
	"slices"
)

// turn is the path that bulk data goes to for now. A path gets a burst of packets
// of one size before the next has its turn, so that the driver can hand them to
// the kernel in one piece (UDP_SEGMENT).
type turn struct {
	path *path
	left int64 // bytes of the burst
	next int   // index into usable of the path after
}

// pick returns the path that the next packet of data goes to, nil if there is
// nothing to send or no path may send now, and what it may carry.
func (c *Conn) pick(now int64) (p *path, carries contents) {
	c.wakeAt = never
	if c.desperate {
		return c.pickSuspect(), contents{ordered: true, bulk: true}
	}
	if c.orderedWaits() {
		if p := c.pickOrdered(now); p != nil {
			return p, contents{ordered: true, bulk: c.mayBulk(now, p)}
		}
	}
	if c.bulkWaits() {
		return c.pickBulk(now), contents{bulk: true}
	}
	return nil, contents{}
}

// pickSuspect returns a path to try when all are suspect: one with nothing in
// flight. What is in flight is watched by probe time-outs.
func (c *Conn) pickSuspect() *path {
	if !c.orderedWaits() && !c.bulkWaits() {
		return nil
	}
	for _, p := range c.usable {
		if p.sent.inFlight == 0 {
			return p
		}
	}
	return nil
}

// Messages may go beyond what bulk data is held to, so that a small message does
// not wait for a large transfer: this much more in flight, and a debt of a quantum
// to the pacer.
const orderedSlack = 64 << 10

// pickOrdered returns the path where a message will arrive first, or the next packet of one that takes several; then it is
// one of those that have a share in what is left.
func (c *Conn) pickOrdered(now int64) *path {
	var best *path
	var bestDelay int64
	left := c.orderedLeft()
	large := left > smallMessage
	follows := c.orderedInFlight()
	if large {
		c.shareOut(now, left)
	}
	for _, p := range c.usable {
		if large && p.share == 0 {
			continue
		}
		if !p.room(now, orderedSlack) {
			c.wakeAt = min(c.wakeAt, p.roomAt(now, orderedSlack))
			continue
		}
		if at := p.pace.next - quantumTime; at > now {
			c.wakeAt = min(c.wakeAt, at)
			continue
		}
		delay := c.smallDelay(now, p)
		if p == c.send.path && follows {
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

// unknownBurst is what maxQuantum bytes are thought to last on a path that has never had more than a few packets.
const unknownBurst = initialRTT

// smallDelay returns when a small message will be at the peer.
func (c *Conn) smallDelay(now int64, p *path) int64 {
	if p.rate.atLeast && p.queue.burstTime(now) == 0 {
		return max(p.pace.next-now, 0) + p.rtt.oneWay() + lasts(p.sent.bytes+smallMessage, unknownBurst)
	}
	return c.lag(now, p) + lasts(smallMessage, c.burstTime(now, p))
}

// mayBulk reports whether a packet of messages may be filled with bulk data.
func (c *Conn) mayBulk(now int64, p *path) bool {
	return p.room(now, 0) && p.pace.next <= now
}

// pickBulk returns the path that the next packet of bulk data goes to: each takes its share as fast as it can.
func (c *Conn) pickBulk(now int64) *path {
	if t := &c.turn; t.left > 0 && t.path != nil && c.mayBulk(now, t.path) {
		return t.path
	}
	c.shareOut(now, c.bulkLeft())
	for i := range c.usable {
		k := (c.turn.next + i) % len(c.usable)
		p := c.usable[k]
		if !p.room(now, 0) {
			c.wakeAt = min(c.wakeAt, p.roomAt(now, 0))
			continue
		}
		burst := min(quantum(p.rate.pacing, p.mtu), p.share)
		if burst == 0 {
			continue
		}
		if at := p.pace.readyAt(p.rate.duration(burst)); at > now {
			c.wakeAt = min(c.wakeAt, at)
			continue
		}
		c.turn = turn{path: p, left: burst, next: k + 1}
		return p
	}
	return nil
}

// muchSlower is from what ratio on a path counts as slower than another one, or as one that loses more. What takes twice
// as long on one of two equal rails does so by chance, or as an end was off its processor.
const muchSlower = 4

// burstTime returns how long maxQuantum bytes take on a path, or on the quickest one if that is not much less; 0: not known.
func (c *Conn) burstTime(now int64, p *path) int64 {
	mine := p.queue.burstTime(now)
	best := mine
	for _, q := range c.usable {
		if t := q.queue.burstTime(now); t > 0 {
			best = min(best, t)
		}
	}
	if mine > muchSlower*best {
		best = mine
	}
	return p.rate.notBelow(best)
}

// lag returns when something that is given to a path now will be at the peer, but for the time that it lasts itself:
// behind what is in flight, or when the pacer lets it go if that is later. The smoothed round trip says nothing of the
// queue: it is of packets that met one, which has gone by now.
func (c *Conn) lag(now int64, p *path) int64 {
	return max(p.pace.next-now, p.wait(now), 0) + p.rtt.oneWay()
}

// slowLess is by how many packets the share of a path that is much slower is less: it adds little, and a wrong guess of when
// it ends costs much.
const slowLess = 4

// firstFlight is what a path may have in flight at first beside others. A rail of 10 Mbit/s takes more than 3 ms for it.
const firstFlight = 4 << 10

// shareOut tells each path how many of the n bytes that are left it is to take, so that all paths end together: "the tail
// goes to the path that ends first". The time at which they end rises as water does: the path that is least behind takes
// all until it is as much behind as the next one. The others do not count on a path of which nothing is known, and it gets
// little until something is, for it may be slow.
func (c *Conn) shareOut(now, n int64) {
	n = max(n, 1) // what is empty needs a packet as well
	byLag := c.byLag[:0]
	least := int64(never)
	for _, p := range c.usable {
		least = min(least, p.loss.inThousand())
	}
	for _, p := range c.usable {
		p.lag, p.burst, p.share = c.lag(now, p), c.burstTime(now, p), n
		if p.loss.inThousand() > muchSlower*least {
			p.lag += p.repair()
		}
		if p.burst > 0 {
			p.burst = min(p.burst+p.burst*p.loss.gone/max(p.loss.come, 1), second) // what is lost leaves again
			byLag = append(byLag, p)
		} else if len(c.usable) > 1 {
			p.share = max(min(n, firstFlight-p.sent.bytes), 0)
		}
	}
	c.byLag = byLag
	if len(byLag) < 2 {
		return
	}
	slices.SortFunc(byLag, func(p, q *path) int { return cmp.Compare(p.lag, q.lag) })
	end, left, rate := int64(0), min(n, 1<<30), int64(0)
	for _, p := range byLag {
		if rate > 0 && left*second/rate <= p.lag-end {
			break
		}
		left -= (p.lag - end) * rate / second
		end, rate = p.lag, rate+maxQuantum*second/p.burst
	}
	end += left * second / rate
	most := byLag[0]
	for _, p := range byLag {
		if p.share = carried(max(end-p.lag, 0), p.burst); p.share > most.share {
			most = p
		}
	}
	for _, p := range byLag {
		if p.burst > muchSlower*most.burst {
			p.share = max(p.share-slowLess*int64(p.mtu), 0)
		}
	}
	// Whole packets: one that a slow path ended after the others would be late.
	for _, p := range byLag {
		p.share -= p.share % int64(p.mtu)
	}
	most.share += int64(most.mtu)
}
