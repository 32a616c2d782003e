package rainnet

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/netip"

	"rainmpi/rainnet/history"
	"rainmpi/rainnet/link"
	"rainmpi/rainnet/udp"
	"rainmpi/rainnet/wire"
)

// Config says who the Endpoint is and what it may use.
type Config struct {
	ID  wire.PeerID
	Key []byte // the job's key, at least 16 bytes, the same at all its peers

	Rails    []string // interface names or addresses; empty: every usable interface
	PortLow  int      // UDP port range; 0: any port
	PortHigh int
	MTU      int // largest UDP payload in bytes, below what the interfaces allow; 0: what they allow

	Link   link.Config // of every path
	Window int64       // of every peer, bytes: see rudp.Config; 0: its default
	Faults *Faults     // breaks rails at run time; nil in earnest
	// Insecure leaves bulk data between the peers of one job in clear, so that measurements show what
	// encryption costs; all must agree. Everything else stays sealed, and so does all that goes to peers of
	// other jobs. Never to be used for anything that matters.
	Insecure bool

	Relay bool // pass packets on between peers that no path connects: see RelayBy

	History *history.Log // keeps every transition of a path; nil: the last ones are kept in memory only
	Name    string       // in that log, for people

	sealLimit int64          // tests rekey early
	avoid     udp.Feature    // tests do without these
	buffer    int            // of the sockets, bytes; 0: udp's default
	within    func(f func()) // tests, whose threads are elsewhere, run f in the network namespace of the rails
}

// A Handler hears what happens. It is called from Poll only, on the caller's stack; data is valid
// until it returns. It may call every method of a Peer, but neither Poll nor Close.
type Handler interface {
	Message(p *Peer, data []byte)   // an ordered message, exactly once, in the order of Send
	BulkSent(p *Peer, token uint64) // all of the data has arrived: the source is not read again
	BulkDone(p *Peer, token uint64) // all of the data has been written to the sink
	Path(p *Peer, ev PathEvent)     // a path came, went, or all are silent
	Room(p *Peer)                   // the backlog has gone down after it was large
}

// An Endpoint is one peer of a job: its sockets, one per address of its rails, and the machines
// that talk to the other peers. It belongs to whoever drives it: no two calls at a time, on the
// Endpoint or on its peers. It starts no goroutine and does nothing between calls, except that the
// kernel keeps what arrives.
type Endpoint struct {
	cfg     Config
	self    identity
	handler Handler

	rails []rail // by number of the address; those that have gone keep theirs
	nics  map[string]int
	card  Card

	peers  map[wire.PeerID]*Peer
	former map[identity]bool // that were removed after keys had been made: those have been used
	last   *Peer             // whom the newest packet was from

	relays []*Peer // may be asked to relay; the number of one is its index

	timers timers
	dirty  []*Peer // have something to write, or deadlines to reconsider
	spare  []*Peer // the other of two lists that take turns

	in      *udp.Inbox
	scratch []byte // a packet in plain text
	out     outbox
	heldAt  int64 // when to look at what the rails hold
	carrier carrier
	changes changes
	recent  recent

	polling bool
	brief   bool
	spin    bool
	closed  bool
	fds     []int
	wait    waitSet
	stats   Stats
}

// A rail of the Endpoint is one socket on one address.
type rail struct {
	conn *udp.Conn
	place
	held  held
	empty bool // nothing was there when it was read last

	gone     bool   // the host does not have the address any more
	revision uint16 // of what peers are told of the address; 0: what the card says
}

const minKey = 16 // bytes

