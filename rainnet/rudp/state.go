package rudp

import (
	"rainmpi/rainnet/link"
)

// This file is the only one that knows where the state of a path comes from.
// The rest sees path.up, path.suspect and path.epoch. Today each path has its
// own link machine; should an agent watch the links, it calls pathUp and
// pathDown instead of pollLink.

// pollLink takes over what a link machine has decided.
func (c *Conn) pollLink(now int64, p *path) {
	c.linkDirty = true
	for e, ok := p.link.NextEvent(); ok; e, ok = p.link.NextEvent() {
		if p.gone {
			// It carries nothing, and its history goes on: the peer may still use it.
			c.emitMove(p, e)
			continue
		}
		if e.Up {
			c.pathUp(now, p, e)
		} else {
			c.pathDown(now, p, e)
		}
	}
	// Data measures better than pings, while there is any: a packet that waits
	// to be taken for lost must not wait by what a queue was long ago.
	rtt, echoed := p.link.Sample()
	if echoed && p.suspect && p.up {
		c.reconsider(now, p, now-rtt)
	}
	if echoed && (p.sent.inFlight == 0 || now-p.sent.lastAt > maxPTO) {
		p.rtt.sample(rtt, 0, 0)
		p.rate.onRTT(now, max(rtt, leastRTT), max(rtt-p.rate.minRTT, 0))
		if p.sent.inFlight == 0 {
			p.rtt.sampleLone(now, max(rtt-p.rtt.min, 0))
		}
		if p.rate.bandwidth() == 0 {
			p.rate.refresh()
		}
		if p.loss.timeAt != never {
			c.detectLoss(now, p)
		}
	}
}

// proof tells the link that a packet sent at sentAt was acknowledged on the path
// itself.
func (c *Conn) proof(now int64, p *path, sentAt int64) {
	p.link.Proof(now, sentAt)
	c.pollLink(now, p)
}

// emitMove tells of a transition.
func (c *Conn) emitMove(p *path, e link.Event) {
	kind := PathDown
	if e.Up {
		kind = PathUp
	}
	c.emit(Event{Kind: kind, Path: p.id, Epoch: e.Epoch, At: e.At, Cause: e.Cause})
}

func (c *Conn) pathUp(now int64, p *path, e link.Event) {
	p.up, p.epoch, p.suspect = true, e.Epoch, false
	p.loss.ptoCount, p.loss.probe, p.loss.verdictAt = 0, 0, never
	p.rate.restart()
	p.queue = queue{}
	p.pace.next = min(p.pace.next, now) // a debt at the rate of before
	c.everUp = true
	c.emitMove(p, e)
	c.rank()
	c.requeueWaiting(now)
}

func (c *Conn) pathDown(now int64, p *path, e link.Event) {
	p.up, p.epoch, p.suspect = false, e.Epoch, true
	c.emitMove(p, e)
	c.last = p
	// Once for each transition to Down, as the epoch counts them.
	p.requeue = !c.has(BugNoRequeue)
	c.rank()
	c.requeueWaiting(now)
}

// judge follows a packet that came on path heard while other paths had been silent
// for their probe time-outs. Then it is the path that is silent, not the peer: when
// the peer is off its processor, all its paths are, and data in flight is not to be
// sent again for that. What the peer has sent on the silent path at the same time gets
// the time to arrive.
func (c *Conn) judge(now int64, heard *path) {
	c.doubt = false
	for _, p := range c.paths {
		if p.loss.ptoCount < suspectAfter || p.suspect || !c.open(p) {
			continue
		}
		c.doubt = true
		if p != heard && p.loss.verdictAt == never {
			p.loss.verdictAt = now + max(granularity, 4*p.rtt.variance)
		}
	}
}

// distrust takes a path for silent on the evidence of its probe time-outs, which
// come sooner than the link's verdict. What is in flight there leaves by others.
func (c *Conn) distrust(now int64, p *path) {
	if p.suspect {
		return
	}
	p.suspect, p.suspectAt, p.echoes = true, now, 0
	p.requeue = !c.has(BugNoRequeue)
	c.rank()
	c.requeueWaiting(now)
}

// echoesToTrust is how many echoes in a row take a path back that was silent for its
// probe time-outs, as GoodEchoes of a link that is Down.
const echoesToTrust = 3

// reconsider follows an echo, on a suspect path whose link has not gone Down, of a ping
// that was sent at sentAt. Nothing else asks whether such a path works again: what was
// in flight there has left by others.
func (c *Conn) reconsider(now int64, p *path, sentAt int64) {
	if sentAt <= p.suspectAt || c.has(BugSuspectForEver) {
		return
	}
	if p.echoes++; p.echoes == echoesToTrust {
		p.loss.ptoCount = 0
		c.trust(now, p)
	}
}

