package simnet

import (
	"fmt"
	"math/rand/v2"
	"time"

	"rainmpi/internal/simnet/sim"
	"rainmpi/rainnet/history"
	"rainmpi/rainnet/rudp"
	"rainmpi/rainnet/wire"
)

const (
	microsecond = 1_000
	millisecond = 1_000_000
	second      = 1_000_000_000

	never = 1<<63 - 1
)

// duration is d for people.
func duration(d int64) time.Duration { return time.Duration(d) }

// A world is all of one run.
type world struct {
	*sim.Scheduler
	seed uint64
	rng  *rand.Rand
	net  *network
	plan plan

	hosts      []*host
	sessions   []*session
	faults     int   // that have begun
	broken     int   // that have not ended
	groundless int64 // transitions to Down without a reason
	winding    bool  // no more load: what waits is to arrive
	watched    bool  // all is done: no data may travel any more
	over       bool

	failures []string
	tracing  bool
	trace    func(line string)
	history  func(history.Entry) // Options.History
}

// A host has cards, and ends of connections to other hosts.
type host struct {
	name  string
	cards []duplex
	ends  []*end
}

// duplex is a network interface: what leaves and what arrives.
type duplex struct{ out, in card }

// A session is both ends of the connection between two hosts.
type session struct {
	*world
	ends      [2]*end
	pathIDs   []wire.PathID             // of the pairs that reach each other
	cables    [2]map[wire.PathID]*cable // from ends[i] to the other
	window    int64
	histories *histories
	sleptAt   int64 // when a host was last found asleep
}

// failf takes note of a broken promise. The first one ends the run: what
// follows is mostly its consequence.
func (w *world) failf(format string, args ...any) {
	if w.over {
		return
	}
	line := fmt.Sprintf("%v: "+format, append([]any{duration(w.Now)}, args...)...)
	w.tracef("FAILED %s", line)
	w.failures = append(w.failures, line)
	w.over = true
}

func (w *world) tracef(format string, args ...any) {
	if w.tracing {
		w.trace(fmt.Sprintf("%v %s", duration(w.Now), fmt.Sprintf(format, args...)))
	}
}

func newWorld(seed uint64, p plan, rng *rand.Rand) *world {
	w := &world{Scheduler: &sim.Scheduler{}, seed: seed, plan: p, rng: rng}
	w.net = &network{Scheduler: w.Scheduler, rng: rng}
	for i, hp := range p.hosts {
		h := &host{name: string(rune('a' + i))}
		for _, c := range hp.cards {
			one := card{rate: c.rate, limit: c.limit}
			h.cards = append(h.cards, duplex{one, one})
		}
		w.hosts = append(w.hosts, h)
	}
	for i := range w.hosts {
		for j := range i {
			w.connect(j, i)
		}
	}
	w.drawNarrowings(rand.New(rand.NewPCG(seed, 0x6e617272)))
	return w
}

// connect makes the session of hosts i < j, whose ids are in the same order.
func (w *world) connect(i, j int) {
	s := &session{world: w, histories: newHistories(int64(w.plan.slack)), window: w.plan.window}
	ids := [2]wire.PeerID{wire.PeerID(i), wire.PeerID(j)}
	at := [2]*host{w.hosts[i], w.hosts[j]}
	for side := range s.ends {
		cfg := rudp.Config{Local: ids[side], Remote: ids[1-side], Window: s.window, Bugs: w.plan.bugs}
		cfg.Link.Slack = w.plan.slack
		cfg.Link.Bugs = w.plan.linkBugs
		e := &end{
			session: s, side: side, id: ids[side],
			name:    at[side].name + at[1-side].name,
			ahead:   int64(word(w.seed, uint64(0x636c6f63+side+2*j+16*i)) % mostAhead),
			numbers: map[wire.PathID]uint64{}, told: map[wire.HistoryFrame]int{}, suspects: map[wire.PathID]int64{},
			packet: make([]byte, 1<<16),
		}
		e.conn = rudp.New(cfg, e.clock())
		s.ends[side] = e
		s.cables[side] = map[wire.PathID]*cable{}
		e.out = s.cables[side]
		at[side].ends = append(at[side].ends, e)
	}
	s.ends[0].peer, s.ends[1].peer = s.ends[1], s.ends[0]
	for ci := range at[0].cards {
		for cj := range at[1].cards {
			s.lay(at, ci, cj)
		}
	}
	s.layRelays()
	s.drawNews(rand.New(rand.NewPCG(w.seed, uint64(0x61646472+len(w.sessions)))))
	s.drawHints(rand.New(rand.NewPCG(w.seed, uint64(0x68696e74+len(w.sessions)))))
	for side, e := range s.ends {
		e.box.key = word(w.seed, uint64(side+2*j+16*i))
		e.traffic.start(e)
	}
	w.sessions = append(w.sessions, s)
}

// lay puts the cables of one pair of cards, and tells both ends of the path. A
// pair on two switches that are not connected is a candidate as well: nobody
// can know before it has been tried.
func (s *session) lay(at [2]*host, ci, cj int) {
	id := wire.PathID(ci<<8 | cj)
	rail := s.plan.rail(ci, cj)
	for side, e := range s.ends {
		mine, theirs := ci, cj
		if side == 1 {
			mine, theirs = cj, ci
		}
		c := &cable{mtu: rail.mtu, home: rail.delay}
		c.line = line{
			from: &at[side].cards[mine].out, to: &at[1-side].cards[theirs].in,
			delay: rail.delay, normal: rail.faults, faults: rail.faults,
		}
		if !rail.connected {
			c.dead = 1
		}
		s.cables[side][id] = c
		e.conn.AddPath(e.clock(), id, rail.mtu)
	}
	if rail.connected {
		s.pathIDs = append(s.pathIDs, id)
	}
}
