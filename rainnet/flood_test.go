package rainnet

import (
	"net"
	"testing"
	"time"

	"rainmpi/rainnet/wire"
)

// TestFloodLeavesNoState: whatever comes in whatever number, without the key or for the second time,
// costs no memory and makes nobody known.
func TestFloodLeavesNoState(t *testing.T) {
	a, b := newNode(t, 1, Config{}), newNode(t, 2, Config{})
	introduce(t, a, b)
	transfer(t, a, b, 2, func(int) {})
	authentic := captureAny(t, a, b)[0]
	forged := append([]byte(nil), authentic...)
	forged[wire.HeaderLen] ^= 1
	otherPhase := append([]byte(nil), forged...)
	otherPhase[flagsAt] ^= 2
	stranger := append([]byte(nil), forged...)
	stranger[4], stranger[7] = 0x12, 0x34
	elsewhere := append([]byte(nil), forged...)
	elsewhere[3] = 9 // a path from an address that nobody has
	for what, packet := range map[string][]byte{"garbage": make([]byte, 900), "cut short": forged[:20], "forged": forged,
		"of another key phase": otherPhase, "of a stranger": stranger, "from nowhere": elsewhere, "replayed": authentic} {
		before := b.e.Stats()
		scratch := make([]byte, len(packet))
		n := 0
		allocs := testing.AllocsPerRun(2000, func() {
			n++
			copy(scratch, packet)
			b.e.receive(0, scratch, Now())
		})
		s := b.e.Stats()
		if refused := s.Refused() + s.Duplicate - before.Refused() - before.Duplicate; refused != int64(n) || allocs != 0 || len(b.e.peers) != 1 {
			t.Errorf("%s: %d of %d refused, %g allocations each, %d peers", what, refused, n, allocs, len(b.e.peers))
		}
		if s.Malformed != before.Malformed {
			t.Errorf("%s: it has reached the machine", what)
		}
	}
	transfer(t, a, b, 2, func(int) {})
}

// TestLongDatagram: one that is longer than any packet costs nothing but its number, though the kernel, which joins
// datagrams, has room for it.
func TestLongDatagram(t *testing.T) {
	a, b := newNode(t, 1, Config{}), newNode(t, 2, Config{})
	introduce(t, a, b)
	transfer(t, a, b, 1, func(int) {})
	x := newAttacker(t, b)
	long := make([]byte, 60_000)
	copy(long, captureAny(t, a, b)[0])
	before := b.e.Stats()
	x.everywhere(long)
	x.everywhere(nil)
	drive(t, 5, "both at each socket", func() bool {
		s := b.e.Stats()
		return s.Foreign == before.Foreign+2 && s.Short == before.Short+2
	}, b)
	if s := b.e.Stats(); s.Forged != before.Forged {
		t.Errorf("%d were looked at", s.Forged-before.Forged)
	}
}

// TestNothingButPingsBeforeAnAnswer: to an address that has not answered go pings, few and small, however
// much there is to send: a card that names somebody else's address turns nobody into a weapon.
func TestNothingButPingsBeforeAnAnswer(t *testing.T) {
	victim, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer victim.Close()
	a, b := newNode(t, 1, Config{}), newNode(t, 2, Config{})
	card := b.e.Card()
	card.Addrs[0], card.Addrs[1] = victim.LocalAddr().(*net.UDPAddr).AddrPort(), victim.LocalAddr().(*net.UDPAddr).AddrPort()
	p, err := a.e.AddPeer(card)
	if err != nil {
		t.Fatal(err)
	}
	a.peers[2] = p
	for range 1000 {
		a.send(2, 10_000)
	}
	end := Now() + 500e6
	drive(t, 5, "half a second to pass", func() bool { return Now() > end }, a)
	const largest = 300 // bytes: a ping with the histories of all paths
	packets, buf := 0, make([]byte, 1<<16)
	for {
		victim.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
		n, _, err := victim.ReadFrom(buf)
		if err != nil {
			break
		}
		if packets++; n > largest {
			t.Fatalf("a packet of %d bytes", n)
		}
	}
	// Four paths, a ping every 3 ms at most (link.Config.Hurry).
	if most := 4*500/3 + 4; packets == 0 || packets > most {
		t.Errorf("%d packets in half a second, at most %d are pings", packets, most)
	}
	if s := a.e.Stats(); s.SentBytes > int64(packets*largest) {
		t.Errorf("%d bytes sent in %d packets", s.SentBytes, packets)
	}
}

// TestReplayTellsNoSize: a packet that comes a second time is no proof that the path carries its size.
func TestReplayTellsNoSize(t *testing.T) {
	a, b := newNode(t, 1, Config{}), newNode(t, 2, Config{})
	introduce(t, a, b)
	transfer(t, a, b, 1, func(int) {})
	track := b.peers[1].track(0, 0)
	packet := captureAny(t, a, b)[0] // its number has come
	track.seen, track.seenBefore, track.period = 0, 0, Now()
	heard := b.peers[1].heardAt
	before := b.e.Stats().Duplicate
	b.e.receive(0, packet, Now())
	if b.e.Stats().Duplicate != before+1 || track.seen != 0 {
		t.Errorf("a replay of %d bytes is taken for a packet of %d bytes", len(packet), track.seen)
	}
	if b.peers[1].heardAt != heard {
		t.Error("a replay is taken for a sign of life")
	}
}

// TestEachLifeHasItsKeys: an endpoint that is opened again, with the same id and key, shares no packet
// key with its former life.
func TestEachLifeHasItsKeys(t *testing.T) {
	seen := map[secret]bool{}
	peer := newNode(t, 2, Config{}).e.self
	for range 20 {
		e, err := Open(Config{ID: 1, Key: testKey, Rails: []string{"127.0.0.1"}}, &node{t: t})
		if err != nil {
			t.Fatal(err)
		}
		for _, pair := range [][2]identity{{e.self, peer}, {peer, e.self}} {
			s, err := firstSecret(testKey, pair[0], pair[1])
			if err != nil {
				t.Fatal(err)
			}
			if seen[s] {
				t.Error("two lives have a secret in common")
			}
			seen[s] = true
		}
		e.Close()
	}
}
