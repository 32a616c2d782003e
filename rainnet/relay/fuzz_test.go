package relay

import (
	"math/rand/v2"
	"testing"
)

// FuzzCalls makes calls of any kind at both ends, in any order, as if packets and verdicts had come at any time.
// After each the Seekers are what they promise to be; when the calls are over, and nothing changes for long,
// the two have found each other, or have left the relay, whatever the calls had left behind.
func FuzzCalls(f *testing.F) {
	f.Add([]byte("\x04\x14\x05\x06\x15\x26\x47\x28"))             // relays come, and time passes
	f.Add([]byte("\x04\x14\xff\x03\x47\x00\x10\x47\x01\x11\x37")) // a direct path comes and goes
	f.Add([]byte("\x02\x12\x22\x32\x0b\x1b\x2a\x3a\x02\x89\x99")) // packets out of nowhere, verdicts that fit nothing
	f.Fuzz(func(t *testing.T, calls []byte) {
		p := &pair{t: t, rng: rand.New(rand.NewPCG(1, uint64(len(calls))))}
		p.ends[0] = New(0, true, int(len(calls)))
		p.ends[1] = New(0, false, int(len(calls)))
		for _, b := range calls[:min(len(calls), 100)] {
			p.call(int(b>>4&1), int(b&15), int(b>>5))
			p.sound()
		}
		p.wireAt, p.reachAt = p.now, p.now
		p.pass(settle + 2*Linger + 10*ms)
		p.check()
	})
}

func (p *pair) call(i, what, n int) {
	e := &p.ends[i]
	switch what {
	case 0, 1: // its paths are said to have come or gone
		p.direct[i] = what == 1
		e.Direct(p.now, what == 1)
	case 2: // a packet comes, which may be old, by any relay
		e.Arrived(p.now, n%relays)
	case 3:
		p.wire, p.wireAt = !p.wire, p.now
	case 4, 5, 6: // this end gets, or loses, a relay
		p.reach[i][n%relays], p.reachAt = what != 6, p.now
	case 7:
		p.pass(int64(1+n*n*40) * ms)
	case 8: // the process is stopped, and nobody is driven
		p.now += int64(n) * 500 * ms
	case 9, 10: // driven too early, by nobody who answers or by all
		p.expire(i, func(int) bool { return what == 10 })
	case 11, 12: // the relayed path is said to be up or down
		if e.By() != None {
			p.up[i] = what == 11
		}
		e.Relayed(p.now, what == 11)
	case 13: // there are no relays any more, for the moment
		e.Expire(p.now, 0, nil)
		p.left(i)
	case 14: // driven when it wants to be, and not before
		if d := e.Deadline(); d != never {
			p.now = max(p.now, (d+ms-1)/ms*ms)
		}
		p.expire(i, func(r int) bool { return p.reach[i][r] })
	default:
		p.pass(int64(n+1) * ms)
	}
}

// expire drives an end. Before its time that changes nothing, and afterwards its time is to come.
func (p *pair) expire(i int, answers func(int) bool) {
	e := &p.ends[i]
	before := *e
	e.Expire(p.now, relays, answers)
	p.left(i)
	if p.now < before.at && *e != before {
		p.t.Fatalf("%d ms: end %d: driven before its time, it has become %+v of %+v", p.now/ms, i, *e, before)
	}
	if e.Deadline() <= p.now {
		p.t.Fatalf("%d ms: end %d: after Expire its deadline has passed", p.now/ms, i)
	}
	if by := e.By(); by != before.by && by != None && !answers(by) {
		p.t.Fatalf("%d ms: end %d: it has taken relay %d, which does not answer", p.now/ms, i, by)
	}
}

func (p *pair) pass(d int64) {
	for until := p.now + d; p.now < until && !p.t.Failed(); p.now += ms {
		p.step()
		p.sound()
	}
}

// sound is what holds at every instant.
func (p *pair) sound() {
	for i := range p.ends {
		e := &p.ends[i]
		switch by := e.By(); {
		case by < None || by >= relays:
			p.t.Fatalf("%d ms: end %d goes by relay %d of %d", p.now/ms, i, by, relays)
		case by == None && e.up:
			p.t.Fatalf("%d ms: end %d has no relay, and a relayed path that is up", p.now/ms, i)
		case e.direct && e.Seeking():
			p.t.Fatalf("%d ms: end %d asks relays though a path leads to the peer", p.now/ms, i)
		case !e.direct && !e.up && e.Deadline() == never:
			p.t.Fatalf("%d ms: end %d has no way to the peer, and will not look for one", p.now/ms, i)
		case e.direct && by != None && e.Deadline() == never:
			p.t.Fatalf("%d ms: end %d has a path and a relay, and will not leave it", p.now/ms, i)
		}
	}
}
