package simnet

import (
	"rainmpi/rainnet/link"
	"rainmpi/rainnet/rudp"
	"rainmpi/rainnet/wire"
)

// A nap is a time for which a host was stopped.
type nap struct{ at, lasts int64 }

func (n nap) end() int64 { return n.at + n.lasts }

const (
	// shortNap is how long a peer may be stopped without losing a path for it: 300 ms,
	// and what a ping takes on its way.
	shortNap = 300 * millisecond
	tellTime = 100 * millisecond
)

// checkStall fails if a path goes Down for the silence of a peer that was stopped for
// a moment, alone, while the path was well: "all paths of a peer silent together is a
// stall of the peer". A peer that is heard says nothing of being stopped: packets that
// it sent before may wait in queues, and of two thirds of T it may have been awake.
func (e *end) checkStall(ev rudp.Event) {
	if ev.Kind != rudp.PathDown || ev.Cause != link.CauseSilent || ev.Path == wire.Relayed {
		return
	}
	n, before, own := e.peer.naps[0], e.peer.naps[1], e.naps[0]
	short := n.lasts > 0 && n.lasts <= shortNap && e.Now < n.end()+tellTime
	alone := n.at > before.end()+second && (own.lasts == 0 || n.at > own.end()+second)
	quiet := e.Now - max(n.at, e.heardAt)
	x, y := e.cables[0][ev.Path], e.cables[1][ev.Path]
	if short && alone && quiet > e.timeout(ev.Path)/2 && !x.ill() && !y.ill() && n.at > max(x.illAt, y.illAt)+second {
		e.failf("%s takes path %d for dead: its peer was stopped for %v", e.name, ev.Path, duration(n.lasts))
	}
}

// timeout is T of a path.
func (e *end) timeout(id wire.PathID) int64 {
	for _, p := range e.conn.Paths() {
		if p.ID == id {
			return p.Timeout
		}
	}
	return 0
}
