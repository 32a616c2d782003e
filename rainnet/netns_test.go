package rainnet

import (
	"net"
	"os/exec"
	"strings"
	"testing"

	"github.com/vishvananda/netns"

	"rainmpi/rainnet/link"
	"rainmpi/rainnet/rudp"
	"rainmpi/rainnet/udp"
	"rainmpi/rainnet/wire"
)

func wireID(host int) wire.PeerID { return wire.PeerID(host) }

// TestTwoRails finds two cards by itself, and both carry.
func TestTwoRails(t *testing.T) {
	l := newLab(t, 2, 1500, false)
	a, b := l.node(t, 0, Config{}), l.node(t, 1, Config{})
	introduce(t, a, b)
	if got := len(a.e.Card().Addrs); got != 2 {
		t.Fatalf("%d addresses found, want 2: %+v", got, a.e.Card())
	}
	transfer(t, a, b, 10, func(int) {})
	for _, p := range a.peers[11].Paths() {
		t.Logf("%+v", p)
	}
}

// TestIPv6 uses IPv6 beside IPv4 on the same cards: two cards remain two active paths.
func TestIPv6(t *testing.T) {
	l := newLab(t, 2, 1500, true)
	a, b := l.node(t, 0, Config{}), l.node(t, 1, Config{})
	introduce(t, a, b)
	if got := len(a.e.Card().Addrs); got != 4 {
		t.Fatalf("%d addresses found, want 4: %+v", got, a.e.Card())
	}
	transfer(t, a, b, 10, func(int) {})
	drive(t, 5, "four paths up", func() bool { return count(a, isUp) == 4 }, a, b)
	if n := count(a, isActive); n != 2 {
		t.Errorf("%d active paths between two cards and two cards: %+v", n, a.peers[11].Paths())
	}
}

func isUp(p rudp.PathInfo) bool     { return p.Up }
func isActive(p rudp.PathInfo) bool { return p.Active }

// count counts paths from a to its only peer.
func count(a *node, is func(rudp.PathInfo) bool) (n int) {
	for _, peer := range a.peers {
		for _, p := range peer.Paths() {
			if is(p) {
				n++
			}
		}
	}
	return n
}

// TestJumbo: both ends say how large their frames are, and the smaller end decides.
func TestJumbo(t *testing.T) {
	l := newLab(t, 1, 9000, false)
	a, b := l.node(t, 0, Config{}), l.node(t, 1, Config{MTU: 4000})
	introduce(t, a, b)
	transfer(t, a, b, 5, func(int) {})
	if s := a.e.Stats(); s.TooBig != 0 || s.SentBytes/s.Sent > 4000 {
		t.Fatalf("%+v", s)
	}
}

// TestCarrier: when the own card goes down, its path is down at once, not after a time-out.
func TestCarrier(t *testing.T) {
	slow := link.Config{MinTimeout: 60e9}
	l := newLab(t, 2, 1500, false)
	a, b := l.node(t, 0, Config{Link: slow}), l.node(t, 1, Config{Link: slow})
	introduce(t, a, b)
	transfer(t, a, b, 2, func(int) {})
	l.down(t, 0, "rail0")
	lost := func() bool {
		for _, ev := range a.events {
			if ev.Kind == PathDown && strings.Contains(ev.Local, "rail0") {
				return true
			}
		}
		return false
	}
	drive(t, 5, "the path of the dead card down", lost, a, b)
	transfer(t, a, b, 5, func(int) {})
	drive(t, 5, "a ping that the dead card did not take", func() bool { return a.e.Stats().Unreachable > 0 }, a, b)
	l.up(t, 0, "rail0")
	before := len(a.events)
	drive(t, 10, "the path up again", func() bool {
		for _, ev := range a.events[before:] {
			if ev.Kind == PathUp {
				return true
			}
		}
		return false
	}, a, b)
}

