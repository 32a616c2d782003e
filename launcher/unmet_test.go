package launcher

import (
	"strings"
	"testing"
	"time"

	"rainmpi/internal/boot"
	"rainmpi/rainnet/member"
)

// A rank that is not reached is told of when its host is, for as long as both last.
func TestUnmet(t *testing.T) {
	events := make(chan any, 9)
	p := &meshPeer{host: 1}
	m := &mesh{names: []string{"a", "b"}, peers: []*meshPeer{nil, p}, events: events}
	b := &m.membership
	if err := b.init(m, Setup{Hosts: m.names, HostTimeout: 10 * time.Second}); err != nil {
		t.Fatal(err)
	}
	b.begin(0)
	b.ring = []member.Member{{ID: b.id(0)}, {ID: b.id(1)}}
	at := func(now, tried time.Duration, up bool, want string) {
		t.Helper()
		p.up = up
		b.unmet(int64(now), unmet{boot.Unmet{Rank: 3, For: tried, At: []string{"10.0.0.2:7"}, From: []string{"10.0.0.1:8"}}, 1, "rank 0 on host a", "rank 3 on host b"})
		got := ""
		select {
		case ev := <-events:
			switch ev := ev.(type) {
			case meshNotice:
				got = ev.Text
			case meshApart:
				got = ev.text
			}
		default:
		}
		if got != want && (want == "" || !strings.Contains(got, want)) {
			t.Errorf("at %v, tried for %v: %q, want %q", now, tried, got, want)
		}
	}
	const s = time.Second
	at(40*s, 30*s, false, "") // the host is what is silent
	at(41*s, 31*s, true, "")  // it has just come back
	at(43*s, 33*s, true, "")
	at(44*s, 34*s, true, "rank 3 on host b has not answered rank 0 on host a on any rail, though their hosts reach each other; waiting up to 10s")
	at(51*s, 41*s, true, "rank 3 on host b did not answer rank 0 on host a on any rail for 10s (--host-timeout), though their hosts reach each other; "+
		"the job was ended: is UDP blocked between 10.0.0.1:8 and 10.0.0.2:7 (--ports, for a firewall)")
	at(60*s, 2*s, true, "") // another rank, that is tried now
	at(61*s, 3*s, false, "")
	at(62*s, 4*s, true, "")
}
