package rudp

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"rainmpi/rainnet/wire"
)

// A world is two connections, a and b, and the paths between them, in virtual
// time from one seed.
type world struct {
	t    *testing.T
	now  int64
	rng  *rand.Rand
	ends []*end // a and b, and of further pairs on the same rails
	rail map[wire.PathID]*rail
	fly  flights
	seq  uint64
	buf  []byte

	leaving bool // paths are removed at one end while packets are on their way
}

// An end is a connection and what its owner knows.
type end struct {
	c     *Conn
	peer  *end
	index int

	nextMsg  uint64            // number of the next message to send
	wantMsg  uint64            // and to receive
	bulk     map[uint64]*store // by token
	sent     map[uint64]bool
	done     map[uint64]int64 // when
	events   []Event
	packets  int
	rejected int
	// A process on a busy machine: off its processor now and again.
	stalls     int64 // for up to so long
	stallsTill int64
	stallsNext int64

	ahead     int64 // of virtual time: what its clock says beyond that
	stampsBy  int64 // what its acknowledgements say beyond its clock
	stillTill int64 // until then its clock says stillAt
	stillAt   int64

	expiredAt int64
	expired   int
	lateBy    int64 // the driver wakes this much late at most
}

// A rail is one path's network. Each direction has its own queue.
type rail struct {
	rate  int64   // bytes per second
	delay int64   // one way
	queue int64   // bytes that fit in before the wire
	burst int64   // bytes of a token bucket: so many pass at once after a pause
	loss  float64 // of each packet
	dup   float64
	late  float64 // part of packets that are late by lateBy
	by    int64
	cut   [2]bool  // by direction, index of the sender
	wait  [2]int64 // behind what others have queued

	freeAt  [2]int64
	sent    [2]int64
	dropped [2]int64 // by a full queue
	highest [2]int64 // bytes queued
}

type flight struct {
	at  int64
	seq uint64
	to  *end
	id  wire.PathID
	pkt []byte
}

// flights is a heap by time of arrival.
type flights []flight

func (h *flights) push(f flight) {
	*h = append(*h, f)
	for i := len(*h) - 1; i > 0; {
		up := (i - 1) / 2
		if !(*h)[i].before((*h)[up]) {
			return
		}
		(*h)[i], (*h)[up] = (*h)[up], (*h)[i]
		i = up
	}
}

func (h *flights) pop() flight {
	f := (*h)[0]
	n := len(*h) - 1
	(*h)[0] = (*h)[n]
	*h = (*h)[:n]
	for i := 0; ; {
		k := 2*i + 1
		if k >= n {
			return f
		}
		if k+1 < n && (*h)[k+1].before((*h)[k]) {
			k++
		}
		if !(*h)[k].before((*h)[i]) {
			return f
		}
		(*h)[i], (*h)[k] = (*h)[k], (*h)[i]
		i = k
	}
}

func (f flight) before(g flight) bool { return f.at < g.at || f.at == g.at && f.seq < g.seq }

// store is memory of a bulk transfer with a predictable content.
type store struct {
	token   uint64
	data    []byte
	written []byte
	t       *testing.T
}

func pattern(token uint64, off int64) byte {
	return byte(off) ^ byte(off>>8)*3 ^ byte(off>>16)*5 ^ byte(token)*7
}

func newSource(token uint64, n int64) *store {
	s := &store{token: token, data: make([]byte, n)}
	for i := range s.data {
		s.data[i] = pattern(token, int64(i))
	}
	return s
}

func (s *store) ReadAt(p []byte, off int64) { copy(p, s.data[off:]) }

// Bytes makes every other transfer one that is read where it lies.
func (s *store) Bytes(off, n int64) []byte {
	if s.token%2 == 0 {
		return nil
	}
	return s.data[off : off+n]
}

func (s *store) WriteAt(p []byte, off int64) {
	if i := bytes.IndexByte(s.written[off:off+int64(len(p))], 1); i >= 0 {
		s.t.Fatalf("byte %d of token %d was written twice", off+int64(i), s.token)
	}
	for i := range s.written[off : off+int64(len(p))] {
		s.written[off+int64(i)] = 1
	}
	copy(s.data[off:], p)
}

func newWorld(t *testing.T, seed uint64, cfg Config, rails ...*rail) *world {
	w := &world{
		t: t, now: second, rng: rand.New(rand.NewPCG(seed, 1)),
		rail: map[wire.PathID]*rail{}, buf: make([]byte, 1<<16),
	}
	for i, r := range rails {
		w.rail[w.id(i)] = r
	}
	w.addPair(cfg)
	return w
}

