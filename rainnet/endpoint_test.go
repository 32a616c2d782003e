package rainnet

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"

	"golang.org/x/sys/unix"

	"rainmpi/rainnet/udp"
	"rainmpi/rainnet/wire"
)

// A node is an Endpoint of a test with a Handler that checks what it hears: the messages of each
// peer count from 0, and their contents follow from their number.
type node struct {
	t      testing.TB
	e      *Endpoint
	faults *Faults
	peers  map[wire.PeerID]*Peer

	sent     map[wire.PeerID]uint64
	got      map[wire.PeerID]uint64
	bytes    int64
	bulkSent map[uint64]bool
	bulkDone map[uint64]bool
	events   []PathEvent
	onMsg    func(p *Peer, data []byte)
}

func newNode(t testing.TB, id wire.PeerID, cfg Config) *node {
	t.Helper()
	n := &node{t: t, faults: &Faults{}, peers: map[wire.PeerID]*Peer{}, sent: map[wire.PeerID]uint64{},
		got: map[wire.PeerID]uint64{}, bulkSent: map[uint64]bool{}, bulkDone: map[uint64]bool{}}
	cfg.ID = id
	if cfg.Key == nil {
		cfg.Key = testKey
	}
	if cfg.Rails == nil {
		cfg.Rails = []string{"127.0.0.1", "127.0.0.2"}
	}
	cfg.Faults = n.faults
	e, err := Open(cfg, n)
	if err != nil {
		t.Fatal(err)
	}
	n.e = e
	t.Cleanup(func() { e.Close() })
	return n
}

func introduce(t testing.TB, nodes ...*node) {
	t.Helper()
	for _, a := range nodes {
		for _, b := range nodes {
			if a == b {
				continue
			}
			p, err := a.e.AddPeer(b.e.Card())
			if err != nil {
				t.Fatal(err)
			}
			a.peers[p.ID()] = p
		}
	}
}

func (n *node) Message(p *Peer, data []byte) {
	if n.onMsg != nil {
		n.onMsg(p, data)
		return
	}
	want := n.got[p.ID()]
	if number := binary.BigEndian.Uint64(data); number != want {
		n.t.Fatalf("%v got message %d of %v, want %d", n.e.self.id, number, p.ID(), want)
	}
	for i := 8; i < len(data); i++ {
		if data[i] != byte(want)+byte(i) {
			n.t.Fatalf("message %d of %v: byte %d of %d is wrong", want, p.ID(), i, len(data))
		}
	}
	n.got[p.ID()]++
	n.bytes += int64(len(data))
}

func (n *node) BulkSent(p *Peer, token uint64) {
	if n.bulkSent[token] {
		n.t.Fatalf("token %d is reported as sent twice", token)
	}
	n.bulkSent[token] = true
}

func (n *node) BulkDone(p *Peer, token uint64) {
	if n.bulkDone[token] {
		n.t.Fatalf("token %d is reported as done twice", token)
	}
	n.bulkDone[token] = true
}

func (n *node) Path(p *Peer, ev PathEvent) {
	n.events = append(n.events, ev)
	// A fuzz target may not log by the F that made it.
	if _, fuzz := n.t.(*testing.F); testing.Verbose() && !fuzz {
		n.t.Logf("%v: %v", n.e.self.id, ev)
	}
}
func (n *node) Room(p *Peer) {}

// send sends the next message to a peer, size bytes long.
func (n *node) send(to wire.PeerID, size int) {
	number := n.sent[to]
	n.sent[to]++
	body := make([]byte, max(0, size-8))
	for i := range body {
		body[i] = byte(number) + byte(i+8)
	}
	n.peers[to].Send(binary.BigEndian.AppendUint64(nil, number), body)
}

// drive polls all nodes until the condition holds; the test fails if it does not within seconds.
func drive(t testing.TB, seconds int, what string, until func() bool, nodes ...*node) {
	t.Helper()
	end := Now() + int64(seconds)*1e9
	for !until() {
		worked := false
		for _, n := range nodes {
			worked = n.e.Poll() || worked
		}
		if worked {
			continue
		}
		if Now() > end {
			for _, n := range nodes {
				t.Logf("%v: %+v", n.e.self.id, n.e.Stats())
				for id, p := range n.peers {
					t.Logf("%v → %v: backlog %d, paths %+v", n.e.self.id, id, p.Backlog(), p.Paths())
				}
			}
			t.Fatalf("after %d s: %s has not happened", seconds, what)
		}
		waitAny(nodes, end)
	}
}

