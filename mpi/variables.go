package mpi

import (
	"sync"

	"rainmpi/rainnet"
	"rainmpi/rainnet/rudp"
)

// What the tools interface shows (MPI 5.0 section 15.3): thresholds that may be
// set, and what the engine counts.

// traffic counts messages. It is guarded by mu, and C counts too (cbind/eager.c).
type traffic struct {
	sent, sentBytes         uint64
	received, receivedBytes uint64
	rendezvous              uint64 // of those sent
}

// A ControlVariable is a threshold in bytes. It may be set before Init too.
type ControlVariable struct {
	Name, Description string
	of                func(*options) *int64
	most              int64
}

// A PerformanceVariable is a number that the engine keeps: of what it has counted
// since its start, or of what there is now.
type PerformanceVariable struct {
	Name, Description string
	Counter           bool // else a level
	read              func(*engine) uint64
}

// A Category is what belongs together.
type Category struct {
	Name, Description string
	Control           []ControlVariable
	Performance       []PerformanceVariable
	Events            []*EventType
}

// Categories are all variables.
var Categories = []Category{
	{Name: "messages", Description: "point-to-point messages, and those that collectives are made of", Performance: []PerformanceVariable{
		{"messages_sent", "messages that were sent", true, func(e *engine) uint64 { return e.traffic.sent }},
		{"bytes_sent", "bytes of data in them", true, func(e *engine) uint64 { return e.traffic.sentBytes }},
		{"messages_rendezvous", "messages sent that waited for their receive, being too long to go at once", true, func(e *engine) uint64 { return e.traffic.rendezvous }},
		{"messages_received", "messages that met their receive", true, func(e *engine) uint64 { return e.traffic.received }},
		{"bytes_received", "bytes of data in them", true, func(e *engine) uint64 { return e.traffic.receivedBytes }},
	}},
	{Name: "queues", Description: "what waits in this process", Performance: []PerformanceVariable{
		{"posted_receives", "receives that no message has come for", false, func(e *engine) uint64 { return e.inSpaces((*space).Posted) }},
		{"unexpected_messages", "messages that no receive was posted for", false, func(e *engine) uint64 { return e.inSpaces((*space).Arrived) }},
		{"unexpected_bytes", "bytes of data kept for them", false, (*engine).heldBytes},
		{"outgoing_packets", "packets that found no room yet", false, (*engine).outgoingPackets},
	}},
	{Name: "rails", Description: "the paths to processes of other hosts, all together", Events: EventTypes, Performance: []PerformanceVariable{
		{"rails_up", "paths that are up", false, onPaths(func(p rudp.PathInfo) uint64 {
			if p.Up {
				return 1
			}
			return 0
		})},
		{"rails_transitions", "times that a path went up or down", true, onPaths(func(p rudp.PathInfo) uint64 { return uint64(p.Epoch) })},
		{"rails_bytes_sent", "bytes that left, with headers and repetitions", true, onPaths(func(p rudp.PathInfo) uint64 { return p.SentBytes })},
		{"rails_bytes_received", "bytes that came", true, onPaths(func(p rudp.PathInfo) uint64 { return p.RecvBytes })},
		{"rails_bytes_resent", "bytes that left for the second time or more", true, onPaths(func(p rudp.PathInfo) uint64 { return p.ResentBytes })},
		{"rails_packets_lost", "packets that were taken for lost", true, onPaths(func(p rudp.PathInfo) uint64 { return p.LostPackets })},
		{"rails_packets_refused", "packets that came and were not of this job, or damaged", true, onRails(rainnet.Stats.Refused)},
		{"rails_packets_repeated", "packets that came once more", true, onRails(func(s rainnet.Stats) int64 { return s.Duplicate })},
		{"rails_packets_overrun", "packets that came and found the receive buffer of their socket full", true, onRails(func(s rainnet.Stats) int64 { return s.Overrun })},
		{"rails_packets_held", "packets that waited for room in their socket", true, onRails(func(s rainnet.Stats) int64 { return s.Held })},
		{"rails_packets_unsent", "packets that the system did not take, for the four reasons that follow", true, onRails(rainnet.Stats.Unsent)},
		{"rails_packets_full", "those of them that found no room in the socket or in the queue of the card", true, onRails(func(s rainnet.Stats) int64 { return s.Full })},
		{"rails_packets_too_big", "those that were larger than the MTU", true, onRails(func(s rainnet.Stats) int64 { return s.TooBig })},
		{"rails_packets_forbidden", "those that a packet filter of this host refused", true, onRails(func(s rainnet.Stats) int64 { return s.Forbidden })},
		{"rails_packets_unreachable", "those that had no way: no route, no neighbour, the card down, no path to a relay", true, onRails(func(s rainnet.Stats) int64 { return s.Unreachable })},
		{"rails_packets_reported", "times that somebody said that a packet could not be delivered (ICMP)", true, onRails(func(s rainnet.Stats) int64 { return s.Reported })},
		{"rails_news_lost", "times that the system had no room for news of cards and addresses", true, onRails(func(s rainnet.Stats) int64 { return s.NewsLost })},
		{"rails_probe_timeouts", "times that a silent path was probed", true, onPaths(func(p rudp.PathInfo) uint64 { return p.Probes })},
	}},
	{Name: "thresholds", Description: "lengths from which on messages are treated otherwise", Control: []ControlVariable{
		{"eager_local", "longest message inside a host that is sent at once, bytes", func(o *options) *int64 { return &o.eagerLocal }, 1 << 20},
		{"eager_rail", "longest message between hosts that is sent at once, bytes", func(o *options) *int64 { return &o.eagerRail }, 1 << 20},
		{"rail_backlog", "bytes to one process that may lack an acknowledgement before messages sent at once wait", func(o *options) *int64 { return &o.backlog }, 1 << 30},
		{"unexpected_limit", "bytes of unexpected messages from one process after which it is asked to send envelopes only", func(o *options) *int64 { return &o.held }, 1 << 40},
	}},
}