// addPair adds two connected ends to the same rails.
func (w *world) addPair(cfg Config) {
	var pair [2]*end
	for i := range pair {
		cfg.Local, cfg.Remote = wire.PeerID(i), wire.PeerID(1-i)
		pair[i] = &end{
			c: New(cfg, w.now), index: i,
			bulk: map[uint64]*store{}, sent: map[uint64]bool{}, done: map[uint64]int64{},
		}
		for k := range w.rail {
			pair[i].c.AddPath(w.now, k, 1472)
		}
	}
	pair[0].peer, pair[1].peer = pair[1], pair[0]
	w.ends = append(w.ends, pair[0], pair[1])
}

func (w *world) id(i int) wire.PathID { return wire.MakePathID(0, 1, uint8(i), uint8(i)) }

// transmit gives a packet to the network.
func (w *world) transmit(from *end, id wire.PathID, pkt []byte) {
	r, dir := w.rail[id], from.index
	size := int64(len(pkt)) + wire.TagLen + 28
	r.sent[dir] += size
	if r.cut[dir] || w.rng.Float64() < r.loss {
		return
	}
	start := max(w.now-r.burst*second/r.rate, r.freeAt[dir])
	queued := max(0, start-w.now) * r.rate / second
	r.highest[dir] = max(r.highest[dir], queued)
	if queued+size > r.queue {
		r.dropped[dir]++
		return
	}
	r.freeAt[dir] = start + size*second/r.rate
	at := max(w.now, r.freeAt[dir]) + r.delay + r.wait[dir]
	if r.late > 0 && w.rng.Float64() < r.late {
		at += w.rng.Int64N(r.by)
	}
	copies := 1
	if r.dup > 0 && w.rng.Float64() < r.dup {
		copies = 2
	}
	for ; copies > 0; copies-- {
		w.seq++
		w.fly.push(flight{at, w.seq, from.peer, id, slices.Clone(pkt)})
		at += 100 * microsecond
	}
}

// clock is what an end's own clock says.
func (w *world) clock(e *end) int64 {
	if w.now < e.stillTill {
		return e.stillAt
	}
	return w.now + e.ahead
}

// due is when an end wants to be driven, in virtual time.
func (w *world) due(e *end) int64 {
	d := e.c.Deadline()
	switch {
	case d == never:
		return never
	case w.now < e.stillTill && d > e.stillAt:
		return max(d-e.ahead, e.stillTill)
	}
	return d - e.ahead
}

// restamp moves the times of arrival in the acknowledgements at the start of b.
func restamp(b []byte, by int64) {
	for n := 1; len(b) > 0 && n > 0; b = b[n:] {
		switch wire.FrameType(b[0]) {
		case wire.Link:
			_, n = wire.ConsumeLink(b)
		case wire.History:
			_, n = wire.ConsumeHistory(b)
		case wire.Credit:
			_, n = wire.ConsumeCredit(b)
		case wire.Ack:
			var f wire.AckFrame
			f, n = wire.ConsumeAck(b)
			binary.BigEndian.PutUint32(b[ackCame:], f.Came+uint32(by/microsecond))
		default:
			return
		}
	}
}

// ackCame is where an ACK frame says when its largest packet came.
const ackCame = 11

// drive lets an end send all it wants.
func (w *world) drive(e *end) {
	for {
		n, id, ok := e.c.NextPacket(w.clock(e), w.buf)
		if !ok && e.c.Deadline() > w.clock(e) {
			return
		}
		if !ok {
			w.expire(e)
			continue
		}
		e.packets++
		restamp(w.buf[wire.HeaderLen:n], e.stampsBy)
		w.transmit(e, id, append(w.buf[:n], e.c.Rest()...))
	}
}

// expire acts on a time that has come. A deadline that stays in the past would
// keep a driver busy for nothing.
func (w *world) expire(e *end) {
	if w.now != e.expiredAt {
		e.expiredAt, e.expired = w.now, 0
	}
	if e.expired++; e.expired > 10 {
		w.fail("the deadline stays in the past")
	}
	e.c.Expire(w.clock(e))
	w.drain(e)
}

// away reports whether the end is off its processor.
func (w *world) away(e *end) bool {
	if e.stalls > 0 && w.now >= e.stallsNext {
		e.stallsTill = w.now + w.rng.Int64N(e.stalls)
		e.stallsNext = e.stallsTill + w.rng.Int64N(e.stalls)
	}
	return w.now < e.stallsTill
}

