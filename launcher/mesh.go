package launcher

import (
	"fmt"
	"strings"
	"sync"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"rainmpi/rainnet"
	"rainmpi/rainnet/history"
	"rainmpi/rainnet/link"
	"rainmpi/rainnet/wire"
)

// A mesh is an agent's connection with the agents of the other hosts, over
// rainnet, so that control survives the same faults as data. One goroutine
// drives the endpoint and the membership; others hand it messages through a
// queue and an eventfd.
type mesh struct {
	self       int
	names      []string
	verbose    bool
	events     chan<- any
	e          *rainnet.Endpoint
	membership membership
	awake      awakeClock
	wake       int // eventfd: the queue has something

	mu      sync.Mutex
	room    *sync.Cond
	queue   []meshMessage
	queued  int // bytes in queue
	closing bool
	stats   rainnet.Stats // of the endpoint, which is the driver's
	done    chan struct{}

	peers []*meshPeer // by host; nil: this one; set by the driver
}

// meshMessage goes to one host. A message without a kind introduces the peers, or ranks to relay for.
type meshMessage struct {
	to   int
	kind byte
	body []byte
	meet []rainnet.Card
	know [][]byte // cards of ranks
	dead bool     // to is dead

	unmet *unmet
}

// meshPeer is what the driver knows of another agent.
type meshPeer struct {
	host  int
	p     *rainnet.Peer
	up    bool
	ever  bool    // it has been up
	since int64   // not up: since when; of one that never was, since it was introduced
	out   int64   // of the ring: since when; 0: in it, or no view is confirmed yet
	said  *Notice // its silence, as people were told of it; nil: they were not
	left  bool    // it has left or is dead

	there     int64             // since when it has answered while ranks there were not reached; 0: it does not, or all are
	unmet     map[rankPair]bool // those that do not reach each other
	unmetSaid time.Time         // since when, as people were told; zero: they were not

	complained bool // not up: the others have been told, on the token
}

// Events for the agent.
type (
	meshFrame struct { // a message of another agent
		from int
		f    frame
	}
	meshNotice struct{ Notice }
	meshMet    struct{ host int } // an agent has answered for the first time
	meshClosed struct{ host int } // an agent has left in order
)

// agentTimeout is how long a path between agents may be silent before it goes down, in nanoseconds: as
// long as between ranks (mpi/net.go), beside whom an agent has to wait for its turn on a processor.
const agentTimeout = 100e6

// agentID is the agent's address in rainnet; ranks have theirs below.
func agentID(host int) wire.PeerID { return wire.AgentBase + wire.PeerID(host) }

func newMesh(s Setup, faults *rainnet.Faults, past *history.Log, events chan<- any) (*mesh, error) {
	m := &mesh{self: s.Host, names: s.Hosts, verbose: s.Verbose, events: events, awake: awakeClock{due: rainnet.Now()},
		done: make(chan struct{}), peers: make([]*meshPeer, len(s.Hosts))}
	m.room = sync.NewCond(&m.mu)
	if err := m.membership.init(m, s); err != nil {
		return nil, err
	}
	var err error
	m.e, err = rainnet.Open(rainnet.Config{ID: agentID(s.Host), Key: s.Key, Rails: s.Rails,
		PortLow: s.PortLow, PortHigh: s.PortHigh, Faults: faults, Relay: len(s.Hosts) > 2,
		Link:    link.Config{MinTimeout: agentTimeout},
		History: past, Name: "agent on host " + s.Hosts[s.Host]}, m)
	if err != nil {
		return nil, fmt.Errorf("the agent's endpoint: %w", err)
	}
	if m.wake, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		m.e.Close()
		return nil, fmt.Errorf("eventfd: %w", err)
	}
	go m.drive()
	return m, nil
}

// card is what other agents need to reach this one. It must be called before
// meet.
func (m *mesh) card() ([]byte, error) { return m.e.Card().MarshalBinary() }

// rails lists the endpoint's addresses, for people.
func (m *mesh) rails() string {
	return ", rails " + strings.Join(m.e.Card().Places(), " ")
}

// meet introduces the other agents, by host.
func (m *mesh) meet(cards [][]byte) error {
	decoded := make([]rainnet.Card, len(cards))
	for h, b := range cards {
		if err := decoded[h].UnmarshalBinary(b); err != nil {
			return fmt.Errorf("the card of host %s: %w", m.names[h], err)
		}
		if decoded[h].ID != agentID(h) {
			return fmt.Errorf("the card of host %s is that of %v", m.names[h], decoded[h].ID)
		}
	}
	m.put(meshMessage{meet: decoded})
	return nil
}

