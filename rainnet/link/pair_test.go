package link

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// pair is two ends of a path and the path between them, in virtual time.
type pair struct {
	now    int64
	ends   [2]*Link
	delay  int64
	queue  []flight
	cut    [2]bool    // packets of end i are lost
	drop   [2]int     // so many of the next packets of end i are lost
	loss   float64    // of every packet
	other  bool       // histories also travel on another path, unharmed
	asleep [2]int64   // end i is not driven before
	rng    *rand.Rand // for loss

	sent [2]int
	log  []string
	// each is called after every event, to check what must hold always.
	each func()
}

type flight struct {
	at       int64
	to       int
	ping     Ping
	elsewise bool // a history from another path
}

func newPair(cfg Config, delay int64) *pair {
	p := &pair{delay: delay, rng: rand.New(rand.NewPCG(1, 1))}
	for i := range p.ends {
		p.ends[i] = New(cfg, 0)
	}
	return p
}

// run drives both ends until the given time.
func (p *pair) run(until int64) {
	for {
		p.settle()
		at := min(p.wake(0), p.wake(1), p.arrival())
		if at > until {
			p.now = until
			return
		}
		p.now = max(p.now, at)
	}
}

// wake is when end i wants to be driven and can be.
func (p *pair) wake(i int) int64 { return max(p.ends[i].Deadline(), p.asleep[i]) }

func (p *pair) arrival() int64 {
	if len(p.queue) == 0 {
		return Never
	}
	f := p.queue[0]
	return max(f.at, p.asleep[f.to])
}

// settle does everything that is due now: arrivals first, as a driver drains
// its sockets before it looks at the clock.
func (p *pair) settle() {
	slices.SortStableFunc(p.queue, func(x, y flight) int { return cmp.Compare(x.at, y.at) })
	for i := 0; i < len(p.queue); {
		if f := p.queue[i]; f.at <= p.now && p.asleep[f.to] <= p.now {
			p.queue = slices.Delete(p.queue, i, i+1)
			p.arrive(f)
			continue
		}
		i++
	}
	for i, l := range p.ends {
		if p.asleep[i] > p.now {
			continue
		}
		l.Expire(p.now)
		p.events(i)
		for {
			ping, ok := l.NextPing(p.now)
			if !ok {
				break
			}
			p.send(i, ping)
		}
	}
	slices.SortStableFunc(p.queue, func(x, y flight) int { return cmp.Compare(x.at, y.at) })
}

func (p *pair) arrive(f flight) {
	if f.elsewise {
		p.ends[f.to].RecvHistory(p.now, f.ping.A, f.ping.R)
	} else {
		p.ends[f.to].RecvPing(p.now, f.ping)
	}
	p.events(f.to)
}

func (p *pair) send(i int, ping Ping) {
	p.sent[i]++
	f := flight{at: p.now + p.delay, to: 1 - i, ping: ping}
	if p.other {
		e := f
		e.elsewise = true
		p.queue = append(p.queue, e)
	}
	switch {
	case p.drop[i] > 0:
		p.drop[i]--
	case p.cut[i] || p.loss > 0 && p.rng.Float64() < p.loss:
	default:
		p.queue = append(p.queue, f)
	}
}

func (p *pair) events(i int) {
	for {
		e, ok := p.ends[i].NextEvent()
		if !ok {
			break
		}
		state := "down"
		if e.Up {
			state = "up"
		}
		p.log = append(p.log, fmt.Sprintf("%v %c %s %d %s", time.Duration(e.At), 'a'+i, state, e.Epoch, e.Cause))
	}
	if p.each != nil {
		p.each()
	}
}

// flush returns the log and empties it.
func (p *pair) flush() string {
	s := strings.Join(p.log, "\n")
	p.log = nil
	return s
}
