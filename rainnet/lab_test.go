package rainnet

import (
	"fmt"
	"net"
	"os"
	"runtime"
	"testing"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
)

// A lab is two hosts, network namespaces without a name, joined by veths: rail i is the interface
// rail<i> at both, with the addresses 10.77.<i>.1 and .2 (and fd77:<i>::1 and ::2). They are gone
// when their last socket is closed; there is nothing to leave behind.
type lab struct {
	hosts [2]netns.NsHandle
	links [2]*netlink.Handle
}

func newLab(t testing.TB, rails, mtu int, ipv6 bool) *lab {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("network namespaces need root; without it: unshare -rn sh -c 'ip link set lo up && go test'")
	}
	l := &lab{}
	onOwnThread(t, func() {
		for i := range l.hosts {
			ns, err := netns.New()
			if err != nil {
				t.Skip("this machine does not allow network namespaces: ", err)
			}
			l.hosts[i] = ns
			t.Cleanup(func() { ns.Close() })
			if l.links[i], err = netlink.NewHandleAt(ns); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(l.links[i].Close)
			l.up(t, i, "lo")
		}
		for i := range rails {
			l.addRail(t, i, mtu, ipv6)
		}
	})
	return l
}

// onOwnThread runs f on a thread whose network namespace f may change; it is never used again.
func onOwnThread(t testing.TB, f func()) {
	t.Helper()
	done := make(chan bool)
	finished := false
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlocks: the thread ends with the goroutine
		f()
		finished = true
	}()
	<-done
	if !finished {
		if t.Skipped() {
			t.SkipNow()
		}
		t.FailNow()
	}
}

func (l *lab) addRail(t testing.TB, i, mtu int, ipv6 bool) {
	t.Helper()
	name := fmt.Sprintf("rail%d", i)
	l.veth(t, name, mtu)
	for h := range l.hosts {
		link, err := l.links[h].LinkByName(name)
		if err != nil {
			t.Fatal(err)
		}
		l.addr(t, h, link, net.IPv4(10, 77, byte(i), byte(h+1)), 24)
		if ipv6 {
			l.addr(t, h, link, net.ParseIP(fmt.Sprintf("fd77:%d::%d", i, h+1)), 64)
		}
		l.up(t, h, name)
	}
}

func (l *lab) veth(t testing.TB, name string, mtu int) {
	t.Helper()
	veth := &netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: name, MTU: mtu}, PeerName: name,
		PeerNamespace: netlink.NsFd(l.hosts[1])}
	if err := l.links[0].LinkAdd(veth); err != nil {
		t.Skip("this machine does not allow veth pairs: ", err)
	}
	for h := range l.hosts {
		link, err := l.links[h].LinkByName(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := l.links[h].LinkSetMTU(link, mtu); err != nil {
			t.Fatal(err)
		}
	}
}

func (l *lab) addr(t testing.TB, host int, link netlink.Link, ip net.IP, bits int) {
	t.Helper()
	const noDAD = 0x2 // IFA_F_NODAD: duplicate address detection takes a second
	size := 128
	if ip4 := ip.To4(); ip4 != nil {
		ip, size = ip4, 32
	}
	a := &netlink.Addr{IPNet: &net.IPNet{IP: ip, Mask: net.CIDRMask(bits, size)}}
	if size == 128 {
		a.Flags = noDAD
	}
	if err := l.links[host].AddrAdd(link, a); err != nil {
		t.Fatal(err)
	}
}

func (l *lab) up(t testing.TB, host int, name string) {
	t.Helper()
	link, err := l.links[host].LinkByName(name)
	if err == nil {
		err = l.links[host].LinkSetUp(link)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func (l *lab) down(t testing.TB, host int, name string) {
	t.Helper()
	link, err := l.links[host].LinkByName(name)
	if err == nil {
		err = l.links[host].LinkSetDown(link)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// node opens an endpoint on a host. Its sockets stay there, whatever thread uses them.
func (l *lab) node(t testing.TB, host int, cfg Config) (n *node) {
	t.Helper()
	if cfg.Rails == nil {
		cfg.Rails = []string{}
	}
	cfg.within = func(f func()) {
		onOwnThread(t, func() {
			if err := netns.Set(l.hosts[host]); err != nil {
				t.Fatal(err)
			}
			f()
		})
	}
	cfg.within(func() { n = newNode(t, 10+wireID(host), cfg) })
	return n
}

// bridge gives a host an interface that leads nowhere, as docker does.
func (l *lab) bridge(t testing.TB, host int, name, ip string) {
	t.Helper()
	if err := l.links[host].LinkAdd(&netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: name}}); err != nil {
		t.Skip("this machine does not allow bridges: ", err)
	}
	link, err := l.links[host].LinkByName(name)
	if err != nil {
		t.Fatal(err)
	}
	l.addr(t, host, link, net.ParseIP(ip), 16)
	l.up(t, host, name)
}

// shape makes a rail as fast as a real one, in both directions.
func (l *lab) shape(t testing.TB, name string, bytesPerSecond uint64) {
	t.Helper()
	for h := range l.hosts {
		link, err := l.links[h].LinkByName(name)
		if err != nil {
			t.Fatal(err)
		}
		const burst = 128 << 10
		tbf := &netlink.Tbf{
			QdiscAttrs: netlink.QdiscAttrs{LinkIndex: link.Attrs().Index, Handle: netlink.MakeHandle(1, 0), Parent: netlink.HANDLE_ROOT},
			Rate:       bytesPerSecond,
			Limit:      uint32(bytesPerSecond/50) + burst, // 20 ms
			Buffer:     netlink.Xmittime(bytesPerSecond, burst),
		}
		if err := l.links[h].QdiscAdd(tbf); err != nil {
			t.Skip("this machine does not allow traffic shaping: ", err)
		}
	}
}

func (l *lab) mtu(t testing.TB, host int, name string, mtu int) {
	t.Helper()
	link, err := l.links[host].LinkByName(name)
	if err == nil {
		err = l.links[host].LinkSetMTU(link, mtu)
	}
	if err != nil {
		t.Fatal(err)
	}
}
