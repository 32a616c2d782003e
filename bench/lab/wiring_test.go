package lab

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// The wiring that people have: which paths rainnet finds, and which of them carry
// ("one active path per NIC pair of a maximum matching, the others are backup").

// rails names the paths of a talker by rail: "1-2" leads from its card on rail 1 to
// the other's on rail 2.
func rails(paths []pathSaid, is func(pathSaid) bool) (list []string) {
	for _, p := range paths {
		if is(p) {
			list = append(list, railOf(p.Local)+"-"+railOf(p.Remote))
		}
	}
	slices.Sort(list)
	return list
}

// railOf reads the rail from 10.77.RAIL.HOST and fd77::RAIL:0:0:0:HOST.
func railOf(addr string) string {
	if f := strings.Split(addr, "."); len(f) == 4 && f[0] == "10" {
		return f[2]
	}
	if f := strings.Split(addr, ":"); f[0] == "fd77" {
		return f[3]
	}
	return "(" + addr + ")"
}

func isUp(pathSaid) bool       { return true }
func isActive(p pathSaid) bool { return p.Active }

// want says what is not as it should be, and "" if all is: so many paths are up and
// so many active; an active path ends at no card twice, and is straight (rail 1 to
// rail 1) where all are up.
func want(up, active int) func(said) string { return between(up, up, active) }

func between(least, most, active int) func(said) string {
	return func(s said) string {
		ups, actives := rails(s.Up, isUp), rails(s.Up, isActive)
		text := fmt.Sprintf("up %v, active %v; ", ups, actives)
		used := map[string]bool{}
		for _, a := range actives {
			local, remote, _ := strings.Cut(a, "-")
			if used["l"+local] || used["r"+remote] || least == most && local != remote {
				return text
			}
			used["l"+local], used["r"+remote] = true, true
		}
		if len(ups) < least || len(ups) > most || len(actives) != active {
			return text
		}
		return ""
	}
}

func TestWiring(t *testing.T) {
	for _, c := range []struct {
		name string
		cfg  Config
		good func(said) string
	}{
		{"two networks", Config{}, want(2, 2)},
		{"two networks, strict", Config{RPFilter: 1}, want(2, 2)},
		{"two networks, loose", Config{RPFilter: 2}, want(2, 2)},
		{"one subnet, two switches", Config{OneSubnet: true}, want(2, 2)},
		{"one subnet, two switches, strict", Config{OneSubnet: true, RPFilter: 1}, want(1, 1)},
		{"one subnet, two switches, loose", Config{OneSubnet: true, RPFilter: 2}, want(2, 2)},
		// A kernel answers for all its addresses on every card, and the first answer counts: who is
		// sent to the wrong card drops it, so not all of the four have to be up.
		{"one subnet, one switch", Config{OneSubnet: true, OneSwitch: true}, between(2, 4, 2)},
		{"one subnet, one switch, strict", Config{OneSubnet: true, OneSwitch: true, RPFilter: 1}, want(1, 1)},
		{"one subnet, one switch, loose", Config{OneSubnet: true, OneSwitch: true, RPFilter: 2}, between(2, 4, 2)},
		{"routed", Config{Routed: true}, want(4, 2)},
		{"routed, strict", Config{Routed: true, RPFilter: 1}, want(2, 2)},
		{"routed, loose", Config{Routed: true, RPFilter: 2}, want(4, 2)},
		{"one card and four", Config{Rails: 4, Routed: true, Cards: []int{1}}, want(4, 1)},
		{"four cards and one", Config{Rails: 4, Routed: true, Cards: []int{4, 1}}, want(4, 1)},
		{"one card and four, no router", Config{Rails: 4, Cards: []int{1}}, want(1, 1)},
		{"unequal speeds", Config{Rates: []uint64{1e9, 1e8}}, want(2, 2)},
		{"IPv6 only", Config{IPv6Only: true}, want(2, 2)},
		{"IPv4 and IPv6", Config{IPv6: true}, want(4, 2)},
		{"docker0 on every host", Config{Docker: true}, want(2, 2)},
		{"docker0 on every host, routed", Config{Docker: true, Routed: true}, want(4, 2)},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := Start(t, c.cfg)
			a, b := talkOf(t, l, c.good)
			if a.Came == 0 || b.Came == 0 {
				t.Errorf("nothing came: %+v %+v", a, b)
			}
		})
	}
}

// The same private address on every host is recognised by a packet that comes back to
// who sent it, and is never a path.
func TestSameAddressOnEveryHost(t *testing.T) {
	l := Start(t, Config{Docker: true})
	a, b := talkOf(t, l, func(s said) string {
		for _, p := range s.Up {
			if strings.HasPrefix(p.Local, "172.17.") || strings.HasPrefix(p.Remote, "172.17.") {
				return fmt.Sprintf("the path from %s to %s is up; ", p.Local, p.Remote)
			}
		}
		if s.Own == 0 {
			return "no packet of its own has come back; "
		}
		return want(2, 2)(s)
	})
	t.Logf("%d and %d packets of its own were recognised", a.Own, b.Own)
}

// The wirings that cannot be are refused.
func TestWiringRefused(t *testing.T) {
	for _, c := range []struct {
		cfg  Config
		want string
	}{
		{Config{RPFilter: 3}, "rp_filter 3: give 0, 1 or 2"},
		{Config{Routed: true, OneSubnet: true}, "IPv4 subnets of their own"},
		{Config{Hosts: 2, Cards: []int{1, 1, 1}}, "cards of 3 hosts, and there are 2"},
		{Config{Rails: 2, Cards: []int{3}}, "3 cards of h1: give 1 to 2"},
	} {
		if l, err := New(t.Context(), c.cfg); err == nil || !strings.Contains(err.Error(), c.want) {
			l.Close()
			t.Errorf("%+v: %v, want %q", c.cfg, err, c.want)
		}
	}
}

// Where each card answers for its own address alone, two cards in one subnet and one
// switch are never taken for each other.
func TestARPOfItsOwn(t *testing.T) {
	for n := range 3 {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			l := Start(t, Config{OneSubnet: true, OneSwitch: true})
			mac := map[string]string{}
			for _, h := range l.Hosts {
				shell(t, h, "cd /proc/sys/net/ipv4/conf/all; echo 1 >arp_ignore; echo 2 >arp_announce")
				for r := range l.Rails {
					mac[h.Addr(r).String()] = shell(t, h, fmt.Sprintf("cat /sys/class/net/%s/address", railName(r)))
				}
			}
			if a, _ := talkOf(t, l, want(4, 2)); a.turns > 80 { // four seconds
				t.Errorf("all paths were there when h1 had told of them %d times: some card had been taken for the other", a.turns)
			}
			for _, line := range strings.Split(shell(t, l.Hosts[0], "cat /proc/net/arp"), "\n")[1:] {
				if f := strings.Fields(line); len(f) > 3 && f[3] != mac[f[0]] {
					t.Errorf("h1 sends to %s at %s, which is not the card that has it: %s", f[0], f[3], mac[f[0]])
				}
			}
		})
	}
}
