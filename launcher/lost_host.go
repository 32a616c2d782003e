package launcher

import (
	"fmt"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// What people are told of hosts that are out of reach. A text names the host that
// the job goes on without, whichever side says so: rainrun prints the first that
// comes.

// clock is how times of the day are written in messages.
const clock = "15:04:05.000"

// wallClock is the time of the day at an instant of mesh.now.
func wallClock(now, at int64) string {
	return time.Now().Add(-time.Duration(now - at)).Format(clock)
}

// away reports whether a host is out of reach. If only one direction is broken, a
// link may stay up for the host that hears nothing: it may not lead the other by
// more transitions than it hears of. The ring has no such bound.
func (b *membership) away(p *meshPeer) bool {
	return !p.left && (!p.up || !b.inRing(p.host))
}

// unreached are the hosts that this one does not reach.
func (b *membership) unreached() (hosts []int) {
	for _, p := range b.mesh.peers {
		if p != nil && b.away(p) {
			hosts = append(hosts, p.host)
		}
	}
	return hosts
}

// silentSince is since when a host has been out of reach, as far as it is known.
func (b *membership) silentSince(now int64, p *meshPeer) int64 {
	switch {
	case !p.up:
		return p.since
	case p.out > 0:
		return p.out
	}
	return now - int64(b.timeout)
}

// cutOff says why this host is out.
func (b *membership) cutOff(now int64, away []int) string {
	since, all := now, true
	for _, p := range b.mesh.peers {
		switch {
		case p == nil || p.left:
		case b.away(p):
			since = min(since, b.silentSince(now, p))
		default:
			all = false
		}
	}
	self, at := b.mesh.names[b.mesh.self], wallClock(now, since)
	switch {
	case len(away) == 0:
		return fmt.Sprintf("host %s has heard of no majority of the hosts for too long (--host-timeout %v) and ended its ranks; was it stopped or overloaded?", self, b.timeout)
	case all:
		return fmt.Sprintf("host %s has been out of reach since %s (--host-timeout %v): it heard of no majority of the hosts, and ended its ranks", self, at, b.timeout)
	case len(away) == 1:
		pair := b.pair(away[0])
		return fmt.Sprintf("hosts %s and %s have not reached each other on any rail since %s (--host-timeout %v); the job was ended", b.mesh.names[pair[0]], b.mesh.names[pair[1]], at, b.timeout)
	}
	return fmt.Sprintf("host %s has been out of reach of %s since %s (--host-timeout %v): it heard of no majority of the hosts, and ended its ranks", self, b.mesh.list(away), at, b.timeout)
}

// notTogether says why a job did not come together.
func (b *membership) notTogether(now int64, away []int) string {
	if len(away) == 0 {
		return fmt.Sprintf("the hosts reach each other, but did not agree within %v on who takes part; are they overloaded? (--host-timeout %v)", 5*b.timeout, b.timeout)
	}
	silent, by, p := b.silent(away)
	if p.ever {
		return b.outOfReach(now, silent, p) + "; the job was ended"
	}
	text := fmt.Sprintf("host %s did not answer host %s on any rail for %v (--host-timeout); the job was ended", b.mesh.names[silent], b.mesh.names[by], b.timeout)
	if stats := b.mesh.e.Stats(); stats.Forged > 0 {
		return text + fmt.Sprintf(": %d packets came that are not encrypted with this job's key: an agent with another key cannot join", stats.Forged)
	}
	return text + ": it was never reached: " + blocked(b.mesh.e.Card().Places(), p.p.Card().Places())
}

// silent says which host is out of reach of which, where no view has been confirmed
// that says it, and gives the other end of that silence: a host that the ring of most
// hosts is without; this one, if it reaches none of several; else, of two that do
// not reach each other, the one that is not rainrun's.
func (b *membership) silent(away []int) (silent, by int, p *meshPeer) {
	self := b.mesh.self
	if len(b.ring) > len(b.mesh.names)/2 {
		for _, h := range away {
			if !b.inRing(h) {
				return h, self, b.mesh.peers[h]
			}
		}
	}
	switch {
	case slices.Contains(away, b.lead):
		return self, b.lead, b.mesh.peers[b.lead]
	case len(away) > 1 && len(away) == len(b.mesh.names)-1:
		return self, away[0], b.mesh.peers[away[0]]
	}
	return away[0], self, b.mesh.peers[away[0]]
}

// outOfReach says that a host is out of reach. p is at one end of the silence.
func (b *membership) outOfReach(now int64, host int, p *meshPeer) string {
	return fmt.Sprintf("host %s has been out of reach since %s (%v, --host-timeout)",
		b.mesh.names[host], wallClock(now, b.silentSince(now, p)), b.timeout)
}

// list names hosts.
func (m *mesh) list(hosts []int) string {
	text := "host"
	if len(hosts) > 1 {
		text += "s"
	}
	for i, h := range hosts {
		switch {
		case i == 0:
			text += " " + m.names[h]
		case i == len(hosts)-1:
			text += " and " + m.names[h]
		default:
			text += ", " + m.names[h]
		}
	}
	return text
}

// The agent's side.

// hostRemoved: the others go on without a host, which has fenced itself by now.
func (a *agent) hostRemoved(ev meshRemoved) {
	if a.without[ev.host] {
		return // known by better evidence: its agent has ended, and the job goes on without it
	}
	if a.setup.goesOnWithout(ev.host) {
		a.hostLost(HostLost{ev.host, ev.text})
		return
	}
	a.peerGone(ev.host)
	a.end(Cause{Host: a.setup.Host, Away: []int{ev.host}, Code: ExitError, Text: ev.text + "; the job was ended"})
}

// apart: a job whose hosts do not all reach each other cannot go on.
func (a *agent) apart(ev meshApart) {
	for _, h := range ev.away {
		if h != a.setup.Host {
			a.peerGone(h)
		}
	}
	a.end(Cause{Host: a.setup.Host, Away: ev.away, Code: ExitError, Text: ev.text})
}

// fenced: the others may go on without this host soon. "An agent that is cut off
// from the primary partition kills its own ranks", at once: whatever they still
// do, nobody may see. Then it leaves.
func (a *agent) fenced(ev meshFenced) {
	signalDescendants(unix.SIGKILL)
	for _, h := range ev.away {
		a.peerGone(h)
	}
	a.end(Cause{Host: a.setup.Host, Fenced: true, Away: ev.away, Code: ExitError, Text: ev.text})
	a.terminate()
	a.graceOver()
}
