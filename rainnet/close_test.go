package rainnet

import (
	"os"
	"strings"
	"testing"

	"rainmpi/rainnet/link"
	"rainmpi/rainnet/wire"
)

// TestClose: what was sent before Close arrives, and the peer hears of it.
func TestClose(t *testing.T) {
	a, b := newNode(t, 1, Config{}), newNode(t, 2, Config{})
	introduce(t, a, b)
	for range 100 {
		a.send(2, 5000)
	}
	src, dst := randomBytes(1<<19, 5), make(memory, 1<<19)
	b.peers[1].Expect(1, int64(len(dst)), dst)
	a.peers[2].SendBulk(1, int64(len(src)), src)
	closed := make(chan error)
	go func() { closed <- a.e.Close() }()
	goodbye := func() bool {
		for _, ev := range b.events {
			if ev.Kind == Closed {
				return true
			}
		}
		return false
	}
	drive(t, 10, "the goodbye", goodbye, b)
	if err := <-closed; err != nil {
		t.Error(err)
	}
	if b.got[1] != 100 || !b.bulkDone[1] || string(src) != string(dst) {
		t.Errorf("%d of 100 messages, bulk data %v", b.got[1], b.bulkDone[1])
	}
	sent := b.e.Stats().Sent
	b.send(1, 100) // to nobody; it must not be sent again and again
	for end := Now() + 50e6; Now() < end; {
		b.e.Poll()
		b.e.Wait(end)
	}
	if n := b.e.Stats().Sent - sent; n > 1 {
		t.Errorf("%d packets for a peer that has gone", n)
	}
}

// TestCloseIsBounded: a peer that never answers holds nobody up, not even if its paths stay Up.
func TestCloseIsBounded(t *testing.T) {
	a, b := newNode(t, 1, Config{Link: link.Config{MinTimeout: 60e9}}), newNode(t, 2, Config{})
	introduce(t, a, b)
	transfer(t, a, b, 1, func(int) {})
	a.send(2, 100) // b is not driven any more
	start := Now()
	a.e.Close()
	if d := Now() - start; d > closeStall+1e9 {
		t.Errorf("Close took %d ms", d/1e6)
	}
	// Afterwards everything is quiet, and nothing breaks.
	a.send(2, 100)
	a.peers[2].Expect(9, 10, make(memory, 10))
	if a.e.Poll() {
		t.Error("a closed endpoint works")
	}
	a.e.Close()
}

// TestCloseAfterSilence: that nothing has come for long, as there was nothing to say, does not mean that the
// last message is not waited for. A peer that does not answer it either is not waited for as long as one that
// was heard just now; that it takes so long all the same, a machine that others use may do once, and not each time.
func TestCloseAfterSilence(t *testing.T) {
	closesSoon(t, func(a, b *node) {
		transfer(t, a, b, 1, func(int) {})
		a.peers[2].heardAt -= 2 * closeStall
	})
}

// TestCloseBeforeMeeting: nor is a peer that has never answered, and may have ended before it could.
func TestCloseBeforeMeeting(t *testing.T) { closesSoon(t, func(a, b *node) {}) }

// closesSoon has a node close that has something to say to one that is not driven.
func closesSoon(t *testing.T, before func(a, b *node)) {
	t.Helper()
	var took []int64
	for range 5 {
		a, b := newNode(t, 1, Config{}), newNode(t, 2, Config{})
		introduce(t, a, b)
		before(a, b)
		a.send(2, 100) // b is not driven any more
		start := Now()
		a.e.Close()
		d := Now() - start
		if d < closeGrace {
			t.Fatalf("Close took %d ms", d/1e6)
		}
		if d <= closeStall {
			return
		}
		took = append(took, d/1e6)
	}
	t.Errorf("Close took %d ms", took)
}

// TestDescriptors: each endpoint gives back what it has opened.
func TestDescriptors(t *testing.T) {
	count := func() int {
		list, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Skip("no /proc: ", err)
		}
		return len(list)
	}
	open := func() {
		e, err := Open(Config{ID: 1, Key: testKey, Rails: []string{"127.0.0.1", "127.0.0.2"}}, &node{t: t})
		if err != nil {
			t.Fatal(err)
		}
		e.Close()
	}
	open() // the first opens what the process keeps
	before := count()
	for range 20 {
		open()
		Open(Config{ID: 1, Key: testKey, Rails: []string{"127.0.0.1", "192.0.2.99"}}, &node{t: t})
	}
	if after := count(); after > before {
		t.Errorf("%d descriptors before, %d after", before, after)
	}
}

// TestAgain: a peer that comes back with another card is another incarnation.
func TestAgain(t *testing.T) {
	a, b := newNode(t, 1, Config{}), newNode(t, 2, Config{})
	introduce(t, a, b)
	transfer(t, a, b, 1, func(int) {})
	if p, err := a.e.AddPeer(b.e.Card()); err != nil || p != a.peers[2] {
		t.Errorf("the same card again: %v, %v", p, err)
	}
	c := newNode(t, 2, Config{})
	if _, err := a.e.AddPeer(c.e.Card()); err == nil {
		t.Error("two incarnations at a time")
	}
	if _, err := a.e.AddPeer(a.e.Card()); err == nil {
		t.Error("a peer of itself")
	}
	former := b.e.Card()
	a.e.RemovePeer(a.peers[2])
	if _, err := a.e.AddPeer(former); err == nil || !strings.Contains(err.Error(), "used twice") {
		t.Errorf("a peer came back by the card that it had, and packet numbers with it: %v", err)
	}
	a.sent, a.got, a.peers = map[wire.PeerID]uint64{}, map[wire.PeerID]uint64{}, map[wire.PeerID]*Peer{}
	a.bulkSent, a.bulkDone = map[uint64]bool{}, map[uint64]bool{}
	introduce(t, a, c)
	transfer(t, a, c, 1, func(int) {})
	a.e.Poll() // late packets of the old incarnation
}
