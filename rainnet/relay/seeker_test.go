package relay

import (
	"flag"
	"math/rand/v2"
	"testing"
)

var seed = flag.Int64("seed", -1, "run this seed only")

const (
	ms = 1_000_000
	// detect is how long the link machines of the model take for a verdict.
	detect = 60 * ms
	// settle is how long the ends may take: all relays once, at the pace of the slower end, and again
	// for the other's turn.
	settle = 2*relays*TryTime + 2*Patience
	relays = 4
)

// A pair is two ends, the relays between them, and a model of what links find out.
type pair struct {
	t     *testing.T
	rng   *rand.Rand
	now   int64
	ends  [2]Seeker
	reach [2][relays]bool // which relays an end reaches
	wire  bool            // a direct path works

	wireAt  int64
	reachAt int64 // when anything about the relays last changed

	direct  [2]bool
	heardAt [2]int64 // a ping came by relay
	up      [2]bool
	upSince [2]int64
}

// TestSeeds draws what works and what does not, and looks at what the ends make of it.
func TestSeeds(t *testing.T) {
	first, last := int64(0), int64(400)
	if *seed >= 0 {
		first, last = *seed, *seed+1
	}
	for s := first; s < last; s++ {
		p := &pair{t: t, rng: rand.New(rand.NewPCG(uint64(s), 0))}
		p.ends[0] = New(0, true, int(s))
		p.ends[1] = New(0, false, int(s))
		if !p.run() {
			t.Fatalf("seed %d (go test -run TestSeeds -seed %d)", s, s)
		}
	}
}

func (p *pair) run() bool {
	for range 40 {
		p.change()
		lasts := 1 + p.rng.IntN(6000)
		if p.rng.IntN(2) == 0 {
			lasts = 1 + p.rng.IntN(2*detect/ms)
		}
		for until := p.now + int64(lasts)*ms; p.now < until; p.now += ms {
			p.step()
			if !p.check() {
				return false
			}
		}
	}
	return true
}

// change cuts or mends something.
func (p *pair) change() {
	switch p.rng.IntN(4) {
	case 0, 1:
		p.wire, p.wireAt = !p.wire, p.now
	default:
		p.reach[p.rng.IntN(2)][p.rng.IntN(relays)] = p.rng.IntN(2) == 0
		p.reachAt = p.now
	}
}

// reaches reports whether a packet of an end arrives at the other.
func (p *pair) reaches(end int) bool {
	by := p.ends[end].By()
	return by != None && p.reach[end][by] && p.reach[1-end][by]
}

func (p *pair) step() {
	for i := range p.ends {
		e := &p.ends[i]
		// Each end notices direct paths in its own time.
		if p.direct[i] != p.wire && p.now-p.wireAt > detect && p.rng.IntN(20) == 0 {
			p.direct[i] = p.wire
			e.Direct(p.now, p.wire)
		}
		if p.now >= e.Deadline() {
			e.Expire(p.now, relays, func(r int) bool { return p.reach[i][r] })
			p.left(i)
			if e.Deadline() <= p.now {
				p.t.Errorf("%d ms: end %d: after Expire its deadline has passed", p.now/ms, i)
			}
		}
	}
	if p.now%(10*ms) == 0 {
		// Both pings are under way at the same time.
		by := [2]int{p.ends[0].By(), p.ends[1].By()}
		reaches := [2]bool{p.reaches(0), p.reaches(1)}
		for i := range p.ends {
			if reaches[i] && p.ends[1-i].Arrived(p.now, by[i]) {
				p.heardAt[1-i] = p.now
			}
		}
	}
	both := p.now-p.heardAt[0] < detect && p.now-p.heardAt[1] < detect && p.ends[0].By() != None && p.ends[1].By() != None
	for i := range p.ends {
		if p.up[i] != both && p.rng.IntN(10) == 0 {
			p.up[i], p.upSince[i] = both, p.now
			p.ends[i].Relayed(p.now, both)
		}
	}
}

// left removes the relayed path of an end that has left its relay: if it comes again, it has to come up again.
func (p *pair) left(i int) {
	if p.ends[i].By() == None {
		p.up[i] = false
	}
}

// check is what the ends owe their users.
func (p *pair) check() bool {
	long := p.now-max(p.wireAt, p.reachAt) > settle+2*Linger
	if !long {
		return true
	}
	if p.wire {
		for i := range p.ends {
			if p.ends[i].By() != None || p.ends[i].Seeking() {
				p.t.Errorf("%d ms: end %d goes by relay %d (seeking %v) though a path has been there for long",
					p.now/ms, i, p.ends[i].By(), p.ends[i].Seeking())
				return false
			}
		}
		return true
	}
	for r := range relays {
		if !p.reach[0][r] || !p.reach[1][r] {
			continue
		}
		if !p.up[0] || !p.up[1] {
			p.t.Errorf("%d ms: relay %d reaches both, and the ends try %d and %d", p.now/ms, r, p.ends[0].By(), p.ends[1].By())
			return false
		}
		if p.ends[0].By() != p.ends[1].By() {
			p.t.Errorf("%d ms: the ends go by relay %d and %d", p.now/ms, p.ends[0].By(), p.ends[1].By())
			return false
		}
	}
	return true
}
