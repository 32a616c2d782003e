package rudp

import "rainmpi/rainnet/wire"

// The addresses of both ends are known from their cards, and may change while they talk: a NIC is added
// or taken out, an address changes. Each end tells the other what has become of its own, by number, with
// every ping until that is confirmed: so a ping from a new address introduces itself, and nothing else
// has to arrive for the path to begin.

// announced is one of this end's addresses that has changed.
type announced struct {
	index     uint8
	revision  uint16
	data      []byte
	confirmed bool
}

// maxSeen bounds what is confirmed in one packet; what is left out is asked for again.
const maxSeen = 8

type addresses struct {
	mine   []announced
	waits  int              // of mine: not confirmed
	theirs [256]uint16      // the newest revision of each of the peer's
	seen   []wire.SeenFrame // to be confirmed
}

// Announce has the peer told what has become of an address of this end: an entry of a card of at most
// wire.MaxAddress bytes, or nothing, if it is gone. The revision is above that of the announcement before.
func (c *Conn) Announce(now int64, index uint8, revision uint16, data []byte) {
	a := &c.addresses
	i := 0
	for i < len(a.mine) && a.mine[i].index != index {
		i++
	}
	if i == len(a.mine) {
		a.mine = append(a.mine, announced{})
	}
	a.mine[i] = announced{index: index, revision: revision, data: data}
	a.count()
	for _, p := range c.paths {
		if !p.gone {
			p.link.Ask(now)
		}
	}
	c.linkDirty = true
}

func (a *addresses) count() {
	a.waits = 0
	for i := range a.mine {
		if !a.mine[i].confirmed {
			a.waits++
		}
	}
}

// appendAddresses writes the announcements that are not confirmed, that of path p first, which the peer
// may not know yet.
func (c *Conn) appendAddresses(b []byte, p *path) []byte {
	if c.addresses.waits == 0 {
		return b
	}
	own, _ := p.id.Addrs(c.cfg.Local, c.cfg.Remote)
	for _, first := range []bool{true, false} {
		for i := range c.addresses.mine {
			a := &c.addresses.mine[i]
			fits := cap(b)-len(b) >= wire.AddressLen(len(a.data))+wire.LinkLen
			if !a.confirmed && (a.index == own) == first && fits {
				b = wire.AppendAddress(b, wire.AddressFrame{Index: a.index, Revision: a.revision, Data: a.data})
				a.confirmed = c.has(BugAnnounceOnce)
			}
		}
	}
	return b
}

// appendSeen writes what is to be confirmed.
func (c *Conn) appendSeen(b []byte) []byte {
	for _, f := range c.addresses.seen {
		if cap(b)-len(b) >= wire.SeenLen {
			b = wire.AppendSeen(b, f)
		}
	}
	c.addresses.seen = c.addresses.seen[:0]
	return b
}

// recvAddress takes an announcement of the peer. What is older than the newest is confirmed all the same:
// its sender has long moved on.
func (c *Conn) recvAddress(f wire.AddressFrame) {
	a := &c.addresses
	if len(a.seen) < maxSeen {
		a.seen = append(a.seen, wire.SeenFrame{Index: f.Index, Revision: f.Revision})
	}
	if !c.Newer(f) && !c.has(BugOldAddress) {
		return
	}
	a.theirs[f.Index] = f.Revision
	c.emit(Event{Kind: Address, Index: f.Index, Data: append([]byte(nil), f.Data...)})
}

// Newer reports whether an announcement of the peer tells more than has been heard.
func (c *Conn) Newer(f wire.AddressFrame) bool {
	return int16(f.Revision-c.addresses.theirs[f.Index]) > 0
}

func (c *Conn) recvSeen(f wire.SeenFrame) {
	for i := range c.addresses.mine {
		if a := &c.addresses.mine[i]; a.index == f.Index && a.revision == f.Revision {
			a.confirmed = true
		}
	}
	c.addresses.count()
}
