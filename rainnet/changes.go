package rainnet

import (
	"net"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"

	"rainmpi/rainnet/relay"
	"rainmpi/rainnet/udp"
	"rainmpi/rainnet/wire"
)

// Addresses of a host come and go while a job runs: a card is added or replaced, a lease ends. What
// comes is bound and becomes a rail, what goes is left; the peers are told, and do with their paths as
// this end does (rudp/addresses.go). An address keeps its number, and gets it back if it returns, so
// that the histories of its paths go on. In the same way a card's MTU is followed: what is longer
// would vanish there, in both directions.

// changes watches the addresses of this host.
type changes struct {
	// epoll stands in FDs, which do not change, for the kernel's news and the sockets that were opened
	// after Open; -1: there is no news, and so no later sockets.
	epoll int
	at    int64 // when to look what the host has; never: nothing was heard
}

// addrGone stands in a card for an address that its peer does not have any more.
var addrGone netip.AddrPort

// settleTime is how long after the first news the host's addresses are looked at: where one thing
// changes others do, and a card's address comes after the card.
const settleTime = 50_000_000

func (c *changes) open(news *carrier) {
	c.epoll, c.at = -1, never
	if news.fd < 0 {
		return
	}
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return
	}
	c.epoll = fd
	if c.watch(news.fd) != nil {
		c.close()
	}
}

func (c *changes) watch(fd int) error {
	return unix.EpollCtl(c.epoll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)})
}

func (c *changes) close() {
	if c.epoll >= 0 {
		unix.Close(c.epoll)
		c.epoll = -1
	}
}

// heard takes note that something about cards or addresses has changed.
func (c *changes) heard(now int64) {
	if c.epoll >= 0 {
		c.at = min(c.at, now+settleTime)
	}
}

// tooBig takes note that a card has refused a packet for its size: its MTU must have become smaller. That
// is no message from the network, which could be forged.
func (c *changes) tooBig(now int64) { c.at = min(c.at, now+settleTime) }

// poll compares what the host has with the rails, when it is time to.
func (c *changes) poll(e *Endpoint, now int64) (worked bool) {
	if now < c.at {
		return false
	}
	c.at = never
	if within := e.cfg.within; within != nil {
		within(func() { e.followAddresses(now) })
	} else {
		e.followAddresses(now)
	}
	return true
}

// followAddresses leaves the rails whose addresses have gone, and joins those that have come.
func (e *Endpoint) followAddresses(now int64) {
	ifaces, err := net.Interfaces()
	if err != nil {
		return // the next news will do
	}
	for i := range e.rails {
		switch r := &e.rails[i]; {
		case r.gone:
		case !r.isOf(ifaces):
			e.leaveRail(i, now)
		default:
			e.resizeRail(i, r.mtuOf(ifaces), now)
		}
	}
	for _, p := range e.placesNow() {
		e.joinRail(p, now)
	}
}

// isOf reports whether the host still has the address, on the same card, be it up or down: a card that
// was taken out and put in again is another, though its name and address are the same. The loopback
// stays, with all of 127.0.0.0/8.
func (r *rail) isOf(ifaces []net.Interface) bool {
	return r.addr.IsLoopback() || slices.ContainsFunc(ifaces, func(ifi net.Interface) bool {
		return ifi.Index == r.ifindex && slices.ContainsFunc(prefixes(&ifi), func(p netip.Prefix) bool { return p.Addr() == r.addr })
	})
}

// mtuOf is the largest UDP payload that the card takes now.
func (r *rail) mtuOf(ifaces []net.Interface) int {
	for i := range ifaces {
		if ifaces[i].Index == r.ifindex {
			return payload(ifaces[i].MTU, r.addr)
		}
	}
	return r.mtu
}

// placesNow lists what the host has now of what Config.Rails names, and takes it for no error that
// something is missing.
func (e *Endpoint) placesNow() []place {
	if len(e.cfg.Rails) == 0 {
		places, _ := findPlaces(nil, e.nics)
		return places
	}
	var places []place
	for _, rail := range e.cfg.Rails {
		found, err := findPlaces([]string{rail}, e.nics)
		if err == nil {
			places = append(places, found...)
		}
	}
	return places
}

// leaveRail stops using an address that the host does not have any more. Its descriptor stays, since callers
// may be asleep on it; nothing comes there, and the port is free for whoever has the address next.
func (e *Endpoint) leaveRail(i int, now int64) {
	r := &e.rails[i]
	r.gone = true
	r.held = held{}
	r.revision++
	r.conn.Retire()
	e.stats.Left++
	for _, p := range e.peers {
		if p.conn == nil {
			continue
		}
		for j := range p.card.Addrs {
			p.removePath(now, i, j)
		}
		p.announce(now, i)
		p.drain()
		e.mark(p)
	}
}

