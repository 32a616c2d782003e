package rainnet

import (
	"net"
	"testing"

	"github.com/vishvananda/netlink"

	"rainmpi/rainnet/udp"
	"rainmpi/rainnet/wire"
)

// remove deletes an interface at both ends.
func (l *lab) remove(t testing.TB, name string) {
	t.Helper()
	link, err := l.links[0].LinkByName(name)
	if err == nil {
		err = l.links[0].LinkDel(link)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// readdress gives a card another address and takes the old one away.
func (l *lab) readdress(t testing.TB, host int, name string, from, to net.IP) {
	t.Helper()
	link, err := l.links[host].LinkByName(name)
	if err == nil {
		err = l.links[host].AddrDel(link, &netlink.Addr{IPNet: &net.IPNet{IP: from.To4(), Mask: net.CIDRMask(24, 32)}})
	}
	if err != nil {
		t.Fatal(err)
	}
	l.addr(t, host, link, to, 24)
}

func activePaths(a *node) map[wire.PathID]bool {
	active := map[wire.PathID]bool{}
	for _, peer := range a.peers {
		for _, p := range peer.Paths() {
			if p.Active {
				active[p.ID] = true
			}
		}
	}
	return active
}

// TestCardAdded: a second card appears at both hosts in the middle of a transfer, and carries.
func TestCardAdded(t *testing.T) {
	l := newLab(t, 1, 1500, true)
	a, b := l.node(t, 0, Config{}), l.node(t, 1, Config{})
	introduce(t, a, b)
	transfer(t, a, b, 4, func(round int) {
		if round == 1 {
			l.addRail(t, 1, 1500, true)
			drive(t, 10, "a path over the new card", func() bool { return len(activePaths(a)) == 2 && len(activePaths(b)) == 2 }, a, b)
		}
	})
	if s := a.e.Stats(); s.Joined != 2 || s.Left != 0 { // an address of each family
		t.Errorf("%d addresses joined and %d left", s.Joined, s.Left)
	}
	l.remove(t, "rail1")
	drive(t, 10, "the card to be left", func() bool { return a.e.Stats().Left == 2 && len(activePaths(a)) == 1 }, a, b)
	transfer(t, a, b, 2, func(int) {})
	agree(t, a, b)
	for _, n := range []*node{a, b} {
		if s := n.e.Stats(); s.Malformed+s.Misrouted > 0 {
			t.Errorf("%+v", s)
		}
	}
}

// TestCardReplaced: a card is taken out and another put in under the same name and address. The path is
// the same, and its history goes on.
func TestCardReplaced(t *testing.T) {
	l := newLab(t, 2, 1500, false)
	a, b := l.node(t, 0, Config{}), l.node(t, 1, Config{})
	introduce(t, a, b)
	drive(t, 10, "both paths", func() bool { a.peers[11].want(Now()); return len(activePaths(a)) == 2 }, a, b)
	before := activePaths(a)
	transfer(t, a, b, 6, func(round int) {
		switch round {
		case 1:
			l.remove(t, "rail1")
			drive(t, 10, "the path to go", func() bool { return len(activePaths(a)) == 1 && a.e.Stats().Left == 1 && b.e.Stats().Left == 1 }, a, b)
		case 3:
			l.addRail(t, 1, 1500, false)
			drive(t, 10, "the path to return", func() bool { return len(activePaths(a)) == 2 }, a, b)
		}
	})
	agree(t, a, b)
	for id := range activePaths(a) {
		if !before[id] {
			t.Errorf("path %v came for one of %v", id, before)
		}
	}
}

// TestAddressChanges: the only card of a host gets another address, and the peer is nowhere told of it
// but by packets from there.
func TestAddressChanges(t *testing.T) {
	l := newLab(t, 1, 1500, false)
	a, b := l.node(t, 0, Config{}), l.node(t, 1, Config{})
	introduce(t, a, b)
	address := func(last byte) net.IP { return net.IPv4(10, 77, 0, last) }
	move := func(n *node, host int, from, to byte, path wire.PathID) {
		left := n.e.Stats().Left
		l.readdress(t, host, "rail0", address(from), address(to))
		drive(t, 10, "a path from the new address", func() bool { return n.e.Stats().Left > left && activePaths(a)[path] && activePaths(b)[path] }, a, b)
	}
	transfer(t, a, b, 8, func(round int) {
		switch round {
		case 1:
			move(a, 0, 1, 101, 0x0100)
		case 3:
			move(b, 1, 2, 102, 0x0101)
		case 5:
			move(a, 0, 101, 1, 0x0001) // back
		}
	})
	agree(t, a, b)
	if got := b.peers[10].Card().Addrs; len(got) != 2 || got[0].Addr().String() != "10.77.0.1" {
		t.Errorf("b knows of a's addresses %v", got)
	}
	if s := a.e.Stats(); s.Joined != 2 || s.Left != 2 {
		t.Errorf("%d addresses joined and %d left", s.Joined, s.Left)
	}
}

// TestReturnToOldPort: an address that went and has come back has another socket, and its port again if there is
// no other. What a peer that knows nothing of it still sends to the old one wakes nobody.
func TestReturnToOldPort(t *testing.T) {
	for _, cfg := range []Config{{}, {PortLow: 47100, PortHigh: 47100}} {
		l := newLab(t, 1, 1500, false)
		a, b := l.node(t, 0, cfg), l.node(t, 1, Config{})
		introduce(t, a, b)
		transfer(t, a, b, 1, func(int) {})
		old := udp.MakeAddr(a.e.Card().Addrs[0])
		address := func(last byte) net.IP { return net.IPv4(10, 77, 0, last) }
		l.readdress(t, 0, "rail0", address(1), address(101))
		drive(t, 10, "the address to go", func() bool { return a.e.Stats().Left == 1 }, a)
		l.readdress(t, 0, "rail0", address(101), address(1))
		drive(t, 10, "the address to return", func() bool { return a.e.Stats().Left == 2 && a.e.Stats().Joined == 2 }, a)
		for range 10 {
			b.e.rails[0].conn.WriteBatch([]udp.Message{message(&old, make([]byte, 100), 0)})
		}
		turns := 0
		for end := Now() + 100e6; Now() < end; turns++ {
			for a.e.Poll() {
			}
			waitAny([]*node{a}, end)
		}
		if turns > 500 {
			t.Errorf("ports %d-%d: who waits for packets was woken %d times in 100 ms", cfg.PortLow, cfg.PortHigh, turns)
		}
		transfer(t, a, b, 2, func(int) {})
	}
}
