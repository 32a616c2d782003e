package membersim

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"time"

	"rainmpi/internal/simnet/sim"
	"rainmpi/rainnet/member"
)

const (
	microsecond = 1_000
	millisecond = 1_000_000
	second      = 1000 * millisecond
)

// A world is all of one run.
type world struct {
	sim.Scheduler
	rng   *rand.Rand
	cfg   member.Config
	hosts []*host
	network

	check    checker
	failures []string
	over     bool
	quiet    bool // nobody sends
	troubled bool // things break
	trace    func(line string)
	messages int
}

// network is how messages fare.
type network struct {
	delay     int64
	loss, dup float64
	late      float64 // share that comes up to seconds later
	lateBy    int64
	cut       [][]int // from, to: faults that cut it now
}

// A host runs a machine, or does not.
type host struct {
	*world
	id     member.ID
	inc    uint64
	m      *member.Machine // nil: crashed
	asleep bool
	inbox  []letter
	wakeAt int64
	sent   uint64 // messages of this life that were handed in
}

// A letter is a message that has come.
type letter struct {
	from member.ID
	data []byte
}

// run lets d pass.
func (w *world) run(d int64) { w.RunUntil(w.Now+d, func() bool { return w.over }) }

func newWorld(rng *rand.Rand, cfg member.Config, n int) *world {
	w := &world{rng: rng, cfg: cfg}
	w.network.delay = 100 * microsecond
	w.check.reset(w)
	for i := range n {
		w.cfg.Hosts = append(w.cfg.Hosts, member.ID(i))
		w.hosts = append(w.hosts, &host{world: w, id: member.ID(i)})
		w.cut = append(w.cut, make([]int, n))
	}
	return w
}

// start begins a life of the host.
func (h *host) start() {
	if h.m != nil {
		return
	}
	// Fencing takes the next numbers; a real host takes its clock.
	h.inc += 1000
	h.sent = 0
	h.wakeAt = 0
	cfg := h.cfg
	cfg.Self = member.Member{ID: h.id, Inc: h.inc}
	h.m = member.New(cfg, h.Now)
	h.tracef("%d starts as %v", h.id, h.m.Self())
	h.drive()
}

// crash ends a life. What was in the host's sockets is lost.
func (h *host) crash() {
	if h.m == nil {
		return
	}
	h.tracef("%v crashes", h.m.Self())
	h.check.ended(h.m.Self())
	h.m = nil
	h.asleep = false
	h.inbox = nil
}

// sleep stops the host, as SIGSTOP does: messages wait.
func (h *host) sleep(d int64) {
	if h.m == nil || h.asleep {
		return
	}
	h.tracef("%v is stopped for %v", h.m.Self(), duration(d))
	h.asleep = true
	m := h.m
	h.After(d, func() {
		if h.m != m {
			return
		}
		h.tracef("%v wakes", h.m.Self())
		h.asleep = false
		inbox := h.inbox
		h.inbox = nil
		for _, e := range inbox {
			h.arrive(e)
		}
		h.drive()
	})
}

func (h *host) arrive(e letter) {
	switch {
	case h.m == nil:
	case h.asleep:
		if len(h.inbox) < 1000 {
			h.inbox = append(h.inbox, e)
		}
	default:
		if err := h.m.Recv(h.Now, e.from, e.data); err != nil && err != member.ErrDead {
			h.failf("%v: Recv: %v", h.m.Self(), err)
		}
		h.drive()
	}
}

func (h *host) wake(at int64) {
	if h.wakeAt != at {
		return
	}
	h.wakeAt = 0
	if h.m != nil && !h.asleep {
		h.drive()
	}
}

// maxTurns is how often in a row a machine may want to be driven at one instant.
const maxTurns = 10

// drive does what the machine wants now.
func (h *host) drive() {
	for turn := 0; ; turn++ {
		h.drain()
		if h.over {
			return
		}
		if h.m.Deadline() > h.Now {
			break
		}
		if turn == maxTurns {
			h.failf("%v: its deadline is %v ago after all it wanted was done", h.m.Self(), duration(h.Now-h.m.Deadline()))
			return
		}
		h.m.Expire(h.Now)
	}
	if d := h.m.Deadline(); d != member.Never && (h.wakeAt == 0 || d < h.wakeAt || h.wakeAt <= h.Now) {
		h.wakeAt = d
		h.At(d, func() { h.wake(d) })
	}
	h.check.instant()
}

// drain takes messages and events.
func (h *host) drain() {
	for {
		to, data, ok := h.m.NextMessage()
		if !ok {
			break
		}
		h.messages++
		h.carry(h.id, to, data)
	}
	for !h.over {
		e, ok := h.m.NextEvent()
		if !ok {
			break
		}
		if h.trace != nil {
			h.tracef("%v %v %v %v %s", h.m.Self(), e.Kind, e.View, e.Who, e.Cause)
		}
		h.check.event(h, e)
	}
}

// carry takes a message to another host, or does not.
func (w *world) carry(from, to member.ID, data []byte) {
	for range 1 + w.chance(w.dup) {
		if w.chance(w.loss) == 1 {
			continue
		}
		d := w.delay/2 + w.rng.Int64N(w.delay)
		if w.chance(w.late) == 1 {
			d += w.rng.Int64N(w.lateBy)
		}
		if w.cut[from][to] > 0 {
			continue
		}
		w.After(d, func() { w.hosts[to].arrive(letter{from, data}) })
	}
}

func (w *world) chance(p float64) int {
	if p > 0 && w.rng.Float64() < p {
		return 1
	}
	return 0
}

// multicast hands a message to the host's machine.
func (h *host) multicast() {
	if h.m == nil || h.asleep {
		return
	}
	if h.m.Multicast(h.Now, binary.BigEndian.AppendUint64(nil, uint64(h.id)<<32+h.sent)) == nil {
		h.sent++
	}
	h.drive()
}

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
	if w.trace != nil {
		w.trace(fmt.Sprintf("%v %s", duration(w.Now), fmt.Sprintf(format, args...)))
	}
}

func duration(d int64) time.Duration { return time.Duration(d) }