// thresholds are what the next engine starts with.
var thresholds = struct {
	sync.Mutex
	options
}{options: defaultOptions()}

// Read is the value in bytes.
func (v *ControlVariable) Read() uint64 {
	thresholds.Lock()
	defer thresholds.Unlock()
	return uint64(*v.of(&thresholds.options))
}

// Write sets it, for this process.
func (v *ControlVariable) Write(n uint64) error {
	thresholds.Lock()
	defer thresholds.Unlock()
	if n > uint64(v.most) {
		return errorf(ErrArg, "%s may be %d bytes at most", v.Name, v.most)
	}
	*v.of(&thresholds.options) = int64(n)
	if e := life.current.Load(); e != nil {
		e.mu.Lock()
		e.setOptions(thresholds.options)
		e.mu.Unlock()
	}
	return nil
}

// setOptions keeps what is sent at once inside a host shorter than a record of
// the rings may be. mu is held, or nobody else knows e.
func (e *engine) setOptions(o options) {
	e.options = o
	if e.mem != nil {
		e.options.eagerLocal = min(o.eagerLocal, int64(e.mem.seg.MaxRecord()-headerSize))
	}
	e.table.eager = e.options.eagerLocal
}

func currentThresholds() options {
	thresholds.Lock()
	defer thresholds.Unlock()
	return thresholds.options
}

// Read is 0 while MPI does not run.
func (v *PerformanceVariable) Read() uint64 {
	e := life.current.Load()
	if e == nil {
		return 0
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return v.read(e)
}

func (e *engine) inSpaces(count func(*space) int) (n uint64) {
	for _, of := range e.spaces {
		for _, s := range of {
			if s != nil {
				n += uint64(count(s))
			}
		}
	}
	return n
}

func (e *engine) heldBytes() (n uint64) {
	for _, p := range e.procs {
		n += uint64(p.held)
	}
	return n
}

func (e *engine) outgoingPackets() (n uint64) {
	for _, p := range e.procs {
		for _, q := range []outgoing{p.queue, p.streams} {
			for k := q.first; k != nil; k = k.next {
				n++
			}
		}
	}
	return n
}

func onRails(value func(rainnet.Stats) int64) func(*engine) uint64 {
	return func(e *engine) (n uint64) {
		if e.net != nil {
			for _, ep := range e.net.eps {
				n += uint64(value(ep.Stats()))
			}
		}
		return n
	}
}

func onPaths(value func(rudp.PathInfo) uint64) func(*engine) uint64 {
	return func(e *engine) (n uint64) {
		for _, p := range e.procs {
			if p.peer == nil {
				continue
			}
			for _, path := range p.peer.Paths() {
				n += value(path)
			}
		}
		return n
	}
}
