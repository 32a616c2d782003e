package rainnet

import (
	"rainmpi/rainnet/rudp"
	"rainmpi/rainnet/wire"
)

// maxReads bounds the batches read from one socket in one Poll, so that acknowledgements leave and
// timers run while a fast peer keeps the socket full.
const maxReads = 4

// A driver that comes later than late for a timer was stopped, or computed. Everything that has
// arrived meanwhile is read before any timer runs, or else the machines would take the silence for
// their peers'.
const (
	late      = 5_000_000
	lateReads = 64
)

// readRails reads every socket.
func (e *Endpoint) readRails(now int64) (worked bool) {
	reads := e.turns(maxReads)
	if now-e.timers.next() > late {
		reads = lateReads
	}
	for i := range e.rails {
		if e.rails[i].gone {
			continue
		}
		for turn := range reads {
			n, more := e.read(&e.rails[i], turn == 0 && reads != lateReads)
			if n > 0 {
				e.stats.Reads++
				worked = true
				e.readBatch(i, n, now)
			}
			if !more {
				break
			}
			// The peer's flight may be no more than a few batches: acknowledgements of this one
			// leave before the next is worked on, or both ends would take turns at being idle.
			e.flush()
			now = Now()
		}
		e.heed(i)
	}
	return worked
}

// read reads what is at a socket; the first time, if nothing was there at the last look, one message: who waits
// for an answer gets it sooner.
func (e *Endpoint) read(r *rail, first bool) (n int, more bool) {
	if first && r.empty {
		if r.conn.ReadOne(e.in) {
			n = 1
		}
	} else {
		n, more = r.conn.ReadBatch(e.in)
	}
	r.empty = n == 0
	return n, more
}

// readBatch takes the n messages in the inbox apart into packets.
func (e *Endpoint) readBatch(rail, n int, now int64) {
	broken := e.cfg.Faults.drops(e.rails[rail].nic)
	for i := range n {
		data, segment := e.in.Message(i)
		switch {
		case segment == 0:
			e.stats.Foreign++
		case len(data) == 0:
			e.stats.Short++
		}
		for len(data) > 0 {
			packet := data[:min(segment, len(data))]
			data = data[len(packet):]
			e.stats.Received++
			e.stats.ReceivedBytes += int64(len(packet))
			if broken {
				e.stats.Broken++
				continue
			}
			e.receive(rail, packet, now)
		}
	}
}

// receive takes one packet from the socket of a rail to the machine of its peer. Nothing in the
// packet is believed, and nothing of the peer's state changes, before the tag has been verified;
// what is looked at before that only finds the key.
func (e *Endpoint) receive(rail int, packet []byte, now int64) {
	var h wire.Header
	p := e.sender(&h, rail, packet)
	if p == nil {
		return
	}
	if h.Kind == wire.KindRelay {
		e.receiveLeg(p, &h, packet, now)
		return
	}
	frames, ok := e.open(p, &h, packet)
	if !ok {
		return
	}
	e.last = p
	p.start(now)
	mine, theirs := h.Path.Addrs(e.self.id, h.Src)
	if !p.hasAddr(theirs) && !p.introduced(theirs, frames) {
		e.stats.Misrouted++
		return
	}
	e.take(p, p.track(int(mine), int(theirs)), &h, packet, frames, now)
}

// open is the inverse of seal. It counts what p has not sealed.
func (e *Endpoint) open(p *Peer, h *wire.Header, packet []byte) (frames []byte, ok bool) {
	p.deriveKeys()
	switch {
	case h.Flags&wire.FlagBulk == 0:
		frames, ok = p.opener.open(e.scratch, packet)
	case h.Flags&wire.FlagClear == 0:
		frames, ok = p.opener.openBulk(e.scratch, packet)
	case p.insecure: // else whoever sends this is not a peer of ours, or was told something else
		frames, ok = p.opener.verifyBulk(packet)
	}
	if !ok {
		e.stats.Forged++
	}
	return frames, ok
}

// take hands the frames of an authentic packet to the machine of its peer. Only one that has not come
// before says that the peer is there, or anything of the path's size.
func (e *Endpoint) take(p *Peer, t *track, h *wire.Header, packet, frames []byte, now int64) {
	err := p.conn.Recv(now, h.Path, h.Number, frames)
	if err == nil {
		p.heardAt = now
	}
	if err == nil && t.arrived(packet, now) {
		p.conn.AddPath(now, h.Path, t.size)
	}
	switch err {
	case nil:
	case rudp.ErrDuplicate:
		e.stats.Duplicate++
	default:
		e.stats.Malformed++
	}
	if p.conn.Happened() {
		p.drain()
	}
	e.mark(p)
}

// sender finds the peer that a packet says it is from, reads the header, and checks what can be checked without
// a key. A peer is known by its id, never by the address that a packet came from.
func (e *Endpoint) sender(h *wire.Header, rail int, packet []byte) *Peer {
	if len(packet) < wire.Overhead {
		e.stats.Short++
		return nil
	}
	switch err := h.Parse(packet); {
	case err != nil || h.Kind != wire.KindData && h.Kind != wire.KindRelay:
		e.stats.Foreign++
		return nil
	case h.Src == e.self.id:
		e.stats.Own++
		return nil
	case h.Dst != e.self.id:
		e.stats.Foreign++
		return nil
	}
	p := e.last
	if p == nil || p.card.ID != h.Src {
		if p = e.peers[h.Src]; p == nil {
			e.stats.Unknown++
			return nil
		}
	}
	// The path id is a promise about wires, and pings on them are only proof if it is kept: the
	// packet must have come to the address that the path ends at. Where it begins the packet may tell
	// itself, if that is new.
	mine, theirs := h.Path.Addrs(e.self.id, h.Src)
	if int(mine) != rail || theirs >= maxAddrs ||
		p.hasAddr(theirs) && !couldReach(e.rails[rail].addr, p.card.Addrs[theirs].Addr()) {
		e.stats.Misrouted++
		return nil
	}
	return p
}
