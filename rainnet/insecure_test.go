package rainnet

import (
	"bytes"
	"slices"
	"testing"

	"rainmpi/rainnet/wire"
)

// TestInsecure: between ends that were told so, bulk data is in clear, and nothing else is.
func TestInsecure(t *testing.T) {
	cfg := Config{Insecure: true}
	a, b := newNode(t, 1, cfg), newNode(t, 2, cfg)
	introduce(t, a, b)
	transfer(t, a, b, 5, func(int) {})
	for _, n := range []*node{a, b} {
		if s := n.e.Stats(); s.Forged+s.Malformed != 0 {
			t.Errorf("%+v", s)
		}
	}
}

// TestInsecureAndSecure: an endpoint that was not told to be insecure takes nothing in clear.
func TestInsecureAndSecure(t *testing.T) {
	a, b := newNode(t, 1, Config{Insecure: true}), newNode(t, 2, Config{})
	introduce(t, a, b)
	a.send(2, 5000)
	drive(t, 10, "a message", func() bool { return b.got[1] == 1 }, a, b)
	const size = 100_000
	src, dst := randomBytes(size, 1), make(memory, size)
	b.peers[1].Expect(1, size, dst)
	a.peers[2].SendBulk(1, size, src)
	drive(t, 10, "refused packets", func() bool { return b.e.Stats().Forged > 3 }, a, b)
	if b.bulkDone[1] || bytes.Equal(src, dst) {
		t.Error("data in clear was taken")
	}
}

// TestSealHead: all that is not in clear counts, and nothing of it can be read.
func TestSealHead(t *testing.T) {
	s, o := conversation(t, SealLimit)
	const data = "open data"
	head := s.sealHead(plainPacket(7, 1, "the head"), len(data))
	tag := len(head) - wire.TagLen
	packet := slices.Concat(head[:tag], []byte(data), head[tag:])
	if bytes.Contains(packet, []byte("head")) || !bytes.Contains(packet, []byte(data)) {
		t.Fatalf("%q", packet)
	}
	scratch := make([]byte, 1024)
	end := len(packet) - wire.TagLen
	for i := range packet {
		if i >= end-len(data) && i < end {
			continue
		}
		bad := bytes.Clone(packet)
		bad[i] ^= 1
		if _, ok := o.openHead(scratch, bad); ok {
			t.Fatalf("byte %d was changed, and the packet opens", i)
		}
	}
	if frames, ok := o.openHead(scratch, packet); !ok || string(frames) != "the head"+data {
		t.Fatalf("%q, %v", frames, ok)
	}
}
