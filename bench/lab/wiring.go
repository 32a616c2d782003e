package lab

import (
	"fmt"
	"net"
	"net/netip"
	"os"

	"github.com/vishvananda/netlink"
)

// How the rails hang together, beside the plain way in which each is a network of
// its own.

// wire joins what the configuration wants joined, when all rails are there.
func (k *keeper) wire() error {
	if k.Config.Routed {
		if err := k.router(); err != nil {
			return fmt.Errorf("router: %w", err)
		}
	}
	if k.Config.Docker {
		for _, h := range k.hosts {
			if err := docker(h.space); err != nil {
				return fmt.Errorf("docker0 of %s: %w", h.name, err)
			}
		}
	}
	return nil
}

// enslave makes an interface in the switch's namespace one of its ports.
func (r *railNode) enslave(name string) error {
	port, err := r.sw.nl.LinkByName(name)
	if err != nil {
		return err
	}
	if err := r.sw.nl.LinkSetMaster(port, r.bridge); err != nil {
		return err
	}
	return r.sw.nl.LinkSetUp(port)
}

// routerHost is the router's number in every rail's subnet.
const routerHost = 253

// router makes a namespace with an interface in every rail, which forwards.
func (k *keeper) router() error {
	sp, err := newSpace()
	if err != nil {
		return err
	}
	k.routers = append(k.routers, sp)
	for _, r := range k.rails {
		veth := netlink.NewVeth(attrs("router", k.Config.MTU))
		veth.PeerName, veth.PeerMTU, veth.PeerNamespace = r.name, uint32(k.Config.MTU), netlink.NsFd(int(sp.ns))
		if err := r.sw.nl.LinkAdd(veth); err != nil {
			return err
		}
		if err := r.enslave("router"); err != nil {
			return err
		}
		if err := giveAddr(sp.nl, r.name, k.Config.addr4(r.index, routerHost)); err != nil {
			return err
		}
	}
	return sp.within(func() error { return os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0) })
}

// routes lead from a card on a rail to the subnets of the others, by the router. A
// card there, if the host has one, is nearer; who sends by this card does not see it.
func (c Config) routes(rail int) (list []netlink.Route) {
	if !c.Routed {
		return nil
	}
	for other := range c.Rails {
		if other != rail {
			list = append(list, netlink.Route{Dst: network(c.addr4(other, 0)), Gw: c.addr4(rail, routerHost).Addr().AsSlice(), Priority: 100 + rail})
		}
	}
	return list
}

func network(p netip.Prefix) *net.IPNet {
	p = p.Masked()
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}

// docker gives a host what Docker leaves on every one.
func docker(sp *space) error {
	if err := sp.nl.LinkAdd(&netlink.Bridge{LinkAttrs: attrs("docker0", 1500)}); err != nil {
		return err
	}
	return giveAddr(sp.nl, "docker0", netip.MustParsePrefix("172.17.0.1/16"))
}

func giveAddr(nl *netlink.Handle, name string, p netip.Prefix) error {
	link, err := nl.LinkByName(name)
	if err != nil {
		return err
	}
	if err := nl.AddrAdd(link, ifaceAddr(p)); err != nil {
		return err
	}
	return nl.LinkSetUp(link)
}
