package rudp

import (
	"testing"

	"rainmpi/rainnet/wire"
)

// A pair is two connections with nothing between them: time passes only so that
// the pacers let go.
type pair struct {
	now   int64
	c     [2]*Conn
	buf   []byte
	batch [][]byte
	ids   []wire.PathID
	got   [2]int
	sent  int
}

const benchMTU = 8972

func newPair(tb testing.TB, paths int) *pair {
	p := &pair{now: second, buf: make([]byte, 1<<16)}
	for i := range p.c {
		p.c[i] = New(Config{Local: wire.PeerID(i), Remote: wire.PeerID(1 - i)}, p.now)
		for k := range paths {
			p.c[i].AddPath(p.now, wire.MakePathID(0, 1, uint8(k), uint8(k)), benchMTU)
		}
	}
	for range 64 {
		p.batch = append(p.batch, make([]byte, 0, benchMTU))
		p.ids = append(p.ids, 0)
	}
	for p.c[0].upCount+p.c[1].upCount < 2*paths {
		p.step(tb)
	}
	return p
}

// step lets each end send a batch to the other, and 10 µs pass.
func (p *pair) step(tb testing.TB) {
	for i, c := range p.c {
		peer := p.c[1-i]
		n := 0
		for ; n < len(p.batch); n++ {
			size, id, ok := c.NextPacket(p.now, p.batch[n][:benchMTU])
			if !ok {
				break
			}
			p.batch[n], p.ids[n] = append(p.batch[n][:size], c.Rest()...), id
		}
		for k := range n {
			h, _ := wire.ParseHeader(p.batch[k])
			if err := peer.Recv(p.now, p.ids[k], h.Number, p.batch[k][wire.HeaderLen:]); err != nil {
				tb.Fatal(err)
			}
			p.drain(1 - i)
		}
		if c.Deadline() <= p.now {
			c.Expire(p.now)
			p.drain(i)
		}
	}
	p.now += 10 * microsecond
}

func (p *pair) drain(i int) {
	for {
		ev, ok := p.c[i].NextEvent()
		switch {
		case !ok:
			return
		case ev.Kind == Message:
			p.got[i]++
		case ev.Kind == BulkSent:
			p.sent++
		}
	}
}

type zeros struct{}

func (zeros) ReadAt(p []byte, off int64)  {}
func (zeros) WriteAt(p []byte, off int64) {}

func BenchmarkBulk(b *testing.B) {
	p := newPair(b, 2)
	const n = 1 << 20
	token := uint64(0)
	move := func() {
		token++
		p.c[1].Expect(token, n, zeros{})
		p.c[0].SendBulk(p.now, token, n, zeros{})
		for p.sent < int(token) {
			p.step(b)
		}
	}
	for range 200 {
		move()
	}
	b.SetBytes(n)
	b.ReportAllocs()
	for b.Loop() {
		move()
	}
}

func BenchmarkPingPong(b *testing.B) {
	p := newPair(b, 2)
	var head, body [16]byte
	swap := func() {
		for i, c := range p.c {
			want := p.got[1-i] + 1
			c.Send(p.now, head[:], body[:])
			for p.got[1-i] < want {
				p.step(b)
			}
		}
	}
	for range 2000 {
		swap()
	}
	b.ReportAllocs()
	for b.Loop() {
		swap()
	}
}

func BenchmarkMessages(b *testing.B) {
	p := newPair(b, 2)
	var head [16]byte
	body := make([]byte, 1000)
	want := 0
	send := func() {
		for range 100 {
			p.c[0].Send(p.now, head[:], body)
		}
		for want += 100; p.got[1] < want; {
			p.step(b)
		}
	}
	for range 200 {
		send()
	}
	b.SetBytes(100 * 1016)
	b.ReportAllocs()
	for b.Loop() {
		send()
	}
}

// TestSteadyStateAllocatesNothing holds what the benchmarks show.
func TestSteadyStateAllocatesNothing(t *testing.T) {
	p := newPair(t, 2)
	var head [16]byte
	token := uint64(0)
	work := func() {
		for range 20 {
			p.c[0].Send(p.now, head[:], head[:])
			p.c[1].Send(p.now, head[:], nil)
		}
		token++
		p.c[1].Expect(token, 1<<18, zeros{})
		p.c[0].SendBulk(p.now, token, 1<<18, zeros{})
		for p.sent < int(token) || p.got[0] < 20*int(token) || p.got[1] < 20*int(token) {
			p.step(t)
		}
	}
	for range 500 {
		work()
	}
	if n := testing.AllocsPerRun(200, work); n > 0 {
		t.Errorf("%.2f allocations where none should be", n)
	}
}
