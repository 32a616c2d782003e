package rainnet

import (
	"slices"

	"rainmpi/rainnet/relay"
	"rainmpi/rainnet/wire"
)

// When no path leads to a peer, its packets travel through the agent of a third host that reaches both
// ends (see package relay). They are sealed by one end for the other, as on any path; each leg puts a
// header and a tag of its own around them, so that a relay works for members of its job only, and the
// end that gets them knows by which way they came. One hop: what came from a relay is not relayed.

// legOverhead is what a leg adds to a packet.
const legOverhead = wire.Overhead

// RelayBy has the Endpoint ask p, an agent, to pass packets on to peers that no path leads to. The
// agent's Endpoint must know both ends, and have Config.Relay set.
func (e *Endpoint) RelayBy(p *Peer) {
	if !slices.Contains(e.relays, p) {
		e.relays = append(e.relays, p)
	}
}

// seekAt is when seek has to be called next.
func (p *Peer) seekAt() int64 {
	if !p.wanted || len(p.e.relays) == 0 {
		return never
	}
	return p.seeker.Deadline()
}

// seek looks for a relay, or leaves it, if it is time to.
func (p *Peer) seek(now int64) {
	if now < p.seekAt() {
		return
	}
	before := p.seeker.By()
	p.seeker.Expire(now, len(p.e.relays), func(i int) bool { return p.e.relays[i] != p && p.e.relays[i].answers() })
	if p.seeker.Seeking() {
		for _, r := range p.e.relays {
			if r != p && !r.gone && !r.left {
				r.watch(now)
			}
		}
	}
	p.reroute(now, before)
}

// watch has a peer's paths looked for, or watched closely.
func (p *Peer) watch(now int64) {
	p.start(now)
	p.conn.Use(now)
	p.e.mark(p)
}

// straight returns a path that leads to p without a relay, if one is up.
func (p *Peer) straight() (path wire.PathID, ok bool) {
	if p.conn == nil || p.gone || p.left {
		return 0, false
	}
	return p.conn.Best()
}

func (p *Peer) answers() bool {
	_, ok := p.straight()
	return ok
}

// reroute follows the Seeker, which had the relayed path go by the relay before.
func (p *Peer) reroute(now int64, before int) {
	switch by := p.seeker.By(); {
	case by == before:
		return
	case by == relay.None:
		p.conn.RemovePath(now, wire.Relayed)
	default:
		p.through = p.e.relays[by].card.ID
		if before == relay.None {
			p.relayed = relayedTrack(p.e)
		}
		p.conn.AddPath(now, wire.Relayed, p.relayed.size)
		p.conn.Use(now)
		p.conn.Ask(now, wire.Relayed)
	}
	p.e.mark(p)
}

// relayedTrack is that of a relayed path: its packets are smaller by what a leg adds.
func relayedTrack(e *Endpoint) track {
	t := newTrack(relayedMax(e))
	t.size = min(t.size, baseMTU-legOverhead)
	return t
}

// relayedMax is the largest packet that a leg from here could carry.
func relayedMax(e *Endpoint) int {
	largest := 0
	for i := range e.rails {
		if r := &e.rails[i]; !r.gone {
			largest = max(largest, r.mtu)
		}
	}
	if largest == 0 {
		largest = baseMTU
	}
	return largest - legOverhead
}

// writeRelayed sends the packet that p's machine wrote last, n bytes at the end of the arena and the rest, on
// the relayed path to p.
func (e *Endpoint) writeRelayed(p *Peer, n int, now int64) {
	packet := e.out.arena[e.out.used:]
	n += copy(packet[n:], p.conn.Rest())
	n = p.relayed.prepare(packet, n, 0, now)
	sealed := p.sealer.seal(packet[:n:outRoom])
	if by := p.seeker.By(); by == relay.None || !e.leg(e.relays[by], sealed) {
		e.stats.Unreachable++
	}
}

// leg sends a sealed packet to hop, who is its destination or relays it. It reports false if no path
// leads to hop.
func (e *Endpoint) leg(hop *Peer, packet []byte) bool {
	path, ok := hop.straight()
	if !ok {
		return false
	}
	out := e.out.arena[e.out.used:]
	n := wire.HeaderLen + copy(out[wire.HeaderLen:], packet) // packet may lie there
	wire.AppendHeader(out[:0], wire.Header{Kind: wire.KindRelay, Path: path, Src: e.self.id, Dst: hop.card.ID, Number: hop.legs})
	hop.legs++
	mine, theirs := path.Addrs(e.self.id, hop.card.ID)
	e.collect(int(mine), hop.addrs[theirs], hop.sealer.sign(out[:n:n+wire.TagLen]), nil)
	return true
}

// receiveLeg takes a relayed packet that came straight from hop.
func (e *Endpoint) receiveLeg(hop *Peer, leg *wire.Header, packet []byte, now int64) {
	hop.deriveKeys()
	inner, ok := hop.opener.verify(packet)
	if !ok {
		e.stats.Forged++
		return
	}
	if !hop.replays.fresh(leg.Number) {
		e.stats.Duplicate++
		return
	}
	hop.start(now)
	var h wire.Header
	err := h.Parse(inner)
	switch {
	case err != nil || len(inner) < wire.Overhead || h.Kind != wire.KindData || h.Path != wire.Relayed:
		e.stats.Malformed++
	case h.Dst == e.self.id:
		e.receiveRelayed(hop, &h, inner, now)
	case e.cfg.Relay && h.Src == leg.Src:
		e.relay(h.Dst, inner, now)
	default:
		e.stats.Misrouted++
	}
}

// relay passes a packet on. While no path leads to its destination it is dropped: what makes the
// sender repeat it has also begun the search for a path.
func (e *Endpoint) relay(dst wire.PeerID, packet []byte, now int64) {
	p := e.peers[dst]
	if p == nil {
		e.stats.Unreachable++
		return
	}
	p.watch(now)
	if !e.leg(p, packet) {
		e.stats.Unreachable++
		return
	}
	e.stats.Relayed++
	if e.out.size >= outSize {
		e.transmit()
	}
}

// receiveRelayed takes a packet for this Endpoint that a relay has passed on.
func (e *Endpoint) receiveRelayed(hop *Peer, h *wire.Header, packet []byte, now int64) {
	by := slices.Index(e.relays, hop)
	p := e.peers[h.Src]
	switch {
	case p == nil:
		e.stats.Unknown++
		return
	case by < 0 || p == hop:
		e.stats.Misrouted++
		return
	}
	frames, ok := e.open(p, h, packet)
	if !ok {
		return
	}
	p.start(now)
	before := p.seeker.By()
	if !p.seeker.Arrived(now, by) {
		// The peer may have found out first that no direct path is left. Those that nobody uses are asked
		// once in a second.
		p.conn.Use(now)
		e.mark(p)
		return
	}
	p.reroute(now, before)
	e.take(p, &p.relayed, h, packet, frames, now)
}
