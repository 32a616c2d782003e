package rainnet

import (
	"bytes"
	"encoding/binary"
	"testing"

	"golang.org/x/sys/unix"

	"rainmpi/rainnet/wire"
)

// FuzzReceive hands an endpoint arbitrary bytes as if they had come to a socket. Without the key none
// of them may change anything but the counters.
func FuzzReceive(f *testing.F) {
	a, b := newNode(f, 1, Config{}), newNode(f, 2, Config{})
	introduce(f, a, b)
	for _, p := range captureAny(f, a, b) {
		f.Add(uint8(0), p)
		f.Add(uint8(1), p)
	}
	stranger := a.e.Card()
	stranger.Salt[3]++ // the keys of the corpus are not a's
	b.e.RemovePeer(b.peers[1])
	p, err := b.e.AddPeer(stranger)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, rail uint8, packet []byte) {
		before := b.e.Stats()
		b.e.receive(int(rail)%len(b.e.rails), packet, Now())
		s := b.e.Stats()
		dropped := func(s Stats) int64 {
			return s.Short + s.Foreign + s.Own + s.Unknown + s.Misrouted + s.Forged + s.Duplicate + s.Malformed
		}
		if dropped(s) != dropped(before)+1 || s.Malformed != 0 || p.conn != nil {
			t.Fatalf("%x was not dropped: %+v", packet, s)
		}
	})
}

// FuzzFramesOfPeer seals arbitrary frames with the right key, on any path that ends here: a peer whose program has
// gone wrong may break the conversation, but not the endpoint.
func FuzzFramesOfPeer(f *testing.F) {
	a, b := newNode(f, 1, Config{}), newNode(f, 2, Config{})
	introduce(f, a, b)
	b.onMsg = func(*Peer, []byte) {}
	from := a.peers[2]
	from.deriveKeys()
	f.Add(uint8(0), wire.AppendLink(nil, wire.LinkFrame{Number: 1, A: 1}))
	f.Add(uint8(0), wire.AppendAck(wire.AppendCredit(nil, 1<<40), 100, 0, 9, 2, []wire.Range{{First: 7, Last: 9}, {First: 0, Last: 1}}))
	f.Add(uint8(1), append(wire.AppendMsg(nil, 0, 3, 0, 3), "abc"...))
	f.Add(uint8(0), append(wire.AppendBulk(wire.AppendHistory(nil, wire.HistoryFrame{A: 5, R: 4}), 1, 9, 3), "abc"...))
	f.Add(uint8(0), wire.AppendClose(nil, 1))
	for _, entry := range [][]byte{nil, testCard().appendEntry(nil, 0), testCard().appendEntry(nil, 1)} {
		f.Add(uint8(2), wire.AppendLink(wire.AppendAddress(nil, wire.AddressFrame{Index: 2, Revision: 1, Data: entry}), wire.LinkFrame{Number: 1}))
	}
	number := uint64(0)
	f.Fuzz(func(t *testing.T, theirs uint8, frames []byte) {
		if len(frames) > 1400 {
			return
		}
		packet := wire.AppendHeader(make([]byte, 0, 1500), wire.Header{Kind: wire.KindData, Src: 1, Dst: 2, Number: number, Path: wire.MakePathID(2, 1, 0, theirs)})
		number++
		before := b.e.Stats().Forged
		b.e.receive(0, from.sealer.seal(append(packet, frames...)), Now())
		if s := b.e.Stats(); s.Forged != before {
			t.Fatalf("an authentic packet was not accepted: %+v", s)
		}
		b.e.Poll()
		if n := len(b.peers[1].card.Addrs); n > maxAddrs {
			t.Fatalf("the peer has %d addresses", n)
		}
	})
}

// FuzzLegsOfPeer signs arbitrary packets as legs of a relayed path, for a relay and for an end: what is in a leg is
// believed no more than what comes from the network.
func FuzzLegsOfPeer(f *testing.F) {
	cfg := Config{Relay: true}
	a, b, c := newNode(f, 1, cfg), newNode(f, 2, cfg), newNode(f, wire.AgentBase, cfg)
	introduce(f, a, b, c)
	b.e.RelayBy(b.peers[1])
	from := a.peers[2]
	from.deriveKeys()
	for _, inner := range captureAny(f, c, b)[:2] {
		for _, ids := range [][2]wire.PeerID{{c.e.self.id, 2}, {1, c.e.self.id}, {1, 99}, {1, 2}, {2, 2}} {
			binary.BigEndian.PutUint32(inner[4:], uint32(ids[0]))
			binary.BigEndian.PutUint32(inner[8:], uint32(ids[1]))
			f.Add(bytes.Clone(inner))
			binary.BigEndian.PutUint16(inner[2:], uint16(wire.Relayed))
			f.Add(bytes.Clone(inner))
		}
	}
	f.Add([]byte{})
	number := uint64(0)
	f.Fuzz(func(t *testing.T, inner []byte) {
		if len(inner) > 1400 {
			return
		}
		packet := wire.AppendHeader(make([]byte, 0, 1500), wire.Header{Kind: wire.KindRelay, Src: 1, Dst: 2, Number: number})
		number++
		before := b.e.Stats()
		b.e.receive(0, from.sealer.sign(append(packet, inner...)), Now())
		s := b.e.Stats()
		if s.Refused()+s.Unreachable+s.Relayed+s.Duplicate != before.Refused()+before.Unreachable+before.Relayed+before.Duplicate+1 || len(b.e.peers) != 2 {
			t.Fatalf("%x was not refused, dropped or passed on: %+v", inner, s)
		}
		b.e.Poll()
	})
}

// FuzzNews: what could stand in a message of the kernel's about cards makes nobody read beyond its end.
func FuzzNews(f *testing.F) {
	news := make([]byte, 64)
	binary.NativeEndian.PutUint32(news, 32)
	binary.NativeEndian.PutUint16(news[4:], unix.RTM_DELLINK)
	binary.NativeEndian.PutUint32(news[32:], 32)
	binary.NativeEndian.PutUint16(news[36:], unix.RTM_NEWLINK)
	f.Add(news)
	f.Fuzz(func(t *testing.T, b []byte) {
		n := 0
		for range linkLosses(b) {
			n++
		}
		if most := len(b) / (unix.SizeofNlMsghdr + unix.SizeofIfInfomsg); n > most {
			t.Fatalf("%d cards in %d bytes", n, len(b))
		}
	})
}

// captureAny lets two endpoints talk and returns packets as one would send them.
func captureAny(t testing.TB, a, b *node) (packets [][]byte) {
	s, err := firstSecret(testKey, a.e.self, b.e.self)
	if err != nil {
		t.Fatal(err)
	}
	seal := newSealer(s, 2)
	for i := range uint64(6) {
		packet := wire.AppendHeader(make([]byte, 0, 100), wire.Header{Kind: wire.KindData, Src: 1, Dst: 2, Number: i})
		packets = append(packets, seal.seal(append(wire.AppendMsg(packet, i, 3, 0, 3), "abc"...)))
	}
	return packets
}
