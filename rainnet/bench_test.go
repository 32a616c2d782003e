package rainnet

import (
	"encoding/binary"
	"fmt"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"
)

// BenchmarkBulk streams large messages from one endpoint to another, each driven by a thread of its
// own, eight at a time, in the manner of rendezvous: the receiver says where, the sender sends.
func BenchmarkBulk(b *testing.B) {
	for _, mtu := range []int{1500, 9000} {
		for _, rails := range []int{1, 2} {
			b.Run(fmt.Sprintf("veth/rails=%d/mtu=%d", rails, mtu), func(b *testing.B) {
				l := newLab(b, rails, mtu, false)
				benchBulk(b, l.node(b, 0, Config{}), l.node(b, 1, Config{}))
			})
		}
	}
	b.Run("lo", func(b *testing.B) {
		cfg := Config{Rails: []string{"127.0.0.1"}}
		benchBulk(b, newNode(b, 1, cfg), newNode(b, 2, cfg))
	})
}

// BenchmarkWork is what both ends of a stream work for a byte, in one thread, so that nobody waits.
func BenchmarkWork(b *testing.B) {
	for _, insecure := range []bool{false, true} {
		for _, mtu := range []int{1472, 8972} {
			b.Run(fmt.Sprintf("insecure=%v/mtu=%d", insecure, mtu), func(b *testing.B) {
				cfg := Config{Rails: []string{"127.0.0.1"}, MTU: mtu, Insecure: insecure}
				s := newStream(b, newNode(b, 1, cfg), newNode(b, 2, cfg))
				b.SetBytes(streamSize)
				b.ReportAllocs()
				b.ResetTimer()
				for until := s.done + uint64(b.N); s.done < until; {
					s.from.e.Poll()
					s.e.Poll()
				}
			})
		}
	}
}

// BenchmarkShaped does the same over rails of 1 Gbit/s, which carry 125 MB/s with all headers.
func BenchmarkShaped(b *testing.B) {
	for _, rails := range []int{1, 2} {
		b.Run(fmt.Sprintf("rails=%d", rails), func(b *testing.B) {
			l := newLab(b, rails, 1500, false)
			for i := range rails {
				l.shape(b, fmt.Sprintf("rail%d", i), 125_000_000)
			}
			benchBulk(b, l.node(b, 0, Config{}), l.node(b, 1, Config{}))
		})
	}
}

// A stream is large messages from one endpoint to another, eight at a time, in the manner of
// rendezvous: the receiver says where, the sender sends.
type stream struct {
	*node  // the receiver
	from   *node
	sender *Peer
	done   uint64 // messages that have arrived
	gap    int64  // longest time between two
	last   int64
}

const streamSize, streamDepth = 1 << 20, 8

func newStream(b testing.TB, from, to *node) *stream {
	introduce(b, from, to)
	s := &stream{node: to, from: from, sender: from.peers[to.e.self.id]}
	src, dst := make(memory, streamSize), make(memory, streamSize)
	receiver := to.peers[from.e.self.id]
	expected := uint64(0)
	expect := func() {
		expected++
		receiver.Expect(expected, streamSize, dst)
		receiver.Send(binary.BigEndian.AppendUint64(nil, expected), nil)
	}
	to.onMsg = func(*Peer, []byte) {}
	to.e.handler = &arrivals{s, expect}
	from.onMsg = func(p *Peer, data []byte) {
		s.sender.SendBulk(binary.BigEndian.Uint64(data), streamSize, src)
	}
	from.e.handler = &departures{from}
	s.sender.Send([]byte("hello"), nil)
	drive(b, 10, "a path", func() bool { return s.sender.Backlog() == 0 }, from, to)
	for range streamDepth {
		expect()
	}
	drive(b, 20, "the first 50 MiB", func() bool { return s.done >= 50 }, from, to)
	s.gap = 0
	return s
}

type departures struct{ *node }

func (*departures) BulkSent(*Peer, uint64) {}

type arrivals struct {
	*stream
	expect func()
}

func (a *arrivals) BulkDone(*Peer, uint64) {
	now := Now()
	a.gap = max(a.gap, now-a.last)
	a.last = now
	a.done++
	a.expect()
}

