package mpi

// outgoing is a queue of packets that found no room, in order.
type outgoing struct{ first, last *packet }

// A packet waits in an outgoing queue. Its payload stays in the request's
// buffer; off is how much of it has left (streams only).
type packet struct {
	head    header
	request *Request // nil for an answer
	off     int64
	next    *packet
}

func (q *outgoing) empty() bool { return q.first == nil }

func (q *outgoing) push(k *packet) {
	if q.last == nil {
		q.first = k
	} else {
		q.last.next = k
	}
	q.last = k
}

func (q *outgoing) pop() {
	q.first = q.first.next
	if q.first == nil {
		q.last = nil
	}
}

// drop takes out the packets of a request and reports whether there were any.
func (q *outgoing) drop(r *Request) (found bool) {
	var kept outgoing
	for k := q.first; k != nil; k = k.next {
		if k.request == r {
			found = true
		} else {
			kept.push(&packet{head: k.head, request: k.request, off: k.off})
		}
	}
	if found {
		*q = kept
	}
	return found
}

// post sends a request's first packet: an envelope, with the message if it is
// eager. Envelopes leave in the order of their sends.
func (e *engine) post(p *proc, r *Request) {
	if p.failed { // one-sided
		e.complete(r, e.failedError(p))
		return
	}
	h := r.head
	if p.queue.empty() && e.transmitAll(p, &h, r) {
		e.left(r)
		return
	}
	p.queue.push(&packet{head: h, request: r})
	p.gate()
}

// transmitAll sends as many of r's packets as find room, h being the next one's
// header, and reports whether it was all. Where several threads use MPI others may want
// the lock: the rest goes on in the next progress.
func (e *engine) transmitAll(p *proc, h *header, r *Request) bool {
	for sent := int64(0); e.transmit(p, h, r); {
		_, n := r.load(h)
		if r == nil || !r.more(h) {
			return true
		}
		if sent += n; sent > longWork && several(e.wait.set.self()) {
			if p.peer != nil {
				e.net.stick(p)
			}
			e.wait.changed()
			return false
		}
	}
	return false
}

// answer sends a packet without payload that the peer waits for.
func (e *engine) answer(p *proc, h header) {
	if p.failed {
		return
	}
	if p.queue.empty() && e.transmit(p, &h, nil) {
		return
	}
	p.queue.push(&packet{head: h})
	p.gate()
}

// flush sends what can leave now of what waited.
func (e *engine) flush(p *proc) (worked bool) {
	for !p.queue.empty() {
		k := p.queue.first
		if !e.transmitAll(p, &k.head, k.request) {
			return worked
		}
		p.queue.pop()
		p.gate()
		worked = true
		if k.request != nil {
			e.left(k.request)
		}
	}
	return worked
}

// transmit hands one packet to the way that leads to p, if there is room.
func (e *engine) transmit(p *proc, h *header, r *Request) bool {
	if p.peer != nil {
		return e.net.transmit(p, h, r)
	}
	return e.mem.transmit(p, h, r)
}
