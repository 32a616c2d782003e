package rainnet

import (
	"net"
	"testing"

	"golang.org/x/sys/unix"

	"rainmpi/rainnet/udp"
)

// TestOverrun: what comes while nobody reads and the receive buffer is full is counted, beside what is read.
func TestOverrun(t *testing.T) {
	n := newNode(t, 1, Config{Rails: []string{"127.0.0.1"}, buffer: 32 << 10})
	from := newAttacker(t, n)
	const all = 500
	for range all {
		from.everywhere(make([]byte, 1000))
	}
	seen := func() int64 { s := n.e.Stats(); return s.Foreign + s.Overrun }
	for n.e.Poll() {
	}
	from.everywhere(make([]byte, 1000)) // the kernel tells with the next
	drive(t, 5, "the count of what was lost", func() bool { return seen() > all }, n)
	if s := n.e.Stats(); seen() != all+1 || s.Overrun == 0 || s.Foreign == 0 {
		t.Errorf("of %d packets %d were read and %d lost", all+1, s.Foreign, s.Overrun)
	}
}

// TestHeldIsFull: of packets that a socket has no room for, those are counted as lost that find none in the
// rail's own either.
func TestHeldIsFull(t *testing.T) {
	a, b := newNode(t, 1, Config{}), newNode(t, 2, Config{})
	to := udp.MakeAddr(b.e.Card().Addrs[0])
	const all = 3000
	for range all {
		a.e.hold(0, []udp.Message{message(&to, make([]byte, 1000), 1000)})
	}
	if s := a.e.Stats(); s.Held != heldSize/1000 || s.Held+s.Full != all {
		t.Errorf("of %d packets %d are held and %d lost", all, s.Held, s.Full)
	}
}

// TestNewsLost: that the kernel had no room for its news of addresses is counted, and the one is found that it could
// not tell of.
func TestNewsLost(t *testing.T) {
	l := newLab(t, 1, 1500, false)
	n := l.node(t, 0, Config{})
	if err := unix.SetsockoptInt(n.e.carrier.fd, unix.SOL_SOCKET, unix.SO_RCVBUF, 1); err != nil {
		t.Fatal(err)
	}
	lo, err := l.links[0].LinkByName("lo")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 10 { // each is a message, and there is room for two or three
		l.addr(t, 0, lo, net.IPv4(127, 1, 1, byte(1+i)), 24)
	}
	l.bridge(t, 0, "later", "10.88.0.1")
	drive(t, 5, "the address whose news was lost", func() bool { return n.e.Stats().Joined == 1 }, n)
	if s := n.e.Stats(); s.NewsLost == 0 {
		t.Error("it is said that no news was lost")
	}
}

// TestWords: what is told to people names every kind, and none that there was nothing of.
func TestWords(t *testing.T) {
	s := Stats{Overrun: 1, Full: 2, TooBig: 3, Forbidden: 4, Unreachable: 5, Reported: 6}
	if got, want := s.Dropped(), "1 that found the receive buffer full"; got != want {
		t.Errorf("dropped: %s", got)
	}
	want := "2 found no room to be sent, 3 were larger than the MTU, 4 were refused by a packet filter of the host, " +
		"5 had no way to go, 6 were reported undeliverable (ICMP)"
	if got := s.Undelivered(); got != want {
		t.Errorf("not delivered: %s", got)
	}
	if got := (Stats{Sent: 1, Held: 1}).Undelivered(); got != "" {
		t.Errorf("not delivered: %s", got)
	}
}
