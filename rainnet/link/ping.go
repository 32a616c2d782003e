package link

// Ping is what one end tells the other on the path itself. Path and incarnation
// are in the packet that carries it (its header and its key). It has the fields
// of wire.LinkFrame, so that one converts to the other.
type Ping struct {
	Number    uint32 // counts the pings I sent on this path, from 0
	Echo      uint32 // number of the newest ping I received, if HasEcho
	EchoDelay uint32 // microseconds between receiving that one and sending this
	A, R      uint32 // my history: transitions made, transitions of yours learnt
	HasEcho   bool
	Ask       bool // answer at once; an answer does not ask
}

// ringSize is more pings than are sent in two T: at most ten per T are hurried,
// and there are at most as many answers.
const ringSize = 64

// pings numbers what is sent and recognises what is echoed.
type pings struct {
	next   uint32          // number of the next ping
	sentAt [ringSize]int64 // of ping number i at i mod ringSize
	newest uint32          // echoes of numbers below this one are old
	asked  bool            // a ping that asks has been sent since the last proof

	hasHeard bool
	heardN   uint32 // newest number received
	heardAt  int64  // when
	answer   bool   // it asked, and has not been answered
}

// heard takes note of what the next ping has to echo. Numbers that arrive late
// or twice are not echoed again: the newest stands for all.
func (p *pings) heard(now int64, q Ping) {
	if p.hasHeard && !after(q.Number, p.heardN) {
		return
	}
	p.hasHeard, p.heardN, p.heardAt = true, q.Number, now
	p.answer = p.answer || q.Ask
}

// echoed returns when ping number was sent, if this is its first echo and it
// overtakes all earlier ones. Each ping proves something once: the peer repeats
// the newest number it has, also when nothing of mine arrives there any more.
func (p *pings) echoed(number uint32) (sentAt int64, fresh bool) {
	if after(p.newest, number) || !after(p.next, number) || p.next-number > ringSize {
		return 0, false
	}
	p.newest = number + 1
	return p.sentAt[number%ringSize], true
}

// after orders numbers that wrap round (RFC 1982): at 3 ms they do in 149 days.
func after(a, b uint32) bool { return int32(a-b) > 0 }

// make numbers the ping that is sent now. Its counts are the link's to fill in.
func (p *pings) make(now int64, ask bool) Ping {
	q := Ping{Number: p.next, Ask: ask, HasEcho: p.hasHeard}
	if p.hasHeard {
		q.Echo = p.heardN
		q.EchoDelay = uint32(min((now-p.heardAt)/1000, 1<<32-1))
	}
	p.sentAt[p.next%ringSize] = now
	p.next++
	p.answer = false
	p.asked = p.asked || ask
	return q
}

// rtt is this path's round-trip time as the link knows it.
type rtt struct {
	smoothed, latest int64
	hasNew           bool
}

// sample takes one measurement, smoothed by 1/8 as in RFC 9002, section 5.3.
func (r *rtt) sample(v int64) {
	v = max(v, 1)
	if r.smoothed == 0 {
		r.smoothed = v
	} else {
		r.smoothed += (v - r.smoothed) / 8
	}
	r.latest, r.hasNew = v, true
}

// SetRTT hands in the smoothed round-trip time in nanoseconds, where somebody
// measures it better than by pings alone.
func (l *Link) SetRTT(srtt int64) {
	if srtt > 0 {
		l.rtt.smoothed = srtt
	}
}

// Sample returns the round-trip time in nanoseconds that the newest echo
// measured, once. The peer's delay is already taken off.
func (l *Link) Sample() (rtt int64, ok bool) {
	ok = l.rtt.hasNew
	l.rtt.hasNew = false
	return l.rtt.latest, ok
}