// know makes ranks of another host known, to be relayed for.
func (m *mesh) know(cards [][]byte) { m.put(meshMessage{know: cards}) }

// send queues a message to one host.
func (m *mesh) send(host int, kind byte, body []byte) {
	m.put(meshMessage{to: host, kind: kind, body: body})
}

// sendWait is send for output: it waits while too much is queued.
func (m *mesh) sendWait(host int, kind byte, body []byte) {
	m.mu.Lock()
	for m.queued > maxQueued && !m.closing {
		m.room.Wait()
	}
	m.mu.Unlock()
	m.send(host, kind, body)
}

// flood sends a message to every other host directly: no host in between can
// lose it.
func (m *mesh) flood(kind byte, v any) {
	f := encode(kind, v)
	for h := range m.names {
		if h != m.self {
			m.send(h, f.kind, f.body)
		}
	}
}

// forget: an agent is known to be dead. Nothing is sent to it any more, and
// close does not wait for its answers.
func (m *mesh) forget(host int) { m.put(meshMessage{to: host, dead: true}) }

func (m *mesh) put(msg meshMessage) {
	m.mu.Lock()
	m.queue = append(m.queue, msg)
	m.queued += len(msg.body)
	m.mu.Unlock()
	m.ring()
}

func (m *mesh) ring() {
	_, _ = unix.Write(m.wake, []byte{1, 0, 0, 0, 0, 0, 0, 0})
}

// close sends what is queued, waits a moment until it is acknowledged, and
// ends the driver.
func (m *mesh) close() {
	m.mu.Lock()
	m.closing = true
	m.mu.Unlock()
	m.room.Broadcast()
	m.ring()
	<-m.done
}

// losses says what came to the agent's sockets and was dropped, what of the agent's did not leave or arrive, and
// what the agent was not told.
func (m *mesh) losses() (lines []string) {
	m.mu.Lock()
	s := m.stats
	m.mu.Unlock()
	if text := s.Dropped(); text != "" {
		lines = append(lines, "the agent dropped packets: "+text)
	}
	if text := s.Undelivered(); text != "" {
		lines = append(lines, "packets of the agent were not delivered: "+text)
	}
	if s.NewsLost > 0 {
		lines = append(lines, fmt.Sprint("the kernel had no room for its news of cards and addresses ", s.NewsLost, " times"))
	}
	return lines
}

// drive is the goroutine that owns the endpoint and the membership.
func (m *mesh) drive() {
	defer close(m.done)
	var count [8]byte
	for {
		m.now() // the promise that was made before Wait
		unix.RawSyscall(unix.SYS_READ, uintptr(m.wake), uintptr(unsafe.Pointer(&count)), uintptr(len(count)))
		closing := m.transmit()
		// The membership judges by time: first everything that has come.
		for range drainPolls {
			if !m.e.Poll() {
				break
			}
		}
		m.mu.Lock()
		m.stats = m.e.Stats()
		m.mu.Unlock()
		if closing {
			m.membership.leave(m.now())
			m.e.Close()
			unix.Close(m.wake)
			return
		}
		next := m.membership.drive(m.now())
		if next != never {
			next += m.awake.stopped
		}
		m.awake.sleep(min(next, m.e.Deadline()))
		m.e.Wait(next, m.wake)
	}
}

// now is the clock of the membership.
func (m *mesh) now() int64 { return m.awake.read(rainnet.Now()) }

// drainPolls bounds how long the queue waits for a socket that is never empty.
const drainPolls = 64

// transmit hands the queue to the endpoint, which takes everything: what may be
// under way to one agent is some control messages, one table of cards and, for
// an agent that has lost its start channel, maxUnacked bytes of output.
func (m *mesh) transmit() (closing bool) {
	m.mu.Lock()
	queue := m.queue
	m.queue, m.queued = nil, 0
	closing = m.closing
	m.mu.Unlock()
	m.room.Broadcast()
	for _, msg := range queue {
		if msg.meet != nil {
			m.introduce(msg.meet)
			continue
		}
		if msg.unmet != nil {
			m.membership.unmet(m.now(), *msg.unmet)
			continue
		}
		if msg.know != nil {
			m.learn(msg.know)
			continue
		}
		switch p := m.peers[msg.to]; {
		case p == nil || p.left:
		case msg.dead:
			m.left(p)
			m.e.RemovePeer(p.p)
		default:
			p.p.Send([]byte{msg.kind}, msg.body)
		}
	}
	return closing
}

