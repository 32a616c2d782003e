package mpi

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"rainmpi/rainnet"
	"rainmpi/rainnet/wire"
)

// What the tools interface tells as it happens (MPI 5.0 section 15.3.8): what becomes
// of the rails between this process and those of other hosts, to each of which paths are
// looked for from the first message on. Whoever reads the sockets sees it; functions of
// the program hear of it in a thread that is inside an MPI call, with no lock held.

// An EventType is what can happen, and which numbers tell more of it.
type EventType struct {
	Name, Description string
	Elements          []string // names of an event's values

	kind rainnet.EventKind
}

// An Event is something that has happened.
type Event struct {
	Type   *EventType
	At     int64   // when, in nanoseconds of CLOCK_MONOTONIC; not before the event before it
	Values []int64 // one per element of the type
	Text   string  // a line for people
	Missed int64   // not 0: so many events have been missed here, as nobody was in MPI for too long; there are no values
}

// What an event's values are.
const (
	elementPeer  = "peer"        // rank in MPI_COMM_WORLD, Undefined for a process of another world
	elementRail  = "rail"        // number of the address of this host, from 0; -1: through a third host
	elementFar   = "remote_rail" // likewise of the peer's
	elementEpoch = "epoch"       // transitions of the path so far, the same at both ends
	elementInUse = "in_use"      // paths to the peer that carry data now
	elementCode  = "code"        // the reason that the peer gave
	elementBytes = "bytes"       // since the last such event of this path
)

var (
	onPath = []string{elementPeer, elementRail, elementFar, elementEpoch, elementInUse}

	// RailUp and the others are all types of events.
	RailUp      = &EventType{"rail_up", "a path to a process of another host answers in both directions, and is used or kept in reserve", onPath, rainnet.PathUp}
	RailDown    = &EventType{"rail_down", "a path to a process of another host does not answer any more; what it carried moves to the others", onPath, rainnet.PathDown}
	PeerStalled = &EventType{"peer_stalled", "no path to a process answers; its messages wait", []string{elementPeer}, rainnet.Stalled}
	PeerResumed = &EventType{"peer_resumed", "a process answers again; its messages go on", []string{elementPeer}, rainnet.Resumed}
	PeerLeft    = &EventType{"peer_left", "a process has said that it goes; nothing more is sent to it", []string{elementPeer, elementCode}, rainnet.Closed}
	DataResent  = &EventType{"data_resent", "bytes that were taken for lost have left again, by this path", []string{elementPeer, elementRail, elementFar, elementBytes}, noPathEvent}

	EventTypes = []*EventType{RailUp, RailDown, PeerStalled, PeerResumed, PeerLeft, DataResent}
)

// noPathEvent is the kind of what rainnet counts and does not tell.
const noPathEvent rainnet.EventKind = 255

// EventClock is the time that events are stamped with, in nanoseconds.
func EventClock() int64 { return now() }

// A Watcher hears of events of one type until it is stopped. All watchers' functions
// are called one at a time, and in the order of the events. It may be made before Init, and stays when MPI has ended.
type Watcher struct {
	Type *EventType
	// External, if not 0, is the language binding's token for a function that only it
	// can call.
	External uintptr

	fn func(Event)

	missed int64 // guarded by watchers.mu
}

// The lock is a leaf: it is taken with the engine's held.
var watchers struct {
	mu     sync.Mutex
	all    []*Watcher
	busy   *Watcher     // whose function runs
	last   int64        // time of the latest event
	resent atomic.Int32 // watchers of DataResent
}

// mostWaiting is how many events of a watcher wait for a program that is not in MPI.
const mostWaiting = 256

// Watch calls fn for every event of a type from now on, in a goroutine that is inside
// an MPI call that waits or tests. fn may call MPI.
func Watch(t *EventType, fn func(Event)) *Watcher {
	w := &Watcher{Type: t, fn: fn}
	w.Start()
	return w
}

// Start is for language bindings, which make a Watcher with a token.
func (w *Watcher) Start() {
	watchers.mu.Lock()
	defer watchers.mu.Unlock()
	watchers.all = append(watchers.all, w)
	if w.Type == DataResent {
		watchers.resent.Add(1)
	}
}

// Stop ends w: its function is not called again. It reports whether the function is
// running in this moment.
func (w *Watcher) Stop() (running bool) {
	if e := life.current.Load(); e != nil {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.calls = slices.DeleteFunc(e.calls, func(c Call) bool { return c.watcher == w })
		e.callCount.Store(int32(len(e.calls)))
	}
	watchers.mu.Lock()
	defer watchers.mu.Unlock()
	if i := slices.Index(watchers.all, w); i >= 0 {
		watchers.all = slices.Delete(watchers.all, i, i+1)
		if w.Type == DataResent {
			watchers.resent.Add(-1)
		}
	}
	return watchers.busy == w
}

