package simnet

import (
	"cmp"
	"math/rand/v2"
	"slices"

	"rainmpi/internal/simnet/sim"
	"rainmpi/rainnet/link"
	"rainmpi/rainnet/rudp"
)

// MinPackets and MinFaults are the least that a seed is worth.
const (
	MinPackets = 10_000
	MinFaults  = 3
)

// A plan is what a seed decides before anything happens.
type plan struct {
	slack    int
	window   int64
	hosts    []hostPlan
	rails    []railPlan
	relays   []relayPlan
	bridged  bool // every card reaches every card; else only cards of equal index do
	faults   []faultPlan
	bugs     rudp.Bugs
	linkBugs link.Bugs
	noRelay  bool
}

type hostPlan struct{ cards []cardPlan }

type cardPlan struct{ rate, limit int64 }

type railPlan struct {
	delay     int64
	mtu       int
	faults    lineFaults
	connected bool
}

func draw(rng *rand.Rand) plan {
	p := plan{
		slack:   2 + sim.Pick(rng, 3, 1),
		window:  sim.LogUniform(rng, 64<<10, 4<<20),
		bridged: rng.IntN(3) == 0,
	}
	rails := 1 + sim.Pick(rng, 1, 6, 3)
	rate := sim.LogUniform(rng, 1<<20, 60<<20)
	for range 2 + sim.Pick(rng, 8, 1) {
		var h hostPlan
		for range rails {
			// Rails are mostly equal, and sometimes very unequal.
			r := rate
			if rng.IntN(4) == 0 {
				r = sim.LogUniform(rng, 1<<20, 60<<20)
			}
			// A queue of 2 to 30 ms.
			h.cards = append(h.cards, cardPlan{r, max(60<<10, r*sim.LogUniform(rng, 2, 30)/1000)})
		}
		p.hosts = append(p.hosts, h)
	}
	delay := sim.LogUniform(rng, 5*microsecond, 20*millisecond)
	mtu := mtus[rng.IntN(len(mtus))]
	for range rails {
		r := railPlan{delay: delay, mtu: mtu, faults: drawLine(rng, delay), connected: true}
		if rng.IntN(4) == 0 {
			r.delay = sim.LogUniform(rng, 5*microsecond, 20*millisecond)
		}
		if rng.IntN(3) == 0 {
			r.mtu = mtus[rng.IntN(len(mtus))]
		}
		p.rails = append(p.rails, r)
	}
	for range MinFaults + rng.IntN(6) {
		p.faults = append(p.faults, drawFault(rng))
	}
	p.sortFaults()
	return p
}

// drawUneven has one host of every fourth seed have fewer cards than the others.
func (p *plan) drawUneven(rng *rand.Rand) {
	if most := len(p.rails); most > 1 && rng.IntN(4) == 0 {
		h := &p.hosts[rng.IntN(len(p.hosts))]
		h.cards = h.cards[:1+rng.IntN(most-1)]
	}
}

func (p *plan) sortFaults() {
	slices.SortFunc(p.faults, func(a, b faultPlan) int { return cmp.Compare(a.after, b.after) })
}

// mtus are UDP payloads: the least IPv6 promises, Ethernet, jumbo frames.
var mtus = []int{1232, 1472, 1472, 4000, 8972}

// drawLine returns how a rail misbehaves when all is well: not at all, mostly.
func drawLine(rng *rand.Rand, delay int64) lineFaults {
	f := lineFaults{late: delay + 100*microsecond}
	if rng.IntN(2) == 0 {
		return f
	}
	f.loss = rng.Float64() * 0.02
	f.duplicate = rng.Float64() * 0.02
	f.reorder = rng.Float64() * 0.03
	f.jitter = rng.Int64N(delay + 1)
	f.ghost = rng.Float64() * 0.001
	return f
}

// rail returns what lies between card i of one host and card j of another.
func (p *plan) rail(i, j int) railPlan {
	if i == j {
		return p.rails[i]
	}
	// Between the switches of two rails the worse of both.
	a, b := p.rails[i], p.rails[j]
	a.mtu = min(a.mtu, b.mtu)
	a.delay = max(a.delay, b.delay) + 20*microsecond
	a.connected = p.bridged
	return a
}
