package rudp

import (
	"rainmpi/rainnet/link"
	"rainmpi/rainnet/wire"
)

// path is one address pair: its own packet numbers, round-trip time, loss
// detection, congestion state and pacing, and its link machine.
type path struct {
	id   wire.PathID
	mtu  int  // UDP payload, tag included
	gone bool // RemovePath was called; the link remembers its counts

	lowerNIC, higherNIC uint8 // what the addresses belong to: see matching.go

	// up is what the link machine says, epoch its count of transitions.
	// Nothing but state.go writes them.
	link  *link.Link
	up    bool
	epoch uint32

	active  bool // in the matching; else backup
	suspect bool // silent for its own probe time-outs; left while others are better

	suspectAt int64 // since when
	echoes    int   // of pings sent since then
	hintAt    int64 // before then hints are not heeded: see hint.go
	hintedAt  int64 // when one set a time for the verdict

	// requeue is set while what was in flight when the path went down, in
	// an epoch that has ended, still waits here for a path to leave by.
	requeue bool

	closed bool // CLOSE was sent here

	// What the peer has acknowledged of this path's history, and what was
	// last told and when.
	histKnown, histTold uint64
	histAt              int64
	histVia             *path // by which it was told last

	recv received
	sent sent
	rtt  rtt
	way  way
	loss loss
	rate rate
	pace pacer

	queue queue
	stats stats
}

// stats are counts for people.
type stats struct {
	sentPackets, sentBytes uint64
	recvPackets, recvBytes uint64
	lostPackets            uint64
	resentBytes            uint64
	spurious               uint64 // given up, acknowledged after all
	probes                 uint64
}

// relayed reports whether the path leads through a third host.
func (p *path) relayed() bool { return p.id == wire.Relayed }

// history returns a and r of the link as one number.
func (p *path) history() uint64 {
	a, r := p.link.History()
	return uint64(a)<<32 | uint64(r)
}

// room reports whether the congestion state lets the path take one more packet
// of data, with slack bytes above the limit.
func (p *path) room(slack int64) bool {
	return p.sent.bytes < p.rate.window()+slack && !p.sent.full()
}
