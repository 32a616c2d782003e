package udp

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

const everything = Batch | Segment | Join | Device | Errors

func openPair(t testing.TB, addr string, avoid Feature) (a, b *Conn) {
	t.Helper()
	for _, c := range []**Conn{&a, &b} {
		conn, err := Open(Config{Addr: netip.MustParseAddr(addr), Device: "lo", Avoid: avoid})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		*c = conn
	}
	return a, b
}

func haveIPv6(t testing.TB) {
	c, err := net.ListenPacket("udp6", "[::1]:0")
	if err != nil {
		t.Skip("this machine has no IPv6 on its loopback: ", err)
	}
	c.Close()
}

// waitReadable waits until a socket has something to read, or a second has passed.
func waitReadable(c *Conn) bool {
	n, _ := unix.Poll([]unix.PollFd{{Fd: int32(c.FD()), Events: unix.POLLIN}}, 1000)
	return n == 1
}

// collect reads until it has seen want datagrams, and returns their contents in order.
func collect(t *testing.T, c *Conn, want int) [][]byte {
	t.Helper()
	in := NewInbox()
	var got [][]byte
	for len(got) < want && waitReadable(c) {
		n, _ := c.ReadBatch(in)
		for i := range n {
			data, segment := in.Message(i)
			for len(data) > 0 {
				k := min(segment, len(data))
				got = append(got, bytes.Clone(data[:k]))
				data = data[k:]
			}
		}
	}
	return got
}

// message is a Message of one part.
func message(to *Addr, data []byte, segment int) Message {
	return Message{To: to, Parts: [][]byte{data}, Size: len(data), Segment: segment}
}

// TestEveryCombination sends the same messages with each set of features that a kernel can have;
// the receiver sees the same datagrams in all of them.
func TestEveryCombination(t *testing.T) {
	for _, addr := range []string{"127.0.0.1", "::1"} {
		for avoid := Feature(0); avoid <= everything; avoid++ {
			t.Run(fmt.Sprintf("%s/without %v", addr, avoid), func(t *testing.T) {
				if addr == "::1" {
					haveIPv6(t)
				}
				a, b := openPair(t, addr, avoid)
				if a.Features()&avoid != 0 {
					t.Fatalf("features %v were to be avoided, has %v", avoid, a.Features())
				}
				to := MakeAddr(b.LocalAddr())
				var msgs []Message
				var want [][]byte
				for i := range 50 {
					data := make([]byte, 100+i*37)
					for j := range data {
						data[j] = byte(i + j)
					}
					binary.BigEndian.PutUint32(data, uint32(i))
					m := message(&to, data, 0)
					if i%2 == 1 {
						m.Segment = 300
						m.Parts = [][]byte{data[:i%5], data[i%5 : 90], nil, data[90:]}
					}
					msgs = append(msgs, m)
					for len(data) > 0 {
						k := len(data)
						if m.Segment > 0 {
							k = min(k, m.Segment)
						}
						want = append(want, data[:k])
						data = data[k:]
					}
				}
				if n, fact := a.WriteBatch(msgs); n != len(msgs) || fact != Fine {
					t.Fatalf("WriteBatch sent %d of %d messages: %v", n, len(msgs), fact)
				}
				got := collect(t, b, len(want))
				if len(got) != len(want) {
					t.Fatalf("got %d datagrams, want %d", len(got), len(want))
				}
				for i := range want {
					if !bytes.Equal(got[i], want[i]) {
						t.Fatalf("datagram %d: got %d bytes, want %d bytes or others", i, len(got[i]), len(want[i]))
					}
				}
			})
		}
	}
}

func TestFrom(t *testing.T) {
	for _, addr := range []string{"127.0.0.1", "127.0.0.3", "::1"} {
		if addr == "::1" {
			haveIPv6(t)
		}
		a, b := openPair(t, addr, 0)
		to := MakeAddr(b.LocalAddr())
		a.WriteBatch([]Message{message(&to, []byte("x"), 0)})
		in := NewInbox()
		waitReadable(b)
		if n, _ := b.ReadBatch(in); n != 1 || in.From(0) != a.LocalAddr() {
			t.Fatalf("n %d, from %v, want %v", n, in.From(0), a.LocalAddr())
		}
	}
}

// TestFacts: what the network says is reported about the right message, and the socket goes on.
func TestFacts(t *testing.T) {
	a, b := openPair(t, "127.0.0.1", 0)
	to := MakeAddr(b.LocalAddr())
	nowhere := MakeAddr(netip.MustParseAddrPort("255.255.255.255:9"))
	gone := MakeAddr(netip.MustParseAddrPort("127.0.0.1:1"))
	msgs := []Message{
		message(&to, []byte("first"), 0),
		message(&to, make([]byte, 65536), 0),
		message(&nowhere, []byte("broadcast is not allowed here"), 0),
		message(&gone, []byte("nobody listens there"), 0),
		message(&to, []byte("last"), 0),
	}
	n, fact := a.WriteBatch(msgs)
	if n != 1 || fact != TooBig {
		t.Fatalf("got %d, %v", n, fact)
	}
	msgs = msgs[n+1:]
	if n, fact = a.WriteBatch(msgs); n != 0 || fact != Forbidden {
		t.Fatalf("got %d, %v", n, fact)
	}
	msgs = msgs[n+1:]
	if n, fact = a.WriteBatch(msgs); n != 2 || fact != Fine {
		t.Fatalf("got %d, %v", n, fact)
	}
	if got := collect(t, b, 2); string(got[0]) != "first" || string(got[1]) != "last" {
		t.Fatalf("got %q", got)
	}
}