func (m *mesh) introduce(cards []rainnet.Card) {
	now := m.now()
	for h, card := range cards {
		if h == m.self || m.peers[h] != nil {
			continue
		}
		p, err := m.e.AddPeer(card)
		if err != nil { // meet has looked at the card
			panic("launcher: " + err.Error())
		}
		peer := &meshPeer{host: h, p: p, since: now}
		p.User = peer
		m.peers[h] = peer
		if len(m.names) > 2 {
			m.e.RelayBy(p)
		}
		p.Send([]byte{kindHello}, nil) // the first message makes it look for paths
	}
	m.membership.begin(now)
}

// learn makes ranks known. A card that is none, or of a rank that is known by another, is of no use to
// anybody: its owner is not relayed for.
func (m *mesh) learn(cards [][]byte) {
	for _, b := range cards {
		var c rainnet.Card
		if err := c.UnmarshalBinary(b); err == nil {
			_, _ = m.e.AddPeer(c)
		}
	}
}

// left: an agent has said goodbye or is known to be dead.
func (m *mesh) left(p *meshPeer) {
	p.left, p.up = true, false
	m.membership.gone(p.host)
}

// Message implements rainnet.Handler.
func (m *mesh) Message(p *rainnet.Peer, data []byte) {
	peer, ok := p.User.(*meshPeer)
	switch {
	case !ok || len(data) == 0 || data[0] == kindHello:
		return
	case data[0] == kindMember:
		m.membership.receive(peer, data[1:])
		return
	}
	m.events <- meshFrame{peer.host, frame{data[0], append([]byte(nil), data[1:]...)}}
}

// Path implements rainnet.Handler.
func (m *mesh) Path(p *rainnet.Peer, ev rainnet.PathEvent) {
	peer, ok := p.User.(*meshPeer)
	if !ok {
		return
	}
	if m.verbose && (ev.Kind == rainnet.PathUp || ev.Kind == rainnet.PathDown) {
		m.events <- meshNotice{Notice{Text: fmt.Sprintf("host %s: %v", m.names[m.self], ev), Detail: true}}
	}
	switch ev.Kind {
	case rainnet.PathUp, rainnet.Resumed:
		if !peer.ever {
			m.events <- meshMet{peer.host}
		}
		m.membership.answers(peer)
		peer.up, peer.ever = true, true
	case rainnet.Stalled:
		peer.up, peer.since = false, m.now()-(rainnet.Now()-ev.At)
	case rainnet.Closed:
		m.left(peer)
		m.events <- meshClosed{peer.host}
	}
}

// BulkSent, BulkDone and Room implement rainnet.Handler; agents send no bulk.
func (m *mesh) BulkSent(*rainnet.Peer, uint64) {}
func (m *mesh) BulkDone(*rainnet.Peer, uint64) {}
func (m *mesh) Room(*rainnet.Peer)             {}

// handleMesh is the agent's side of what comes from other agents.
func (a *agent) handleMesh(from int, f frame) error {
	switch f.kind {
	case kindEnding:
		var c Cause
		if err := f.decode(&c); err != nil {
			return err
		}
		if c.Host == from && (c.Leaves && a.setup.GoesOn || c.Fenced && a.setup.goesOnWithout(from)) {
			a.hostLost(HostLost{from, c.Text})
			return nil
		}
		a.end(c)
	case kindFailed:
		return take(f, func(r RanksFailed) { a.ranksFailed(r.Ranks) })
	case kindLost:
		var l Lost
		if err := f.decode(&l); err != nil {
			return err
		}
		a.peerLost(from)
	case kindRelayed:
		a.relayForPeer(f.body)
	case kindFromRainrun:
		return a.relayedToUs(f.body)
	case kindCards:
		var c HostCards
		if err := f.decode(&c); err != nil {
			return err
		}
		a.hostCards(from, c)
	case kindFinalized:
		return take(f, func(h HostFinalized) { a.hostFinalized(from, h) })
	case kindPMIFence:
		return take(f, func(p PMIFence) { a.pmiFenced(from, p) })
	default:
		return a.handleWorlds(from, f)
	}
	return nil
}