// joinRail begins to use an address, unless it is in use. One that cannot be bound is left out, as by
// Open.
func (e *Endpoint) joinRail(p place, now int64) {
	i := slices.IndexFunc(e.rails, func(r rail) bool { return r.addr == p.addr })
	if i >= 0 && !e.rails[i].gone || i < 0 && len(e.rails) == maxAddrs {
		return
	}
	conn, err := e.bind(p)
	if err != nil {
		return
	}
	if i >= 0 && conn.Succeed(e.rails[i].conn) != nil {
		return
	}
	if !slices.Contains(e.fds, conn.FD()) && e.changes.watch(conn.FD()) != nil {
		conn.Retire()
		if i < 0 {
			conn.Close()
		}
		return
	}
	if i < 0 {
		i = len(e.rails)
		e.rails = append(e.rails, rail{})
		e.out.runs = append(e.out.runs, nil)
	}
	e.rails[i] = rail{conn: conn, place: p, revision: e.rails[i].revision + 1}
	e.writeCard(i)
	e.stats.Joined++
	for _, peer := range e.peers {
		if peer.conn == nil {
			continue
		}
		for j := range peer.card.Addrs {
			peer.addPath(now, i, j)
		}
		peer.announce(now, i)
		e.mark(peer)
	}
}

// resizeRail follows the MTU of a rail's card, and has the peers do so.
func (e *Endpoint) resizeRail(i, mtu int, now int64) {
	r := &e.rails[i]
	before := r.mtu
	r.mtu = mtu
	if e.writeCard(i); r.mtu == before {
		return
	}
	r.revision++
	for _, p := range e.peers {
		if p.conn == nil {
			continue
		}
		for j := range p.card.Addrs {
			p.resize(now, i, j)
		}
		if p.relayed.limit(relayedMax(e)) && p.seeker.By() != relay.None {
			p.conn.AddPath(now, wire.Relayed, p.relayed.size)
		}
		p.announce(now, i)
		e.mark(p)
	}
}

// resize has a path follow the MTU of the cards at its ends.
func (p *Peer) resize(now int64, i, j int) {
	r := &p.e.rails[i]
	if r.gone || p.card.Addrs[j] == addrGone {
		return
	}
	if t := p.track(i, j); t.limit(min(r.mtu, p.card.Rails[j].MTU)) {
		p.conn.AddPath(now, wire.MakePathID(p.e.self.id, p.card.ID, uint8(i), uint8(j)), t.size)
	}
}

// announce tells the peer what has become of one of this end's addresses.
func (p *Peer) announce(now int64, i int) {
	r := &p.e.rails[i]
	var entry []byte
	if !r.gone {
		entry = p.e.card.appendEntry(nil, i)
	}
	p.conn.Announce(now, uint8(i), r.revision, entry)
}

// introduced takes a packet on a path whose far end is not in the peer's card: it begins with the
// address, or is of no use.
func (p *Peer) introduced(theirs uint8, frames []byte) bool {
	if len(frames) == 0 || frames[0] != byte(wire.Address) {
		return false
	}
	f, n := wire.ConsumeAddress(frames)
	if n == 0 || f.Index != theirs || !p.conn.Newer(f) { // a replay of an old one introduces nobody
		return false
	}
	p.changed(int(f.Index), f.Data)
	return p.hasAddr(theirs)
}

// hasAddr reports whether the peer has an address of that number, as far as is known.
func (p *Peer) hasAddr(j uint8) bool {
	return int(j) < len(p.card.Addrs) && p.card.Addrs[j] != addrGone
}

// changed follows what the peer tells of one of its addresses.
func (p *Peer) changed(j int, entry []byte) {
	e, now := p.e, Now()
	d := cardDecoder{entry}
	addr, rail, err := d.entry()
	if len(entry) > 0 && (err != nil || d.b == nil || len(d.b) > 0) || j >= maxAddrs {
		e.stats.Malformed++
		return
	}
	for j >= len(p.card.Addrs) {
		p.card.Addrs, p.card.Rails = append(p.card.Addrs, addrGone), append(p.card.Rails, Rail{})
		p.addrs = append(p.addrs, nil)
	}
	if len(entry) == 0 {
		addr = addrGone
	}
	if p.card.Addrs[j] == addr {
		if addr != addrGone {
			p.card.Rails[j] = rail
			for i := range e.rails {
				p.resize(now, i, j)
			}
			e.mark(p)
		}
		return
	}
	for i := range e.rails {
		p.removePath(now, i, j)
	}
	p.drain() // of the old address: events name it
	p.card.Addrs[j], p.card.Rails[j] = addr, rail
	e.mark(p)
	if addr == addrGone {
		return
	}
	to := udp.MakeAddr(addr)
	p.addrs[j] = &to
	for i := range e.rails {
		p.addPath(now, i, j)
	}
}