// trust takes a path back that has acknowledged something. What is missing of
// its flight is found by its own loss detection.
func (c *Conn) trust(now int64, p *path) {
	if !p.suspect {
		return
	}
	p.suspect = false
	if p.up || p == c.last {
		p.requeue = false
	}
	c.rank()
	c.requeueWaiting(now)
}

// requeueWaiting moves what was in flight on paths that are left to the front of
// what has to be sent, as soon as there is a path to send it by. While there is
// none, the peer is stalled, and nothing is re-striped: it waits where it is.
func (c *Conn) requeueWaiting(now int64) {
	c.noteStall(now)
	if c.desperate || len(c.usable) == 0 {
		return
	}
	for _, p := range c.paths {
		if p.requeue || c.stranded(p) {
			p.requeue = false
			c.giveUpAll(now, p)
		}
	}
}

// stranded reports whether data is in flight on a path that nobody watches any
// more: the last path stays open while it is Down, may be taken back then, and
// closes when another comes Up.
func (c *Conn) stranded(p *path) bool {
	return p.sent.inFlight > 0 && !c.open(p) && !c.has(BugNoRequeue)
}

// open reports whether a path may carry data at all: it is Up, or it is the last
// that was, which is "never closed to data, only suspect".
func (c *Conn) open(p *path) bool {
	return !p.gone && (p.up || p == c.last && c.upCount == 0)
}

// rank finds the active paths and those to send by: active ones, else backup
// ones, else the relayed one, else suspect ones, to which only probes are given.
func (c *Conn) rank() {
	c.upCount = 0
	var relayed *path
	for _, p := range c.paths {
		if p.up {
			c.upCount++
		}
		if p.relayed() {
			relayed = p
		}
	}
	match(c.paths)
	if relayed != nil {
		// Direct paths take over again as soon as one is up.
		relayed.active = relayed.up && (c.upCount == 1 || c.has(BugRelayFirst))
	}
	c.desperate = false
	c.choose(func(p *path) bool { return p.active && !p.suspect })
	if len(c.usable) == 0 {
		c.choose(func(p *path) bool { return c.open(p) && !p.suspect && !p.relayed() })
	}
	if len(c.usable) == 0 {
		c.choose(func(p *path) bool { return c.open(p) && !p.suspect })
	}
	if len(c.usable) == 0 {
		c.desperate = true
		c.choose(c.open)
	}
	c.turn.left = 0
}

func (c *Conn) choose(good func(*path) bool) {
	c.usable = c.usable[:0]
	for _, p := range c.paths {
		if good(p) {
			c.usable = append(c.usable, p)
		}
	}
}

// stallTime is how long a peer may be silent on all its paths before they go Down:
// more than a process is stopped for by a debugger's step or a busy machine. Nothing
// is lost by it, as there is nothing better to send by.
const stallTime = 500 * millisecond

// stallLook is when to look again whether it is the path after all.
const stallLook = 5 * millisecond

// hear follows a packet of the peer.
func (c *Conn) hear(now int64) {
	if gap := now - c.heard; gap > leastPause && gap > c.pause() {
		c.heardFrom = now
	}
	c.heard = now
}

// leastPause is less than any pause, and more than what lies between the packets of a
// conversation.
const leastPause = 5 * millisecond

// pause is the silence of a peer that is no accident: half a time-out of its best path.
func (c *Conn) pause() int64 {
	least := int64(stallTime)
	for _, p := range c.paths {
		if p.up {
			least = min(least, p.link.Timeout()/2)
		}
	}
	return least
}

// forbear keeps a path Up that is overdue, while nothing at all comes from the peer:
// if all its paths are silent together it is the peer that is stopped. It is the path that is
// silent, and not the peer, if the peer was heard when most of T had passed.
func (c *Conn) forbear(now int64, p *path) {
	if !p.link.Overdue(now) || c.has(BugNoStall) {
		return
	}
	t := p.link.Timeout()
	silent := max(p.link.ProvenAt(), c.heardFrom)
	if now >= p.link.ProvenAt()+stallTime || now >= silent+t && c.heard >= silent+t*2/3 {
		return
	}
	p.link.Forbear(min(p.link.ProvenAt()+stallTime, max(silent+t, now+stallLook)))
}

// noteStall tells when no path is left and when one is there again.
func (c *Conn) noteStall(now int64) {
	stalled := c.everUp && c.upCount == 0 && (c.desperate || len(c.usable) == 0)
	if stalled == c.stalled {
		return
	}
	c.stalled = stalled
	if stalled {
		// What is no fault of the paths neither holds them down nor moves their data.
		for _, p := range c.paths {
			p.link.Excuse(now)
		}
		c.emit(Event{Kind: Stalled, At: c.heard})
	} else {
		c.emit(Event{Kind: Resumed, At: now})
	}
}
