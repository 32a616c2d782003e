package rainnet

import (
	"rainmpi/rainnet/udp"
	"rainmpi/rainnet/wire"
)

const (
	// outSize is written before it is handed to the kernel: large enough that a system call is a
	// small part of the cost, small enough that it is still in the second-level cache then and that
	// the peer starts to work early. Whole runs: what the kernel does for a run costs as much as the
	// bytes of half of one.
	outSize = 2 * udp.MaxRun

	// firstSize is written first to a peer that has nothing in flight, and twice as much each time
	// until outSize is reached: such a peer is idle, and works on the first packets while the others
	// are made.
	firstSize = 16 << 10

	// outRoom is kept for the packet that crosses outSize.
	outRoom = udp.MaxDatagram
)

// The outbox collects sealed packets, one after the other in one arena, and remembers for each rail
// which runs of them are its. Bulk data in clear stays in the memory of the program that sends it.
type outbox struct {
	arena []byte
	used  int
	size  int             // bytes of all packets
	parts [][]byte        // of all packets
	runs  [][]udp.Message // by rail

	// The run that the newest packet belongs to, if the next may join it.
	open  *udp.Message
	rail  int
	first int // of its parts
}

func (o *outbox) init(rails int) {
	o.arena = make([]byte, outSize+outRoom)
	o.parts = make([][]byte, 0, 256)
	o.runs = make([][]udp.Message, rails)
}

// flush lets every marked peer write what it wants to write, and hands it to the kernel. Peers may
// be marked again while it runs (a handler sends); they wait for the next Poll.
func (e *Endpoint) flush() (worked bool) {
	list := e.dirty
	if len(list) == 0 {
		return false
	}
	e.dirty, e.spare = e.spare[:0], list
	for i, p := range list {
		list[i] = nil
		p.dirty = false
		if !p.gone {
			worked = e.write(p) || worked
		}
	}
	e.transmit()
	return worked
}

// maxWrites bounds how often the arena is filled for one peer before the sockets are looked at again:
// what arrives meanwhile is acknowledgements that allow more, and somebody's small message.
const maxWrites = 4

// write collects the packets that a peer's machine wants to send now, and asks when it wants to be
// run again.
func (e *Endpoint) write(p *Peer) (worked bool) {
	if p.left {
		return false // it answers nothing any more, so that nothing can be sent to it
	}
	now := Now()
	full := outSize
	if p.conn.InFlight() == 0 {
		full = firstSize
	}
	for writes := 0; ; {
		packet := e.out.arena[e.out.used:]
		n, path, ok := p.conn.NextPacket(now, packet[:outRoom:outRoom])
		if !ok {
			break
		}
		worked = true
		if path == wire.Relayed {
			e.writeRelayed(p, n, now)
		} else {
			e.writeDirect(p, path, n, now)
		}
		if e.out.size+n+len(p.conn.Rest()) > full { // with one more like this
			e.transmit()
			full = min(2*full, outSize)
			now = Now()
			if writes++; writes == e.turns(maxWrites) {
				e.mark(p)
				return true
			}
		}
	}
	e.timers.set(p, min(p.conn.Deadline(), p.seekAt()))
	return worked
}

// writeDirect sends the packet that p's machine wrote last, n bytes at the end of the arena and the rest, on
// a path of two addresses.
func (e *Endpoint) writeDirect(p *Peer, path wire.PathID, n int, now int64) {
	packet, rest := e.out.arena[e.out.used:], p.conn.Rest()
	mine, theirs := path.Addrs(e.self.id, p.card.ID)
	n = p.track(int(mine), int(theirs)).prepare(packet, n, len(rest), now)
	var clear []byte
	switch packet = packet[:n:outRoom]; {
	case len(rest) == 0:
		packet = p.sealer.seal(packet)
	case n != bulkAt: // something rides along
		packet = p.sealer.seal(append(packet, rest...))
	case p.insecure:
		packet, clear = p.sealer.signBulk(packet), rest
	default:
		packet = p.sealer.sealBulk(packet, rest)
	}
	e.collect(int(mine), p.addrs[theirs], packet, clear)
}

