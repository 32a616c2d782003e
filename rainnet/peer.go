package rainnet

import (
	"net/netip"

	"rainmpi/rainnet/relay"
	"rainmpi/rainnet/rudp"
	"rainmpi/rainnet/udp"
	"rainmpi/rainnet/wire"
)

// A Peer is another endpoint as one sees it: messages to it, and what has become of the paths.
type Peer struct {
	User any // the owner's

	e     *Endpoint
	key   []byte // the job's, or that of this pair
	card  Card
	addrs []udp.Addr // of card.Addrs

	// Made by start: before that the peer costs its card.
	conn   *rudp.Conn
	tracks []track // by own address and the peer's
	sealer *sealer
	opener *opener

	// The path through a third host.
	wanted  bool // the owner has had something to do with the peer
	seeker  relay.Seeker
	relayed track
	through wire.PeerID // whom it leads through, or led through last

	// Packets of others that this end and the peer pass on to each other.
	legs    uint64 // sent
	replays replays

	stalledAt int64 // since when all paths have been silent; never: they are not
	deadline  int64 // of conn, as the timers know it
	slot      int   // in the heap of timers; -1: not there
	dirty     bool  // on the list of the Endpoint
	gone      bool  // RemovePeer or Close
	left      bool  // the peer has said goodbye
	bulk      int   // transfers begun and not reported as sent
}

func newPeer(e *Endpoint, card Card, key []byte) *Peer {
	p := &Peer{e: e, key: key, card: card, slot: -1, deadline: never, stalledAt: never}
	p.addrs = make([]udp.Addr, len(card.Addrs))
	for i, a := range card.Addrs {
		p.addrs[i] = udp.MakeAddr(a)
	}
	return p
}

// deriveKeys makes the keys of both directions.
func (p *Peer) deriveKeys() {
	if p.opener != nil {
		return
	}
	them := identity{p.card.ID, p.card.Salt}
	out, err := firstSecret(p.key, p.e.self, them)
	if err != nil {
		panic(err) // SHA-256 gives 32 bytes
	}
	in, err := firstSecret(p.key, them, p.e.self)
	if err != nil {
		panic(err)
	}
	p.sealer, p.opener = newSealer(out, p.e.cfg.sealLimit), newOpener(in)
}

// start wakes a peer: every pair of addresses becomes a candidate, and pings find out which are
// paths.
func (p *Peer) start(now int64) {
	if p.conn != nil {
		return
	}
	p.deriveKeys()
	e := p.e
	p.conn = rudp.New(rudp.Config{Local: e.self.id, Remote: p.card.ID, Link: e.cfg.Link, Window: e.cfg.Window}, now)
	p.seeker = relay.New(now, e.self.id < p.card.ID, int(e.self.id)+int(p.card.ID))
	p.tracks = make([]track, len(e.rails)*len(p.card.Addrs))
	e.mark(p) // it has pings to send
	for i := range e.rails {
		for j, addr := range p.card.Addrs {
			if r := &e.rails[i]; couldReach(r.addr, addr.Addr()) {
				id := wire.MakePathID(e.self.id, p.card.ID, uint8(i), uint8(j))
				t := p.track(i, j)
				*t = newTrack(min(r.mtu, p.card.Rails[j].MTU))
				p.conn.AddPath(now, id, t.size)
				// A pair of NICs is made as a path id is: the lower peer's in the high byte.
				nics := wire.MakePathID(e.self.id, p.card.ID, uint8(r.nic), p.card.Rails[j].NIC)
				p.conn.SetNICs(now, id, uint8(nics>>8), uint8(nics))
			}
		}
	}
}

// want is start for the owner, who has something to do with the peer.
func (p *Peer) want(now int64) {
	p.start(now)
	p.wanted = true
}

func (p *Peer) track(mine, theirs int) *track { return &p.tracks[mine*len(p.card.Addrs)+theirs] }

// couldReach leaves out pairs that no network connects.
func couldReach(a, b netip.Addr) bool {
	return a.Is4() == b.Is4() && a.IsLoopback() == b.IsLoopback()
}

// ID is the peer's id.
func (p *Peer) ID() wire.PeerID { return p.card.ID }

// Card is the card the peer was added with.
func (p *Peer) Card() Card { return p.card }

// Send sends the ordered message head+body. It copies them, and always accepts: the caller looks at
// Backlog and holds back.
func (p *Peer) Send(head, body []byte) {
	if p.gone {
		return
	}
	now := Now()
	p.want(now)
	p.conn.Send(now, head, body)
	p.e.touched(p)
}

// Backlog is the number of bytes of ordered messages that were accepted and are not acknowledged.
func (p *Peer) Backlog() int64 {
	if p.conn == nil {
		return 0
	}
	return p.conn.Backlog()
}

// SendBulk sends n bytes from src to whatever the peer expects under token. src is read until
// Handler.BulkSent names the token.
func (p *Peer) SendBulk(token uint64, n int64, src rudp.Source) {
	if p.gone {
		return
	}
	now := Now()
	p.want(now)
	p.bulk++
	p.conn.SendBulk(now, token, n, src)
	p.e.touched(p)
}

// Expect says where the n bytes of token go, before the peer is told the token. Handler.BulkDone
// names it when all are there.
func (p *Peer) Expect(token uint64, n int64, dst rudp.Sink) {
	if p.gone {
		return
	}
	p.want(Now())
	p.conn.Expect(token, n, dst)
}

// Forget withdraws an Expect: data that still comes for token is acknowledged and dropped.
func (p *Peer) Forget(token uint64) {
	if p.conn != nil {
		p.conn.Forget(token)
	}
}

// Paths tells about the paths to the peer, for people; none before the first message.
func (p *Peer) Paths() []rudp.PathInfo {
	if p.conn == nil {
		return nil
	}
	return p.conn.Paths()
}
