package simnet

import (
	"math/rand/v2"

	"rainmpi/internal/simnet/sim"
	"rainmpi/rainnet/wire"
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
	rate    int64 // bytes per second
	limit   int64 // bytes that may wait
	freeAt  int64 // when the last byte accepted so far has left
	waiting []*departure
}

// A departure is a packet in the queue of a card.
type departure struct {
	at   int64 // when its last byte has left
	do   func()
	gone bool
}

// depart queues n bytes at a card and calls do when the last of them has left. It
// reports false if the queue is full.
func (n *network) depart(c *card, size int64, do func()) bool {
	start := max(n.Now, c.freeAt)
	if queued := (start - n.Now) * c.rate / second; queued+size > c.limit {
		return false
	}
	c.freeAt = start + size*second/c.rate
	d := &departure{at: c.freeAt, do: do}
	c.waiting = append(c.waiting, d)
	n.await(c, d)
	return true
}

// await has a packet leave when its time has come, which may change meanwhile.
func (n *network) await(c *card, d *departure) {
	n.At(d.at, func() {
		if d.gone || d.at != n.Now {
			return
		}
		d.gone = true
		c.waiting = c.waiting[1:] // they leave in order
		d.do()
	})
}

// setRate gives a card another rate, for what waits already too.
func (n *network) setRate(c *card, rate int64) {
	later := func(at int64) int64 { return n.Now + int64(float64(at-n.Now)*float64(c.rate)/float64(rate)) }
	for _, d := range c.waiting {
		d.at = later(d.at)
		n.await(c, d)
	}
	c.freeAt = max(c.freeAt, n.Now)
	c.freeAt = later(c.freeAt)
	c.rate = rate
}

// A line is one direction of one path, from card to card.
type line struct {
	from, to *card
	delay    int64 // least time under way
	normal   lineFaults
	faults   lineFaults // in force now
	dead     int        // faults that keep it dead; alive at 0
	takes    int        // the longest packet with its tag, in bytes; 0: any

	burst   bool  // in a run of losses
	ordered int64 // arrival of the last packet that keeps the order
	harmed  int64 // packets lost, of all causes
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

// A flight is one copy of a packet on a line.
type flight struct {
	packet  []byte
	lasts   int64 // from card to switch
	inOrder bool
}

// send puts a packet on a line; arrive is called with each copy that arrives,
// and owns nothing: the bytes are valid until it returns.
func (n *network) send(l *line, packet []byte, arrive func(packet []byte)) {
	n.carried++
	var flights []flight
	if !n.depart(l.from, int64(len(packet)), func() {
		for _, f := range flights {
			n.fly(l, f, arrive)
		}
	}) || l.lost(n.rng) || l.takes > 0 && len(packet)+wire.TagLen > l.takes {
		l.harmed++
		return
	}
	flights = n.drawFlights(l, packet)
}

// drawFlights draws how many copies of a packet travel, and for how long.
func (n *network) drawFlights(l *line, packet []byte) (flights []flight) {
	f := &l.faults
	lasts := l.delay
	add := func(more int64, inOrder bool) {
		flights = append(flights, flight{n.copy(packet), lasts + more, inOrder})
	}
	if f.jitter > 0 {
		lasts += n.rng.Int64N(f.jitter)
	}
	if f.reorder > 0 && n.rng.Float64() < f.reorder {
		add(n.rng.Int64N(f.late+1), false)
	} else {
		add(0, true)
	}
	if f.duplicate > 0 && n.rng.Float64() < f.duplicate {
		add(n.rng.Int64N(f.late+1), false)
	}
	if f.ghost > 0 && n.rng.Float64() < f.ghost {
		add(n.rng.Int64N(ghostAge), false)
	}
	return flights
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
func (n *network) fly(l *line, f flight, arrive func([]byte)) {
	at := n.Now + f.lasts
	if f.inOrder {
		l.ordered = max(l.ordered, at)
		at = l.ordered
	}
	n.At(at, func() {
		// What is under way when the cable is cut is lost too.
		if l.dead > 0 || !n.depart(l.to, int64(len(f.packet)), func() {
			arrive(f.packet)
			n.free(f.packet)
		}) {
			l.harmed++
			n.free(f.packet)
		}
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
	spoil(b)
	n.pool = append(n.pool, b)
}
