package rainnet

import (
	"bytes"
	"net/netip"
	"testing"

	"rainmpi/rainnet/udp"
)

// A tap stands between an endpoint and its peer: one socket for each of the peer's.
type tap struct {
	t     *testing.T
	conns []*udp.Conn
	to    []udp.Addr
	in    *udp.Inbox
	seen  [][]byte // everything that passed
	via   []int
}

func newTap(t *testing.T, behind *node) *tap {
	t.Helper()
	x := &tap{t: t, in: udp.NewInbox()}
	for _, addr := range behind.e.Card().Addrs {
		c, err := udp.Open(udp.Config{Addr: addr.Addr()})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		x.conns = append(x.conns, c)
		x.to = append(x.to, udp.MakeAddr(addr))
	}
	return x
}

func (x *tap) addrs() (addrs []netip.AddrPort) {
	for _, c := range x.conns {
		addrs = append(addrs, c.LocalAddr())
	}
	return addrs
}

// relay passes on what has arrived, each packet as many times as told.
func (x *tap) relay(times int) {
	for i, c := range x.conns {
		for more := true; more; {
			var n int
			n, more = c.ReadBatch(x.in)
			for k := range n {
				data, segment := x.in.Message(k)
				for len(data) > 0 {
					packet := bytes.Clone(data[:min(segment, len(data))])
					data = data[len(packet):]
					x.seen, x.via = append(x.seen, packet), append(x.via, i)
					for range times {
						x.send(i, packet)
					}
				}
			}
		}
	}
}

func (x *tap) send(i int, packet []byte) {
	x.conns[i].WriteBatch([]udp.Message{message(&x.to[i], packet, 0)})
}

// message is a udp.Message of one part.
func message(to *udp.Addr, data []byte, segment int) udp.Message {
	return udp.Message{To: to, Parts: [][]byte{data}, Size: len(data), Segment: segment}
}
