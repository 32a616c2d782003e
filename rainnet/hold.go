package rainnet

import "rainmpi/rainnet/udp"

// A socket's send buffer may be far smaller than what a path has in flight: without privilege it is
// 208 KiB on most machines (net.core.wmem_max), and a slow card keeps all of it in its queue. Packets
// that find no room wait here, in their order, and the path sees a longer round trip instead of a
// loss.

const (
	heldSize = 1 << 20 // of one rail; what does not fit is lost
	// heldPeriod is when to try again: at 1 Gbit/s another 25 KB have left by then.
	heldPeriod = 200_000
)

// held is the packets of one rail that wait for room in its socket.
type held struct {
	arena []byte
	used  int
	msgs  []udp.Message
	parts [][]byte // of msgs, one each
	next  int      // the first of msgs that is still here
}

func (h *held) busy() bool { return h.next < len(h.msgs) }

// hold takes copies of messages until the rail's socket has room.
func (e *Endpoint) hold(rail int, msgs []udp.Message) {
	h := &e.rails[rail].held
	if h.arena == nil {
		h.arena = make([]byte, heldSize)
	}
	for i := range msgs {
		m := &msgs[i]
		if h.used+m.Size > heldSize {
			h.compact()
		}
		if h.used+m.Size > heldSize {
			e.lose(rail, m, udp.Full)
			continue
		}
		e.stats.Held += packets(m)
		start := h.used
		for _, part := range m.Parts {
			h.used += copy(h.arena[h.used:], part)
		}
		k := len(h.parts)
		h.parts = append(h.parts, h.arena[start:h.used])
		h.msgs = append(h.msgs, udp.Message{To: m.To, Parts: h.parts[k:], Size: m.Size, Segment: m.Segment})
	}
	e.heldAt = min(e.heldAt, Now()+heldPeriod)
}

// compact takes back the place of what has left already.
func (h *held) compact() {
	n := copy(h.msgs, h.msgs[h.next:])
	copy(h.parts, h.parts[h.next:])
	clear(h.msgs[n:])
	h.msgs, h.parts, h.next, h.used = h.msgs[:n], h.parts[:n], 0, 0
	for i := range h.msgs {
		k := copy(h.arena[h.used:], h.parts[i]) // to the left, perhaps overlapping
		h.parts[i] = h.arena[h.used : h.used+k]
		h.msgs[i].Parts = h.parts[i : i+1]
		h.used += k
	}
}

// release hands what is held to the kernel again.
func (e *Endpoint) release(now int64) (worked bool) {
	if now < e.heldAt {
		return false
	}
	e.heldAt = never
	for i := range e.rails {
		r := &e.rails[i]
		h := &r.held
		for h.busy() {
			n, fact := r.conn.WriteBatch(h.msgs[h.next:])
			h.next += n
			worked = worked || n > 0
			if !h.busy() {
				break
			}
			if fact == udp.Full {
				e.heldAt = now + heldPeriod
				break
			}
			e.lose(i, &h.msgs[h.next], fact)
			h.next++
		}
		e.heed(i)
		if !h.busy() {
			clear(h.msgs)
			h.used, h.next, h.msgs, h.parts = 0, 0, h.msgs[:0], h.parts[:0]
		}
	}
	return worked
}
