package rainnet

import (
	"testing"

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

// FuzzFramesOfPeer seals arbitrary frames with the right key: a peer whose program has gone wrong may
// break the conversation, but not the endpoint.
func FuzzFramesOfPeer(f *testing.F) {
	a, b := newNode(f, 1, Config{}), newNode(f, 2, Config{})
	introduce(f, a, b)
	b.onMsg = func(*Peer, []byte) {}
	from := a.peers[2]
	from.deriveKeys()
	f.Add(wire.AppendLink(nil, wire.LinkFrame{Number: 1, A: 1}))
	f.Add(wire.AppendAck(wire.AppendCredit(nil, 1<<40), 100, 0, 2, []wire.Range{{First: 7, Last: 9}, {First: 0, Last: 1}}))
	f.Add(append(wire.AppendMsg(nil, 0, 3, 0, 3), "abc"...))
	f.Add(append(wire.AppendBulk(wire.AppendHistory(nil, wire.HistoryFrame{A: 5, R: 4}), 1, 9, 3), "abc"...))
	f.Add(wire.AppendClose(nil, 1))
	number := uint64(0)
	f.Fuzz(func(t *testing.T, frames []byte) {
		if len(frames) > 1400 {
			return
		}
		packet := wire.AppendHeader(make([]byte, 0, 1500), wire.Header{Kind: wire.KindData, Src: 1, Dst: 2, Number: number})
		number++
		before := b.e.Stats().Forged
		b.e.receive(0, from.sealer.seal(append(packet, frames...)), Now())
		if s := b.e.Stats(); s.Forged != before {
			t.Fatalf("an authentic packet was not accepted: %+v", s)
		}
		b.e.Poll()
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