// run lets a thread drive the sender until the condition holds at the receiver.
func (s *stream) run(until func() bool) {
	var stop atomic.Bool
	stopped := make(chan bool)
	go func() {
		spin(s.from.e, func() bool { return stop.Load() })
		close(stopped)
	}()
	spin(s.e, until)
	stop.Store(true)
	<-stopped
}

func benchBulk(b *testing.B, from, to *node) {
	s := newStream(b, from, to)
	b.SetBytes(streamSize)
	b.ReportAllocs()
	b.ResetTimer()
	until, cpu := s.done+uint64(b.N), cpuTime()
	s.run(func() bool { return s.done >= until })
	b.StopTimer()
	cpu = cpuTime() - cpu
	b.ReportMetric(float64(cpu)/float64(b.N)/(streamSize>>10), "cpu-ns/KiB")
	tx, rx := from.e.Stats(), to.e.Stats()
	if testing.Verbose() {
		for _, p := range s.sender.Paths() {
			b.Logf("%+v", p)
		}
		b.Logf("sender %+v", tx)
		b.Logf("receiver %+v", rx)
	}
	b.ReportMetric(float64(tx.SentBytes)/float64(max(1, tx.Writes)), "B/write")
	b.ReportMetric(float64(rx.ReceivedBytes)/float64(max(1, rx.Reads)), "B/read")
}

// BenchmarkCut streams over two rails of 1 Gbit/s and takes one away in the middle: by its carrier,
// or by losing all its packets. It reports the rate while one is away and after it is back, and the
// longest gap between two messages.
func BenchmarkCut(b *testing.B) {
	for _, how := range []string{"carrier", "silent"} {
		b.Run(how, func(b *testing.B) {
			l := newLab(b, 2, 1500, false)
			for i := range 2 {
				l.shape(b, fmt.Sprintf("rail%d", i), 125_000_000)
			}
			s := newStream(b, l.node(b, 0, Config{}), l.node(b, 1, Config{}))
			cut := func() { s.from.faults.Drop(1, true) }
			mend := func() { s.from.faults.Drop(1, false) }
			if how == "carrier" {
				cut, mend = func() { l.down(b, 0, "rail1") }, func() { l.up(b, 0, "rail1") }
			}
			rate := func(what string) {
				s.gap = 0
				start, before := Now(), s.done
				s.run(func() bool { return Now()-start > 1e9 })
				b.ReportMetric(float64(s.done-before)*streamSize/float64(Now()-start)*1e3, "MB/s-"+what)
				b.ReportMetric(float64(s.gap)/1e6, "ms-gap-"+what)
			}
			for b.Loop() {
				rate("two")
				cut()
				rate("one")
				mend()
				rate("again")
			}
		})
	}
}

// cpuTime is the processor time of this process in nanoseconds: what is left to compare by on a
// machine that does other things as well.
func cpuTime() int64 {
	var ru unix.Rusage
	unix.Getrusage(unix.RUSAGE_SELF, &ru)
	return ru.Utime.Nano() + ru.Stime.Nano()
}

// spin polls until the condition holds, and waits in ppoll when there is nothing to do.
func spin(e *Endpoint, until func() bool) {
	for idle := 0; !until(); {
		if e.Poll() {
			idle = 0
		} else if idle++; idle > 50 {
			e.Wait(Now() + 1e6)
		}
	}
}

// BenchmarkPingPong measures one way of an 8-byte message, both ends in one thread: what an endpoint
// costs, without the scheduler.
func BenchmarkPingPong(b *testing.B) {
	cfg := Config{Rails: []string{"127.0.0.1"}}
	x, y := newNode(b, 1, cfg), newNode(b, 2, cfg)
	introduce(b, x, y)
	var turns int
	head := make([]byte, 8)
	x.onMsg = func(p *Peer, _ []byte) { turns++; p.Send(head, nil) }
	y.onMsg = func(p *Peer, _ []byte) { turns++; p.Send(head, nil) }
	x.peers[2].Send(head, nil)
	drive(b, 10, "a path", func() bool { return turns > 100 }, x, y)
	b.ReportAllocs()
	b.ResetTimer()
	before, polls := x.e.Stats(), 0
	for end := turns + b.N; turns < end; polls++ {
		x.e.Poll()
		y.e.Poll()
	}
	b.ReportMetric(2*float64(x.e.Stats().Sent-before.Sent)/float64(b.N), "packets")
	b.ReportMetric(2*float64(polls)/float64(b.N), "polls")
}

var _ Handler = (*node)(nil)
