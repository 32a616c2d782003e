// Package rudp is reliable communication with one peer over all paths to it:
// RUDP of RAIN, with the machinery of QUIC's recovery (RFC 9002) and of its
// multipath extension (RFC 10069).
//
// Two services share the paths:
//
//   - ordered messages (Send) arrive exactly once and in the order in which they
//     were sent. They are copied at Send and flow under the receiver's credit;
//   - bulk data (SendBulk, Expect) is read straight from the sender's memory and
//     placed straight into the receiver's, in whatever order its pieces arrive.
//
// Each path has its own packet numbers, round-trip time, loss detection,
// congestion state and pacing. What is sent again is a range of bytes, by
// whatever path has room, cut to that path's packets.
//
// A Conn is a pure machine: no goroutine, lock, socket or clock. It is handed the
// time (nanoseconds of a monotonic clock) and packets, and wants three things of
// its driver: packets to send (NextPacket, until it has none), the time of its
// next call (Deadline, Expire), and that events be taken (NextEvent, after each
// call of Recv). A driver takes all packets it has out of its sockets, hands each
// to Recv, and only then asks for packets to send: so that a batch is answered by
// one acknowledgement.
//
// In the order in which data meets them:
//
//	conn.go           the connection and its paths
//	ordered_send.go   messages on their way out; outgoing.go, bulk_send.go
//	schedule.go       which path next; matching.go, queue.go, pace.go
//	packet.go         building a packet; sent.go remembers it
//	recv.go           taking a packet apart; received.go, interval.go
//	ordered_recv.go   messages put together; bulk_recv.go
//	loss.go           what the peer has; rtt.go, rate.go, filter.go
//	state.go          paths that go down and come up; hint.go, timer.go
//	addresses.go      addresses that come and go
package rudp

import (
	"errors"
	"slices"

	"rainmpi/rainnet/link"
	"rainmpi/rainnet/wire"
)

// Errors of Recv. The packet was not taken, and is to be counted and dropped.
var (
	ErrPath      = errors.New("rudp: packet on a path that was never added")
	ErrDuplicate = errors.New("rudp: packet was received before")
	ErrFrame     = errors.New("rudp: malformed frame")
	ErrAck       = errors.New("rudp: acknowledgement of a packet that was never sent")
	ErrCredit    = errors.New("rudp: message beyond the credit of its sender")
	ErrMessage   = errors.New("rudp: pieces of a message disagree on its length")
	ErrBulk      = errors.New("rudp: piece of bulk data beyond its expected length")
	ErrHoles     = errors.New("rudp: data in too many separate pieces")
)

// Conn is one end of the conversation with one peer.
type Conn struct {
	cfg   Config
	paths []*path // by id; gone ones too, their links remember their counts

	usable    []*path // to send by: see rank
	desperate bool    // usable paths are suspect, all of them
	upCount   int
	heard     int64 // when anything came from the peer, on any path
	heardFrom int64 // and since when it has been heard without a pause
	everUp    bool
	stalled   bool
	last      *path // the one that went down last
	turn      turn
	byLag     []*path // scratch of shareOut

	send     orderedSend
	recv     orderedRecv
	bulkSend bulkSend
	bulkRecv bulkRecv
	outs     outgoings
	pool     pool
	events   events

	addresses addresses

	msgAgain, bulkAgain again

	lastTalk  int64 // when data was last sent or received
	inUse     bool
	linkDirty bool   // linkAt has to be computed anew
	linkAt    int64  // when some link has a ping to send
	wakeAt    int64  // when a path that had to wait for its pacer may send
	doubt     bool   // some path has been silent for its probe time-outs
	hurry     bool   // what the present packet brought is to be acknowledged at once
	rest      []byte // of the packet that was built last: see Rest
	closing   bool   // CLOSE has to be sent
	closeCode uint32

	peerClosed bool // CLOSE has come
}

// New returns a connection without paths.
func New(cfg Config, now int64) *Conn {
	cfg = cfg.withDefaults()
	c := &Conn{cfg: cfg, lastTalk: now, inUse: true, wakeAt: never, linkAt: never}
	c.send.limit = uint64(cfg.Window)
	c.recv.limit = uint64(cfg.Window)
	c.recv.told = c.recv.limit
	c.pool.keep = cfg.Window
	c.bulkRecv.init()
	return c
}