// Drop counts events of which the binding could tell nobody. The watcher hears of it
// before the next event.
func (w *Watcher) Drop(n int64) {
	watchers.mu.Lock()
	w.missed += n
	watchers.mu.Unlock()
}

// claim reports whether w's function may be called now: no two are called at a time, by
// other threads or by one of themselves.
func (w *Watcher) claim() bool {
	watchers.mu.Lock()
	defer watchers.mu.Unlock()
	if watchers.busy != nil {
		return false
	}
	watchers.busy = w
	return true
}

// over tells that w's function has come back: the next one may be called, also by a
// thread that waits.
func (w *Watcher) over() {
	watchers.mu.Lock()
	watchers.busy = nil
	watchers.mu.Unlock()
	Wake()
}

// told hands an event to those who watch for its type. mu is held.
//
// Whoever has missed some hears of that before anybody hears of what came after.
func (e *engine) told(t *EventType, at int64, text string, values ...int64) {
	watchers.mu.Lock()
	watchers.last = max(watchers.last, at)
	var calls, notes []Call
	for _, w := range watchers.all {
		if w.missed > 0 {
			notes = append(notes, Call{watcher: w, event: Event{Type: w.Type, At: watchers.last, Missed: w.missed}})
		}
		switch {
		case w.Type != t:
		case e.waitingFor(w) >= mostWaiting:
			w.missed++
		default:
			calls = append(calls, Call{watcher: w, event: Event{Type: t, At: watchers.last, Values: values, Text: text}})
		}
	}
	if len(calls) > 0 {
		for _, note := range notes {
			note.watcher.missed -= note.event.Missed
		}
		e.calls = append(append(e.calls, notes...), calls...)
	}
	watchers.mu.Unlock()
	e.callCount.Store(int32(len(e.calls)))
	e.wait.changed()
}

// waitingFor is the number of events that w has not been told yet.
func (e *engine) waitingFor(w *Watcher) (n int) {
	for _, c := range e.calls {
		if c.watcher == w {
			n++
		}
	}
	return n
}

// watched reports whether anybody watches for events.
func watched() bool {
	watchers.mu.Lock()
	defer watchers.mu.Unlock()
	return len(watchers.all) > 0
}

// tellPath tells what rainnet says of a path.
func (e *engine) tellPath(p *proc, ev rainnet.PathEvent) {
	if !watched() {
		return
	}
	for _, t := range EventTypes {
		if t.kind != ev.Kind {
			continue
		}
		values := []int64{e.worldRank(p)}
		switch ev.Kind {
		case rainnet.PathUp, rainnet.PathDown:
			mine, theirs := e.railsOf(p, ev.Path)
			values = append(values, mine, theirs, int64(ev.Epoch), int64(ev.Active))
		case rainnet.Closed:
			values = append(values, int64(ev.Code))
		}
		e.told(t, clockOffset+ev.At, e.nameOf(p)+strings.TrimPrefix(ev.String(), ev.Peer.String()), values...)
	}
}

// railsOf are the numbers of a path's addresses, -1 if it leads through a third host.
func (e *engine) railsOf(p *proc, path wire.PathID) (mine, theirs int64) {
	if path == wire.Relayed {
		return -1, -1
	}
	a, b := path.Addrs(e.self.id(e.rank), p.id)
	return int64(a), int64(b)
}

// nameOf names a process to people.
func (e *engine) nameOf(p *proc) string {
	if p.foreign != nil {
		return "a process of another world"
	}
	return fmt.Sprint("rank ", p.index)
}

func (e *engine) worldRank(p *proc) int64 {
	if p.foreign != nil {
		return Undefined
	}
	return int64(p.index)
}

// repeats are the bytes that each path had repeated at the last look.
type repeats struct {
	next int64 // time of the next look
	seen map[repeated]uint64
}

type repeated struct {
	p    *proc
	path wire.PathID
}

// lookEvery is the time between two looks at them, in nanoseconds.
const lookEvery = 1e6

// tellRepeats compares what paths have repeated with what they had, while somebody
// watches. mu is held.
func (n *net) tellRepeats() {
	if watchers.resent.Load() == 0 {
		n.repeats.seen = nil
		return
	}
	t := rainnet.Now()
	if t < n.repeats.next {
		return
	}
	n.repeats.next = t + lookEvery
	first := n.repeats.seen == nil
	if first {
		n.repeats.seen = make(map[repeated]uint64)
	}
	for _, p := range n.e.procs {
		if p.peer == nil {
			continue
		}
		for _, path := range p.peer.Paths() {
			id := repeated{p, path.ID}
			more := path.ResentBytes - n.repeats.seen[id]
			n.repeats.seen[id] = path.ResentBytes
			if more > 0 && !first {
				mine, theirs := n.e.railsOf(p, path.ID)
				n.e.told(DataResent, now(), fmt.Sprintf("%s: %d bytes left again by path %v", n.e.nameOf(p), more, path.ID),
					n.e.worldRank(p), mine, theirs, int64(more))
			}
		}
	}
}