// run lets time pass until done, or fails at limit.
func (w *world) run(limit int64, done func() bool) {
	w.t.Helper()
	limit += w.now
	for !done() {
		for _, e := range w.ends {
			if !w.away(e) {
				w.drive(e)
			}
		}
		if done() {
			return
		}
		next := int64(never)
		if len(w.fly) > 0 {
			next = w.fly[0].at
		}
		for _, e := range w.ends {
			if d := w.due(e); d < never {
				if e.lateBy > 0 && d > w.now {
					d += w.rng.Int64N(e.lateBy)
				}
				next = min(next, max(d, w.now+1, e.stallsTill))
			}
		}
		if next > limit {
			w.fail("not done in time")
		}
		w.now = max(w.now, next)
		for len(w.fly) > 0 && w.fly[0].at <= w.now {
			f := w.fly.pop()
			if f.to.stallsTill > w.now {
				f.at = f.to.stallsTill
				w.fly.push(f)
				continue
			}
			w.receive(f)
		}
		for _, e := range w.ends {
			if !w.away(e) && e.c.Deadline() <= w.clock(e) {
				w.expire(e)
			}
		}
	}
}

func (w *world) receive(f flight) {
	h, err := wire.ParseHeader(f.pkt)
	if err != nil || h.Path != f.id {
		w.t.Fatalf("header %+v: %v", h, err)
	}
	err = f.to.c.Recv(w.clock(f.to), f.id, h.Number, f.pkt[wire.HeaderLen:])
	if err == ErrDuplicate || err == ErrPath && w.leaving {
		f.to.rejected++
	} else if err != nil {
		w.fail("Recv: " + err.Error())
	}
	w.drain(f.to)
}

func (w *world) drain(e *end) {
	for {
		ev, ok := e.c.NextEvent()
		if !ok {
			return
		}
		switch ev.Kind {
		case Message:
			w.checkMessage(e, ev.Data)
		case BulkSent:
			if e.sent[ev.Token] {
				w.fail("BulkSent twice")
			}
			e.sent[ev.Token] = true
		case BulkDone:
			w.checkBulk(e, ev.Token)
		default:
			e.events = append(e.events, ev)
		}
	}
}

// sendMessage sends the next numbered message of n bytes at least 8.
func (w *world) sendMessage(e *end, n int) {
	head := binary.BigEndian.AppendUint64(nil, e.nextMsg)
	body := bytes.Repeat([]byte{byte(e.nextMsg)}, max(0, n-8))
	e.nextMsg++
	e.c.Send(w.clock(e), head, body)
}

func (w *world) checkMessage(e *end, data []byte) {
	if len(data) < 8 || binary.BigEndian.Uint64(data) != e.wantMsg {
		w.fail(fmt.Sprintf("message %x where %d was to come", data[:min(8, len(data))], e.wantMsg))
	}
	for _, v := range data[8:] {
		if v != byte(e.wantMsg) {
			w.fail("message with wrong content")
		}
	}
	e.wantMsg++
}

func (w *world) sendBulk(e *end, token uint64, n int64) {
	e.peer.bulk[token] = &store{token: token, data: make([]byte, n), written: make([]byte, n), t: w.t}
	e.peer.c.Expect(token, n, e.peer.bulk[token])
	e.c.SendBulk(w.clock(e), token, n, newSource(token, n))
}

func (w *world) checkBulk(e *end, token uint64) {
	s := e.bulk[token]
	if _, again := e.done[token]; s == nil || again {
		w.fail("BulkDone for a token that was not expected, or twice")
	}
	for i, v := range s.data {
		if v != pattern(token, int64(i)) {
			w.fail(fmt.Sprintf("token %d: byte %d is wrong", token, i))
		}
	}
	e.done[token] = w.now
}

func (w *world) fail(text string) {
	w.t.Helper()
	for i, e := range w.ends {
		w.t.Logf("at %d, end %d: %d messages in, %d out, backlog %d, %d bulk sent, desperate %v, deadline %d",
			w.now, i, e.wantMsg, e.nextMsg, e.c.Backlog(), len(e.sent), e.c.desperate, e.c.Deadline())
		for _, p := range e.c.Paths() {
			w.t.Logf("  %+v", p)
		}
		w.t.Logf("  events %+v", e.events)
	}
	w.t.Fatal(text)
}

// up waits until all paths are Up at both ends.
func (w *world) up() {
	w.t.Helper()
	w.run(5*second, func() bool {
		for _, e := range w.ends {
			for _, p := range e.c.Paths() {
				if !p.Up {
					return false
				}
			}
		}
		return true
	})
}

func gigabit() *rail {
	return &rail{rate: 125e6, delay: 30 * microsecond, queue: 2500e3}
}