// waitAny is one ppoll for several endpoints.
func waitAny(nodes []*node, until int64) {
	var fds []unix.PollFd
	for _, n := range nodes {
		for _, fd := range n.e.FDs() {
			fds = append(fds, unix.PollFd{Fd: int32(fd), Events: unix.POLLIN})
		}
		until = min(until, n.e.Deadline())
	}
	ts := unix.NsecToTimespec(max(0, until-Now()))
	unix.Ppoll(fds, &ts, nil)
}

// memory is a Source and a Sink.
type memory []byte

func (m memory) ReadAt(p []byte, off int64)  { copy(p, m[off:]) }
func (m memory) WriteAt(p []byte, off int64) { copy(m[off:], p) }
func (m memory) Bytes(off, n int64) []byte   { return m[off : off+n] }

func randomBytes(n int, seed uint64) memory {
	b := make(memory, n)
	r := rand.New(rand.NewPCG(seed, 0))
	for i := 0; i+8 <= n; i += 8 {
		binary.LittleEndian.PutUint64(b[i:], r.Uint64())
	}
	return b
}

// transfer sends messages of many sizes and bulk data from a to b, and back when both is set, and
// waits for all of it; meanwhile is called after every round of messages. The others are driven too.
func transfer(t testing.TB, a, b *node, rounds int, meanwhile func(round int), others ...*node) {
	t.Helper()
	all := append([]*node{a, b}, others...)
	idA, idB := a.e.self.id, b.e.self.id
	var sinks, sources []memory
	var tokens []uint64
	r := rand.New(rand.NewPCG(1, 2))
	nextToken := uint64(len(a.bulkSent)+len(b.bulkSent)) + 1
	for round := range rounds {
		for range 20 {
			a.send(idB, 8+r.IntN(1<<(3+r.IntN(14))))
			b.send(idA, 8+r.IntN(1<<(3+r.IntN(14))))
		}
		for _, dir := range [][2]*node{{a, b}, {b, a}} {
			src, dst := randomBytes(r.IntN(1<<20), uint64(round)), memory(nil)
			dst = make(memory, len(src))
			dir[1].peers[dir[0].e.self.id].Expect(nextToken, int64(len(dst)), dst)
			dir[0].peers[dir[1].e.self.id].SendBulk(nextToken, int64(len(src)), src)
			sources, sinks, tokens = append(sources, src), append(sinks, dst), append(tokens, nextToken)
			nextToken++
		}
		meanwhile(round)
		drive(t, 30, "room for more", func() bool {
			return a.peers[idB].Backlog() < 1<<20 && b.peers[idA].Backlog() < 1<<20
		}, all...)
	}
	drive(t, 60, "arrival of everything", func() bool {
		for _, token := range tokens {
			if !a.bulkSent[token] && !b.bulkSent[token] || !a.bulkDone[token] && !b.bulkDone[token] {
				return false
			}
		}
		return a.got[idB] == b.sent[idA] && b.got[idA] == a.sent[idB] &&
			a.peers[idB].Backlog() == 0 && b.peers[idA].Backlog() == 0
	}, all...)
	for i := range tokens {
		if !bytes.Equal(sources[i], sinks[i]) {
			t.Fatalf("bulk data of token %d differs", tokens[i])
		}
	}
}

func TestTwoEndpoints(t *testing.T) {
	a, b := newNode(t, 1, Config{}), newNode(t, wire.AgentBase, Config{})
	introduce(t, a, b)
	transfer(t, a, b, 10, func(int) {})
	for _, n := range []*node{a, b} {
		if s := n.e.Stats(); s.Malformed != 0 {
			t.Errorf("packets of the peer make no sense: %+v", s)
		}
	}
}

// TestBrief: a brief call writes what one arena holds, and all arrives.
func TestBrief(t *testing.T) {
	a, b := newNode(t, 1, Config{}), newNode(t, 2, Config{})
	introduce(t, a, b)
	transfer(t, a, b, 3, func(int) {}) // the window is open now
	const most = outSize + outRoom
	large := make(memory, 8<<20)
	begin := func(token uint64) int64 {
		b.peers[1].Expect(token, int64(len(large)), make(memory, len(large)))
		before := a.e.Stats().SentBytes
		a.peers[2].SendBulk(token, int64(len(large)), large)
		wrote := a.e.Stats().SentBytes - before
		drive(t, 30, "a large message", func() bool { return a.bulkSent[token] && b.bulkDone[token] }, a, b)
		return wrote
	}
	if n := begin(1000); n <= most {
		t.Logf("a call that is not brief writes %d bytes only, on this machine now", n)
	}
	for _, n := range []*node{a, b} {
		n.e.Brief(true)
	}
	if n := begin(1001); n > most {
		t.Errorf("a brief call writes %d bytes, which is more than the arena holds", n)
	}
	transfer(t, a, b, 3, func(int) {})
}

