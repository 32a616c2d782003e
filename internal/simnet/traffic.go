package simnet

import "rainmpi/internal/simnet/sim"

// traffic is what an application does with one end: a stream of messages within
// a backlog, requests that wait for replies, bulk data by offer and grant as in
// a rendezvous, and pauses.
type traffic struct {
	box      mailbox // what this end sends
	habits   habits
	text     []byte // of the message being sent
	waiting  bool   // for a reply
	resumeAt int64  // after a pause

	transfers map[uint64]*transfer // this end is the source
	expected  map[uint64]*transfer // this end is the sink
	open      int                  // transfers of this end that are not finished
	given     int                  // those that were handed to the machine
	nextToken uint64

	delivered  int64 // bytes and messages of this end that have reached the peer
	reached    furthest
	progress   progress
	progressAt int64
	believed   int64 // for how long an end trusted a direct path since then
	measureIn  int
	largest    int64 // memory, in bytes
}

// habits are drawn once for each end.
type habits struct {
	small, large int64 // message sizes, drawn log-uniformly
	backlog      int64 // ordered bytes that are handed in and not delivered, at most
	askEvery     int   // one message in so many waits for a reply; 0: none
	pauseEvery   int   // one in so many is followed by a pause
	pause        int64
	bulks        int // transfers open at the same time
	bulkLarge    int64
	forgetEvery  int // one transfer in so many is given up by the sink
}

func (t *traffic) start(e *end) {
	rng := e.rng
	h := &t.habits
	h.small = 1
	h.large = sim.LogUniform(rng, 64, max(e.window/2, 128<<10))
	h.backlog = sim.LogUniform(rng, 16<<10, 2*e.window)
	h.askEvery = []int{0, 0, 1, 4, 100}[rng.IntN(5)]
	h.pauseEvery = []int{0, 20, 500}[rng.IntN(3)]
	h.pause = sim.LogUniform(rng, millisecond, 50*millisecond)
	h.bulks = []int{0, 1, 3}[rng.IntN(3)]
	h.bulkLarge = sim.LogUniform(rng, 4<<10, 2<<20)
	h.forgetEvery = []int{0, 3, 20}[rng.IntN(3)]
	t.transfers = map[uint64]*transfer{}
	t.expected = map[uint64]*transfer{}
	e.At(0, e.converse)
}

// converse sends what the application wants to send now.
func (e *end) converse() {
	if e.asleep || e.over {
		return
	}
	e.talk()
	e.drive()
}

func (e *end) talk() {
	for n := 0; n < 64 && e.mayTalk(); n++ {
		h := &e.habits
		switch {
		case h.bulks > e.open && e.rng.IntN(4) == 0:
			e.offer()
		case h.askEvery > 0 && e.rng.IntN(h.askEvery) == 0:
			e.waiting = true
			e.write(letter{kind: request, length: e.size()})
		default:
			e.write(letter{kind: plain, length: e.size()})
		}
		if h.pauseEvery > 0 && e.rng.IntN(h.pauseEvery) == 0 {
			e.rest(e.rng.Int64N(h.pause))
		}
		if e.net.carried > 2*MinPackets {
			e.rest(5 * millisecond) // enough has been sent; the rest is for the faults
		}
	}
}

func (e *end) mayTalk() bool {
	return !e.winding && !e.over && !e.waiting && e.Now >= e.resumeAt && e.box.bytes < e.habits.backlog &&
		len(e.box.waiting) < 2000
}

func (e *end) rest(d int64) {
	e.resumeAt = e.Now + d
	e.At(e.resumeAt, e.converse)
}

func (e *end) size() int {
	if e.rng.IntN(50) == 0 {
		return 0
	}
	return int(sim.LogUniform(e.rng, e.habits.small, e.habits.large))
}

// write hands a message to the machine, cut somewhere into head and body, and
// spoils the caller's memory at once: Send copies.
func (e *end) write(l letter) {
	l.sentAt = e.Now
	e.text = e.box.post(l, e.text)
	cut := e.rng.IntN(min(l.length, 64) + 1)
	e.conn.Send(e.clock(), e.text[:cut], e.text[cut:])
	spoil(e.text)
}

func (e *end) onMessage(data []byte) {
	l, err := e.peer.box.deliver(data)
	if err != nil {
		e.failf("%s got from its peer: %v", e.name, err)
		return
	}
	if e.tracing {
		e.tracef("%s got message %d of %d bytes", e.name, l.number, l.length)
	}
	e.peer.delivered += int64(l.length) + 1
	switch l.kind {
	case request:
		e.write(letter{kind: reply, length: e.size()})
	case reply:
		e.waiting = false
	case offer:
		e.accept(l)
	case grant:
		e.give(l.token)
	}
	if e.mayTalk() {
		e.talk()
	}
}

// offer begins a transfer: the peer will expect it and say so.
func (e *end) offer() {
	e.nextToken++
	e.open++
	token := e.nextToken
	n := sim.LogUniform(e.rng, 1, e.habits.bulkLarge)
	if e.rng.IntN(20) == 0 {
		n = 0
	}
	e.transfers[token] = &transfer{fail: e.failf, moved: &e.delivered, token: token, n: n, key: word(e.box.key, token)}
	e.write(letter{kind: offer, length: 16, token: token, bytes: n})
}

func (e *end) accept(l letter) {
	x := e.peer.transfers[l.token]
	e.expected[l.token] = x
	e.conn.Expect(l.token, l.bytes, x)
	e.write(letter{kind: grant, length: 16, token: l.token})
	if f := e.habits.forgetEvery; f > 0 && e.rng.IntN(f) == 0 {
		e.After(e.rng.Int64N(100*millisecond), func() { e.forget(x) })
	}
}

func (e *end) give(token uint64) {
	x := e.transfers[token]
	x.started = true
	e.given++
	e.conn.SendBulk(e.clock(), token, x.n, x)
}

// forget gives a transfer up. From now on its memory belongs to somebody else.
func (e *end) forget(x *transfer) {
	if e.asleep || e.over || x.done || x.forgot {
		return
	}
	e.conn.Forget(x.token)
	x.forgot = true
	e.events()
	e.finish(x)
	e.drive()
}

func (e *end) onBulkDone(token uint64) {
	x := e.expected[token]
	if x == nil {
		e.failf("%s: BulkDone of token %d, which it does not expect", e.name, token)
		return
	}
	x.onDone()
	e.finish(x)
}

func (e *end) onBulkSent(token uint64) {
	x := e.transfers[token]
	if x == nil || !x.started {
		e.failf("%s: BulkSent of token %d, which it does not send", e.name, token)
		return
	}
	x.onSent()
	e.given--
	e.peer.finish(x)
	if e.mayTalk() {
		e.talk()
	}
}

// finish lets go of a transfer that both ends are done with. e is the sink.
func (e *end) finish(x *transfer) {
	if x.finished() && e.expected[x.token] != nil {
		delete(e.expected, x.token)
		delete(e.peer.transfers, x.token)
		e.peer.open--
	}
}

// pending reports whether something of this end waits for delivery.
func (e *end) pending() bool {
	return len(e.box.waiting) > 0 || e.open > 0 || e.conn.Backlog() > 0
}
