package launcher

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// quietTime is how long all paths to a host may be silent before people hear of
// it: a short break is nobody's business.
const quietTime = 2 * time.Second

// watch looks at agents that do not answer: people are told, and what the machine
// does not decide is decided here, by the same time limit: a job whose hosts have
// never all found each other, and two hosts of one ring that do not reach each
// other. It returns when it must look again.
func (b *membership) watch(now int64) (next int64) {
	next = never
	if b.machine == nil {
		return next
	}
	for _, p := range b.mesh.peers {
		if p == nil || p.up || p.left {
			continue
		}
		next = min(next, b.tell(now, p), b.complain(now, p))
	}
	return min(next, b.found(now))
}

// tell tells people of a silence. The side that goes on without the other does;
// where neither hears from rainrun's side, as when that side's agent is stopped,
// the other does a little later, and cannot say which of the two it is.
func (b *membership) tell(now int64, p *meshPeer) (next int64) {
	if p.said != nil {
		return never
	}
	quiet := min(int64(quietTime), int64(b.timeout)/2)
	n := Notice{Silence: true, Hosts: [2]int{p.host, -1}}
	what := fmt.Sprintf("host %s has been silent on all rails", b.mesh.names[p.host])
	if !b.speaks() || b.inRing(p.host) {
		quiet *= 2
		n.Hosts = b.pair(p.host)
		what = fmt.Sprintf("hosts %s and %s have not reached each other on any rail", b.mesh.names[n.Hosts[0]], b.mesh.names[n.Hosts[1]])
	}
	if now < p.since+quiet {
		return p.since + quiet
	}
	n.Text = fmt.Sprintf("%s since %s; waiting up to %v (--host-timeout)", what, wallClock(now, p.since), b.timeout)
	p.said = &n
	b.mesh.events <- meshNotice{n}
	return never
}

// answers: a path to the agent has come up.
func (b *membership) answers(p *meshPeer) {
	p.complained = false
	if p.said == nil {
		return
	}
	n := *p.said
	p.said, n.Silence = nil, false
	n.Text = fmt.Sprintf("host %s answers again", b.mesh.names[p.host])
	if n.Hosts[1] >= 0 {
		n.Text = fmt.Sprintf("hosts %s and %s reach each other again", b.mesh.names[n.Hosts[0]], b.mesh.names[n.Hosts[1]])
	}
	n.Text += fmt.Sprintf(" after %.1f s", time.Duration(b.mesh.now()-p.since).Seconds())
	b.mesh.events <- meshNotice{n}
}

// complain tells the others, on the token, of a host in the ring that this one has
// not reached for --host-timeout.
func (b *membership) complain(now int64, p *meshPeer) (next int64) {
	if p.complained {
		return never
	}
	if now < p.since+int64(b.timeout) {
		return p.since + int64(b.timeout)
	}
	if b.inRing(p.host) {
		data, err := json.Marshal(apart{b.pair(p.host), time.Now().Add(-time.Duration(now - p.since))})
		if err != nil {
			panic("launcher: " + err.Error())
		}
		if b.machine.Multicast(now, data) == nil {
			p.complained = true
			b.drain(now)
			return never
		}
	}
	// Out of the ring: the machine removes it, or it is out for a moment only.
	return now + int64(staleAfter)
}

// told is a complaint: all agents get the same one first.
func (b *membership) told(data []byte) {
	var c apart
	if err := json.Unmarshal(data, &c); err != nil || c.Hosts[0] < 0 || c.Hosts[1] < c.Hosts[0] || c.Hosts[1] >= len(b.mesh.names) {
		return
	}
	b.mesh.events <- meshApart{c.Hosts[:], fmt.Sprintf(
		"hosts %s and %s have not reached each other on any rail since %s (%v, --host-timeout), though other hosts reach both; the job was ended",
		b.mesh.names[c.Hosts[0]], b.mesh.names[c.Hosts[1]], c.Since.Format(clock), b.timeout)}
}

// found bounds the time until all hosts have found each other.
func (b *membership) found(now int64) (next int64) {
	if len(b.view.Members) > 0 {
		return never
	}
	limit := b.began + 5*int64(b.timeout) // if all answer the machine is busy
	for _, p := range b.mesh.peers {
		if p != nil && !p.up && !p.left {
			limit = min(limit, p.since+int64(b.timeout))
		}
	}
	if now < limit {
		return limit
	}
	away := b.unreached()
	b.machine = nil
	b.scattered(now, away)
	return never
}

// scattered ends a job whose hosts have never all found each other. One that does
// not reach rainrun's host is out.
func (b *membership) scattered(now int64, away []int) {
	text := b.notTogether(now, away)
	if slices.Contains(away, b.lead) {
		b.mesh.events <- meshFenced{away, text}
		return
	}
	b.mesh.events <- meshApart{away, text}
}

func (b *membership) pair(host int) [2]int {
	return [2]int{min(b.mesh.self, host), max(b.mesh.self, host)}
}

func (b *membership) inRing(host int) bool {
	for _, o := range b.ring {
		if o.ID == b.id(host) {
			return true
		}
	}
	return false
}

// speaks reports whether this agent's side would go on without the others.
func (b *membership) speaks() bool {
	if len(b.view.Members) > 0 {
		return b.machine.Majority()
	}
	return b.mesh.self == b.lead || b.inRing(b.lead)
}
