package rainnet

import (
	"bytes"
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
	key   []byte      // the job's, or that of this pair
	card  Card        // brought up to date as the peer tells of changes
	addrs []*udp.Addr // of card.Addrs

	insecure bool // see Config

	// Made by start: before that the peer costs its card.
	conn   *rudp.Conn
	tracks [][]track // by own address and the peer's
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

	met      bool  // some path has been up
	heardAt  int64 // when an authentic packet came last, or since when one could
	deadline int64 // of conn, as the timers know it
	slot     int   // in the heap of timers; -1: not there
	dirty    bool  // on the list of the Endpoint
	gone     bool  // RemovePeer or Close
	left     bool  // the peer has said goodbye
	bulk     int   // transfers begun and not reported as sent
}

func newPeer(e *Endpoint, card Card, key []byte) *Peer {
	p := &Peer{e: e, key: key, card: card.clone(), slot: -1, deadline: never, heardAt: Now()}
	p.insecure = e.cfg.Insecure && bytes.Equal(key, e.cfg.Key)
	for _, a := range card.Addrs {
		to := udp.MakeAddr(a)
		p.addrs = append(p.addrs, &to)
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
	e.mark(p) // it has pings to send
	for i := range e.rails {
		for j := range p.card.Addrs {
			p.addPath(now, i, j)
		}
		if e.rails[i].revision > 0 {
			p.announce(now, i)
		}
	}
}

// addPath makes a pair of addresses a candidate, if any network could connect them.
func (p *Peer) addPath(now int64, i, j int) {
	e := p.e
	r := &e.rails[i]
	t := p.track(i, j)
	if r.gone || !couldReach(r.addr, p.card.Addrs[j].Addr()) {
		return
	}
	id := wire.MakePathID(e.self.id, p.card.ID, uint8(i), uint8(j))
	*t = newTrack(min(r.mtu, p.card.Rails[j].MTU))
	p.conn.AddPath(now, id, t.size)
	// A pair of NICs is made as a path id is: the lower peer's in the high byte.
	nics := wire.MakePathID(e.self.id, p.card.ID, uint8(r.nic), p.card.Rails[j].NIC)
	p.conn.SetNICs(now, id, uint8(nics>>8), uint8(nics))
	p.conn.Ask(now, id)
}

func (p *Peer) removePath(now int64, i, j int) {
	p.conn.RemovePath(now, wire.MakePathID(p.e.self.id, p.card.ID, uint8(i), uint8(j)))
}

// want is start for the owner, who has something to do with the peer.
func (p *Peer) want(now int64) {
	p.start(now)
	p.wanted = true
}

// track returns what is known of a pair of addresses.
func (p *Peer) track(mine, theirs int) *track {
	if mine >= len(p.tracks) || theirs >= len(p.tracks[mine]) {
		p.growTracks()
	}
	return &p.tracks[mine][theirs]
}

// growTracks makes place for addresses that have come.
func (p *Peer) growTracks() {
	for len(p.tracks) < len(p.e.rails) {
		p.tracks = append(p.tracks, nil)
	}
	for i := range p.tracks {
		more := len(p.card.Addrs) - len(p.tracks[i])
		p.tracks[i] = append(p.tracks[i], make([]track, more)...)
	}
}

// couldReach leaves out pairs that no network connects.
func couldReach(a, b netip.Addr) bool {
	return a.IsValid() && b.IsValid() && a.Is4() == b.Is4() && a.IsLoopback() == b.IsLoopback()
}

// ID is the peer's id.
func (p *Peer) ID() wire.PeerID { return p.card.ID }

// Card is the peer's, with the changes that it has told of.
func (p *Peer) Card() Card { return p.card.clone() }

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

// talks reports whether there is a conversation with the peer that neither end has ended.
func (p *Peer) talks() bool { return p.conn != nil && !p.left && !p.gone }

// Unmet reports whether something waits for the peer, and no path to it has ever been up.
func (p *Peer) Unmet() bool {
	return p.talks() && !p.met && (p.bulk > 0 || p.conn.Backlog() > 0)
}

// Silent reports whether paths to the peer have been up, and none is.
func (p *Peer) Silent() bool {
	return p.talks() && p.met && p.conn.Stalled()
}

// Reached reports whether a path to the peer is up.
func (p *Peer) Reached() bool {
	return p.talks() && p.met && !p.conn.Stalled()
}

// HeardAt is when an authentic packet of the peer came last, in the clock of Now; of one that was never
// heard, since when one could.
func (p *Peer) HeardAt() int64 { return p.heardAt }

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
