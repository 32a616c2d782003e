package launcher

import (
	"fmt"
	"math"
	"time"

	"rainmpi/rainnet/member"
)

// A membership drives the machine by which the agents agree on who takes part
// (rainnet/member): its token travels as messages between agents. What the
// machine says becomes the agent's business in lost_host.go:
//
//   - a view is confirmed in which a host is missing: meshRemoved, at all agents
//     of the view;
//   - this agent has not heard of a majority for too long, and fences itself:
//     meshFenced, before the others remove it;
//   - two hosts of the view do not reach each other, though both are in the ring:
//     the machine, which needs a ring only, does not mind; ranks do. Whoever has
//     waited for --host-timeout says so on the token, and all get meshApart. So
//     does everybody if not all hosts find each other in that time.
//
// The mesh's goroutine owns it.
type membership struct {
	mesh    *mesh
	timeout time.Duration // --host-timeout
	cfg     member.Config
	lead    int             // the host with id 0
	machine *member.Machine // nil: not begun, or over
	view    member.View     // confirmed last
	ring    []member.Member // as it was when the machine was last asked
	began   int64           // when the agents were introduced to each other
	refused refusals
}

// Events for the agent.
type (
	meshTogether struct{} // all hosts are in a view for the first time
	meshRemoved  struct { // a view is confirmed without a host
		host int
		text string
	}
	meshFenced struct { // this host is out
		away []int // hosts that it does not reach
		text string
	}
	meshApart struct { // not all hosts reach each other
		away []int
		text string
	}
)

// apart is the message on the token by which agents hear of meshApart.
type apart struct {
	Hosts [2]int
	Since time.Time
}

func (b *membership) init(m *mesh, s Setup) error {
	b.mesh, b.timeout, b.lead = m, s.HostTimeout, s.Lead
	if len(s.Hosts) > member.MaxHosts {
		return fmt.Errorf("%d hosts: a job has at most %d", len(s.Hosts), member.MaxHosts)
	}
	b.cfg = member.Config{Self: member.Member{ID: b.id(s.Host), Inc: 1}, Removal: int64(s.HostTimeout)}
	for h := range s.Hosts {
		b.cfg.Hosts = append(b.cfg.Hosts, b.id(h))
	}
	for _, h := range s.Witnesses {
		b.cfg.Witness = append(b.cfg.Witness, b.id(h))
	}
	return nil
}

// id is a host's among the members. Of two halves the one with the lowest id goes
// on, so 0 is the host of rainrun.
func (b *membership) id(host int) member.ID {
	switch {
	case host == b.lead:
		return 0
	case host < b.lead:
		return member.ID(host + 1)
	}
	return member.ID(host)
}

func (b *membership) host(id member.ID) int {
	switch {
	case id == 0:
		return b.lead
	case int(id) <= b.lead:
		return int(id) - 1
	}
	return int(id)
}

// begin starts the machine: the other agents are known now.
func (b *membership) begin(now int64) {
	b.began = now
	b.machine = member.New(b.cfg, now)
}

// leave says goodbye to the other members.
func (b *membership) leave(now int64) {
	if b.machine != nil {
		b.machine.Leave(now)
		b.drain(now)
		b.machine = nil
	}
	// Nobody waits for the acknowledgements of those who do not answer.
	for _, p := range b.mesh.peers {
		if p != nil && !p.left && (!p.up && now > p.since+staleAfter || p.out > 0 && now > p.out+staleAfter) {
			b.mesh.e.RemovePeer(p.p)
		}
	}
}

// gone takes positive evidence that an agent is dead.
func (b *membership) gone(host int) {
	if b.machine != nil {
		now := b.mesh.now()
		b.machine.Gone(now, b.id(host))
		b.drain(now)
	}
	for _, p := range b.mesh.peers {
		if p != nil && !p.left {
			return
		}
	}
	b.machine = nil // nobody is left to agree with, or to be cut off from
}

// receive takes a message of the machine of another agent.
func (b *membership) receive(p *meshPeer, data []byte) {
	if b.machine == nil {
		return
	}
	now := b.mesh.now()
	if err := b.machine.Recv(now, b.id(p.host), data); err != nil {
		b.refuse(p, err)
	}
	b.drain(now)
}

// drive does what the time asks for, and returns when it must be called again.
func (b *membership) drive(now int64) (next int64) {
	for b.machine != nil && b.machine.Deadline() <= now {
		b.machine.Expire(now)
		b.drain(now)
	}
	next = b.watch(now)
	b.refused.report(b.mesh)
	if b.machine != nil {
		next = min(next, b.machine.Deadline())
	}
	return next
}

// staleAfter bounds how long what the machine says waits for an agent that does
// not answer: it is said for now, and said again.
const staleAfter = int64(500 * time.Millisecond)

// drain takes messages and events out of the machine.
func (b *membership) drain(now int64) {
	for b.machine != nil {
		to, data, ok := b.machine.NextMessage()
		if !ok {
			break
		}
		p := b.mesh.peers[b.host(to)]
		if p == nil || p.left || !p.up && now > p.since+staleAfter {
			continue
		}
		p.p.Send([]byte{kindMember}, data)
	}
	for b.machine != nil {
		ev, ok := b.machine.NextEvent()
		if !ok {
			b.ring = b.machine.Ring()
			return
		}
		b.happened(now, ev)
	}
}

func (b *membership) happened(now int64, ev member.Event) {
	switch ev.Kind {
	case member.Confirmed:
		old := b.view
		b.view = ev.View
		if len(old.Members) == 0 {
			b.mesh.events <- meshTogether{}
		}
		for _, o := range old.Members {
			if h := b.host(o.ID); h != b.mesh.self && !ev.View.Has(o) && !b.mesh.peers[h].left {
				b.mesh.events <- meshRemoved{h, b.outOfReach(now, h, b.mesh.peers[h])}
			}
		}
	case member.Delivered:
		b.told(ev.Data)
	case member.Fenced:
		b.machine = nil
		away := b.unreached()
		if len(b.view.Members) == 0 { // a view was about to be founded
			b.scattered(now, away)
			return
		}
		b.mesh.events <- meshFenced{away, b.cutOff(now, away)}
	case member.Silent, member.Heard:
		p := b.mesh.peers[b.host(ev.Who.ID)]
		if p.out = 0; ev.Kind == member.Silent {
			p.out = ev.At
		}
		if b.mesh.verbose {
			b.mesh.events <- meshNotice{Notice{Detail: true,
				Text: fmt.Sprintf("host %s: host %s is %v in the ring", b.mesh.names[b.mesh.self], b.mesh.names[p.host], ev.Kind)}}
		}
	}
}

// never is a deadline for nothing.
const never = math.MaxInt64