func TestThreeEndpoints(t *testing.T) {
	nodes := []*node{newNode(t, 1, Config{}), newNode(t, 2, Config{}), newNode(t, 3, Config{})}
	introduce(t, nodes...)
	for i := range 200 {
		for _, n := range nodes {
			for id := range n.peers {
				n.send(id, 8+i*97%5000)
			}
		}
	}
	drive(t, 20, "arrival of all messages", func() bool {
		for _, n := range nodes {
			for id := range n.peers {
				if n.got[id] != 200 {
					return false
				}
			}
		}
		return true
	}, nodes...)
}

// TestLostRail breaks one rail after the other in the middle of a transfer.
func TestLostRail(t *testing.T) {
	a, b := newNode(t, 1, Config{}), newNode(t, 2, Config{})
	introduce(t, a, b)
	down := func() (n int) {
		for _, ev := range a.events {
			if ev.Kind == PathDown {
				n++
			}
		}
		return n
	}
	up := func() bool {
		n := 0
		for _, p := range a.peers[2].Paths() {
			if p.Up {
				n++
			}
		}
		return n == 4 // two addresses of one, two of the other: all on the loopback device
	}
	transfer(t, a, b, 12, func(round int) {
		switch round % 4 {
		case 1:
			drive(t, 10, "all paths up", up, a, b)
			before := down()
			a.faults.Drop(round/4%2, true)
			drive(t, 10, "both paths of the rail down", func() bool { return down() >= before+2 }, a, b)
		case 3:
			a.faults.Drop(0, false)
			a.faults.Drop(1, false)
		}
	})
	if s := a.e.Stats(); s.Broken == 0 {
		t.Errorf("no packet met the broken rail: %+v", s)
	}
}

// TestFallbacks runs the same transfer on sockets that know no batches or runs.
func TestFallbacks(t *testing.T) {
	for avoid := range uint8(16) {
		t.Run(fmt.Sprint(avoid), func(t *testing.T) {
			cfg := Config{}
			cfg.avoid = udp.Feature(avoid)
			a, b := newNode(t, 1, cfg), newNode(t, 2, Config{})
			introduce(t, a, b)
			transfer(t, a, b, 2, func(int) {})
		})
	}
}

// TestManyPeers: peers that are never spoken to cost nothing, and a hub talks to all others.
func TestManyPeers(t *testing.T) {
	const many = 40
	cfg := Config{Rails: []string{"127.0.0.1"}}
	hub := newNode(t, 0, cfg)
	nodes := []*node{hub}
	for i := range many {
		n := newNode(t, wire.PeerID(i+1), cfg)
		introduce(t, hub, n)
		nodes = append(nodes, n)
	}
	if got := hub.e.Stats().Sent; got != 0 {
		t.Fatalf("%d packets were sent before the first message", got)
	}
	for range 10 {
		for _, n := range nodes[1:] {
			hub.send(n.e.self.id, 3000)
			n.send(0, 3000)
		}
	}
	drive(t, 30, "all messages of 40 peers", func() bool {
		for _, n := range nodes[1:] {
			if n.got[0] != 10 || hub.got[n.e.self.id] != 10 {
				return false
			}
		}
		return true
	}, nodes...)
}

// TestIdlePeers: peers that have nothing to say ping rarely, and are as quick as ever afterwards.
func TestIdlePeers(t *testing.T) {
	a, b := newNode(t, 1, Config{}), newNode(t, 2, Config{})
	introduce(t, a, b)
	transfer(t, a, b, 1, func(int) {})
	quiet := func(ns int64) int64 {
		before, end := a.e.Stats().Sent, Now()+ns
		drive(t, 10, "time to pass", func() bool { return Now() >= end }, a, b)
		return a.e.Stats().Sent - before
	}
	quiet(1.3e9)
	if n := quiet(1e9); n > 4*5 {
		t.Errorf("%d packets in an idle second over 4 paths", n)
	}
	transfer(t, a, b, 1, func(int) {})
}
