package launcher

import (
	"fmt"
	"strings"
	"testing"
)

func letters(p Placement) string {
	var b strings.Builder
	for _, h := range p.HostOf {
		b.WriteByte(byte('a' + h))
	}
	return b.String()
}

func TestPlace(t *testing.T) {
	for _, c := range []struct {
		name  string
		n     int
		slots string // of hosts a, b, …
		m     Mapping
		want  string
	}{
		{"by slot", 5, "3 3", Mapping{}, "aaabb"},
		{"by node", 5, "3 3", Mapping{ByNode: true}, "ababa"},
		{"by node, one host full", 5, "1 4", Mapping{ByNode: true}, "abbbb"},
		{"ppn", 4, "4 4", Mapping{PerHost: 2}, "aabb"},
		{"ppn wraps", 6, "4 4", Mapping{PerHost: 2}, "aabbaa"},
		{"all slots", 0, "2 1", Mapping{}, "aab"},
		{"all slots with ppn", 0, "4 4", Mapping{PerHost: 1}, "ab"},
		{"oversubscribed", 6, "2 2", Mapping{Oversubscribe: true}, "aaabbb"},
		{"oversubscribed by node", 6, "2 2", Mapping{Oversubscribe: true, ByNode: true}, "ababab"},
		{"oversubscribed with ppn", 8, "2 2", Mapping{Oversubscribe: true, PerHost: 3}, "aaabbbaa"},
		{"ranked by node", 4, "2 2", Mapping{RankByNode: true}, "abab"},
		{"ppr per package", 6, "4 4", Mapping{PerHost: 1, PerUnit: UnitPackage}, "aabbaa"},
		{"all slots with ppr per package", 0, "4 4", Mapping{PerHost: 1, PerUnit: UnitPackage}, "aabb"},
		{"no numbers", 5, "4? 4?", Mapping{}, "aaabb"},
		{"no numbers, one host too few", 2, "9? 9? 9?", Mapping{}, "ab"},
		{"no numbers, more than cores", 5, "1? 1?", Mapping{}, "aaabb"},
		{"no numbers, by node", 5, "1? 1?", Mapping{ByNode: true}, "ababa"},
		{"no numbers, ppn", 6, "1? 1?", Mapping{PerHost: 2}, "aabbaa"},
		{"no numbers, ranked by node", 4, "4? 4?", Mapping{RankByNode: true}, "abab"},
		{"no numbers, strict", 5, "1? 4?", Mapping{Strict: true}, "abbbb"},
		{"no numbers, none of ranks", 0, "4? 4?", Mapping{}, "ab"},
		{"no numbers, none of ranks, ppn", 0, "4? 4?", Mapping{PerHost: 2}, "aabb"},
		{"one number", 4, "2 4?", Mapping{}, "aabb"},
		{"one number, none of ranks", 0, "2 4?", Mapping{}, "aab"},
		{"no numbers, too many and strict", 5, "2? 2?", Mapping{Strict: true}, "no slots left"},
		{"too many", 5, "2 2", Mapping{}, "no slots left"},
		{"too many with ppn", 5, "2 2", Mapping{PerHost: 2}, "no slots left"},
	} {
		var hosts []Host
		for i, s := range strings.Fields(c.slots) {
			h := Host{Name: string(rune('a' + i)), From: FromOption, units: map[string]int{UnitPackage: 2}}
			s, h.open = strings.CutSuffix(s, "?")
			fmt.Sscan(s, &h.Slots)
			hosts = append(hosts, h)
		}
		p, err := place([]App{{Argv: []string{"x"}, N: c.n}}, hosts, c.m)
		if err != nil {
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		if got := letters(p); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestPlacePrograms(t *testing.T) {
	hosts := []Host{{Name: "a", Slots: 2}, {Name: "b", Slots: 2}}
	apps := []App{
		{Argv: []string{"x"}, N: 1, Hosts: []Host{{Name: "b"}}},
		{Argv: []string{"y"}, N: 3},
	}
	p, err := place(apps, hosts, Mapping{})
	if err != nil || letters(p) != "baab" || fmt.Sprint(p.AppOf) != "[0 1 1 1]" {
		t.Errorf("%s %v %v", letters(p), p.AppOf, err)
	}
	two := []App{{Argv: []string{"x"}, N: 1}, {Argv: []string{"y"}, N: 3}}
	open := []Host{{Name: "a", Slots: 4, open: true}, {Name: "b", Slots: 4, open: true}}
	if p, err = place(two, open, Mapping{}); err != nil || letters(p) != "aabb" {
		t.Errorf("the second program levels what the first has taken: %s %v", letters(p), err)
	}
	if p, err = place(two[1:], []Host{{Name: "a", Slots: 4, open: true}}, Mapping{}); err != nil || letters(p) != "aaa" {
		t.Errorf("%s %v", letters(p), err)
	}
	apps[1].N = 4
	if _, err = place(apps, hosts, Mapping{}); err == nil || !strings.Contains(err.Error(), "4 ranks of y (after 1 others)") {
		t.Errorf("%v", err)
	}
}

func TestBindings(t *testing.T) {
	cores := []core{{[]int{0, 4}, 0, 0}, {[]int{1, 5}, 0, 0}, {[]int{2, 6}, 1, 1}, {[]int{3, 7}, 1, 1}}
	for _, c := range []struct {
		first, n, crowd int
		bind            Binding
		want            string
	}{
		{0, 4, 4, Binding{}, "[[0 4] [1 5] [2 6] [3 7]]"},
		{0, 2, 2, Binding{}, "[[0 4 1 5] [2 6 3 7]]"},
		{0, 1, 2, Binding{}, "[[0 4 1 5]]"}, // of two agents on one machine
		{1, 1, 2, Binding{}, "[[2 6 3 7]]"},
		{0, 2, 2, Binding{To: UnitCore}, "[[0 4] [1 5]]"},
		{2, 2, 4, Binding{To: UnitCore}, "[[2 6] [3 7]]"},
		{0, 5, 5, Binding{}, "[]"},
		{0, 8, 8, Binding{}, "[[0 4] [0 4] [1 5] [1 5] [2 6] [2 6] [3 7] [3 7]]"},
		{4, 4, 8, Binding{}, "[[2 6] [2 6] [3 7] [3 7]]"},
		{0, 2, 5, Binding{}, "[]"},
		{0, 2, 2, Binding{To: BindNone}, "[]"},
		{0, 5, 5, Binding{To: UnitCore}, "error"},
		{0, 5, 5, Binding{To: UnitCore, Share: true}, "[[0 4] [1 5] [2 6] [3 7] [0 4]]"},
		{0, 3, 3, Binding{To: UnitThread}, "[[0] [1] [2]]"},
		{0, 5, 5, Binding{To: UnitThread}, "[[0] [1] [2] [3] [4]]"},
		{0, 3, 3, Binding{To: UnitNUMA}, "[[0 4 1 5] [0 4 1 5] [2 6 3 7]]"},
		{0, 3, 3, Binding{To: UnitPackage, Over: UnitPackage}, "[[0 4 1 5] [2 6 3 7] [0 4 1 5]]"},
		{0, 9, 9, Binding{To: UnitPackage, Over: UnitPackage}, "[[0 4 1 5] [2 6 3 7] [0 4 1 5] [2 6 3 7] [0 4 1 5] [2 6 3 7] [0 4 1 5] [2 6 3 7] [0 4 1 5]]"},
		{0, 2, 2, Binding{Over: UnitCore}, "[[0 4] [1 5]]"},
		{0, 2, 2, Binding{Over: UnitThread}, "[[0] [1]]"},
		{0, 2, 2, Binding{Over: UnitNUMA}, "[[0 4 1 5] [2 6 3 7]]"},
		{0, 3, 3, Binding{Over: UnitNUMA}, "[[0 4] [2 6 3 7] [1 5]]"},
		{0, 3, 3, Binding{To: UnitCore, Over: UnitNUMA}, "[[0 4] [2 6] [1 5]]"},
		{0, 2, 2, Binding{Cores: 2}, "[[0 4 1 5] [2 6 3 7]]"},
		{0, 3, 3, Binding{Cores: 2}, "error"},
		{4, 1, 5, Binding{To: UnitCore}, "error"},
	} {
		got, err := bindings(cores, c.first, c.n, c.crowd, c.bind)
		text := fmt.Sprint(got)
		if err != nil {
			text = "error"
		}
		if text != c.want {
			t.Errorf("%+v: %s", c, text)
		}
	}
	if len(allowedCores()) == 0 {
		t.Error("no core at all")
	}
}
