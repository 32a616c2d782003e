package simnet

import (
	"math/rand/v2"

	"rainmpi/internal/simnet/sim"
	"rainmpi/rainnet/link"
)

// A linkWorld is one path and the two link machines of its ends, without
// anything that sends data by them. A Conn is kind to its links: counts ride on
// nearly every packet. Here nobody is: pings are lost while data passes and is
// acknowledged, carriers come and go on one side only, counts arrive late, twice
// and by another path. What the protocol promises, it promises for that too.
type linkWorld struct {
	*sim.Scheduler
	rng     *rand.Rand
	slack   int
	ends    [2]*linkEnd
	delay   int64
	over    bool
	winding bool // no more data: pings have to do
	trace   func(format string, args ...any)
	fail    func(format string, args ...any)

	diedAt  int64 // when the path died in either direction; never: it lives
	carried int64
	faults  int
}

type linkEnd struct {
	*linkWorld
	name    string
	link    *link.Link
	peer    *linkEnd
	epoch   uint32
	movedAt int64
	wakeAt  int64
	asleep  bool
	inbox   []func()

	// What becomes of what this end sends.
	dead      bool
	pingLoss  float64
	dataLoss  float64
	duplicate float64
	jitter    int64
	otherLoss float64 // of histories on the other path
}

const (
	linkFaults    = 60              // that a seed goes through
	deadWithin    = 5 * second      // both ends say so of a dead path: T of an idle path is 3 s
	linkSettles   = 25 * second     // the longest hold-down, and then some echoes
	dataEvery     = 2 * millisecond // while an end talks
	historyEvery  = 20 * millisecond
	otherPathTime = 30 * millisecond
)

func newLinkWorld(rng *rand.Rand, cfg link.Config, fail, trace func(string, ...any)) *linkWorld {
	w := &linkWorld{
		Scheduler: &sim.Scheduler{}, rng: rng, slack: cfg.Slack, fail: fail, trace: trace,
		delay: sim.LogUniform(rng, 5*microsecond, 20*millisecond), diedAt: never,
	}
	for i := range w.ends {
		w.ends[i] = &linkEnd{linkWorld: w, name: string(rune('x' + i)), link: link.New(cfg, 0)}
	}
	w.ends[0].peer, w.ends[1].peer = w.ends[1], w.ends[0]
	return w
}

// run goes through all faults and then waits for peace.
func (w *linkWorld) run() {
	for _, e := range w.ends {
		e.restore()
		e.drive()
		e.talk()
		e.tellOther()
	}
	at := int64(0)
	for range linkFaults {
		at += sim.LogUniform(w.rng, millisecond, 500*millisecond)
		w.At(at, w.fault)
	}
	w.until(at)
	w.winding = true
	w.until(w.Now + 8*second) // every fault ends within
	w.until(w.Now + linkSettles)
	x, y := w.ends[0], w.ends[1]
	if x.epoch != y.epoch || !x.link.Up() || !y.link.Up() {
		w.fail("link: the path is well, but its ends count %d and %d transitions, up %v and %v",
			x.epoch, y.epoch, x.link.Up(), y.link.Up())
	}
	for _, e := range w.ends {
		if a, r := e.link.History(); a != r || a != e.epoch {
			w.fail("link %s: quiet, but it has made %d transitions and learnt %d", e.name, a, r)
		}
	}
}

func (w *linkWorld) until(t int64) { w.RunUntil(t, func() bool { return w.over }) }

// fault begins one of the things that may happen to a path.
func (w *linkWorld) fault() {
	w.faults++
	e := w.ends[w.rng.IntN(2)]
	lasts := sim.LogUniform(w.rng, 5*millisecond, 400*millisecond)
	switch w.rng.IntN(9) {
	case 0: // it dies
		e.kill(lasts)
		e.peer.kill(lasts)
	case 1: // one direction does
		e.kill(lasts)
	case 2: // it dies for long, as soon as something else has gone wrong
		if w.rng.IntN(4) == 0 {
			lasts = 7 * second
		}
		w.After(w.rng.Int64N(20*millisecond), func() {
			e.kill(lasts)
			e.peer.kill(lasts)
		})
		e.carrierLost()
	case 3: // one end sees its carrier go and come
		e.carrierLost()
	case 4: // pings are lost, data is not
		e.pingLoss = 0.9
		w.After(lasts, e.restore)
	case 5:
		e.pingLoss, e.dataLoss, e.duplicate = 0.3, 0.3, 0.2
		w.After(lasts, e.restore)
	case 6: // the other path is bad too
		e.otherLoss, e.peer.otherLoss = 1, 1
		w.After(lasts, e.restore)
	case 7:
		e.sleep(lasts / 2)
	case 8:
		e.mute()
	}
}

// mute lets nothing of what an end says of its history through, while its data
// is acknowledged and its carrier comes and goes: how far does it run ahead? Now
// and then the path dies at the worst moment.
func (e *linkEnd) mute() {
	e.pingLoss, e.otherLoss = 1, 1
	at := int64(0)
	for range 5 {
		at += 10*millisecond + 4*e.delay + e.rng.Int64N(20*millisecond)
		e.After(at, e.carrierLost)
	}
	if e.rng.IntN(2) == 0 {
		e.After(e.rng.Int64N(at), func() {
			e.kill(200 * millisecond)
			e.peer.kill(200 * millisecond)
		})
	}
	e.After(at, e.restore)
}

// restore makes an end's direction as good as it gets.
func (e *linkEnd) restore() {
	e.pingLoss, e.dataLoss, e.duplicate, e.otherLoss = 0.01, 0.01, 0.01, 0.1
	e.peer.otherLoss = 0.1
	e.jitter = e.delay/2 + 1
}