// TestReadOne: it takes the first message only, and ReadBatch the others.
func TestReadOne(t *testing.T) {
	for _, avoid := range []Feature{0, Join, Batch | Segment | Join} {
		a, b := openPair(t, "127.0.0.1", avoid)
		to := MakeAddr(b.LocalAddr())
		in := NewInbox()
		if b.ReadOne(in) {
			t.Fatalf("%v: a message in an empty socket", b.Features())
		}
		for _, s := range []string{"first", "second", "third"} { // a call each, or UDP_GRO might join them
			if n, fact := a.WriteBatch([]Message{message(&to, []byte(s), 0)}); n != 1 || fact != Fine {
				t.Fatalf("%v: sent %d, %v", a.Features(), n, fact)
			}
		}
		waitReadable(b)
		if !b.ReadOne(in) {
			t.Fatalf("%v: no message", b.Features())
		}
		if data, _ := in.Message(0); string(data) != "first" || in.From(0) != a.LocalAddr() {
			t.Fatalf("%v: got %q from %v", b.Features(), data, in.From(0))
		}
		if got := collect(t, b, 2); string(got[0]) != "second" || string(got[1]) != "third" {
			t.Fatalf("%v: got %q", b.Features(), got)
		}
	}
}

func TestReadOfNothing(t *testing.T) {
	a, _ := openPair(t, "127.0.0.1", 0)
	in := NewInbox()
	if n, more := a.ReadBatch(in); n != 0 || more {
		t.Fatalf("read %d messages from an empty socket", n)
	}
	a.Close()
	if n, more := a.ReadBatch(in); n != 0 || more {
		t.Fatalf("read %d messages from a closed socket", n)
	}
}

// TestTooLong: a datagram that is longer than a Conn reads is not passed on, cut or whole, whatever the
// kernel offers.
func TestTooLong(t *testing.T) {
	for _, avoid := range []Feature{0, Join} {
		for _, long := range []int{MaxDatagram + 1, 65000} {
			a, b := openPair(t, "127.0.0.1", avoid)
			to := MakeAddr(b.LocalAddr())
			a.WriteBatch([]Message{message(&to, make([]byte, long), 0), message(&to, []byte("after"), 0)})
			got := collect(t, b, 1)
			if len(got) != 1 || string(got[0]) != "after" {
				t.Fatalf("without %v: got %d datagrams after one of %d bytes", avoid, len(got), long)
			}
		}
	}
}

func TestPortRange(t *testing.T) {
	addr := netip.MustParseAddr("127.0.0.1")
	first, err := Open(Config{Addr: addr})
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	port := int(first.LocalAddr().Port())
	_, err = Open(Config{Addr: addr, PortLow: port, PortHigh: port})
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%d-%d", port, port)) || !strings.Contains(err.Error(), "widen the range") {
		t.Fatalf("error %v names neither the range nor the remedy", err)
	}
	if c, err := Open(Config{Addr: netip.MustParseAddr("127.0.0.2"), PortLow: port, PortHigh: port + 1}); err != nil {
		t.Fatalf("a port taken on another address is free here: %v", err)
	} else {
		c.Close()
	}
	if _, err := Open(Config{Addr: netip.MustParseAddr("192.0.2.77")}); err == nil {
		t.Fatal("bound to an address that is not this machine's")
	}
	if _, err := Open(Config{Addr: addr, Device: "no-such-card"}); err == nil || !strings.Contains(err.Error(), "no-such-card") {
		t.Fatalf("error %v does not name the device", err)
	}
}

func TestCloseOnExecAndNonblocking(t *testing.T) {
	a, _ := openPair(t, "127.0.0.1", 0)
	if flags, _ := unix.FcntlInt(uintptr(a.FD()), unix.F_GETFD, 0); flags&unix.FD_CLOEXEC == 0 {
		t.Error("a child would inherit the socket")
	}
	if flags, _ := unix.FcntlInt(uintptr(a.FD()), unix.F_GETFL, 0); flags&unix.O_NONBLOCK == 0 {
		t.Error("the socket blocks")
	}
}

func TestNoAllocation(t *testing.T) {
	a, b := openPair(t, "127.0.0.1", 0)
	to := MakeAddr(b.LocalAddr())
	msgs := []Message{message(&to, make([]byte, 14000), 1400), message(&to, make([]byte, 100), 0)}
	in := NewInbox()
	if n := testing.AllocsPerRun(100, func() {
		a.WriteBatch(msgs)
		for more := true; more; {
			_, more = b.ReadBatch(in)
		}
	}); n != 0 {
		t.Errorf("%v allocations per batch", n)
	}
}

