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

func benchBulk(b *testing.B, from, to *node) {
	const size, depth = 1 << 20, 8
	introduce(b, from, to)
	src, dst := make(memory, size), make(memory, size)
	sender, receiver := from.peers[to.e.self.id], to.peers[from.e.self.id]

	var done, expected uint64
	expect := func() {
		expected++
		receiver.Expect(expected, size, dst)
		receiver.Send(binary.BigEndian.AppendUint64(nil, expected), nil)
	}
	to.onMsg = func(*Peer, []byte) {}
	rx := &bulkCounter{node: to, done: func() {
		done++
		expect()
	}}
	to.e.handler = rx
	from.onMsg = func(p *Peer, data []byte) { sender.SendBulk(binary.BigEndian.Uint64(data), size, src) }

	sender.Send([]byte("hello"), nil)
	drive(b, 10, "a path", func() bool { return sender.Backlog() == 0 }, from, to)
	for range depth {
		expect()
	}
	warm := done + 50
	drive(b, 20, "the first 50 MiB", func() bool { return done >= warm }, from, to)

	var stop atomic.Bool
	stopped := make(chan bool)
	go func() {
		spin(from.e, func() bool { return stop.Load() })
		close(stopped)
	}()
	b.SetBytes(size)
	b.ReportAllocs()
	b.ResetTimer()
	start, until, cpu := done, done+uint64(b.N), cpuTime()
	spin(to.e, func() bool { return done >= until })
	b.StopTimer()
	cpu = cpuTime() - cpu
	stop.Store(true)
	<-stopped
	b.ReportMetric(float64(cpu)/float64(done-start)/(size>>10), "cpu-ns/KiB")
	s, r := from.e.Stats(), to.e.Stats()
	if testing.Verbose() {
		for _, p := range sender.Paths() {
			b.Logf("%+v", p)
		}
		b.Logf("sender %+v", s)
		b.Logf("receiver %+v", r)
	}
	b.ReportMetric(float64(s.SentBytes)/float64(max(1, s.Writes)), "B/write")
	b.ReportMetric(float64(r.ReceivedBytes)/float64(max(1, r.Reads)), "B/read")
	b.ReportMetric(float64(s.SentBytes)/float64(max(1, r.ReceivedBytes)), "sent/received")
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

type bulkCounter struct {
	*node
	done func()
}

func (c *bulkCounter) BulkSent(*Peer, uint64) {}
func (c *bulkCounter) BulkDone(*Peer, uint64) { c.done() }

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
