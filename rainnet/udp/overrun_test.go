package udp

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"
)

// TestOverruns: what came while the receive buffer was full is counted, every datagram once, and the control
// messages that tell of it leave room for the others.
func TestOverruns(t *testing.T) {
	for _, addr := range []string{"127.0.0.1", "::1"} {
		for _, avoid := range []Feature{0, Join, Device, everything} {
			t.Run(fmt.Sprintf("%s/without %v", addr, avoid), func(t *testing.T) {
				if addr == "::1" {
					haveIPv6(t)
				}
				a, _ := openPair(t, addr, 0)
				b, err := Open(Config{Addr: netip.MustParseAddr(addr), Device: "lo", Avoid: avoid, Buffer: 16 << 10})
				if err != nil {
					t.Fatal(err)
				}
				defer b.Close()
				to := MakeAddr(b.LocalAddr())
				send := func(m Message) {
					if n, fact := a.WriteBatch([]Message{m}); n != 1 || fact != Fine {
						t.Fatal(fact)
					}
				}
				send(message(&to, []byte("in time"), 0))
				if got := collect(t, b, 1); len(got) != 1 || b.Overruns() != 0 {
					t.Fatalf("%d datagrams came, or some were lost", len(got))
				}
				for round := range 2 { // the kernel's count goes on
					const n = 200
					for range n {
						send(message(&to, make([]byte, 1000), 0))
					}
					in, came := NewInbox(), 0
					for more := true; more; {
						var k int
						k, more = b.ReadBatch(in)
						came += k
					}
					send(message(&to, make([]byte, 2000), 1000)) // it is told with the next
					waitReadable(b)
					for rest := 2000; rest > 0; {
						k, _ := b.ReadBatch(in)
						for i := range k {
							data, segment := in.Message(i)
							if segment != 1000 || in.cur.hdrs[i].Hdr.Flags&unix.MSG_CTRUNC != 0 {
								t.Fatalf("%d bytes in segments of %d; control messages were cut, flags %#x", len(data), segment, in.cur.hdrs[i].Hdr.Flags)
							}
							rest -= len(data)
						}
					}
					if lost := b.Overruns(); came == n || int(lost) != n-came {
						t.Errorf("round %d: %d of %d datagrams came, %d are said to be lost", round, came, n, lost)
					}
					if again := b.Overruns(); again != 0 {
						t.Errorf("round %d: %d are told once more", round, again)
					}
				}
			})
		}
	}
}

// TestOverrunsWrap: the kernel counts in 32 bits, and tells with datagrams that are not read too.
func TestOverrunsWrap(t *testing.T) {
	var c Conn
	h := &NewInbox().single
	tell := func(count uint32, flags int32) {
		putCmsg(h.ctrl, unix.SOL_SOCKET, unix.SO_RXQ_OVFL, 4)
		binary.NativeEndian.PutUint32(h.ctrl[unix.CmsgLen(0):], count)
		h.hdrs[0].Len, h.hdrs[0].Hdr.Flags = 100, flags
		h.hdrs[0].Hdr.SetControllen(unix.CmsgSpace(4))
		c.segmentOf(h, 0)
	}
	tell(1<<32-10, 0)
	tell(5, unix.MSG_TRUNC)
	if n := c.Overruns(); n != 1<<32+5 {
		t.Errorf("counted %d", n)
	}
}
