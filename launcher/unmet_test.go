package launcher

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"rainmpi/internal/boot"
	"rainmpi/rainnet/member"
)

// unmetAgents is an agent of host a, whose driver does not run, that knows one of host b.
func unmetAgents(t *testing.T) (b *membership, p *meshPeer, said func() string) {
	t.Helper()
	events := make(chan any, 99)
	p = &meshPeer{host: 1}
	m := &mesh{names: []string{"a", "b"}, peers: []*meshPeer{nil, p}, events: events}
	b = &m.membership
	if err := b.init(m, Setup{Hosts: m.names, HostTimeout: 10 * time.Second}); err != nil {
		t.Fatal(err)
	}
	b.begin(0)
	b.ring = []member.Member{{ID: b.id(0)}, {ID: b.id(1)}}
	return b, p, func() string {
		select {
		case ev := <-events:
			switch ev := ev.(type) {
			case meshNotice:
				if !ev.Ranks || ev.Hosts != [2]int{0, 1} {
					t.Errorf("%+v", ev)
				}
				return ev.Text
			case meshApart:
				return ev.text
			}
		default:
		}
		return ""
	}
}

// unmetRank is rank 3 on host b as one on host a tells of it.
func unmetRank(here int, m boot.Unmet) unmet {
	m.Rank, m.At, m.From = 3, []string{"10.0.0.2:7"}, []string{"10.0.0.1:8"}
	return unmet{m, 1, rankPair{here, 3}, fmt.Sprintf("rank %d on host a", here), "rank 3 on host b"}
}

// A rank that is not reached is told of when its host is, for as long as both last.
func TestUnmet(t *testing.T) {
	b, p, said := unmetAgents(t)
	at := func(now, tried time.Duration, up bool, want string) {
		t.Helper()
		p.up = up
		b.unmet(int64(now), unmetRank(0, boot.Unmet{For: tried, Since: time.Now().Add(-tried)}))
		if got := said(); got != want && (want == "" || !strings.Contains(got, want)) {
			t.Errorf("at %v, tried for %v: %q, want %q", now, tried, got, want)
		}
	}
	const s = time.Second
	at(40*s, 30*s, false, "") // the host is what is silent
	at(41*s, 31*s, true, "")  // it has just come back
	at(43*s, 33*s, true, "")
	at(44*s, 34*s, true, "rank 3 on host b has not answered rank 0 on host a on any rail, though their hosts reach each other; waiting up to 10s")
	at(45*s, 35*s, true, "") // once
	at(51*s, 41*s, true, "rank 3 on host b did not answer rank 0 on host a on any rail for 10s (--host-timeout), though their hosts reach each other; "+
		"the job was ended: is UDP blocked between 10.0.0.1:8 and 10.0.0.2:7 (--ports, for a firewall)")
	at(60*s, 2*s, true, "") // another rank, that is tried now
	at(61*s, 3*s, false, "")
	at(62*s, 4*s, true, "")
}

// A rank that was reached and is silent while its host is not is told of once for all ranks of
// the two hosts, and so is the end of it. It is waited for as long as it takes.
func TestRankSilence(t *testing.T) {
	b, p, said := unmetAgents(t)
	const s = time.Second
	now, start := 40*s, time.Now().Add(-73*s)
	want := func(want string) {
		t.Helper()
		if got := said(); got != want && (want == "" || !strings.HasPrefix(got, want)) {
			t.Errorf("at %v: %q, want %q", now, got, want)
		}
	}
	silent := func(here int, since time.Duration) {
		b.unmet(int64(now), unmetRank(here, boot.Unmet{Met: true, For: now - since, Since: start.Add(since)}))
	}
	over := func(here int, reached bool) {
		b.unmet(int64(now), unmetRank(here, boot.Unmet{Over: true, Met: reached}))
	}
	const line = "rank 3 on host b has been silent to rank 0 on host a on all rails since "
	// All of the host is silent: nothing but that is said, nor when it is over.
	for ; now < 60*s; now += s {
		silent(0, 40*s)
		want("")
	}
	p.up = true
	silent(0, 40*s)
	over(0, true)
	want("")
	// The ranks alone.
	now = 70 * s
	for ; now < 73*s; now += s {
		silent(0, 70*s)
		want("")
	}
	silent(0, 70*s)
	want(line + start.Add(70*s).Format(clock) + ", though their hosts reach each other; waiting without limit (--timeout sets one): " +
		"is that rank stopped, or does a packet filter drop UDP between 10.0.0.1:8 and 10.0.0.2:7 (--ports, for a firewall)?")
	for ; now < 100*s; now += s { // long after --host-timeout
		silent(0, 70*s)
		silent(1, 71*s)
		want("")
	}
	over(0, true)
	want("") // the other one
	over(1, true)
	want("the ranks on hosts a and b reach each other after 3.") // by the clock of the wall
	// Again, and it is given up: it has failed, or who waits has.
	for _, end := range []func(){func() { over(0, false) }, func() {
		b.unmet(int64(now), unmet{Unmet: boot.Unmet{Over: true}, host: -1, pair: rankPair{here: 0}})
	}} {
		began := now
		for ; now < began+5*s; now += s {
			silent(0, began)
		}
		want(line)
		want("")
		end()
		want("the ranks on hosts a and b wait for each other no more after ")
	}
}
