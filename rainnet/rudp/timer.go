package rudp

// Deadline returns when Expire, and NextPacket after it, have to be called next;
// math.MaxInt64 if only other calls can change anything. It is to be asked after
// NextPacket has had nothing more.
func (c *Conn) Deadline() int64 {
	if c.linkDirty {
		c.refreshLinks()
	}
	at := min(c.linkAt, c.wakeAt)
	for _, p := range c.paths {
		at = min(at, p.recv.deadline(), c.lossDeadline(p))
		if !c.desperate && len(c.usable) > 0 && !p.gone && p.history() != p.histKnown && !c.has(BugStaleHistory) {
			at = min(at, p.histAt+historyRetry)
		}
	}
	if c.inUse {
		at = min(at, c.lastTalk+idleAfter)
	}
	return at
}

// idleAfter is how long two ends that have nothing to say watch their paths
// closely: "10 ms pings only between hosts whose ranks have talked in the last
// second, else one a second".
const idleAfter = second

// Expire acts on the time. The driver has handed in all packets that had come.
func (c *Conn) Expire(now int64) {
	for _, p := range c.paths {
		if p.gone {
			continue
		}
		if now >= p.link.Deadline() {
			c.forbear(now, p)
			p.link.Expire(now)
			c.pollLink(now, p)
		}
		if now >= c.lossDeadline(p) {
			c.onLossTimer(now, p)
		}
	}
	if c.inUse && now >= c.lastTalk+idleAfter {
		if c.busy() {
			c.lastTalk = now
		} else {
			c.setUse(now, false)
		}
	}
}

// refreshLinks computes when a link next wants something.
func (c *Conn) refreshLinks() {
	c.linkDirty = false
	c.linkAt = never
	for _, p := range c.paths {
		if !p.gone {
			c.linkAt = min(c.linkAt, p.link.Deadline())
		}
	}
}