// Open binds the rails and is then ready for AddPeer. The error of a host without usable rails, or
// of a port range that is used up, says what to do.
func Open(cfg Config, h Handler) (*Endpoint, error) {
	if len(cfg.Key) < minKey {
		return nil, fmt.Errorf("the job key has %d bytes, at least %d are needed", len(cfg.Key), minKey)
	}
	if cfg.sealLimit == 0 {
		cfg.sealLimit = SealLimit
	}
	e := &Endpoint{cfg: cfg, handler: h, peers: make(map[wire.PeerID]*Peer), former: make(map[identity]bool), nics: make(map[string]int),
		in: udp.NewInbox(), scratch: make([]byte, udp.MaxDatagram), heldAt: never}
	e.self.id = cfg.ID
	rand.Read(e.self.salt[:])
	if err := e.openRails(); err != nil {
		e.closeRails()
		return nil, err
	}
	e.out.init(len(e.rails))
	e.makeCard()
	e.carrier.open()
	e.changes.open(&e.carrier)
	e.listFDs()
	e.beginHistory()
	return e, nil
}

// openRails binds a socket to each address. An address that has gone since it was listed, or that
// cannot be bound for reasons of its own, costs a rail; it is an error if a person named it, if it
// was the last, or if the port range is used up, about which a person can do something.
func (e *Endpoint) openRails() error {
	places, err := findPlaces(e.cfg.Rails, e.nics)
	if err != nil {
		return err
	}
	var first error
	for _, p := range places {
		conn, err := e.bind(p)
		if err != nil {
			if len(e.cfg.Rails) > 0 || errors.Is(err, udp.ErrPorts) {
				return err
			}
			first = errors.Join(first, err)
			continue
		}
		e.rails = append(e.rails, rail{conn: conn, place: p})
	}
	if len(e.rails) == 0 {
		return first
	}
	return nil
}

func (e *Endpoint) bind(p place) (*udp.Conn, error) {
	return udp.Open(udp.Config{Addr: p.addr, Device: p.device, Tentative: p.tentative,
		PortLow: e.cfg.PortLow, PortHigh: e.cfg.PortHigh, Avoid: e.cfg.avoid, Buffer: e.cfg.buffer})
}

func (e *Endpoint) makeCard() {
	e.card = Card{ID: e.self.id, Salt: e.self.salt}
	for i := range e.rails {
		e.writeCard(i)
	}
}

// writeCard brings the card's entry of a rail up to date.
func (e *Endpoint) writeCard(i int) {
	r := &e.rails[i]
	if e.cfg.MTU > 0 {
		r.mtu = min(r.mtu, e.cfg.MTU)
	}
	if i == len(e.card.Addrs) {
		e.card.Addrs, e.card.Rails = append(e.card.Addrs, netip.AddrPort{}), append(e.card.Rails, Rail{})
	}
	e.card.Addrs[i] = r.conn.LocalAddr()
	e.card.Rails[i] = Rail{NIC: uint8(r.nic), MTU: r.mtu, Name: r.device}
}

// Card is what the other peers need for AddPeer, as things are now. Those who have an older one of this
// Endpoint are told of changes.
func (e *Endpoint) Card() Card { return e.card.clone() }

// Stats returns the counters. They are only ever raised.
func (e *Endpoint) Stats() Stats { return e.stats }

// AddPeer makes a peer known. That costs next to nothing: keys are made and addresses probed when
// the first message is sent to it or its first packet arrives. A peer that was added before is
// returned as it is; another incarnation of it must be removed first.
func (e *Endpoint) AddPeer(card Card) (*Peer, error) { return e.AddForeign(card, e.cfg.Key) }

