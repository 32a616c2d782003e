package mpi

import (
	"maps"
	"math"
	"slices"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"

	"rainmpi/internal/boot"
	"rainmpi/rainnet"
	"rainmpi/rainnet/history"
	"rainmpi/rainnet/link"
)

// net is the way to the ranks of other hosts, and to those of other worlds on this
// one: rainnet Endpoints, driven by whoever makes progress.
type net struct {
	e       *engine
	eps     []*rainnet.Endpoint
	rails   *rainnet.Endpoint // to other hosts; nil: none
	loop    *rainnet.Endpoint // to other worlds of this host; nil: none
	bulks   map[bulk]*Request // sends whose data is under way
	stuck   []*proc           // have packets that wait for room
	past    *history.Log      // of all paths; nil: nobody asked for it
	turn    uint              // of polls
	repeats repeats
	head    [headerSize + accessSize]byte // scratch
}

// How long a path between ranks may be silent before its link goes down, in
// nanoseconds. RAIN's 30 ms fit who has a processor to himself; a rank may have
// to wait for its turn on one. Nothing is lost by
// the patience: data leaves a silent path by rudp's probe time-out long before.
const (
	rankTimeout    = 100e6
	crowdedTimeout = 250e6 // ranks outnumber processors
)

// bulk names a rendezvous transfer at its sender: the token is the receiver's.
type bulk struct {
	to    *proc
	token uint64
}

// openRails opens the endpoint, tells everybody how it is reached, and makes
// the others known.
func (e *engine) openRails(w *boot.Welcome) error {
	ep, err := e.openEndpoint(e.self.config)
	if err != nil {
		return errorf(ErrOther, "rank %d on host %s: %v", w.Rank, e.hosts[w.HostOf[w.Rank]], err)
	}
	e.net.rails = ep
	card, err := ep.Card().MarshalBinary()
	if err != nil {
		return errorf(ErrIntern, "the endpoint's card: %v", err)
	}
	cards, failed, err := e.boot.exchange(card)
	if err != nil {
		return err
	}
	e.lost(failed)
	if len(cards.Cards) != len(e.procs) {
		return errorf(ErrIntern, "%d cards for %d ranks", len(cards.Cards), len(e.procs))
	}
	for _, p := range e.procs {
		if p.local >= 0 || p.failed {
			continue
		}
		if len(cards.Cards[p.index]) == 0 { // it ended before it could give one
			e.lost([]int{int(p.id - e.self.base)})
			continue
		}
		var c rainnet.Card
		if err := c.UnmarshalBinary(cards.Cards[p.index]); err != nil {
			return errorf(ErrIntern, "the card of rank %d: %v", p.index, err)
		}
		if p.peer, err = ep.AddPeer(c); err != nil {
			return errorf(ErrIntern, "rank %d: %v", p.index, err)
		}
		p.peer.User = p
	}
	if err := e.knowRelays(cards.Agents, w.HostOf[w.Rank]); err != nil {
		return err
	}
	e.watch()
	go e.watchUnmet()
	return nil
}

// knowRelays makes the agents of the other hosts known, which relay to ranks that no path leads to.
func (e *engine) knowRelays(agents [][]byte, here int) error {
	for host, b := range agents {
		if host == here {
			continue
		}
		var c rainnet.Card
		err := c.UnmarshalBinary(b)
		if err != nil {
			return errorf(ErrIntern, "the card of the agent of host %d: %v", host, err)
		}
		peer, err := e.net.rails.AddPeer(c)
		if err != nil {
			return errorf(ErrIntern, "the agent of host %d: %v", host, err)
		}
		e.net.rails.RelayBy(peer)
	}
	return nil
}

// endpointConfig is what this process's endpoints have in common.
func (e *engine) endpointConfig(w *boot.Welcome, crowded bool) (rainnet.Config, error) {
	links := link.Config{MinTimeout: rankTimeout}
	if crowded {
		links.MinTimeout = crowdedTimeout
	}
	faults, err := rainnet.FaultsOfEnvironment()
	if err != nil {
		return rainnet.Config{}, errorf(ErrOther, "%v", err)
	}
	return rainnet.Config{
		ID: e.self.id(e.rank), Key: e.self.key, Faults: faults,
		Rails: w.Rails, PortLow: w.PortLow, PortHigh: w.PortHigh, Link: links,
		Insecure: w.Options["insecure"] != "",
	}, nil
}

