package rudp

// Source is where the bytes of a bulk transfer are read, in any order and
// perhaps more than once, until the event BulkSent.
type Source interface {
	ReadAt(p []byte, off int64)
}

// Memory is a Source of which packets may be made where its bytes lie.
type Memory interface {
	Source
	// Bytes returns n bytes of it from off on, good until the event BulkSent; nil if they do not lie one
	// after the other.
	Bytes(off, n int64) []byte
}

// Sink is where the bytes of a bulk transfer are put: every byte once, in any
// order, before the event BulkDone.
type Sink interface {
	WriteAt(p []byte, off int64)
}

// outgoing is an ordered message or a bulk transfer until all of it is
// acknowledged.
type outgoing struct {
	id    uint64 // of the message, or the token
	n     int64  // length
	next  int64  // what lies below has been sent, once at least
	acked int64  // bytes acknowledged; ≤ next
	begun bool   // a piece has been sent; tells that an empty one has

	start uint64 // message: credit that all before it cost
	buf   []byte // message: the pooled copy
	src   Source // bulk
	mem   Memory // src, if it is one
}

// sentAll reports whether nothing is left that was never sent.
func (o *outgoing) sentAll() bool { return o.begun && o.next == o.n }

// outgoings keeps outgoing structs for use again.
type outgoings struct {
	free []*outgoing
}

func (p *outgoings) get() *outgoing {
	if n := len(p.free); n > 0 {
		o := p.free[n-1]
		p.free = p.free[:n-1]
		return o
	}
	return new(outgoing)
}

const keepOutgoings = 4096

func (p *outgoings) put(o *outgoing) {
	*o = outgoing{}
	if len(p.free) < keepOutgoings {
		p.free = append(p.free, o)
	}
}

// again is the pieces that have to be sent again, oldest first. What bounds it
// is what was in flight.
type again struct {
	q     ring[piece]
	bytes int64
}

// push adds a piece that was lost. Pieces that follow each other are sent as
// one: the packets they are cut into depend on the path they leave by.
func (a *again) push(p piece) {
	a.bytes += int64(p.n)
	if a.q.n > 0 {
		last := a.q.at(a.q.n - 1)
		if last.out == p.out && last.off+int64(last.n) == p.off && int64(last.n)+int64(p.n) < 1<<30 {
			last.n += p.n
			return
		}
	}
	*a.q.push() = p
}

// pushFront adds a piece before all others.
func (a *again) pushFront(p piece) {
	a.bytes += int64(p.n)
	if a.q.n > 0 {
		first := a.q.at(0)
		if first.out == p.out && p.off+int64(p.n) == first.off && int64(first.n)+int64(p.n) < 1<<30 {
			first.off = p.off
			first.n += p.n
			return
		}
	}
	*a.q.pushFront() = p
}

// take cuts n bytes from the first piece.
func (a *again) take(n int32) piece {
	first := a.q.at(0)
	a.bytes -= int64(n)
	if n == first.n {
		return a.q.pop()
	}
	p := *first
	p.n = n
	first.off += int64(n)
	first.n -= n
	return p
}