// collect adds the packet at the end of the arena to the run before it, if it goes the same way and
// has the same size, so that the kernel handles them as one (UDP_SEGMENT). Before its tag comes what is in
// clear.
func (e *Endpoint) collect(rail int, to *udp.Addr, packet, clear []byte) {
	o := &e.out
	n := len(packet) + len(clear)
	e.stats.Sent++
	e.stats.SentBytes += int64(n)
	r := o.open
	if r == nil || o.rail != rail || r.To != to || !joins(r, n) {
		o.runs[rail] = append(o.runs[rail], udp.Message{To: to, Segment: n})
		r = &o.runs[rail][len(o.runs[rail])-1]
		o.open, o.rail, o.first = r, rail, len(o.parts)
	}
	o.put(len(packet), clear)
	r.Parts = o.parts[o.first:]
	r.Size += n
	if n < r.Segment {
		o.open = nil // only the last datagram of a run may be shorter
	}
}

// put adds the packet of n bytes at the end of the arena to the parts of the open run.
func (o *outbox) put(n int, clear []byte) {
	packet := o.arena[o.used:]
	tag := n
	if len(clear) > 0 {
		tag -= wire.TagLen
	}
	if last := len(o.parts) - 1; last >= o.first { // it ends where the packet begins
		o.parts[last] = o.parts[last][:len(o.parts[last])+tag]
	} else {
		o.parts = append(o.parts, packet[:tag])
	}
	if len(clear) > 0 {
		o.parts = append(o.parts, clear, packet[tag:n])
	}
	o.used += n
	o.size += n + len(clear)
}

func joins(r *udp.Message, n int) bool {
	return n <= r.Segment && r.Size+n <= udp.MaxRun && r.Size < r.Segment*udp.MaxSegments
}

// transmit hands everything collected to the kernel. What the kernel refuses is lost, as on any
// network, and sent again when the machine finds it missing; what it has no room for is held.
func (e *Endpoint) transmit() {
	o := &e.out
	if o.size == 0 {
		return
	}
	for i := range o.runs {
		if len(o.runs[i]) > 0 {
			e.transmitRail(i, o.runs[i])
			clear(o.runs[i])
			o.runs[i] = o.runs[i][:0]
		}
	}
	clear(o.parts)
	o.parts = o.parts[:0]
	o.used, o.size, o.open = 0, 0, nil
}

func (e *Endpoint) transmitRail(i int, msgs []udp.Message) {
	r := &e.rails[i]
	if e.cfg.Faults.drops(r.nic) {
		return
	}
	e.stats.Writes++
	defer e.heed(i)
	if r.held.busy() { // first come, first served
		e.hold(i, msgs)
		return
	}
	for len(msgs) > 0 {
		n, fact := r.conn.WriteBatch(msgs)
		if n == len(msgs) {
			return
		}
		if fact == udp.Full {
			e.hold(i, msgs[n:])
			return
		}
		e.lose(i, &msgs[n], fact)
		msgs = msgs[n+1:]
	}
}

// lose counts the packets of a run for a rail that the kernel did not take.
func (e *Endpoint) lose(i int, m *udp.Message, fact udp.Fact) {
	n := packets(m)
	switch fact {
	case udp.Full:
		e.stats.Full += n
	case udp.TooBig:
		e.stats.TooBig += n
		e.changes.tooBig(Now())
	case udp.Forbidden:
		e.stats.Forbidden += n
		e.doubt(i, m.To.AddrPort())
	default:
		e.stats.Unreachable += n
		e.doubt(i, m.To.AddrPort())
	}
}

func packets(m *udp.Message) int64 { return int64((m.Size + m.Segment - 1) / m.Segment) }
