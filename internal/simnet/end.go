package simnet

import (
	"errors"
	"math"

	"rainmpi/rainnet/relay"
	"rainmpi/rainnet/rudp"
	"rainmpi/rainnet/wire"
)

// An end is one rudp.Conn and what drives it: rainnet.Endpoint with virtual
// sockets and a virtual clock.
type end struct {
	*session
	name string
	side int // 0 or 1
	id   wire.PeerID
	conn *rudp.Conn
	peer *end
	out  map[wire.PathID]*cable

	relays relays
	news   news

	ahead int64 // of the virtual clock: hosts have been up for different times

	asleep   bool // the host is stopped; packets wait in its socket
	inbox    []arrival
	inboxLen int
	naps     [2]nap // the last two times that it was
	heardAt  int64  // when a packet of the peer came last

	suspects map[wire.PathID]int64 // paths that the machine takes for silent, and since when

	wakeAt  int64 // the earliest wake-up that is scheduled
	wakes   wakes
	numbers map[wire.PathID]uint64 // least packet number that may come next
	packet  []byte                 // being made

	sentData int64                     // pieces, when none should travel any more
	told     map[wire.HistoryFrame]int // how often, from then on

	traffic
}

// An arrival is a packet and the relay by which it came, or relay.None.
type arrival struct {
	packet []byte
	by     int
}

// socketBuffer bounds what waits while the host is stopped.
const socketBuffer = 208 << 10

// maxBurst is more packets than a Conn may want to send at one instant: pacing
// bounds a burst to 64 KiB a path.
const maxBurst = 2000

// mostAhead is more than it takes for a count of microseconds to pass 2^32.
const mostAhead = 3 * 3600e9

// clock is what the host's own clock says.
func (e *end) clock() int64 { return e.Now + e.ahead }

// due is when the connection wants to be driven, by the virtual clock.
func (e *end) due() int64 {
	if at := e.conn.Deadline(); at != math.MaxInt64 {
		return at - e.ahead
	}
	return math.MaxInt64
}

// arrive takes a packet from the network.
func (e *end) arrive(packet []byte, by int) {
	if e.over {
		return
	}
	if e.asleep {
		if e.inboxLen+len(packet) <= socketBuffer {
			e.inbox = append(e.inbox, arrival{e.net.copy(packet), by})
			e.inboxLen += len(packet)
		}
		return
	}
	e.recv(packet, by)
	e.drive()
}

func (e *end) recv(packet []byte, by int) {
	if by != relay.None && !e.arrivedBy(by) {
		return
	}
	h, err := wire.ParseHeader(packet)
	if err != nil {
		e.failf("%s: packet of the peer does not parse: %v", e.name, err)
		return
	}
	if e.tracing {
		e.tracef("%s recv %s", e.name, describe(packet))
	}
	e.heardAt = e.Now
	err = e.conn.Recv(e.clock(), h.Path, h.Number, packet[wire.HeaderLen:])
	switch {
	case errors.Is(err, rudp.ErrDuplicate), errors.Is(err, rudp.ErrHoles):
		// The network does repeat packets, and what is held has bounds.
	case err != nil:
		e.failf("%s: Recv: %v", e.name, err)
	default:
		e.peer.reach(packet)
	}
	e.events()
}

// maxTurns is how often in a row a machine may want to be driven at one instant:
// acting on one timer may find another one due.
const maxTurns = 5

// drive lets the machine do what it wants at this instant, and takes note of
// when it wants to be driven next.
func (e *end) drive() {
	for turn := 0; !e.asleep && !e.over; turn++ {
		if e.due() <= e.Now {
			e.conn.Expire(e.clock())
			e.events()
		}
		e.seek()
		e.pump()
		e.events()
		d := e.deadline()
		if d > e.Now {
			e.wakeUp(d)
			return
		}
		if turn == maxTurns {
			e.failf("%s: after all it wanted was done, its deadline is %v ago: it spins", e.name, duration(e.Now-d))
		}
	}
}

// pump takes all packets the machine wants to send now.
func (e *end) pump() {
	for burst := 0; ; burst++ {
		n, path, ok := e.conn.NextPacket(e.clock(), e.packet)
		if !ok {
			return
		}
		e.send(path, append(e.packet[:n], e.conn.Rest()...))
		if burst == maxBurst {
			e.failf("%s sends %d packets at one instant", e.name, burst)
			return
		}
	}
}

func (e *end) send(path wire.PathID, packet []byte) {
	c, by := e.out[path], relay.None
	if path == wire.Relayed {
		by = e.relays.seeker.By()
		c = e.relays.out[max(0, by)]
		e.checkRelayed(packet)
	}
	if c == nil {
		e.failf("%s sends on path %d, which there is not", e.name, path)
		return
	}
	e.checkPacket(path, c, packet)
	if e.tracing {
		e.tracef("%s send %s", e.name, describe(packet))
	}
	e.net.send(&c.line, packet, func(packet []byte) { e.peer.arrive(packet, by) })
}

// wakeUp schedules the machine's deadline.
func (e *end) wakeUp(d int64) {
	if d == never || e.wakeAt > e.Now && e.wakeAt <= d {
		return
	}
	e.wakeAt = d
	e.At(d, func() {
		if e.wakeAt == d {
			e.wakeAt = 0
		}
		if e.asleep || e.over {
			return
		}
		if d := e.deadline(); d > e.Now {
			e.wakeUp(d)
			return
		}
		e.checkWake()
		e.drive()
	})
}

// sleep stops the host for a while.
func (e *end) sleep(d int64) {
	if e.asleep {
		return
	}
	e.asleep = true
	e.naps[1], e.naps[0] = e.naps[0], nap{e.Now, d}
	e.After(d, func() {
		e.asleep = false
		inbox := e.inbox
		e.inbox, e.inboxLen = nil, 0
		for _, p := range inbox {
			e.recv(p.packet, p.by)
			e.net.free(p.packet)
		}
		e.drive()
	})
}

// events takes all events of the machine.
func (e *end) events() {
	for {
		ev, ok := e.conn.NextEvent()
		if !ok {
			return
		}
		switch ev.Kind {
		case rudp.Message:
			e.onMessage(ev.Data)
		case rudp.BulkSent:
			e.onBulkSent(ev.Token)
		case rudp.BulkDone:
			e.onBulkDone(ev.Token)
		case rudp.Address:
			e.onAddress(ev.Index, ev.Data)
		case rudp.PathUp, rudp.PathDown:
			if e.tracing {
				e.tracef("%s path %d up %v epoch %d %s", e.name, ev.Path, ev.Kind == rudp.PathUp, ev.Epoch, ev.Cause)
			}
			e.note(ev)
			e.checkStall(ev)
			e.moved(e, ev.Path, ev.Kind == rudp.PathUp, ev.Epoch)
			e.noteMove(ev.Path, ev.Kind == rudp.PathUp)
		}
	}
}