// BenchmarkLoopback moves 64 KiB a round through the loopback device, write and read in one thread.
func BenchmarkLoopback(b *testing.B) {
	for _, size := range []int{1472, 8972} {
		for _, avoid := range []Feature{0, Join, Join | Segment, Join | Segment | Batch} {
			b.Run(fmt.Sprintf("%d/%v", size, everything&^avoid), func(b *testing.B) {
				x, y := openPair(b, "127.0.0.1", avoid)
				to := MakeAddr(y.LocalAddr())
				run := (64 << 10) / size * size
				msgs := []Message{message(&to, make([]byte, min(run, MaxRun/size*size)), size)}
				in := NewInbox()
				b.SetBytes(int64(msgs[0].Size))
				b.ReportAllocs()
				for b.Loop() {
					x.WriteBatch(msgs)
					for got := 0; got < msgs[0].Size; {
						n, _ := y.ReadBatch(in)
						for i := range n {
							data, _ := in.Message(i)
							got += len(data)
						}
					}
				}
			})
		}
	}
}

// TestNotes: that nobody listens at an address is told, with the address, and costs no datagram to others; nor
// does the socket stay readable for it.
func TestNotes(t *testing.T) {
	for _, addr := range []string{"127.0.0.1", "::1"} {
		if addr == "::1" {
			haveIPv6(t)
		}
		a, b := openPair(t, addr, 0)
		gone, _ := openPair(t, addr, 0)
		at := gone.LocalAddr()
		gone.Close()
		to, nobody := MakeAddr(b.LocalAddr()), MakeAddr(at)
		for round := range 100 { // more than are kept
			msgs := []Message{message(&nobody, []byte("x"), 0), message(&to, []byte{byte(round)}, 0)}
			if n, fact := a.WriteBatch(msgs); n != 2 || fact != Fine {
				t.Fatalf("round %d: %d sent, %v", round, n, fact)
			}
		}
		if got := collect(t, b, 100); len(got) != 100 {
			t.Errorf("%d of 100 datagrams came", len(got))
		}
		in := NewInbox()
		if n, _ := a.ReadBatch(in); n != 0 {
			t.Errorf("read %d messages", n)
		}
		notes := a.Notes()
		if len(notes) == 0 || len(notes) > maxNotes || notes[0] != (Note{at, Unreachable}) {
			t.Errorf("heard %v of %v", notes, at)
		}
		if again := a.Notes(); len(again) > 0 {
			t.Errorf("heard %v again", again)
		}
		if n, _ := unix.Poll([]unix.PollFd{{Fd: int32(a.FD()), Events: unix.POLLIN}}, 0); n != 0 {
			t.Error("there is nothing to read, and poll says there is")
		}
	}
}

// TestRefusalLeavesNothing: that a datagram is too long is no reason for poll to wake anybody afterwards.
func TestRefusalLeavesNothing(t *testing.T) {
	a, b := openPair(t, "127.0.0.1", 0)
	to := MakeAddr(b.LocalAddr())
	if n, fact := a.WriteBatch([]Message{message(&to, make([]byte, 65536), 0)}); n != 0 || fact != TooBig {
		t.Fatalf("%d sent, %v", n, fact)
	}
	if n, _ := unix.Poll([]unix.PollFd{{Fd: int32(a.FD()), Events: unix.POLLIN}}, 0); n != 0 || len(a.Notes()) != 0 {
		t.Error("the refusal is told a second time")
	}
}

// FuzzControl: control messages of any content are read within their bounds.
func FuzzControl(f *testing.F) {
	b := make([]byte, 64)
	putCmsg(b, unix.IPPROTO_IP, unix.IP_RECVERR, 32)
	b[unix.CmsgLen(0)], b[unix.CmsgLen(0)+4] = byte(unix.ECONNREFUSED), unix.SO_EE_ORIGIN_ICMP
	f.Add(b, uint32(0))
	c := make([]byte, 64)
	putSegment(c, 1200)
	f.Add(append(c[:unix.CmsgSpace(4)], appendPktinfo(nil, netip.MustParseAddr("::1"), 3)...), uint32(unix.MSG_TRUNC))
	in := NewInbox()
	f.Fuzz(func(t *testing.T, ctrl []byte, flags uint32) {
		extendedError(ctrl)
		h := &in.joined
		n := copy(h.ctrl[:controlSize], ctrl)
		h.hdrs[0].Len = 3000
		h.hdrs[0].Hdr.Flags = int32(flags)
		h.hdrs[0].Hdr.SetControllen(n)
		conn := Conn{ifindex: 3}
		if segment := conn.segmentOf(h, 0); segment < 0 || segment > MaxDatagram {
			t.Fatalf("segments of %d bytes", segment)
		}
	})
}