// openEndpoint opens an endpoint, on which the threads of this process park from
// now on. mu is held, or nobody else knows the engine yet.
func (e *engine) openEndpoint(cfg rainnet.Config) (*rainnet.Endpoint, error) {
	if err := e.parkOnSockets(); err != nil {
		return nil, err
	}
	if err := e.keepHistory(&cfg); err != nil {
		return nil, err
	}
	ep, err := rainnet.Open(cfg, e.net)
	if err != nil {
		return nil, err
	}
	if err := e.wait.set.park(ep.FDs()...); err != nil {
		ep.Close()
		return nil, err
	}
	e.net.eps = append(e.net.eps, ep)
	e.wait.rouse() // who parks already looks at the new sockets too
	return ep, nil
}

// parkOnSockets makes the threads of this process park on sockets, the doorbell's
// to begin with, where they parked on a futex.
//
// A rank that has read Socket before we set it has published its packet before
// that, and rings the futex; a thread that was parked there is woken here, after we
// have set it, and sees the packet.
func (e *engine) parkOnSockets() error {
	if e.net != nil {
		return nil
	}
	if err := e.wait.bell.listen(); err != nil {
		return err
	}
	e.net = &net{e: e, bulks: make(map[bulk]*Request)}
	s := e.wait.set
	if err := s.park(int(e.wait.bell.fd.Load())); err != nil {
		return err
	}
	s.Socket.Store(1)
	s.Bell.Add(1)
	futexWake(s.Bell)
	return nil
}

// due reports whether it is time to look at the sockets: each look is a system
// call per rail, so while memory gives work they get a look in sixteen.
func (n *net) due(worked bool) bool {
	n.turn++
	return !worked || n.turn%16 == 0
}

// poll runs the endpoints.
func (n *net) poll() (worked bool) {
	self := n.e.wait.set.self()
	for _, ep := range n.eps {
		ep.Brief(several(self))
		ep.Spin(n.e.mem == nil && self.Waiting.Load() != 0)
		worked = ep.Poll() || worked
	}
	if len(n.stuck) > 0 {
		n.unstick()
	}
	n.tellRepeats()
	n.setDeadline()
	return worked
}

// setDeadline tells those who park when they must come back, in their clock.
func (n *net) setDeadline() {
	d := int64(math.MaxInt64)
	for _, ep := range n.eps {
		d = min(d, ep.Deadline())
	}
	if d != math.MaxInt64 {
		d += clockOffset
	}
	atomic.StoreInt64(&n.e.wait.set.Deadline, d)
}

// transmit sends one packet. Envelopes wait while too much is
// unacknowledged; answers never do, as the peer's progress may need them.
func (n *net) transmit(p *proc, h *header, r *Request) bool {
	if r != nil && p.peer.Backlog() > n.e.options.backlog {
		n.stick(p)
		return false
	}
	h.encode(n.head[:])
	head := n.head[:headerSize]
	if h.kind.accesses() {
		head = n.head[:]
		r.rma.at.encode(head[headerSize:])
	}
	p.peer.Send(head, n.e.packed(r, h))
	if h.kind == kindRTS {
		n.e.hurry()
	}
	return true
}

// packed is a packet's data in one piece, in place if it is.
func (e *engine) packed(r *Request, h *header) []byte {
	off, n := r.load(h)
	if n == 0 {
		return nil
	}
	if r.plain() && r.t.Contiguous() {
		return bytesAt(unsafe.Add(r.addr, off), n)
	}
	e.scratch = grow(e.scratch, int(n))
	r.out(e.scratch, off)
	return e.scratch
}

func (n *net) stick(p *proc) {
	for _, q := range n.stuck {
		if q == p {
			return
		}
	}
	n.stuck = append(n.stuck, p)
}

// unstick tries again what found no room.
func (n *net) unstick() {
	waiting := n.stuck
	n.stuck = n.stuck[len(n.stuck):]
	for _, p := range waiting {
		n.e.flush(p)
		if !p.queue.empty() {
			n.stick(p)
		}
	}
}