func (e *linkEnd) kill(lasts int64) {
	if e.dead {
		return
	}
	e.trace("link %s: direction dies for %v", e.name, duration(lasts))
	e.dead = true
	if !e.peer.dead {
		e.diedAt = e.Now
	}
	e.After(min(lasts, deadWithin+second), func() {
		e.dead = false
		if !e.peer.dead {
			e.diedAt = never
		}
	})
	if lasts > deadWithin {
		died := e.Now
		e.After(deadWithin, func() { e.checkDown(died) })
	}
}

// checkDown: "if communication in both directions ceases, both sides come to
// mark Down".
func (e *linkEnd) checkDown(died int64) {
	if e.dead && e.peer.dead && e.diedAt <= died && e.link.Up() {
		e.fail("link %s: still Up %v after the path died", e.name, duration(e.Now-died))
	}
}

func (e *linkEnd) carrierLost() {
	if e.asleep {
		return
	}
	e.trace("link %s: carrier lost", e.name)
	e.link.Lost(e.Now)
	e.events()
	e.drive()
}

func (e *linkEnd) sleep(d int64) {
	if e.asleep {
		return
	}
	e.asleep = true
	e.After(d, func() {
		e.asleep = false
		inbox := e.inbox
		e.inbox = nil
		for _, take := range inbox {
			take()
			e.events()
		}
		e.drive()
	})
}

// drive does what rudp does with its link.
func (e *linkEnd) drive() {
	if e.asleep || e.over {
		return
	}
	if e.link.Deadline() <= e.Now {
		e.link.Expire(e.Now)
		e.events()
	}
	for p, ok := e.link.NextPing(e.Now); ok; p, ok = e.link.NextPing(e.Now) {
		e.trace("link %s: ping %+v", e.name, p)
		e.send(e.pingLoss, func() { e.peer.link.RecvPing(e.Now, p) })
	}
	d := e.link.Deadline()
	if d <= e.Now {
		e.fail("link %s: its deadline is %v ago", e.name, duration(e.Now-d))
		return
	}
	if e.wakeAt > e.Now && e.wakeAt <= d {
		return
	}
	e.wakeAt = d
	e.At(d, func() {
		if e.wakeAt == d {
			e.wakeAt = 0
		}
		e.drive()
	})
}

// send lets the peer take something, after the delay of the path, once or twice
// or never.
func (e *linkEnd) send(loss float64, take func()) {
	e.carried++
	if e.dead || e.rng.Float64() < loss {
		return
	}
	arrive := func() {
		if !e.dead {
			e.peer.take(take)
		}
	}
	e.After(e.delay+e.rng.Int64N(e.jitter), arrive)
	if e.rng.Float64() < e.duplicate {
		e.After(e.delay+e.rng.Int64N(10*e.jitter), arrive)
	}
}

func (e *linkEnd) take(what func()) {
	if e.over {
		return
	}
	if e.asleep {
		e.inbox = append(e.inbox, what)
		return
	}
	what()
	e.events()
	e.drive()
}

// talk sends data and has it acknowledged, now and then, whatever the state.
func (e *linkEnd) talk() {
	if e.over || e.winding {
		return
	}
	if !e.asleep && e.Now/second%3 != 0 {
		sentAt := e.Now
		e.send(e.dataLoss, func() {
			e.peer.send(e.peer.dataLoss, func() { e.link.Proof(e.Now, sentAt) })
		})
	}
	e.After(dataEvery/2+e.rng.Int64N(dataEvery), e.talk)
}

// tellOther tells the history on another path until the peer knows it.
func (e *linkEnd) tellOther() {
	if e.over {
		return
	}
	if !e.asleep && !e.link.Known() && e.rng.Float64() >= e.otherLoss {
		a, r := e.link.History()
		e.After(e.rng.Int64N(otherPathTime), func() {
			e.peer.take(func() { e.peer.link.RecvHistory(e.Now, a, r) })
		})
	}
	e.After(historyEvery, e.tellOther)
}

// events checks every transition as it happens.
func (e *linkEnd) events() {
	for {
		ev, ok := e.link.NextEvent()
		if !ok {
			return
		}
		e.trace("link %s: up %v epoch %d %s", e.name, ev.Up, ev.Epoch, ev.Cause)
		if ev.Epoch != e.epoch+1 || ev.Up != (ev.Epoch%2 == 1) {
			e.fail("link %s: epoch %d, up %v follows epoch %d", e.name, ev.Epoch, ev.Up, e.epoch)
		}
		if int64(ev.Epoch)-int64(e.peer.epoch) > int64(e.slack) {
			e.fail("link %s: %d transitions, the other end has made %d: more than %d ahead",
				e.name, ev.Epoch, e.peer.epoch, e.slack)
		}
		// Who goes Up first has proof from after its own last transition:
		// something went out since, and something came back.
		if first := ev.Epoch > e.peer.epoch; ev.Up && first && e.Now-e.movedAt < 2*e.delay {
			e.fail("link %s: Up %v after it went Down, on a path of %v there and back",
				e.name, duration(e.Now-e.movedAt), duration(2*e.delay))
		}
		e.epoch, e.movedAt = ev.Epoch, e.Now
		e.After(agreeWithin, e.agree)
	}
}

// agree: both histories are equal when nothing has moved for a while. One path
// or the other carries them, but for the times when both are down.
func (e *linkEnd) agree() {
	quiet := e.Now-max(e.movedAt, e.peer.movedAt) >= agreeWithin
	if !e.over && quiet && e.epoch != e.peer.epoch && !e.asleep && !e.peer.asleep && e.otherLoss < 1 && e.peer.otherLoss < 1 {
		e.fail("link: ends count %d and %d transitions, %v after the last", e.epoch, e.peer.epoch, duration(agreeWithin))
	}
}
