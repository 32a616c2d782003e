package rainnet

import (
	"net/netip"

	"rainmpi/rainnet/wire"
)

// heed takes what has been heard about datagrams of a rail: that there was no room for them here, or that nobody
// could deliver them. Who says the latter cannot be known, so the machines take it for a hint (rudp/hint.go).
func (e *Endpoint) heed(i int) {
	conn := e.rails[i].conn
	e.stats.Overrun += conn.Overruns()
	e.stats.Full += conn.QueueDrops()
	for _, note := range conn.Notes() {
		e.stats.Reported++
		e.doubt(i, note.To)
	}
}

// doubt has the machines of those who are reached at an address know that packets from this rail may not
// get there.
func (e *Endpoint) doubt(i int, to netip.AddrPort) {
	now := Now()
	for _, p := range e.peers {
		if p.conn == nil {
			continue
		}
		for j, addr := range p.card.Addrs {
			if addr == to {
				p.conn.Hint(now, wire.MakePathID(e.self.id, p.card.ID, uint8(i), uint8(j)))
				e.mark(p)
			}
		}
	}
}
