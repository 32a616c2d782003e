package rainnet

import (
	"bytes"
	"net"
	"testing"

	"rainmpi/rainnet/relay"
	"rainmpi/rainnet/wire"
)

// crossed are two peers and an agent that may relay. Their rails are the two families of the loopback,
// which do not reach each other: rail 0 is IPv4, rail 1 IPv6.
func crossed(t *testing.T) (a, b, c *node) {
	t.Helper()
	six, err := net.ListenPacket("udp6", "[::1]:0")
	if err != nil {
		t.Skip("this machine has no IPv6 on its loopback: ", err)
	}
	six.Close()
	cfg := Config{Rails: []string{"127.0.0.1", "::1"}}
	a, b = newNode(t, 1, cfg), newNode(t, 2, cfg)
	cfg.Relay = true
	c = newNode(t, wire.AgentBase, cfg)
	introduce(t, a, b, c)
	a.e.RelayBy(a.peers[c.e.self.id])
	b.e.RelayBy(b.peers[c.e.self.id])
	return a, b, c
}

// relayedUp reports whether the relayed path from a to b is up.
func relayedUp(a, b *node) bool {
	for _, p := range a.peers[b.e.self.id].Paths() {
		if p.ID == wire.Relayed {
			return p.Up
		}
	}
	return false
}

// TestCrossedRails: A loses rail 0 and B rail 1 in the middle of a transfer, and C has both. What they
// say to each other goes through C, exactly once, until one of the rails is back.
func TestCrossedRails(t *testing.T) {
	a, b, c := crossed(t)
	transfer(t, a, b, 3, func(int) {}, c)
	if n := c.e.Stats().Relayed; n != 0 {
		t.Fatalf("%d packets were relayed while direct paths were up", n)
	}
	transfer(t, a, b, 6, func(round int) {
		if round == 1 {
			a.faults.Drop(0, true)
			b.faults.Drop(1, true)
			drive(t, 10, "a relayed path", func() bool { return relayedUp(a, b) && relayedUp(b, a) }, a, b, c)
		}
	}, c)
	if n := c.e.Stats().Relayed; n < 100 {
		t.Errorf("%d packets were relayed: %+v", n, c.e.Stats())
	}
	a.faults.Drop(0, false)
	drive(t, 10, "the relay to be left", func() bool {
		return a.peers[2].seeker.By() == relay.None && b.peers[1].seeker.By() == relay.None
	}, a, b, c)
	before := c.e.Stats().Relayed
	transfer(t, a, b, 3, func(int) {}, c)
	if n := c.e.Stats().Relayed - before; n > 10 { // pings that were under way
		t.Errorf("%d packets were relayed although a direct path is up", n)
	}
	agree(t, a, b, c)
	for _, n := range []*node{a, b, c} {
		if s := n.e.Stats(); s.Forged+s.Malformed+s.Misrouted+s.Unknown != 0 {
			t.Errorf("%v: %+v", n.e.self.id, s)
		}
	}
}

// TestCrossedFromTheStart: the two have never reached each other; the one with the higher id speaks
// first, to a peer that has never looked for it.
func TestCrossedFromTheStart(t *testing.T) {
	a, b, c := crossed(t)
	a.faults.Drop(0, true)
	b.faults.Drop(1, true)
	b.send(1, 100)
	drive(t, 10, "a message through the relay", func() bool { return a.got[2] == 1 }, a, b, c)
	transfer(t, a, b, 3, func(int) {}, c)
}

// TestRelayIsOneHop: an agent passes on what comes from its source, for a peer it knows, once; whoever is
// no relay passes nothing on.
func TestRelayIsOneHop(t *testing.T) {
	a, b, c := crossed(t)
	leg := func(from, to *node, src, dst wire.PeerID, number uint64) []byte {
		s, err := firstSecret(testKey, from.e.self, to.e.self)
		if err != nil {
			t.Fatal(err)
		}
		packet := wire.AppendHeader(make([]byte, 0, 300), wire.Header{Kind: wire.KindRelay, Src: from.e.self.id, Dst: to.e.self.id,
			Path: wire.MakePathID(from.e.self.id, to.e.self.id, 0, 0), Number: number})
		packet = wire.AppendHeader(packet, wire.Header{Kind: wire.KindData, Src: src, Dst: dst, Path: wire.Relayed, Number: number})
		return newSealer(s, SealLimit).sign(append(packet, make([]byte, 60)...))
	}
	x, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	give := func(to *node, packet []byte) Stats {
		t.Helper()
		before := to.e.Stats().Received
		if _, err := x.WriteTo(packet, net.UDPAddrFromAddrPort(to.e.Card().Addrs[0])); err != nil {
			t.Fatal(err)
		}
		drive(t, 5, "the packet to be read", func() bool { return to.e.Stats().Received > before }, to)
		for to.e.Poll() { // that may have been another one, which was there before
		}
		return to.e.Stats()
	}

	first := leg(a, c, 1, 2, 0)
	if s := give(c, first); s.Unreachable != 1 || s.Relayed != 0 {
		t.Errorf("for a peer that no path leads to yet: %+v", s)
	}
	b.send(c.e.self.id, 8)
	drive(t, 5, "a path to b", func() bool { return c.peers[2].answers() }, b, c)
	if s := give(c, leg(a, c, 1, 2, 1)); s.Relayed != 1 {
		t.Errorf("for a peer that answers: %+v", s)
	}
	if s := give(c, first); s.Duplicate != 1 || s.Relayed != 1 {
		t.Errorf("the first again: %+v", s)
	}
	damaged := bytes.Clone(leg(a, c, 1, 2, 2))
	damaged[100] ^= 1
	if s := give(c, damaged); s.Forged != 1 {
		t.Errorf("damaged: %+v", s)
	}
	if s := give(c, leg(a, c, 2, 2, 3)); s.Misrouted != 1 {
		t.Errorf("from another than its source: %+v", s)
	}
	if s := give(c, leg(a, c, 1, 99, 4)); s.Unreachable != 2 {
		t.Errorf("for a stranger: %+v", s)
	}
	if s := give(b, leg(a, b, 1, c.e.self.id, 5)); s.Misrouted != 1 {
		t.Errorf("through a peer that is no relay: %+v", s)
	}
	if s := give(b, leg(a, b, 3, 2, 6)); s.Unknown != 1 {
		t.Errorf("from nobody: %+v", s)
	}
	if s := give(b, leg(a, b, 1, 2, 7)); s.Misrouted != 2 {
		t.Errorf("from a peer through itself: %+v", s)
	}
	if s := c.e.Stats(); s.Relayed != 1 {
		t.Errorf("%d packets were relayed, want 1", s.Relayed)
	}
}