// AddForeign is AddPeer for a peer of another job, whose packets are sealed with a key of this pair
// instead of the job's.
func (e *Endpoint) AddForeign(card Card, key []byte) (*Peer, error) {
	if len(key) < minKey {
		return nil, fmt.Errorf("the key for %v has %d bytes, at least %d are needed", card.ID, len(key), minKey)
	}
	if len(card.Addrs) != len(card.Rails) || len(card.Addrs) > maxAddrs {
		return nil, fmt.Errorf("peer %v: %w", card.ID, errCard)
	}
	if card.ID == e.self.id {
		return nil, fmt.Errorf("%v cannot be its own peer", card.ID)
	}
	if p := e.peers[card.ID]; p != nil {
		if p.card.Salt != card.Salt {
			return nil, fmt.Errorf("%v is already known by an older card; remove that first", card.ID)
		}
		return p, nil
	}
	if e.former[identity{card.ID, card.Salt}] {
		return nil, fmt.Errorf("%v was removed, and cannot come back by the same card: packet numbers would be used twice", card.ID)
	}
	p := newPeer(e, card, key)
	e.peers[card.ID] = p
	return p, nil
}

// RemovePeer forgets a peer at once, without a word to it: it is known to have gone, or comes back
// with a new card. Nothing of it is reported any more. That its keys have been used is not forgotten.
func (e *Endpoint) RemovePeer(p *Peer) {
	if e.peers[p.card.ID] != p {
		return
	}
	delete(e.peers, p.card.ID)
	if p.sealer != nil {
		e.former[identity{p.card.ID, p.card.Salt}] = true
	}
	e.timers.remove(p)
	p.gone = true
	if e.last == p {
		e.last = nil
	}
}

// Poll does everything there is to do now without blocking: it reads every socket, runs the
// machines and the timers that are due, tells the Handler, and writes what the machines want
// written. It reports whether there was anything to do, so that a driver can spin while there is.
func (e *Endpoint) Poll() (worked bool) {
	if e.polling || e.closed {
		return false
	}
	e.polling = true
	defer func() { e.polling = false }()
	now := Now()
	for look := 0; look < e.looks() && !worked; look++ {
		worked = e.readRails(now)
	}
	worked = e.carrier.poll(e, now) || worked
	worked = e.changes.poll(e, now) || worked
	worked = e.release(now) || worked
	if e.timers.next() <= now {
		e.expire(now)
		worked = true
	}
	return e.flush() || worked
}

// Brief is for a driver whose other threads wait for what it holds meanwhile: a call reads one batch from each
// socket and fills the arena once for each peer, and the next Poll, which is due at once, goes on.
func (e *Endpoint) Brief(on bool) { e.brief = on }

// Spin is for a driver that has nothing to do but to Poll until something comes: a call looks several times before
// it says that nothing has.
func (e *Endpoint) Spin(on bool) { e.spin = on }

// looks is how many times a call looks at the sockets: each look is a system call per rail, and a call costs its
// driver about as much as two.
func (e *Endpoint) looks() int {
	if e.spin {
		return max(1, 4/len(e.rails))
	}
	return 1
}

// turns is how many of so many batches one call may take.
func (e *Endpoint) turns(most int) int {
	if e.brief {
		return 1
	}
	return most
}

// expire runs the machines whose time has come.
func (e *Endpoint) expire(now int64) {
	for e.timers.next() <= now {
		p := e.timers.heap[0]
		e.timers.remove(p)
		p.conn.Expire(now)
		p.seek(now)
		p.drain()
		e.mark(p)
	}
}

// Deadline is when Poll must run next, in the clock of Now, even if no descriptor is readable;
// math.MaxInt64 if there is nothing to wait for.
func (e *Endpoint) Deadline() int64 {
	if len(e.dirty) > 0 {
		return 0
	}
	return min(e.timers.next(), e.heldAt, e.changes.at)
}

// mark puts p on the list of those that flush looks at.
func (e *Endpoint) mark(p *Peer) {
	if !p.dirty && !p.gone {
		p.dirty = true
		e.dirty = append(e.dirty, p)
	}
}

// touched is called after something was asked of p's machine. Inside Poll writing waits until
// everything read has been looked at, so that acknowledgements and answers share packets; otherwise
// the caller is sending, and the packet leaves on its stack.
func (e *Endpoint) touched(p *Peer) {
	e.mark(p)
	if !e.polling && !e.closed {
		e.flush()
	}
}
