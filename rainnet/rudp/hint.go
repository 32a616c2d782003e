package rudp

import (
	"slices"

	"rainmpi/rainnet/wire"
)

// hintEvery is how often a path is pinged for hints: as often as for an overdue echo.
const hintEvery = 3 * millisecond

// Hint says that what is sent on a path may not arrive: this end's kernel has refused a packet, or
// somebody on the way has said that it cannot be delivered (ICMP), who may be lying. So it proves
// nothing, and is forgotten when anything is acknowledged. But the path is pinged at once; and if
// nothing of what is in flight there is acknowledged within a probe time-out, though the peer is heard, it
// is left, instead of after two of them and something more from the peer.
func (c *Conn) Hint(now int64, id wire.PathID) {
	p := c.path(id)
	if p == nil || p.gone || !p.up || p.suspect || now < p.hintAt {
		return
	}
	p.hintAt = now + hintEvery
	p.link.Ask(now)
	c.linkDirty = true
	better := func(q *path) bool { return q != p && c.open(q) && !q.suspect }
	if p.sent.inFlight > 0 && p.loss.verdictAt == never && slices.ContainsFunc(c.paths, better) {
		p.loss.verdictAt = now + p.rtt.pto(c.cfg.MaxAckDelay)
		p.hintedAt = now
	}
	if c.has(BugHintIsProof) {
		c.distrust(now, p)
	}
}
