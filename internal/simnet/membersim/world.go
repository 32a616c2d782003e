package membersim

import (
	"container/heap"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"time"

	"rainmpi/rainnet/member"
)

const (
	microsecond = 1_000
	millisecond = 1_000_000
	second      = 1000 * millisecond
)

// A world is all of one run.
type world struct {
	now   int64
	asked uint64
	queue eventQueue
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
	inbox  []event
	wakeAt int64
	sent   uint64 // messages of this life that were handed in
}

// An event is a message that arrives, a host that is due, or anything else.
type event struct {
	at    int64
	order uint64
	host  *host
	from  member.ID
	data  []byte // nil: the host's deadline
	do    func()
}

type eventQueue []event

func (q eventQueue) Len() int      { return len(q) }
func (q eventQueue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q eventQueue) Less(i, j int) bool {
	return q[i].at < q[j].at || q[i].at == q[j].at && q[i].order < q[j].order
}
func (q *eventQueue) Push(x any) { *q = append(*q, x.(event)) }
func (q *eventQueue) Pop() any {
	last := len(*q) - 1
	e := (*q)[last]
	(*q)[last] = event{}
	*q = (*q)[:last]
	return e
}

func (w *world) put(e event) {
	w.asked++
	e.order = w.asked
	e.at = max(e.at, w.now)
	heap.Push(&w.queue, e)
}

// after calls do when d has passed.
func (w *world) after(d int64, do func()) { w.put(event{at: w.now + d, do: do}) }

// run lets d pass.
func (w *world) run(d int64) {
	until := w.now + d
	for !w.over && len(w.queue) > 0 && w.queue[0].at <= until {
		e := heap.Pop(&w.queue).(event)
		w.now = e.at
		switch {
		case e.do != nil:
			e.do()
		case e.data != nil:
			e.host.arrive(e)
		default:
			e.host.wake(e.at)
		}
	}
	if !w.over {
		w.now = until
	}
}

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
	h.m = member.New(cfg, h.now)
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
	h.after(d, func() {
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

func (h *host) arrive(e event) {
	switch {
	case h.m == nil:
	case h.asleep:
		if len(h.inbox) < 1000 {
			h.inbox = append(h.inbox, e)
		}
	default:
		if err := h.m.Recv(h.now, e.from, e.data); err != nil && err != member.ErrDead {
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
		if h.m.Deadline() > h.now {
			break
		}
		if turn == maxTurns {
			h.failf("%v: its deadline is %v ago after all it wanted was done", h.m.Self(), duration(h.now-h.m.Deadline()))
			return
		}
		h.m.Expire(h.now)
	}
	if d := h.m.Deadline(); d != member.Never && (h.wakeAt == 0 || d < h.wakeAt || h.wakeAt <= h.now) {
		h.wakeAt = d
		h.put(event{at: d, host: h})
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
		w.put(event{at: w.now + d, host: w.hosts[to], from: from, data: data})
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
	if h.m.Multicast(h.now, binary.BigEndian.AppendUint64(nil, uint64(h.id)<<32+h.sent)) == nil {
		h.sent++
	}
	h.drive()
}

func (w *world) failf(format string, args ...any) {
	if w.over {
		return
	}
	line := fmt.Sprintf("%v: "+format, append([]any{duration(w.now)}, args...)...)
	w.tracef("FAILED %s", line)
	w.failures = append(w.failures, line)
	w.over = true
}

func (w *world) tracef(format string, args ...any) {
	if w.trace != nil {
		w.trace(fmt.Sprintf("%v %s", duration(w.now), fmt.Sprintf(format, args...)))
	}
}

func duration(d int64) time.Duration { return time.Duration(d) }
