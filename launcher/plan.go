package launcher

import (
	"fmt"
	"slices"
	"strings"
)

// Mapping says how ranks are laid out over the hosts' slots.
type Mapping struct {
	ByNode        bool   // one rank per host in turn, instead of host after host
	RankByNode    bool   // ranks are numbered host by host in turn, whatever the mapping
	PerHost       int    // -ppn: ranks per host before the next host's turn; 0: no limit
	PerUnit       string // PerHost is for each such Unit of a host; empty: for the host
	Oversubscribe bool   // more ranks than slots are allowed
	Strict        bool   // they are not, also where nobody minds
	NoLocal       bool   // no rank on this host

	Ranks []RankPlace // of a rank file, which goes before everything else
}

// perHost is how many ranks h gets before the next host's turn; 0: no limit.
func (m Mapping) perHost(h Host) int {
	if m.PerUnit == "" {
		return m.PerHost
	}
	return m.PerHost * max(h.units[m.PerUnit], 1)
}

// Placement is the finished plan: who runs where.
type Placement struct {
	HostOf []int // world rank → index into the hosts
	AppOf  []int // world rank → index into the programs
	Slots  int   // of all hosts
}

// place lays the ranks of apps out over hosts, whose Slots must be known.
// hosts holds the hosts of the whole job; an App with Hosts of its own is kept
// to those.
func place(apps []App, hosts []Host, m Mapping) (Placement, error) {
	if m.Ranks != nil {
		return placeByFile(apps, hosts, m.Ranks), nil
	}
	var p Placement
	used := make([]int, len(hosts))
	for _, h := range hosts {
		p.Slots += h.Slots
	}
	for i, a := range apps {
		where := hostsOf(a, hosts)
		n := a.N
		if n == 0 {
			n = freeSlots(hosts, where, used, m)
		}
		got := layOut(n, hosts, where, used, m)
		if len(got) < n {
			return p, noSlots(apps, hosts, p, n, len(got))
		}
		if m.RankByNode {
			got = inTurn(got, where)
		}
		for _, h := range got {
			p.HostOf = append(p.HostOf, h)
			p.AppOf = append(p.AppOf, i)
		}
	}
	return p, nil
}

// hostsOf returns the hosts that a may use, as indices.
func hostsOf(a App, hosts []Host) []int {
	var where []int
	for i, h := range hosts {
		if len(a.Hosts) == 0 {
			where = append(where, i)
			continue
		}
		for _, own := range a.Hosts {
			if own.Name == h.Name {
				where = append(where, i)
			}
		}
	}
	return where
}

// freeSlots is the number of ranks of a program that names none: every free
// slot gets one, or PerHost ones per host, or one each host that --host names
// without a number.
func freeSlots(hosts []Host, where, used []int, m Mapping) int {
	n := 0
	for _, h := range where {
		free := max(hosts[h].Slots-used[h], 0)
		switch {
		case m.PerHost > 0:
			free = m.perHost(hosts[h])
		case hosts[h].open && hosts[h].From == FromOption:
			free = 1
		}
		n += free
	}
	return max(n, 1)
}

// layOut chooses hosts for n ranks, in rank order, and counts them in used. It
// returns fewer when the slots are used up.
func layOut(n int, hosts []Host, where, used []int, m Mapping) []int {
	// turn is how many ranks a host gets before the next one's turn.
	turn := func(h int) int {
		switch {
		case m.PerHost > 0:
			return m.perHost(hosts[h])
		case m.ByNode:
			return 1
		}
		return n
	}
	open := allOpen(hosts, where)
	m.Oversubscribe = m.Oversubscribe || open && !m.Strict
	if open && !m.ByNode && m.PerHost == 0 {
		return share(n, hosts, where, used, m)
	}
	anyway := m.Oversubscribe && m.PerHost > 0 // so many per host, whatever it takes
	var got []int
	for len(got) < n {
		before := len(got)
		for _, h := range where {
			for k := 0; k < turn(h) && len(got) < n && (anyway || used[h] < hosts[h].Slots); k++ {
				got = append(got, h)
				used[h]++
			}
		}
		if len(got) == before {
			break
		}
	}
	if !m.Oversubscribe || len(where) == 0 {
		return got
	}
	// The rest goes to the hosts in turn.
	for len(got) < n {
		for _, h := range where {
			if len(got) < n {
				got = append(got, h)
				used[h]++
			}
		}
	}
	if !m.ByNode && !anyway {
		return hostByHost(got, where)
	}
	return got
}

func allOpen(hosts []Host, where []int) bool {
	return !slices.ContainsFunc(where, func(h int) bool { return !hosts[h].open })
}

// share levels hosts of which nobody has said how many ranks they take: they
// differ by one rank at most.
func share(n int, hosts []Host, where, used []int, m Mapping) (got []int) {
	for len(got) < n {
		least := -1
		for _, h := range where {
			if (m.Oversubscribe || used[h] < hosts[h].Slots) && (least < 0 || used[h] < used[least]) {
				least = h
			}
		}
		if least < 0 {
			break
		}
		got = append(got, least)
		used[least]++
	}
	return hostByHost(got, where)
}

// hostByHost sorts a layout so that neighbours in rank share a host.
func hostByHost(got, where []int) []int {
	var out []int
	for _, h := range where {
		for _, g := range got {
			if g == h {
				out = append(out, h)
			}
		}
	}
	return out
}

// inTurn reorders a layout so that neighbours in rank are on different hosts.
func inTurn(got, where []int) []int {
	left := map[int]int{}
	for _, h := range got {
		left[h]++
	}
	out := make([]int, 0, len(got))
	for len(out) < len(got) {
		for _, h := range where {
			if left[h] > 0 {
				left[h]--
				out = append(out, h)
			}
		}
	}
	return out
}

func noSlots(apps []App, hosts []Host, p Placement, n, got int) error {
	var list []string
	for _, h := range hosts {
		list = append(list, fmt.Sprintf("%s:%d", h.Name, h.Slots))
	}
	what := fmt.Sprintf("%d ranks", n)
	if len(apps) > 1 {
		what = fmt.Sprintf("%d ranks of %s (after %d others)", n, apps[p.nextApp()].Argv[0], len(p.HostOf))
	}
	return fmt.Errorf("no slots left: %s do not fit into %s; %d would. "+
		"Allow more ranks than slots with --oversubscribe, or say how many a host takes: --host %s:%d",
		what, strings.Join(list, ", "), got, hosts[0].Name, hosts[0].Slots+n-got)
}

func (p Placement) nextApp() int {
	if len(p.AppOf) == 0 {
		return 0
	}
	return p.AppOf[len(p.AppOf)-1] + 1
}
