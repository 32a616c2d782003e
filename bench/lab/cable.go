package lab

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/vishvananda/netlink"
)

// A cable joins one host to the switch of one rail. Its faults are a state, not
// a history: every change computes what should be and makes it so.
type cable struct {
	host   *hostNode
	rail   *railNode
	nic    netlink.Link // end at the host, in the host's namespace
	port   netlink.Link // end at the switch, in the switch's namespace
	bridge netlink.Link
	addrs  []netip.Prefix
	routes []netlink.Route // to the other rails

	is damage // what the kernel has been told
}

// damage is everything that can be wrong with a cable at a time.
type damage struct {
	CutHost, CutSwitch, CutBehind bool
	HoleOut, HoleIn               bool    // seen from the host
	LossOut, LossIn               float64 // probability
}

func (d damage) String() string {
	var words []string
	say := func(on bool, word string) {
		if on {
			words = append(words, word)
		}
	}
	say(d.CutHost, "link down")
	say(d.CutSwitch, "no carrier")
	say(d.CutBehind, "cut behind the switch port")
	say(d.HoleOut && d.HoleIn, "black hole")
	say(d.HoleOut && !d.HoleIn, "black hole out")
	say(d.HoleIn && !d.HoleOut, "black hole in")
	say(d.LossOut > 0, fmt.Sprintf("loses %.3g%% out", d.LossOut*100))
	say(d.LossIn > 0, fmt.Sprintf("loses %.3g%% in", d.LossIn*100))
	if len(words) == 0 {
		return "ok"
	}
	return strings.Join(words, ", ")
}

// become makes the cable's damage what want says, step by step, so that after an
// error is says what was reached.
func (c *cable) become(k *keeper, want damage) error {
	steps := []struct {
		differs bool
		do      func() error
		done    func()
	}{
		// Offloads first: no super-packet may meet the first draw.
		{(c.is.LossOut+c.is.LossIn > 0) != (want.LossOut+want.LossIn > 0),
			func() error { return c.setOffloads(want.LossOut+want.LossIn == 0) }, func() {}},
		{c.is.HoleIn != want.HoleIn || c.is.LossIn != want.LossIn,
			func() error { return k.filter(c.host.space, c.rail.name, want.HoleIn, want.LossIn) },
			func() { c.is.HoleIn, c.is.LossIn = want.HoleIn, want.LossIn }},
		{c.is.HoleOut != want.HoleOut || c.is.LossOut != want.LossOut,
			func() error { return k.filter(c.rail.sw, c.port.Attrs().Name, want.HoleOut, want.LossOut) },
			func() { c.is.HoleOut, c.is.LossOut = want.HoleOut, want.LossOut }},
		{c.is.CutBehind != want.CutBehind,
			func() error { return c.setMaster(!want.CutBehind) },
			func() { c.is.CutBehind = want.CutBehind }},
		{c.is.CutSwitch != want.CutSwitch,
			func() error { return setUp(c.rail.sw.nl, c.port, !want.CutSwitch) },
			func() { c.is.CutSwitch = want.CutSwitch }},
		{c.is.CutHost != want.CutHost,
			func() error {
				if want.CutHost {
					return c.host.space.nl.LinkSetDown(c.nic)
				}
				return c.nicUp()
			},
			func() { c.is.CutHost = want.CutHost }},
	}
	for _, s := range steps {
		if !s.differs {
			continue
		}
		if err := s.do(); err != nil {
			return fmt.Errorf("%s of %s: %w", c.rail.name, c.host.name, err)
		}
		s.done()
	}
	if !c.is.CutHost && !c.is.CutSwitch {
		return c.awaitUp()
	}
	return nil
}

func (c *cable) setMaster(joined bool) error {
	if joined {
		return c.rail.sw.nl.LinkSetMaster(c.port, c.bridge)
	}
	return c.rail.sw.nl.LinkSetNoMaster(c.port)
}

func setUp(nl *netlink.Handle, dev netlink.Link, up bool) error {
	if up {
		return nl.LinkSetUp(dev)
	}
	return nl.LinkSetDown(dev)
}

// setOffloads switches what makes super-packets of packets off or back on, at
// both ends of the cable.
func (c *cable) setOffloads(on bool) error {
	err := c.host.space.within(func() error { return setSuperPackets(c.rail.name, on) })
	if err != nil {
		return err
	}
	return c.rail.sw.within(func() error { return setSuperPackets(c.port.Attrs().Name, on) })
}