// path returns the path with this id, or nil.
func (c *Conn) path(id wire.PathID) *path {
	for _, p := range c.paths {
		if p.id == id {
			return p
		}
	}
	return nil
}

// AddPath adds an address pair. It carries pings until both ends have heard each
// other there, and then data. mtu is the UDP payload of its packets in bytes,
// tag included. A path that was removed comes back with its counts.
func (c *Conn) AddPath(now int64, id wire.PathID, mtu int) {
	mtu = max(mtu, minMTU)
	if p := c.path(id); p != nil {
		p.gone = false
		if !c.has(BugKeepMTU) {
			p.mtu = mtu
		}
		c.rank()
		c.linkDirty = true
		return
	}
	p := &path{id: id, mtu: mtu, lowerNIC: uint8(id >> 8), higherNIC: uint8(id), link: link.New(c.cfg.Link, now), rate: newRate()}
	p.link.SetUse(now, c.inUse)
	p.recv.dueAt = never
	p.loss.timeAt, p.loss.verdictAt = never, never
	p.loss.threshold = packetThreshold
	p.loss.eighths = timeThreshold
	p.rate.refresh()
	c.paths = append(c.paths, p)
	for i := len(c.paths) - 1; i > 0 && c.paths[i-1].id > id; i-- {
		c.paths[i-1], c.paths[i] = c.paths[i], c.paths[i-1]
	}
	c.linkDirty = true
	c.rank()
}

// minMTU is the least packet that anything useful fits into: a header, a full
// ACK, and some data. Every network can carry it.
const minMTU = 512

// RemovePath takes an address pair away, as when its NIC is taken out. What was
// in flight there leaves by other paths.
func (c *Conn) RemovePath(now int64, id wire.PathID) {
	p := c.path(id)
	if p == nil || p.gone {
		return
	}
	p.link.Removed(now)
	c.pollLink(now, p)
	p.gone, p.up = true, false
	p.recv.eliciting = 0 // the peer sends it again elsewhere
	p.requeue = p.requeue || p.sent.inFlight > 0
	if c.last == p {
		c.last = nil
	}
	c.rank()
	c.requeueWaiting(now)
}

// LinkDown says that the NIC of this end has lost its carrier: the path is Down
// at once.
func (c *Conn) LinkDown(now int64, id wire.PathID) {
	if p := c.path(id); p != nil {
		p.link.Lost(now)
		c.pollLink(now, p)
	}
}

// Ask has the path pinged at once: something about it has changed that no packet
// on it tells.
func (c *Conn) Ask(now int64, id wire.PathID) {
	if p := c.path(id); p != nil && !p.gone {
		p.link.Ask(now)
		c.linkDirty = true
	}
}

// Use has the paths watched closely for a while, as if there was something to say.
func (c *Conn) Use(now int64) { c.talk(now) }

// Stalled reports whether paths have been up, and none is.
func (c *Conn) Stalled() bool { return c.stalled }

// Direct reports whether a path is up that leads straight to the peer.
func (c *Conn) Direct() bool {
	return slices.ContainsFunc(c.paths, func(p *path) bool { return p.up && !p.relayed() })
}

// Best returns a path that leads straight to the peer, if there is one that is up and answers.
func (c *Conn) Best() (id wire.PathID, ok bool) {
	if c.desperate || len(c.usable) == 0 || c.usable[0].relayed() {
		return 0, false
	}
	return c.usable[0].id, true
}

// Close has the peer told, once on every path, that nothing will be answered any
// more. Send nothing afterwards; drain NextPacket.
func (c *Conn) Close(now int64, code uint32) {
	c.closing, c.closeCode, c.wakeAt = true, code, never
	for _, p := range c.paths {
		p.closed = false
	}
}

// talk takes note that the two ends have something to say to each other: their
// paths are watched closely for a while.
func (c *Conn) talk(now int64) {
	c.lastTalk = now
	if !c.inUse {
		c.setUse(now, true)
	}
}

func (c *Conn) setUse(now int64, inUse bool) {
	c.inUse = inUse
	for _, p := range c.paths {
		p.link.SetUse(now, inUse)
		c.pollLink(now, p)
	}
}

// busy reports whether something waits to be sent or acknowledged.
func (c *Conn) busy() bool { return c.send.backlog > 0 || c.bulkSend.open > 0 }
