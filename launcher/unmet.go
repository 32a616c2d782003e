package launcher

import (
	"fmt"
	"strings"
	"time"

	"rainmpi/internal/boot"
)

// unmetQuiet is how long a rank that no path leads to is tried before people hear of it.
const unmetQuiet = 3 * time.Second

// unmet is what a rank of this host has told of one that no path leads to.
type unmet struct {
	boot.Unmet
	host      int      // of that rank
	pair      rankPair // who waits for whom
	who, whom string   // for people
}

// A rankPair is a rank of this host and one of another, by their numbers over all worlds.
type rankPair struct{ here, there int }

// unmet: the driver knows whether the rank's host answers.
func (a *agent) unmet(r *rank, m boot.Unmet) {
	if s := r.w.start; a.mesh != nil && 0 <= m.Rank && m.Rank < len(s.HostOf) {
		h := s.HostOf[m.Rank]
		u := unmet{m, h, rankPair{r.world, r.w.first + m.Rank}, fmt.Sprintf("rank %d on host %s", r.world, a.hostName()), ""}
		u.whom = fmt.Sprintf("rank %d on host %s", u.pair.there, a.setup.Hosts[h])
		a.mesh.put(meshMessage{unmet: &u})
	}
}

// waitsNoMore: a rank of this host has gone, and whom it waited for with it.
func (a *agent) waitsNoMore(r *rank) {
	if a.mesh != nil && !a.ending {
		// One that went in order has reached everybody first.
		a.mesh.put(meshMessage{unmet: &unmet{Unmet: boot.Unmet{Over: true, Met: r.finalized}, host: -1, pair: rankPair{here: r.world}}})
	}
}

// unmet tells of a rank that is not reached though its host is: what is silent as a
// whole, or stopped as a whole, has its own lines, and ranks find each other a little
// later than agents when that is over. Of all ranks of two hosts one pair is named.
//
// The time limit for one that never was reached is that of hosts. One that was reached
// and is silent is waited for without limit: it may be stopped, by a debugger for example,
// and the membership has nobody to remove, as both hosts answer.
func (b *membership) unmet(now int64, u unmet) {
	if b.machine == nil {
		return
	}
	if u.host < 0 {
		b.forgetUnmet(u)
		return
	}
	p := b.mesh.peers[u.host]
	switch {
	case p == nil || p.left:
		return
	case u.Over:
		b.met(p, u.pair, u.Met)
		return
	case b.away(p):
		p.there = 0
		return
	}
	if p.there == 0 {
		p.there = now
	}
	if p.unmet == nil {
		p.unmet = map[rankPair]bool{}
	}
	p.unmet[u.pair] = true
	const though = "though their hosts reach each other"
	tried := min(u.For, time.Duration(now-p.there))
	if tried >= b.timeout && !u.Met {
		b.mesh.events <- meshApart{nil, fmt.Sprintf("%s did not answer %s on any rail for %v (--host-timeout), %s; the job was ended: %s",
			u.whom, u.who, b.timeout, though, blocked(u.From, u.At))}
		return
	}
	if tried < min(unmetQuiet, b.timeout/2) || !p.unmetSaid.IsZero() {
		return
	}
	p.unmetSaid = u.Since
	text := fmt.Sprintf("%s has not answered %s on any rail, %s; waiting up to %v (--host-timeout)", u.whom, u.who, though, b.timeout)
	if u.Met {
		text = fmt.Sprintf("%s has been silent to %s on all rails since %s, %s; waiting without limit (--timeout sets one): "+
			"is that rank stopped, or does a packet filter drop UDP between %s and %s (--ports, for a firewall)?",
			u.whom, u.who, u.Since.Format(clock), though, strings.Join(u.From, ", "), strings.Join(u.At, ", "))
	}
	b.mesh.events <- meshNotice{Notice{Silence: true, Ranks: true, Hosts: b.pair(p.host), Text: text}}
}

// met: a rank does not wait for one of another host any more. People hear of it when that
// was the last of the two hosts, if they have heard of the first.
func (b *membership) met(p *meshPeer, pair rankPair, reached bool) {
	delete(p.unmet, pair)
	if len(p.unmet) > 0 {
		return
	}
	p.there = 0
	if p.unmetSaid.IsZero() {
		return
	}
	hosts, how := b.pair(p.host), "reach each other"
	if !reached {
		how = "wait for each other no more"
	}
	b.mesh.events <- meshNotice{Notice{Ranks: true, Hosts: hosts, Text: fmt.Sprintf("the ranks on hosts %s and %s %s after %.1f s",
		b.mesh.names[hosts[0]], b.mesh.names[hosts[1]], how, time.Since(p.unmetSaid).Seconds())}}
	p.unmetSaid = time.Time{}
}

// forgetUnmet: a rank of this host has gone.
func (b *membership) forgetUnmet(u unmet) {
	for _, p := range b.mesh.peers {
		if p == nil {
			continue
		}
		for pair := range p.unmet {
			if pair.here == u.pair.here {
				b.met(p, pair, u.Met)
			}
		}
	}
}

// blocked asks what people should look at where two ends never reached each other:
// packets of either may be what is dropped.
func blocked(from, at []string) string {
	return fmt.Sprintf("is UDP blocked between %s and %s (--ports, for a firewall), are the right interfaces used (--rails)?",
		strings.Join(from, ", "), strings.Join(at, ", "))
}
