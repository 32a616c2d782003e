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
	plan
	stats stats
}

// plan is what shareOut found last.
type plan struct {
	lag   int64 // after which a byte would be at the peer
	burst int64 // how long maxQuantum bytes take; 0: not known
	share int64 // of what is left to send
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

// burstTime returns how long maxQuantum bytes last on the path, 0 if that is not known.
func (p *path) burstTime(now int64) int64 { return p.rate.notBelow(p.queue.burstTime(now)) }

// repair returns how long it takes in the mean until what was lost of a burst is sent again.
func (p *path) repair() int64 {
	return p.loss.delay(maxQuantum/int64(p.mtu), p.rtt.lossDelay(p.loss.eighths))
}

// queueLeast returns how many bytes must have been in front of a packet for its lateness to tell of the path.
func (p *path) queueLeast() int64 {
	if p.rate.atLeast || p.rate.bandwidth() == 0 {
		return queueLeast
	}
	return min(queueLeast, carried(queueWait, p.rate.notBelow(0)))
}

// What is not acknowledged has come in part, and the acknowledgements queue on their way back, where the peer's own data
// is. So what is in front of a packet that is sent now is told by when it will have come, unless the peer is silent.

// wait returns how long a packet that is sent now waits for what is in flight.
func (p *path) wait(now int64) int64 {
	if p.loss.ptoCount > 0 {
		return lasts(p.sent.bytes, p.burstTime(now))
	}
	return max(p.queue.until-now, 0)
}

// queued returns how many of the bytes in flight have not come.
func (p *path) queued(now int64) int64 {
	if p.loss.ptoCount > 0 {
		return p.sent.bytes
	}
	burst := p.queue.burstTime(now)
	if burst == 0 { // nothing has queued lately
		return max(p.sent.bytes-p.rate.back(), 0)
	}
	return min(p.sent.bytes, carried(max(p.queue.until-now, 0), burst))
}

// room reports whether the congestion state lets the path take one more packet
// of data, with slack bytes above the limit.
func (p *path) room(now, slack int64) bool {
	return p.queued(now) < p.rate.window()+slack && p.acked(slack)
}

// acked reports whether so much is acknowledged that more may be sent.
func (p *path) acked(slack int64) bool {
	return p.sent.bytes < p.rate.window()+p.rate.back()+slack && !p.sent.full()
}

// roomAt returns when a path without room will have some for a burst if nothing is acknowledged before; never: only then.
func (p *path) roomAt(now, slack int64) int64 {
	burst := p.queue.burstTime(now)
	if burst == 0 || p.loss.ptoCount > 0 || !p.acked(slack) {
		return never
	}
	return max(p.queue.until-lasts(max(p.rate.window()+slack-maxQuantum, 0), burst), now+microsecond)
}