// sendBulk sends a rendezvous message's data to where the receiver wants it.
func (n *net) sendBulk(p *proc, r *Request, token uint64) {
	n.bulks[bulk{p, token}] = r
	p.peer.SendBulk(token, r.size, r)
}

// lent is all of a window's memory that is under way.
func (n *net) lent(w *Win) (lent []bulk) {
	if n == nil {
		return nil
	}
	for b, r := range n.bulks {
		if r.rma != nil && r.rma.lender == w {
			lent = append(lent, b)
		}
	}
	return lent
}

func (n *net) sending(b bulk) bool { return n.bulks[b] != nil }

// idle reports whether everything sent has been acknowledged.
func (n *net) idle() bool {
	if len(n.bulks) > 0 || len(n.stuck) > 0 {
		return false
	}
	for _, p := range n.e.procs {
		if p.peer != nil && !p.failed && p.peer.Backlog() > 0 && !p.gone() {
			return false
		}
	}
	return true
}

// bury gives up a process that has failed.
func (n *net) bury(p *proc) {
	for _, ep := range n.eps {
		ep.RemovePeer(p.peer)
	}
	maps.DeleteFunc(n.bulks, func(b bulk, _ *Request) bool { return b.to == p })
	n.stuck = slices.DeleteFunc(n.stuck, func(q *proc) bool { return q == p })
}

// goodbye ends what was sent to a process that has closed: nothing more is sent to it, and it acknowledges nothing.
func (n *net) goodbye(p *proc) {
	for b, r := range n.bulks {
		if b.to == p {
			delete(n.bulks, b)
			n.e.complete(r, nil)
		}
	}
}

func (n *net) close(e *engine) {
	e.mu.Lock()
	for _, ep := range n.eps {
		ep.Close()
	}
	if n.past != nil {
		n.past.Close() // what went wrong has been said
	}
	e.mu.Unlock()
}

// Message, BulkSent, BulkDone, Path and Room implement rainnet.Handler. They
// are called from Poll, with mu held.

func (n *net) Message(peer *rainnet.Peer, data []byte) {
	h, ok := decodeHeader(data)
	if !ok {
		panic("mpi: an authentic message that is no packet")
	}
	n.e.deliver(peer.User.(*proc), h, data[headerSize:])
}

func (n *net) BulkSent(peer *rainnet.Peer, token uint64) {
	key := bulk{peer.User.(*proc), token}
	if r := n.bulks[key]; r != nil {
		delete(n.bulks, key)
		n.e.complete(r, nil)
	}
}

func (n *net) BulkDone(_ *rainnet.Peer, token uint64) {
	if r := n.e.requests.at(token); r != nil {
		n.e.complete(r, r.err)
	}
}

func (n *net) Path(peer *rainnet.Peer, ev rainnet.PathEvent) {
	p, ok := peer.User.(*proc)
	if !ok { // an agent is no proc
		return
	}
	if p.foreign != nil {
		p.foreign.path(ev)
		if p.foreign.closed {
			n.goodbye(p)
		}
		n.e.wait.changed()
	}
	n.e.tellPath(p, ev)
}

func (n *net) Room(peer *rainnet.Peer) { n.e.flush(peer.User.(*proc)) }

// park sleeps until a socket or the doorbell has something, or the deadline.
func (n *net) park(s *WaitSet) {
	n.parkFor(s, math.MaxInt64)
	n.e.wait.bell.drain()
}

// parkFor is park, for not longer than limit nanoseconds.
func (n *net) parkFor(s *WaitSet, limit int64) {
	var fds [len(s.FD)]unix.PollFd
	many := atomic.LoadUint32(&s.NFD)
	for i := range many {
		fds[i] = unix.PollFd{Fd: s.FD[i], Events: unix.POLLIN}
	}
	if d := atomic.LoadInt64(&s.Deadline); d != math.MaxInt64 {
		limit = min(limit, max(0, d-now()))
	}
	var timeout *unix.Timespec
	if limit != math.MaxInt64 {
		t := unix.NsecToTimespec(limit)
		timeout = &t
	}
	unix.Ppoll(fds[:many], timeout, nil)
}
