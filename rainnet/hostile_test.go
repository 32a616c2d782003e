package rainnet

import (
	"bytes"
	"math/rand/v2"
	"net"
	"testing"

	"rainmpi/rainnet/link"
	"rainmpi/rainnet/wire"
)

// A tap holds packets that an endpoint sent, for an attacker to send again. It is a socket to whose
// address a second, wrong card of the receiver leads.
type attacker struct {
	t    *testing.T
	conn net.PacketConn
	at   []net.Addr // every socket of the victim
}

func newAttacker(t *testing.T, victim *node) *attacker {
	t.Helper()
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	a := &attacker{t: t, conn: conn}
	for _, addr := range victim.e.Card().Addrs {
		a.at = append(a.at, net.UDPAddrFromAddrPort(addr))
	}
	return a
}

func (a *attacker) everywhere(packet []byte) {
	for _, addr := range a.at {
		if _, err := a.conn.WriteTo(packet, addr); err != nil {
			a.t.Fatal(err)
		}
	}
}

// capture makes packets of a real conversation from peer 1 to the victim, by running peer 1's keys.
func capture(t *testing.T, from, to Card, key []byte, n int) [][]byte {
	t.Helper()
	s, err := firstSecret(key, identity{from.ID, from.Salt}, identity{to.ID, to.Salt})
	if err != nil {
		t.Fatal(err)
	}
	seal := newSealer(s, SealLimit)
	var packets [][]byte
	for i := range n {
		b := wire.AppendHeader(make([]byte, 0, 200), wire.Header{Kind: wire.KindData, Src: from.ID, Dst: to.ID,
			Path: wire.MakePathID(from.ID, to.ID, 0, 0), Number: uint64(i)})
		b = append(wire.AppendMsg(b, 0, 3, 0, 3), "abc"...)
		packets = append(packets, seal.seal(b))
	}
	return packets
}

// TestHostilePackets bombards every socket of an endpoint, while it talks to a real peer, with what
// an attacker without the key can make. All of it is counted and dropped.
func TestHostilePackets(t *testing.T) {
	a, b := newNode(t, 1, Config{}), newNode(t, 2, Config{})
	introduce(t, a, b)
	x := newAttacker(t, b)
	wrongKey := capture(t, a.e.Card(), b.e.Card(), []byte("not the key of this job ........"), 3)
	older := a.e.Card()
	older.Salt[0]++ // an earlier incarnation of peer 1
	oldPackets := capture(t, older, b.e.Card(), testKey, 3)
	r := rand.New(rand.NewPCG(7, 7))

	transfer(t, a, b, 5, func(round int) {
		garbage := make([]byte, r.IntN(1400))
		for i := range garbage {
			garbage[i] = byte(r.Uint32())
		}
		x.everywhere(garbage)
		x.everywhere(nil)
		for _, p := range append(wrongKey, oldPackets...) {
			x.everywhere(p)
			x.everywhere(p[:r.IntN(len(p))])
			damaged := bytes.Clone(p)
			damaged[r.IntN(len(p))] ^= 1 << r.IntN(8)
			x.everywhere(damaged)
		}
		own := bytes.Clone(wrongKey[0])
		copy(own[4:8], own[8:12])
		x.everywhere(own)
		stranger := bytes.Clone(wrongKey[0])
		stranger[7] = 99
		x.everywhere(stranger)
	})
	s := b.e.Stats()
	if s.Forged == 0 || s.Short == 0 || s.Foreign == 0 || s.Own == 0 || s.Unknown == 0 || s.Misrouted == 0 {
		t.Errorf("some kind of bad packet was not counted: %+v", s)
	}
	if s.Malformed != 0 {
		t.Errorf("%d bad packets reached the machine", s.Malformed)
	}
}

// TestForgedPacketsWakeNobody: a peer that was never spoken to is not started, and not probed, by
// packets that only claim to be its.
func TestForgedPacketsWakeNobody(t *testing.T) {
	a, b := newNode(t, 1, Config{}), newNode(t, 2, Config{})
	introduce(t, a, b)
	x := newAttacker(t, b)
	for _, p := range capture(t, a.e.Card(), b.e.Card(), []byte("not the key of this job ........"), 10) {
		x.everywhere(p)
	}
	drive(t, 5, "all forged packets read", func() bool { return b.e.Stats().Received >= 20 }, b)
	if s := b.e.Stats(); s.Sent != 0 || b.peers[1].conn != nil {
		t.Fatalf("forged packets made the endpoint speak: %+v", s)
	}
}

// TestReplay sends every packet of a conversation to the victim a second time, from elsewhere.
func TestReplay(t *testing.T) {
	a, b := newNode(t, 1, Config{}), newNode(t, 2, Config{})
	// a believes that b's sockets are the tap's, and the tap passes everything on, three times.
	tap := newTap(t, b)
	card := b.e.Card()
	card.Addrs = tap.addrs()
	p, err := a.e.AddPeer(card)
	if err != nil {
		t.Fatal(err)
	}
	a.peers[2] = p
	if b.peers[1], err = b.e.AddPeer(a.e.Card()); err != nil {
		t.Fatal(err)
	}
	for range 300 {
		a.send(2, 2000)
	}
	drive(t, 20, "300 messages, each once", func() bool {
		tap.relay(3)
		return b.got[1] == 300 && p.Backlog() == 0
	}, a, b)
	before := b.e.Stats().Duplicate
	for i, packet := range tap.seen {
		tap.send(tap.via[i], packet)
		if sent := i + 1; sent%64 == 0 || sent == len(tap.seen) { // what a socket takes whose user has no privilege
			drive(t, 5, "the replay to be read", func() bool { return b.e.Stats().Duplicate >= before+int64(sent) }, a, b)
		}
	}
	if b.got[1] != 300 || b.e.Stats().Malformed != 0 {
		t.Fatalf("got %d messages, want 300; %+v", b.got[1], b.e.Stats())
	}
}

// TestRekeyInUse rekeys every few packets in the middle of a transfer over several paths, where
// packets overtake each other by more than a phase, and over one, where they do not.
func TestRekeyInUse(t *testing.T) {
	for _, rails := range [][]string{{"127.0.0.1"}, {"127.0.0.1", "127.0.0.2"}} {
		cfg := Config{sealLimit: 100, Rails: rails}
		a, b := newNode(t, 1, cfg), newNode(t, 2, cfg)
		introduce(t, a, b)
		transfer(t, a, b, 10, func(int) {})
		if phase := a.peers[2].sealer.phase; phase < 3 {
			t.Errorf("only %d key phases were used", phase)
		}
		if s := b.e.Stats(); len(rails) == 1 && s.Forged > 0 {
			t.Errorf("%d of %d packets did not open", s.Forged, s.Received)
		}
	}
}

// TestWrongKey: two endpoints of different jobs hear nothing of each other but count.
func TestWrongKey(t *testing.T) {
	quick := link.Config{IdlePeriod: 1e6, Period: 1e6}
	a := newNode(t, 1, Config{Link: quick})
	b := newNode(t, 2, Config{Link: quick, Key: []byte("another job's key of 32 bytes ..")})
	introduce(t, a, b)
	a.send(2, 100)
	drive(t, 10, "forged packets", func() bool { return b.e.Stats().Forged > 10 }, a, b)
	if b.got[1] != 0 || b.e.Stats().Sent != 0 {
		t.Fatalf("got %d messages, sent %d packets", b.got[1], b.e.Stats().Sent)
	}
}
