package rudp

import (
	"testing"

	"rainmpi/rainnet/wire"
)

// FuzzRecv gives frames of any content to a connection in the middle of its work.
// A peer that holds the key may be broken, but must not break this end: no panic,
// no memory beyond the bounds, no deadline that stays in the past.
func FuzzRecv(f *testing.F) {
	f.Add(uint64(50), append(wire.AppendMsg(nil, 0, 3, 0, 3), "abc"...))
	f.Add(uint64(50), append(wire.AppendMsg(nil, 5, 1<<32-1, 0, 3), "abc"...))
	f.Add(uint64(50), append(wire.AppendBulk(nil, 7, 10, 3), "abc"...))
	f.Add(uint64(1<<63), wire.AppendAck(nil, 100, 0, 5, []wire.Range{{First: 4, Last: 9}, {First: 0, Last: 2}}))
	f.Add(uint64(60), wire.AppendHistory(nil, wire.HistoryFrame{Path: 0x0101, A: 2, R: 1}))
	f.Add(uint64(60), wire.AppendLink(wire.AppendCredit(nil, 1<<40), wire.LinkFrame{Number: 90, HasEcho: true, A: 4}))
	f.Add(uint64(60), wire.AppendClose(wire.AppendPadding(nil, 3), 1))
	f.Fuzz(func(t *testing.T, pn uint64, frames []byte) {
		p := newPair(t, 2)
		p.c[0].Expect(7, 1<<20, zeros{})
		p.c[0].SendBulk(p.now, 8, 1<<20, zeros{})
		p.c[0].Send(p.now, make([]byte, 5000), nil)
		for range 3 {
			p.step(t)
		}
		c := p.c[0]
		for i := range uint64(3) {
			_ = c.Recv(p.now, wire.PathID(i%2*0x0101), pn+i, frames)
			p.drain(0)
		}
		for range 200 {
			if _, _, ok := c.NextPacket(p.now, p.buf); ok {
				continue
			}
			at := c.Deadline()
			if at <= p.now {
				c.Expire(p.now)
				p.drain(0)
				for range 100 {
					if _, _, ok := c.NextPacket(p.now, p.buf); !ok {
						break
					}
				}
				if c.Deadline() <= p.now {
					t.Fatal("the deadline stays in the past")
				}
			}
			p.now = min(max(p.now+1, at), p.now+second)
		}
	})
}
