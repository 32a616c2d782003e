package lab

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
)

// Config describes a lab. The zero value is two hosts, two unshaped rails.
type Config struct {
	Hosts int // number of hosts, named h1, h2, ...; default 2
	Rails int // number of rails, named rail1, rail2, ...; default 2

	// Rate is the rate of every rail in bits per second, in each direction, by a
	// token bucket at the hosts' ends (and at the switch's ports when there are
	// more than two hosts); 0 leaves the rails unshaped.
	Rate uint64
	// Rates overrides Rate rail by rail, the first for rail1.
	Rates []uint64

	MTU  int  // of every cable, bytes; default 1500
	IPv6 bool // gives every interface an address of fd77::/16 besides the IPv4 one

	// OneSubnet puts all rails into one IPv4 subnet, 10.77.0.0/16, as people do
	// who plug two cards into the same network.
	OneSubnet bool
	// OneSwitch plugs the cables of all rails into one switch.
	OneSwitch bool
	// Routed puts a router between the rails' subnets: each interface of a host
	// reaches every other of another, by its own rail and the router.
	Routed bool
	// Cards is how many interfaces each host has, the first for h1: it is plugged into
	// that many of the rails. Hosts that are not listed are plugged into all.
	Cards []int
	// IPv6Only leaves the IPv4 addresses out.
	IPv6Only bool
	// Docker gives every host a bridge docker0 that leads nowhere, with the same
	// address on all, 172.17.0.1.
	Docker bool
	// RPFilter is every host's net.ipv4.conf.all.rp_filter: does it drop packets that
	// come by another card than it would answer by; 0 no, 1 yes, 2 only if no card would.
	RPFilter int

	// UserNamespace builds the lab in a user namespace even if the caller is root.
	UserNamespace bool
}

// ErrForbidden is wrapped by New's error where the machine forbids namespaces.
var ErrForbidden = errors.New("this machine does not let us make namespaces")

// The largest lab that the address plan and a sane machine allow.
const (
	maxHosts = 200
	maxRails = 16
)

func (c Config) withDefaults() Config {
	if c.Hosts == 0 {
		c.Hosts = 2
	}
	if c.Rails == 0 {
		c.Rails = 2
	}
	if c.MTU == 0 {
		c.MTU = 1500
	}
	return c
}

func (c Config) check() error {
	switch {
	case c.Hosts < 1 || c.Hosts > maxHosts:
		return fmt.Errorf("lab: %d hosts: give 1 to %d", c.Hosts, maxHosts)
	case c.Rails < 1 || c.Rails > maxRails:
		return fmt.Errorf("lab: %d rails: give 1 to %d", c.Rails, maxRails)
	case c.MTU < 576 || c.MTU > 65521:
		return fmt.Errorf("lab: MTU %d: give 576 to 65521 bytes", c.MTU)
	case c.RPFilter < 0 || c.RPFilter > 2:
		return fmt.Errorf("lab: rp_filter %d: give 0, 1 or 2", c.RPFilter)
	case c.Routed && (c.OneSwitch || c.OneSubnet || c.IPv6Only):
		return errors.New("lab: a router stands between rails that are IPv4 subnets of their own")
	case len(c.Cards) > c.Hosts:
		return fmt.Errorf("lab: cards of %d hosts, and there are %d", len(c.Cards), c.Hosts)
	case len(c.Rates) > c.Rails:
		return fmt.Errorf("lab: %d rates for %d rails: give one per rail at most", len(c.Rates), c.Rails)
	}
	for host, n := range c.Cards {
		if n < 1 || n > c.Rails {
			return fmt.Errorf("lab: %d cards of %s: give 1 to %d, the rails", n, hostName(host), c.Rails)
		}
	}
	for rail := range c.Rails {
		if r := c.rate(rail); r > 0 && r < 64_000 {
			return fmt.Errorf("lab: rate of %s is %d bit/s: give at least 64 kbit/s, or 0 for unshaped", railName(rail), r)
		}
	}
	return nil
}

// rate returns the bits per second of a rail, counted from 0; 0 is unshaped.
func (c Config) rate(rail int) uint64 {
	if rail < len(c.Rates) {
		return c.Rates[rail]
	}
	return c.Rate
}

// Hosts and rails are counted from 0 inside and from 1 in names and addresses.
func hostName(host int) string { return fmt.Sprintf("h%d", host+1) }
func railName(rail int) string { return fmt.Sprintf("rail%d", rail+1) }

func (c Config) hostNames() []string {
	names := make([]string, c.Hosts)
	for i := range names {
		names[i] = hostName(i)
	}
	return names
}

func (c Config) railNames() []string {
	names := make([]string, c.Rails)
	for i := range names {
		names[i] = railName(i)
	}
	return names
}

// plugged says whether a host has a card on a rail.
func (c Config) plugged(host, rail int) bool { return host >= len(c.Cards) || rail < c.Cards[host] }

// addrs are those of a host's card on a rail.
func (c Config) addrs(rail, host int) (list []netip.Prefix) {
	if !c.IPv6Only {
		list = append(list, c.addr4(rail, host))
	}
	if c.IPv6 || c.IPv6Only {
		list = append(list, addr6(rail, host))
	}
	return list
}

// addr4 is 10.77.RAIL.HOST.
func (c Config) addr4(rail, host int) netip.Prefix {
	bits := 24
	if c.OneSubnet {
		bits = 16
	}
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 77, byte(rail + 1), byte(host + 1)}), bits)
}

// addr6 is fd77:0:0:RAIL::HOST/64.
func addr6(rail, host int) netip.Prefix {
	a := [16]byte{0: 0xfd, 1: 0x77, 7: byte(rail + 1), 15: byte(host + 1)}
	return netip.PrefixFrom(netip.AddrFrom16(a), 64)
}

// hostsFile is the /etc/hosts of every host: NAME is the host's address on
// rail1, NAME-railN the one on rail N.
func (c Config) hostsFile() string {
	var b strings.Builder
	b.WriteString("127.0.0.1 localhost\n::1 localhost ip6-localhost\n")
	for host := range c.Hosts {
		for rail := range c.Rails {
			if !c.plugged(host, rail) {
				continue
			}
			name := hostName(host) + "-" + railName(rail)
			first := ""
			if rail == 0 {
				first = hostName(host) + " "
			}
			if !c.IPv6Only {
				fmt.Fprintf(&b, "%s %s%s\n", c.addr4(rail, host).Addr(), first, name)
				first = ""
			}
			if c.IPv6 || c.IPv6Only {
				fmt.Fprintf(&b, "%s %s%s-v6\n", addr6(rail, host).Addr(), first, name)
			}
		}
	}
	return b.String()
}

// ParseRate reads "1gbit", "100mbit", "2.5gbit", "800kbit" or a plain number of
// bits per second; "0" and "none" are unshaped.
func ParseRate(s string) (uint64, error) {
	if s == "none" {
		return 0, nil
	}
	unit := 1.0
	digits := strings.ToLower(s)
	for _, u := range []struct {
		suffix string
		bits   float64
	}{{"gbit", 1e9}, {"mbit", 1e6}, {"kbit", 1e3}, {"bit", 1}} {
		if rest, ok := strings.CutSuffix(digits, u.suffix); ok {
			digits, unit = rest, u.bits
			break
		}
	}
	var v float64
	if n, err := fmt.Sscanf(digits+" .", "%g .", &v); n != 1 || err != nil || !(v >= 0) || v*unit > 1e12 {
		return 0, fmt.Errorf("lab: rate %q: write it like 1gbit, 100mbit or none", s)
	}
	return uint64(v * unit), nil
}