// TestSameAddressOnBothHosts: a private network that exists on both hosts under the same address
// (docker0) is no path, and packets that come back to oneself are recognised.
func TestSameAddressOnBothHosts(t *testing.T) {
	l := newLab(t, 1, 1500, false)
	for host := range l.hosts {
		l.bridge(t, host, "docker0", "172.17.0.1")
	}
	cfg := Config{PortLow: 47001, PortHigh: 47001, Link: link.Config{Period: 2e6, IdlePeriod: 2e6}}
	a, b := l.node(t, 0, cfg), l.node(t, 1, cfg)
	introduce(t, a, b)
	if got := len(a.e.Card().Addrs); got != 2 {
		t.Fatalf("%d addresses found, want 2: %+v", got, a.e.Card())
	}
	transfer(t, a, b, 5, func(int) {})
	drive(t, 5, "a ping that reached its own sender", func() bool { return a.e.Stats().Own > 0 }, a, b)
	for _, ev := range a.events {
		if strings.Contains(ev.Local, "172.17.0.1") && strings.Contains(ev.Remote, "172.17.0.1") {
			t.Errorf("the same address at both ends is taken for a path: %v", ev)
		}
	}
}

// TestOneSubnet: two cards of each host in one subnet. Only the pairs with a wire between them answer,
// although the kernel answers ARP for every address on every card.
func TestOneSubnet(t *testing.T) {
	for _, avoid := range []udp.Feature{0, udp.Device} {
		t.Run("without "+avoid.String(), func(t *testing.T) {
			l := newLab(t, 0, 1500, false)
			for rail := range 2 {
				name := []string{"left", "right"}[rail]
				l.veth(t, name, 1500)
				for host := range l.hosts {
					link, err := l.links[host].LinkByName(name)
					if err != nil {
						t.Fatal(err)
					}
					l.addr(t, host, link, net.IPv4(10, 78, 0, byte(1+rail*2+host)), 24)
					l.up(t, host, name)
				}
			}
			cfg := Config{avoid: avoid, Link: link.Config{Period: 2e6, IdlePeriod: 2e6}}
			a, b := l.node(t, 0, cfg), l.node(t, 1, cfg)
			introduce(t, a, b)
			transfer(t, a, b, 10, func(int) {})
			// The kernel takes note of a new card's carrier once a second and drops what is sent until
			// then, while the transfer goes by the other.
			drive(t, 10, "both paths up", func() bool { return count(a, isUp) == 2 && count(b, isUp) == 2 }, a, b)
			end := Now() + 100e6 // fifty pings
			drive(t, 5, "more pings", func() bool { return Now() > end }, a, b)
			for _, p := range a.peers[11].Paths() {
				if want := p.ID == 0x0000 || p.ID == 0x0101; p.Up != want {
					t.Errorf("path %v up: %v, want %v", p.ID, p.Up, want)
				}
			}
		})
	}
}

// TestSmallBuffers: a slow card, and sockets with no more room than a user without privilege gets.
// Packets wait for room, up to a bound.
func TestSmallBuffers(t *testing.T) {
	l := newLab(t, 1, 1500, false)
	l.shape(t, "rail0", 25_000_000)
	cfg := Config{buffer: 32 << 10}
	a, b := l.node(t, 0, cfg), l.node(t, 1, Config{})
	introduce(t, a, b)
	transfer(t, a, b, 10, func(int) {})
	if s := a.e.Stats(); s.Held == 0 || s.Full > s.Held {
		t.Errorf("%d packets waited for room, %d found none: %+v", s.Held, s.Full, a.peers[11].Paths())
	}
}

// command runs a command on a host.
func (l *lab) command(t testing.TB, host int, name string, args ...string) {
	t.Helper()
	onOwnThread(t, func() {
		if err := netns.Set(l.hosts[host]); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
			t.Skipf("%s %v: %v: %s", name, args, err, out)
		}
	})
}

