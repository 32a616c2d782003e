package rudp

import (
	"math/rand/v2"
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
	f.Add(uint64(1<<63), wire.AppendAck(nil, 100, 0, 9, 5, []wire.Range{{First: 4, Last: 9}, {First: 0, Last: 2}}))
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

// FuzzCalls makes calls of any kind at both ends of a conversation in which packets are lost, repeated and late.
// When paths are back all that was sent has come, once, in order and unharmed, as the world checks.
func FuzzCalls(f *testing.F) {
	f.Add([]byte("\x00\x01\x82\x0b\x1c\x03\x9c\x0c\x04\x2c\x85\x1c\x0b\x06\x3c"))
	f.Add([]byte("\x02\x2c\x93\x0d\x5c\x02\x09\x1c\x19\x1c\x89\x0e\x6c\x08\x07\x97\x0a\x8a\x5c\x0f\x2c"))
	f.Fuzz(playCalls)
}

// TestCalls plays calls at random.
func TestCalls(t *testing.T) {
	for seed := range uint64(40) {
		rng := rand.New(rand.NewPCG(seed, 9))
		calls := make([]byte, 20+rng.IntN(180))
		for i := range calls {
			calls[i] = byte(rng.Uint32())
		}
		if playCalls(t, calls); t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func playCalls(t *testing.T, calls []byte) {
	rails := []*rail{gigabit(), gigabit()}
	w := newWorld(t, 30, Config{Window: 64 << 10}, rails...)
	w.leaving = true
	w.up()
	g := &caller{world: w, rails: rails}
	for _, b := range calls[:min(len(calls), 300)] {
		g.call(w.ends[b>>7], int(b&15), int64(b>>4&7))
	}
	for i, r := range rails {
		*r = *gigabit()
		for _, e := range w.ends {
			e.c.AddPath(w.now, w.id(i), 1472)
		}
	}
	w.run(120*second, func() bool { return allDone(w, g.token) })
}

type caller struct {
	*world
	rails []*rail
	token uint64
	rev   uint16
}

func (g *caller) call(e *end, what int, n int64) {
	i := int(n & 1)
	r := g.rails[i]
	switch what {
	case 0:
		g.sendMessage(e, int(8+n))
	case 1:
		if e.c.Backlog() < 1<<20 {
			g.sendMessage(e, int(8+n*20_000))
		}
	case 2:
		g.token++
		g.sendBulk(e, g.token, n*30_000)
	case 3:
		e.c.LinkDown(g.now, g.id(i))
	case 4:
		e.c.RemovePath(g.now, g.id(i))
	case 5:
		e.c.AddPath(g.now, g.id(i), int(600+n*100))
	case 6:
		r.cut[e.index] = !r.cut[e.index]
	case 7:
		e.c.Ask(g.now, g.id(i))
	case 8:
		e.c.Use(g.now)
	case 9:
		e.c.Hint(g.now, g.id(i))
	case 10:
		g.rev++
		e.c.Announce(g.now, uint8(n), g.rev, make([]byte, n))
	case 11:
		r.loss, r.dup = float64(n)/10, float64(n)/10
	case 12:
		until := g.now + 1<<(14+2*n) // to 4 s
		g.run(60*second, func() bool { return g.now >= until || g.idle() })
		g.now = max(g.now, until)
	case 13:
		r.late, r.by = float64(n)/10, 1+n*millisecond
	case 14:
		e.stallsTill = g.now + n*20*millisecond
	case 15:
		e.c.SetNICs(g.now, g.id(i), uint8(n>>1), uint8(n>>2))
	}
	g.drain(e)
}

// idle reports whether nothing is going to happen by itself, as when there is no path.
func (g *caller) idle() bool {
	return len(g.fly) == 0 && min(g.ends[0].c.Deadline(), g.ends[1].c.Deadline()) == never
}
