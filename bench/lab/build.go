package lab

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Token bucket of a shaped rail: what `tc qdisc add … tbf rate R burst 128kb
// latency 20ms` sets up. 20 ms is the queue of an ordinary card and switch port.
const (
	tbfBurst   = 128 << 10 // bytes
	tbfLatency = 0.020     // seconds
)

// A railNode is a switch and its cables, one to each host that has a card for it, in
// the hosts' order.
type railNode struct {
	name   string
	index  int
	sw     *space
	bridge netlink.Link
	cables []*cable
}

// buildRail makes the switch and plugs every host into it.
func (k *keeper) buildRail(index int) (*railNode, error) {
	r := &railNode{name: railName(index), index: index}
	if k.Config.OneSwitch && index > 0 {
		r.sw, r.bridge = k.rails[0].sw, k.rails[0].bridge
	} else if err := r.makeSwitch(k.Config.MTU); err != nil {
		return nil, err
	}
	for i, h := range k.hosts {
		if !k.Config.plugged(i, index) {
			continue
		}
		c, err := k.plug(r, i, h)
		if err != nil {
			return nil, fmt.Errorf("cable of %s: %w", h.name, err)
		}
		r.cables = append(r.cables, c)
	}
	return r, nil
}

// makeSwitch makes a bridge in a namespace of its own.
func (r *railNode) makeSwitch(mtu int) (err error) {
	if r.sw, err = newSpace(); err != nil {
		return err
	}
	if err := r.sw.within(silenceIPv6); err != nil {
		return err
	}
	snooping := false
	r.bridge = &netlink.Bridge{LinkAttrs: attrs("bridge", mtu), MulticastSnooping: &snooping}
	if err := r.sw.nl.LinkAdd(r.bridge); err != nil {
		return fmt.Errorf("bridge: %w", err)
	}
	if err := r.sw.nl.LinkSetUp(r.bridge); err != nil {
		return fmt.Errorf("bridge: %w", err)
	}
	return nil
}

// portName is what the port of a host's cable is called in the switch: after the
// host, and the rail too where all rails have one switch.
func (k *keeper) portName(r *railNode, h *hostNode) string {
	if k.Config.OneSwitch {
		return h.name + "_" + r.name
	}
	return h.name
}

// silenceIPv6 keeps a switch from speaking on its own ports.
func silenceIPv6() error {
	os.WriteFile("/proc/sys/net/ipv6/conf/default/disable_ipv6", []byte("1"), 0)
	return nil
}

func attrs(name string, mtu int) netlink.LinkAttrs {
	a := netlink.NewLinkAttrs()
	a.Name, a.MTU = name, mtu
	return a
}

// plug makes the cable between host number i and the switch. The interface is
// named after the rail on the host.
func (k *keeper) plug(r *railNode, i int, h *hostNode) (*cable, error) {
	port := k.portName(r, h)
	veth := netlink.NewVeth(attrs(port, k.Config.MTU))
	veth.PeerName = r.name
	veth.PeerMTU = uint32(k.Config.MTU)
	veth.PeerNamespace = netlink.NsFd(int(h.space.ns))
	if err := r.sw.nl.LinkAdd(veth); err != nil {
		return nil, err
	}
	c := &cable{host: h, rail: r, addrs: k.Config.addrs(r.index, i), routes: k.Config.routes(r.index)}
	var err error
	if c.port, err = r.sw.nl.LinkByName(port); err != nil {
		return nil, err
	}
	if c.nic, err = h.space.nl.LinkByName(r.name); err != nil {
		return nil, err
	}
	if err := r.sw.nl.LinkSetMaster(c.port, r.bridge); err != nil {
		return nil, err
	}
	c.bridge = r.bridge
	if err := r.sw.nl.LinkSetUp(c.port); err != nil {
		return nil, err
	}
	if err := c.nicUp(); err != nil {
		return nil, err
	}
	return c, k.shape(c)
}

// carrierWait bounds the time the kernel takes to believe in a carrier: its link
// watch looks once a second, and until then drops what is sent.
const carrierWait = 15 * time.Second

// awaitUp waits until both ends of an undamaged cable are operational.
func (c *cable) awaitUp() error {
	ends := []struct {
		nl  *netlink.Handle
		dev netlink.Link
	}{{c.host.space.nl, c.nic}, {c.rail.sw.nl, c.port}}
	deadline := time.Now().Add(carrierWait)
	for _, e := range ends {
		for {
			link, err := e.nl.LinkByIndex(e.dev.Attrs().Index)
			if err != nil {
				return err
			}
			if link.Attrs().OperState == netlink.OperUp {
				break
			}
			if time.Now().After(deadline) {
				return fmt.Errorf("%s of %s: no carrier after %v", c.rail.name, c.host.name, carrierWait)
			}
			time.Sleep(time.Millisecond)
		}
	}
	return nil
}

// nicUp sets the host's interface up with its addresses. The kernel forgets
// IPv6 addresses and routes of an interface that goes down, so they are given every time.
func (c *cable) nicUp() error {
	nl := c.host.space.nl
	if lo, err := nl.LinkByName("lo"); err == nil {
		nl.LinkSetUp(lo)
	}
	if err := nl.LinkSetUp(c.nic); err != nil {
		return err
	}
	for _, p := range c.addrs {
		if err := nl.AddrReplace(c.nic, ifaceAddr(p)); err != nil {
			return fmt.Errorf("address %s: %w", p, err)
		}
	}
	for _, r := range c.routes {
		r.LinkIndex = c.nic.Attrs().Index
		if err := nl.RouteReplace(&r); err != nil {
			return fmt.Errorf("route to %s: %w", r.Dst, err)
		}
	}
	return nil
}

func ifaceAddr(p netip.Prefix) *netlink.Addr {
	a := &netlink.Addr{IPNet: &net.IPNet{
		IP:   p.Addr().AsSlice(),
		Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen()),
	}}
	if p.Addr().Is6() {
		a.Flags = unix.IFA_F_NODAD // usable at once
	}
	return a
}

// shape sets the rail's rate at the host's end. A switch with more than two
// ports can be sent more for one port than its rate, so its ports have one too.
func (k *keeper) shape(c *cable) error {
	rate := k.Config.rate(c.rail.index)
	if rate == 0 {
		return nil
	}
	if err := setRate(c.host.space.nl, c.nic, rate); err != nil {
		return fmt.Errorf("tbf: %w", err)
	}
	if len(k.hosts) > 2 {
		if err := setRate(c.rail.sw.nl, c.port, rate); err != nil {
			return fmt.Errorf("tbf at the switch: %w", err)
		}
	}
	return nil
}

func setRate(nl *netlink.Handle, dev netlink.Link, bits uint64) error {
	bytes := bits / 8
	return nl.QdiscAdd(&netlink.Tbf{
		QdiscAttrs: netlink.QdiscAttrs{
			LinkIndex: dev.Attrs().Index,
			Handle:    netlink.MakeHandle(1, 0),
			Parent:    netlink.HANDLE_ROOT,
		},
		Rate:   bytes,
		Limit:  uint32(float64(bytes)*tbfLatency) + tbfBurst,
		Buffer: netlink.Xmittime(bytes, tbfBurst),
	})
}