// TestPacketFilter: a firewall on the own host begins to refuse what goes by one of two rails. It is counted as
// such, the other rail carries everything, and the first is taken back when the rule has gone.
func TestPacketFilter(t *testing.T) {
	if _, err := exec.LookPath("nft"); err != nil {
		t.Skip("nft is not installed: apt-get install nftables")
	}
	l := newLab(t, 2, 1500, false)
	a, b := l.node(t, 0, Config{}), l.node(t, 1, Config{})
	introduce(t, a, b)
	both := func() bool { a.peers[11].want(Now()); return count(a, isUp) == 2 && count(b, isUp) == 2 }
	drive(t, 10, "both paths", both, a, b)
	transfer(t, a, b, 6, func(round int) {
		if round == 1 {
			l.command(t, 0, "nft", "add table inet wall; add chain inet wall out { type filter hook output priority 0; }; add rule inet wall out oifname rail1 drop")
		}
	})
	if s := a.e.Stats(); s.Forbidden == 0 || s.Unreachable > 0 {
		t.Errorf("what the filter refused is not counted: %+v", s)
	}
	drive(t, 10, "the path down", func() bool { a.peers[11].want(Now()); return count(a, isUp) == 1 && count(b, isUp) == 1 }, a, b)
	l.command(t, 0, "nft", "delete table inet wall")
	drive(t, 10, "both paths again", both, a, b)
	agree(t, a, b)
}

// TestReportsOfRouters: what the network says of packets that cannot be delivered is counted, and a hint: it takes
// no path down, and nothing is lost by it.
func TestReportsOfRouters(t *testing.T) {
	l := newLab(t, 2, 1500, false)
	a, b := l.node(t, 0, Config{}), l.node(t, 1, Config{})
	introduce(t, a, b)
	transfer(t, a, b, 1, func(int) {})
	before := len(a.events)
	l.command(t, 1, "nft", "add table inet wall; add chain inet wall in { type filter hook input priority 0; }; "+
		"add rule inet wall in iifname rail1 limit rate 50/second burst 1 packets reject") // now and then one
	transfer(t, a, b, 6, func(int) {})
	if s := a.e.Stats(); s.Reported == 0 {
		t.Errorf("nothing was heard: %+v", s)
	}
	for _, ev := range a.events[before:] {
		if ev.Kind == PathDown {
			t.Errorf("%v", ev)
		}
	}
	for _, n := range []*node{a, b} {
		if s := n.e.Stats(); s.Malformed+s.Misrouted > 0 {
			t.Errorf("%+v", s)
		}
	}
}

// TestFullQueue: what the queue of a card has no room for is counted, every datagram of it, and the others come.
func TestFullQueue(t *testing.T) {
	l := newLab(t, 1, 1500, false)
	l.shape(t, "rail0", 2_000_000)
	a, b := l.node(t, 0, Config{}), l.node(t, 1, Config{})
	const n = 1000
	to := udp.MakeAddr(b.e.Card().Addrs[0])
	var msgs []udp.Message
	for i := range n {
		m := message(&to, make([]byte, 1000), 0)
		if i%2 == 0 {
			m = message(&to, make([]byte, 4000), 1000)
		}
		msgs = append(msgs, m)
	}
	for len(msgs) > 0 { // EAGAIN: the socket, not the card
		k, fact := a.e.rails[0].conn.WriteBatch(msgs)
		if msgs = msgs[k:]; len(msgs) > 0 && fact != udp.Full {
			t.Fatal(fact)
		}
	}
	a.e.heed(0)
	const all = n/2 + n/2*4
	lost := a.e.Stats().Full
	if lost == 0 || lost == all {
		t.Errorf("%d of %d datagrams are said to be lost", lost, all)
	}
	drive(t, 10, "what is not lost", func() bool { return b.e.Stats().Foreign+lost >= all }, b)
	if got := b.e.Stats().Foreign; got+lost != all {
		t.Errorf("%d came and %d were lost, of %d", got, lost, all)
	}
}
