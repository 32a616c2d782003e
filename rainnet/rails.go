package rainnet

import (
	"fmt"
	"net"
	"net/netip"
	"strings"

	"rainmpi/rainnet/udp"
)

// A place is one address of this host that a socket can be bound to.
type place struct {
	addr      netip.Addr
	device    string // the interface that has it
	ifindex   int
	nic       int // number among the chosen interfaces; an explicit loopback address counts as one
	mtu       int // UDP payload
	tentative bool
}

// maxPerFamily bounds the addresses of one family that an interface brings in: each pair of
// addresses costs pings, and aliases of one card lead nowhere new.
const maxPerFamily = 2

// findPlaces turns Config.Rails into addresses. Nothing is excluded by its name: a bridge that leads
// nowhere answers no ping, and an address pair becomes a path only after both directions have
// answered.
//
// nics are the numbers that interfaces have, by name, and are added to.
func findPlaces(rails []string, nics map[string]int) ([]place, error) {
	ifaces, err := net.Interfaces()
	if err != nil {
		return nil, fmt.Errorf("listing network interfaces: %w", err)
	}
	f := finder{ifaces: ifaces, nics: nics}
	if len(rails) == 0 {
		f.everyUsable()
	}
	for _, rail := range rails {
		if err := f.explicit(rail); err != nil {
			return nil, err
		}
	}
	if len(f.places) == 0 {
		return nil, fmt.Errorf("this host has no network interface that is up and has an address (it has %s)", f.known())
	}
	if len(f.places) > maxAddrs {
		f.places = f.places[:maxAddrs]
	}
	return f.places, nil
}

type finder struct {
	ifaces []net.Interface
	nics   map[string]int
	places []place
}

// everyUsable takes all interfaces that are up, apart from the loopback; the loopback only if there
// is nothing else, so that a laptop without a network still runs jobs.
func (f *finder) everyUsable() {
	for i := range f.ifaces {
		ifi := &f.ifaces[i]
		if ifi.Flags&net.FlagUp != 0 && ifi.Flags&net.FlagLoopback == 0 {
			f.interfaceAddrs(ifi, ifi.Name)
		}
	}
	if len(f.places) > 0 {
		return
	}
	for i := range f.ifaces {
		if ifi := &f.ifaces[i]; ifi.Flags&net.FlagUp != 0 {
			f.interfaceAddrs(ifi, ifi.Name)
		}
	}
}

// explicit takes the rail that a person named: an interface, or an address of one.
func (f *finder) explicit(rail string) error {
	addr, err := netip.ParseAddr(rail)
	if err != nil {
		return f.byName(rail)
	}
	addr = addr.Unmap()
	for i := range f.ifaces {
		ifi := &f.ifaces[i]
		for _, p := range prefixes(ifi) {
			// All of 127.0.0.0/8 is this host's, though only one address is listed.
			if p.Addr() == addr || ifi.Flags&net.FlagLoopback != 0 && p.Masked().Contains(addr) && p.Addr().Is4() {
				key := ifi.Name
				if ifi.Flags&net.FlagLoopback != 0 {
					key = rail
				}
				f.add(ifi, addr, key)
				return nil
			}
		}
	}
	return fmt.Errorf("rail %s: this host does not have that address; it has %s", rail, f.known())
}

func (f *finder) byName(name string) error {
	for i := range f.ifaces {
		ifi := &f.ifaces[i]
		if ifi.Name != name {
			continue
		}
		if ifi.Flags&net.FlagUp == 0 {
			return fmt.Errorf("rail %s: the interface is down; bring it up (ip link set %s up) or leave it out", name, name)
		}
		f.interfaceAddrs(ifi, name)
		if len(prefixes(ifi)) == 0 { // none at all, and not none that no other rail has named
			return fmt.Errorf("rail %s: the interface has no address; give it one or leave it out", name)
		}
		return nil
	}
	return fmt.Errorf("rail %s: this host has no such interface or address; it has %s", name, f.known())
}

func (f *finder) interfaceAddrs(ifi *net.Interface, key string) {
	var v4, v6 int
	for _, p := range prefixes(ifi) {
		count := &v6
		if p.Addr().Is4() {
			count = &v4
		}
		if *count < maxPerFamily {
			f.add(ifi, p.Addr(), key)
			*count++
		}
	}
}

func (f *finder) add(ifi *net.Interface, addr netip.Addr, key string) {
	for _, p := range f.places {
		if p.addr == addr {
			return
		}
	}
	nic, ok := f.nics[key]
	if !ok {
		nic = len(f.nics)
		f.nics[key] = nic
	}
	f.places = append(f.places, place{addr: addr, device: ifi.Name, ifindex: ifi.Index, nic: nic,
		mtu: payload(ifi.MTU, addr), tentative: addr.Is6()})
}

// prefixes are the usable addresses of an interface: link-local ones are left out, since they mean
// nothing without the name of the interface on the other host.
func prefixes(ifi *net.Interface) []netip.Prefix {
	addrs, err := ifi.Addrs()
	if err != nil {
		return nil // the interface has just gone
	}
	var out []netip.Prefix
	for _, a := range addrs {
		p, err := netip.ParsePrefix(a.String())
		if err != nil {
			continue
		}
		if addr := p.Addr().Unmap(); usable(addr) {
			out = append(out, netip.PrefixFrom(addr, p.Bits()))
		}
	}
	return out
}

// usable leaves out addresses that name no host, or a host to its neighbours only.
func usable(a netip.Addr) bool { return a.IsGlobalUnicast() || a.IsLoopback() }

// payload is what an interface's MTU leaves for UDP.
func payload(mtu int, addr netip.Addr) int {
	headers := 40 + 8
	if addr.Is4() {
		headers = 20 + 8
	}
	return min(mtu-headers, maxPayload)
}

// maxPayload keeps a packet and its plain text together inside a first-level cache. Jumbo frames
// (9000) fit; the 64 KiB of a loopback device would gain nothing.
const maxPayload = min(9000-28, udp.MaxDatagram)

// known lists what the host has, for error messages.
func (f *finder) known() string {
	var out []string
	for i := range f.ifaces {
		ifi := &f.ifaces[i]
		s := ifi.Name
		for _, p := range prefixes(ifi) {
			s += " " + p.Addr().String()
		}
		if ifi.Flags&net.FlagUp == 0 {
			s += " (down)"
		}
		out = append(out, s)
	}
	if len(out) == 0 {
		return "none"
	}
	return strings.Join(out, ", ")
}
