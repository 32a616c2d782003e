package simnet

import (
	"encoding/binary"
	"math/rand/v2"
	"strings"
	"testing"

	"rainmpi/internal/simnet/sim"
	"rainmpi/rainnet/wire"
)

// lab is a line between two cards, and what arrived on it.
type lab struct {
	net      *network
	line     line
	numbers  []uint64
	instants []int64
}

func newLab(f lineFaults) *lab {
	n := &network{Scheduler: &sim.Scheduler{}, rng: rand.New(rand.NewPCG(1, 2))}
	fast := func() *card { return &card{rate: 1 << 30, limit: 1 << 30} }
	return &lab{net: n, line: line{from: fast(), to: fast(), delay: millisecond, faults: f}}
}

// send sends n numbered packets, one every 10 µs.
func (l *lab) send(n, size int) {
	packet := make([]byte, size)
	for i := range n {
		l.net.At(int64(i)*10*microsecond, func() {
			binary.BigEndian.PutUint64(packet, uint64(i))
			l.net.send(&l.line, packet, func(p []byte) {
				l.numbers = append(l.numbers, binary.BigEndian.Uint64(p))
				l.instants = append(l.instants, l.net.Now)
			})
		})
	}
	for l.net.Step() {
	}
}

func (l *lab) inOrder() bool {
	for i := 1; i < len(l.numbers); i++ {
		if l.numbers[i] <= l.numbers[i-1] {
			return false
		}
	}
	return true
}

func TestPerfectLine(t *testing.T) {
	l := newLab(lineFaults{jitter: millisecond})
	l.send(1000, 100)
	if len(l.numbers) != 1000 || !l.inOrder() {
		t.Errorf("%d of 1000 packets arrived, in order: %v", len(l.numbers), l.inOrder())
	}
	if l.instants[0] < millisecond {
		t.Errorf("a line of 1 ms took %v", duration(l.instants[0]))
	}
}

func TestLossyLine(t *testing.T) {
	l := newLab(lineFaults{loss: 0.1})
	l.send(10_000, 100)
	if n := len(l.numbers); n < 8800 || n > 9200 || l.line.harmed != int64(10_000-n) {
		t.Errorf("%d of 10000 packets arrived at 10 %% loss, %d were counted as lost", n, l.line.harmed)
	}
}

func TestBursts(t *testing.T) {
	l := newLab(lineFaults{burst: 0.01})
	l.send(10_000, 100)
	// One in a hundred begins a run of 1+3 on average... that all are lost.
	if n := 10_000 - len(l.numbers); n < 200 || n > 800 {
		t.Errorf("%d of 10000 packets lost in runs", n)
	}
}

func TestReorderingLine(t *testing.T) {
	l := newLab(lineFaults{reorder: 0.1, late: millisecond})
	l.send(1000, 100)
	if len(l.numbers) != 1000 || l.inOrder() {
		t.Errorf("%d of 1000 packets arrived, in order: %v", len(l.numbers), l.inOrder())
	}
}

func TestDuplicates(t *testing.T) {
	l := newLab(lineFaults{duplicate: 0.1, ghost: 0.1})
	l.send(1000, 100)
	last := l.instants[len(l.instants)-1]
	if n := len(l.numbers); n < 1120 || n > 1280 || last < second {
		t.Errorf("%d packets arrived of 1000, the last after %v", n, duration(last))
	}
}

func TestDeadLine(t *testing.T) {
	l := newLab(lineFaults{})
	l.net.At(5*millisecond, func() { l.line.dead++ })
	l.net.At(8*millisecond, func() { l.line.dead-- })
	l.send(1000, 100)
	// Those sent from 4 to 8 ms are lost: the first 1 ms of them under way.
	if n := len(l.numbers); n < 590 || n > 610 {
		t.Errorf("%d of 1000 packets passed a line that was dead for 3 of 10 ms", n)
	}
}

func TestRateAndQueue(t *testing.T) {
	l := newLab(lineFaults{})
	l.line.from.rate, l.line.from.limit = 10<<20, 100<<10
	l.send(1000, 1000) // 100 MB/s for 10 ms
	took := l.instants[len(l.instants)-1] - l.instants[0]
	if rate := int64(len(l.numbers)) * 1000 * second / took; rate < 10<<20*9/10 || rate > 10<<20*11/10 {
		t.Errorf("10 MiB/s carried %d B/s", rate)
	}
	if n := int64(len(l.numbers)) * 1000; n > 100<<10+10<<20/100*11/10+2000 {
		t.Errorf("%d bytes passed a queue of 100 KiB in 10 ms", n)
	}
}

// TestRateReturns fills the queue of a card that has become slow. When it is fast
// again, what waits leaves at the new rate, and nothing after it waits longer.
func TestRateReturns(t *testing.T) {
	l := newLab(lineFaults{})
	l.line.from.rate, l.line.from.limit = 10<<20, 100<<10
	l.net.At(0, func() { l.net.setRate(l.line.from, 10<<10) })
	l.net.At(10*millisecond, func() { l.net.setRate(l.line.from, 10<<20) })
	l.send(1000, 1000) // 100 KB/ms for 10 ms
	first, last := l.instants[0], l.instants[len(l.instants)-1]
	if n := len(l.numbers); n < 100 || n > 105 || !l.inOrder() {
		t.Errorf("%d packets passed a queue of 100 KiB while it hardly moved, in order: %v", n, l.inOrder())
	}
	if first < 10*millisecond || last > 22*millisecond {
		t.Errorf("the queue of a card that was slow for 10 ms arrived from %v to %v", duration(first), duration(last))
	}
}

