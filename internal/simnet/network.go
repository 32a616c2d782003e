package simnet

import (
	"math/rand/v2"

	"rainmpi/internal/simnet/sim"
)

// A network carries packets between the cards of hosts. A packet waits in the
// queue of the card it leaves by, travels a wire, and waits at the port of the
// switch for the card it arrives at.
type network struct {
	*sim.Scheduler
	rng  *rand.Rand
	pool [][]byte

	carried int64 // packets that hosts handed in
}

// A card is one direction of a network interface: a rate and a queue before it.
type card struct {
	rate   int64 // bytes per second
	limit  int64 // bytes that may wait
	freeAt int64 // when the last byte accepted so far has left
}

// take accepts n bytes at now and returns when the last of them has left, or
// false if the queue is full.
func (c *card) take(now, n int64) (leaves int64, ok bool) {
	start := max(now, c.freeAt)
	if waiting := (start - now) * c.rate / second; waiting+n > c.limit {
		return 0, false
	}
	c.freeAt = start + n*second/c.rate
	return c.freeAt, true
}

// slowDown divides the rate, also for what waits already; speedUp undoes it.
func (c *card) slowDown(now, by int64) {
	c.rate /= by
	c.freeAt = now + max(0, c.freeAt-now)*by
}

func (c *card) speedUp(now, by int64) {
	c.rate *= by
	c.freeAt = now + max(0, c.freeAt-now)/by
}

// A line is one direction of one path, from card to card.
type line struct {
	from, to *card
	delay    int64 // least time under way
	normal   lineFaults
	faults   lineFaults // in force now
	dead     int        // faults that keep it dead; alive at 0

	burst    bool  // in a run of losses
	ordered  int64 // arrival of the last packet that keeps the order
	lastDead int64 // when it was last seen dead, for the liveness checker
	harmed   int64 // packets lost, of all causes
}

// lineFaults are chances per packet, and times in nanoseconds.
type lineFaults struct {
	loss      float64 // of a single packet
	burst     float64 // that a run of losses begins; it ends with chance 1/4
	duplicate float64
	reorder   float64 // to be overtaken
	jitter    int64   // delay that keeps the order
	late      int64   // how late an overtaken packet is, at most
	ghost     float64 // that a copy arrives up to two seconds later
}

const ghostAge = 2 * second

// send puts a packet on a line; arrive is called with each copy that arrives,
// and owns nothing: the bytes are valid until it returns.
func (n *network) send(l *line, packet []byte, arrive func(packet []byte)) {
	n.carried++
	leaves, ok := l.from.take(n.Now, int64(len(packet)))
	if !ok || l.lost(n.rng) {
		l.harmed++
		return
	}
	f := &l.faults
	at := leaves + l.delay
	if f.jitter > 0 {
		at += n.rng.Int64N(f.jitter)
	}
	if f.reorder > 0 && n.rng.Float64() < f.reorder {
		n.fly(l, at+n.rng.Int64N(f.late+1), packet, arrive)
	} else {
		l.ordered = max(l.ordered, at)
		n.fly(l, l.ordered, packet, arrive)
	}
	if f.duplicate > 0 && n.rng.Float64() < f.duplicate {
		n.fly(l, at+n.rng.Int64N(f.late+1), packet, arrive)
	}
	if f.ghost > 0 && n.rng.Float64() < f.ghost {
		n.fly(l, at+n.rng.Int64N(ghostAge), packet, arrive)
	}
}

// lost draws the fate of a packet.
func (l *line) lost(rng *rand.Rand) bool {
	if l.dead > 0 {
		return true
	}
	f := &l.faults
	if l.burst {
		l.burst = rng.Float64() >= 0.25
		return true
	}
	if f.burst > 0 && rng.Float64() < f.burst {
		l.burst = true
		return true
	}
	return f.loss > 0 && rng.Float64() < f.loss
}

// fly takes a copy of the packet to the switch, and from there to the card.
func (n *network) fly(l *line, at int64, packet []byte, arrive func([]byte)) {
	copied := n.copy(packet)
	n.At(at, func() {
		// What is under way when the cable is cut is lost too.
		leaves, ok := l.to.take(n.Now, int64(len(copied)))
		if !ok || l.dead > 0 {
			l.harmed++
			n.free(copied)
			return
		}
		n.At(leaves, func() {
			arrive(copied)
			n.free(copied)
		})
	})
}

func (n *network) copy(packet []byte) []byte {
	var b []byte
	if last := len(n.pool) - 1; last >= 0 {
		b, n.pool = n.pool[last], n.pool[:last]
	}
	return append(b[:0], packet...)
}

// free takes a packet back and spoils it, so that whoever kept a part of it is
// found out.
func (n *network) free(b []byte) {
	for i := range b {
		b[i] = 0xdb
	}
	n.pool = append(n.pool, b)
}
