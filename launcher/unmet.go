package launcher

import (
	"fmt"
	"strings"
	"time"

	"rainmpi/internal/boot"
)

// unmetQuiet is how long a rank that was never reached is tried before people hear of it.
const unmetQuiet = 3 * time.Second

// unmet is what a rank of this host has told of one that no path has led to yet.
type unmet struct {
	boot.Unmet
	host      int    // of that rank
	who, whom string // waits for whom
}

// unmet: the driver knows whether the rank's host answers.
func (a *agent) unmet(r *rank, m boot.Unmet) {
	if s := r.w.start; a.mesh != nil && 0 <= m.Rank && m.Rank < len(s.HostOf) {
		h := s.HostOf[m.Rank]
		a.mesh.put(meshMessage{unmet: &unmet{m, h, fmt.Sprintf("rank %d on host %s", r.world, a.hostName()),
			fmt.Sprintf("rank %d on host %s", r.w.first+m.Rank, a.setup.Hosts[h])}})
	}
}

// unmet tells of a rank that is not reached though its host is: what is silent as a
// whole has its own lines, and ranks find each other a little later than agents when
// that is over. The time limit is that of hosts.
func (b *membership) unmet(now int64, u unmet) {
	p := b.mesh.peers[u.host]
	if b.machine == nil || p == nil || p.left {
		return
	}
	if b.away(p) {
		p.there = 0
		return
	}
	if p.there == 0 {
		p.there = now
	}
	const though = "though their hosts reach each other"
	switch tried := min(u.For, time.Duration(now-p.there)); {
	case tried >= b.timeout:
		b.mesh.events <- meshApart{nil, fmt.Sprintf("%s did not answer %s on any rail for %v (--host-timeout), %s; the job was ended: %s",
			u.whom, u.who, b.timeout, though, blocked(u.From, u.At))}
	case tried >= min(unmetQuiet, b.timeout/2):
		b.mesh.events <- meshNotice{Notice{Silence: true, Hosts: b.pair(u.host), Text: fmt.Sprintf(
			"%s has not answered %s on any rail, %s; waiting up to %v (--host-timeout)", u.whom, u.who, though, b.timeout)}}
	}
}

// blocked asks what people should look at where two ends never reached each other:
// packets of either may be what is dropped.
func blocked(from, at []string) string {
	return fmt.Sprintf("is UDP blocked between %s and %s (--ports, for a firewall), are the right interfaces used (--rails)?",
		strings.Join(from, ", "), strings.Join(at, ", "))
}
