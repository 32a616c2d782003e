package launcher

import (
	"bytes"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"rainmpi/rainnet"
	"rainmpi/rainnet/member"
)

// A tap stands between an agent and those who have its card from change: it passes
// packets on, and keeps them.
type tap struct {
	t    *testing.T
	conn *net.UDPConn
	to   netip.AddrPort

	mu   sync.Mutex
	kept [][]byte
}

func newTap(t *testing.T) *tap {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	return &tap{t: t, conn: conn}
}

// change makes a card lead to the tap, and starts it.
func (x *tap) change(cards [][]byte, host int) {
	x.t.Helper()
	var c rainnet.Card
	if err := c.UnmarshalBinary(cards[host]); err != nil {
		x.t.Fatal(err)
	}
	if !x.to.IsValid() {
		x.to = c.Addrs[0]
		go x.run()
		x.t.Cleanup(func() { x.conn.Close() })
	}
	c.Addrs[0] = x.conn.LocalAddr().(*net.UDPAddr).AddrPort()
	b, err := c.MarshalBinary()
	if err != nil {
		x.t.Fatal(err)
	}
	cards[host] = b
}

func (x *tap) run() {
	b := make([]byte, 1<<16)
	for {
		n, err := x.conn.Read(b)
		if err != nil {
			return
		}
		x.mu.Lock()
		x.kept = append(x.kept, bytes.Clone(b[:n]))
		x.mu.Unlock()
		_, _ = x.conn.WriteToUDPAddrPort(b[:n], x.to)
	}
}

// replay sends everything that was kept to an agent, the newest first.
func (x *tap) replay(to netip.AddrPort) {
	x.t.Helper()
	x.mu.Lock()
	defer x.mu.Unlock()
	for i := range x.kept {
		if _, err := x.conn.WriteToUDPAddrPort(x.kept[len(x.kept)-1-i], to); err != nil {
			x.t.Fatal(err)
		}
	}
}

func (x testHost) addr(t *testing.T) netip.AddrPort {
	t.Helper()
	b, err := x.card()
	if err != nil {
		t.Fatal(err)
	}
	var c rainnet.Card
	if err := c.UnmarshalBinary(b); err != nil {
		t.Fatal(err)
	}
	return c.Addrs[0]
}

// untouched wants the membership to be as it was, and nothing to be said any more;
// it takes the time of several rounds of the token. A host that is silent for the half of
// --host-timeout is told of: where others use the machine, it had better be long.
func untouched(t *testing.T, hosts ...testHost) {
	t.Helper()
	quiet := time.After(time.Second)
	for {
		select {
		case ev := <-hosts[0].events:
			if _, ok := ev.(meshMet); !ok {
				t.Errorf("%T %+v", ev, ev)
			}
		case <-quiet:
			return
		}
	}
}

// Whatever went over the wire is sent again, to the same job and to the next one of
// the same hosts: tokens, an abort, a goodbye. It is refused, and said once.
func TestReplay(t *testing.T) {
	t.Parallel()
	x := newTap(t)
	tapped := func(host int, cards [][]byte) {
		if host != 0 {
			x.change(cards, 0)
		}
	}
	hosts := testHosts(t, 3, 3, 10*time.Second, tapped)
	together(t, hosts)
	a := hosts[0]
	hosts[1].flood(kindEnding, Cause{Text: "abort"})
	if ev := await[meshFrame](t, a.events); ev.from != 1 || ev.f.kind != kindEnding {
		t.Fatalf("%+v", ev)
	}
	for range 20 {
		x.replay(a.addr(t))
	}
	n := await[meshNotice](t, a.events)
	if !strings.HasPrefix(n.Text, "host a: packets come more than once") {
		t.Errorf("%+v", n)
	}
	untouched(t, a) // no second abort, no second word about it, nobody removed

	hosts[1].close() // a goodbye
	if ev := await[meshClosed](t, a.events); ev.host != 1 {
		t.Errorf("%+v", ev)
	}
	x.replay(a.addr(t))
	untouched(t, a)

	// The next job; the worst case is that it has the same key.
	next := testHosts(t, 3, 3, 10*time.Second, nil)
	together(t, next)
	for range 3 {
		x.replay(next[0].addr(t))
	}
	n = await[meshNotice](t, next[0].events)
	if !strings.Contains(n.Text, "not encrypted with this job's key") {
		t.Errorf("%+v", n)
	}
	untouched(t, next[0])
}

// An agent of the job whose machine is of another version, or speaks nonsense, is
// refused message by message, and each is said once.
func TestOtherVersion(t *testing.T) {
	t.Parallel()
	hosts := testHosts(t, 3, 3, 10*time.Second, nil)
	together(t, hosts)
	a := hosts[0]
	for range 5 {
		hosts[1].send(0, kindMember, []byte{member.Version + 1, 1, 2, 3})
		hosts[1].send(0, kindMember, []byte{member.Version, 99})
		hosts[1].send(0, kindMember, nil)
	}
	for _, words := range []string{"another version", "malformed"} {
		if n := await[meshNotice](t, a.events); !strings.HasPrefix(n.Text, "host a: the agent of host b sent what is refused") || !strings.Contains(n.Text, words) {
			t.Errorf("%+v, want %q", n, words)
		}
	}
	untouched(t, a)
}