// The checkers have to be able to fail, each for each of its reasons.

func TestMailboxFinds(t *testing.T) {
	newBox := func() (*mailbox, [3][]byte) {
		m := &mailbox{key: 7}
		var data [3][]byte
		for i := range data {
			data[i] = m.post(letter{length: 20}, nil)
		}
		return m, data
	}
	m, data := newBox()
	for _, d := range data {
		if _, err := m.deliver(d); err != nil {
			t.Error(err)
		}
	}
	if _, err := m.deliver(data[2]); err == nil {
		t.Error("a message too many was not found")
	}
	m, data = newBox()
	if _, err := m.deliver(data[1]); err == nil || !strings.Contains(err.Error(), "this is message 1") {
		t.Error("a message before its turn was not found:", err)
	}
	m, data = newBox()
	data[0][19] ^= 1
	if _, err := m.deliver(data[0]); err == nil || !strings.Contains(err.Error(), "byte 19") {
		t.Error("a wrong byte was not found:", err)
	}
	m, data = newBox()
	if _, err := m.deliver(data[0][:19]); err == nil {
		t.Error("a missing byte was not found")
	}
}

func TestTransferFinds(t *testing.T) {
	for name, bad := range map[string]func(x *transfer, p []byte){
		"twice":        func(x *transfer, p []byte) { x.WriteAt(p[:10], 0); x.WriteAt(p[9:20], 9) },
		"wrong place":  func(x *transfer, p []byte) { x.WriteAt(p[:10], 1) },
		"outside":      func(x *transfer, p []byte) { x.WriteAt(p[:10], 95) },
		"before":       func(x *transfer, p []byte) { x.WriteAt(p[:10], -1) },
		"done early":   func(x *transfer, p []byte) { x.WriteAt(p[:99], 0); x.onDone() },
		"done twice":   func(x *transfer, p []byte) { x.WriteAt(p, 0); x.onDone(); x.onDone() },
		"after done":   func(x *transfer, p []byte) { x.WriteAt(p, 0); x.onDone(); x.WriteAt(p, 0) },
		"after forget": func(x *transfer, p []byte) { x.forgot = true; x.WriteAt(p, 0) },
		"sent early":   func(x *transfer, p []byte) { x.WriteAt(p[1:], 1); x.onSent() },
		"read late":    func(x *transfer, p []byte) { x.forgot = true; x.onSent(); x.ReadAt(p, 0) },
		"read outside": func(x *transfer, p []byte) { x.ReadAt(p, 1) },
	} {
		found := 0
		x := &transfer{n: 100, key: 5, fail: func(string, ...any) { found++ }, moved: new(int64)}
		p := make([]byte, 100)
		fill(p, x.key, 0)
		bad(x, p)
		if found == 0 {
			t.Errorf("%s: not found", name)
		}
	}
}

func TestTransferAllows(t *testing.T) {
	x := &transfer{n: 100, key: 5, fail: t.Errorf, moved: new(int64)}
	p := make([]byte, 100)
	x.ReadAt(p, 0)
	for _, s := range [][2]int64{{50, 60}, {0, 10}, {60, 100}, {10, 30}, {40, 50}, {30, 40}} {
		x.WriteAt(p[s[0]:s[1]], s[0])
	}
	x.onDone()
	x.onSent()
	if len(x.got) != 1 || !x.finished() {
		t.Errorf("%v, %v", x, x.got)
	}
}

// TestReach checks that what comes again is no progress, and what is new is.
func TestReach(t *testing.T) {
	e := &end{}
	piece := func(id uint64, off uint32, n int) []byte {
		b := wire.AppendMsg(make([]byte, wire.HeaderLen), id, 100, off, n)
		return append(b, make([]byte, n)...)
	}
	bulk := func(token, off uint64, n int) []byte {
		b := wire.AppendBulk(make([]byte, wire.HeaderLen), token, off, n)
		return append(b, make([]byte, n)...)
	}
	for _, step := range []struct {
		packet []byte
		isNew  bool
	}{
		{piece(1, 0, 50), true},
		{piece(1, 0, 50), false},
		{piece(1, 0, 51), true},
		{piece(0, 0, 100), false},
		{piece(2, 0, 1), true},
		{piece(1, 51, 49), false},
		{bulk(1, 0, 50), true},
		{bulk(1, 0, 50), false},
		{bulk(1, 50, 1), true},
		{bulk(0, 0, 100), false},
		{bulk(2, 0, 1), true},
	} {
		before := e.reached
		if e.reach(step.packet); (e.reached != before) != step.isNew {
			t.Errorf("%s: from %+v to %+v", describe(step.packet), before, e.reached)
		}
	}
}

func TestSizeOf(t *testing.T) {
	type node struct {
		next *node
		data []byte
		m    map[int][]int64
	}
	n := &node{data: make([]byte, 10, 1000), m: map[int][]int64{1: make([]int64, 100)}}
	n.next = n
	if got := sizeOf(n); got < 1800 || got > 2000 {
		t.Errorf("1800 bytes and a little measured as %d", got)
	}
}
