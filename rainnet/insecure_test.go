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

// TestSignBulk: all that is not in clear counts.
func TestSignBulk(t *testing.T) {
	s, o := conversation(t, SealLimit)
	const data = "open data"
	head := s.signBulk(plainPacket(7, 1, bulkHead))
	packet := slices.Concat(head[:bulkAt], []byte(data), head[bulkAt:])
	end := len(packet) - wire.TagLen
	for i := range packet {
		if i >= bulkAt && i < end {
			continue
		}
		bad := bytes.Clone(packet)
		bad[i] ^= 1
		if _, ok := o.verifyBulk(bad); ok {
			t.Fatalf("byte %d was changed, and the packet opens", i)
		}
	}
	for n := range bulkAt + wire.TagLen {
		if _, ok := o.verifyBulk(packet[:n]); ok {
			t.Fatalf("the first %d bytes open", n)
		}
	}
	if frames, ok := o.verifyBulk(packet); !ok || string(frames) != bulkHead+data {
		t.Fatalf("%q, %v", frames, ok)
	}
}

const bulkHead = "nineteen bytes, so."

// TestSealBulk: every bit of the packet counts, and its data cannot be read.
func TestSealBulk(t *testing.T) {
	s, o := conversation(t, SealLimit)
	const data = "secret data"
	packet := s.sealBulk(plainPacket(7, 1, bulkHead), []byte(data))
	if bytes.Contains(packet, []byte("secret")) {
		t.Fatalf("%q", packet)
	}
	scratch := make([]byte, 1024)
	for i := range len(packet) * 8 {
		bad := bytes.Clone(packet)
		bad[i/8] ^= 1 << (i % 8)
		if _, ok := o.openBulk(scratch, bad); ok {
			t.Fatalf("bit %d was changed, and the packet opens", i)
		}
	}
	for n := range len(packet) {
		if _, ok := o.openBulk(scratch, packet[:n]); ok {
			t.Fatalf("the first %d bytes open", n)
		}
	}
	if frames, ok := o.openBulk(scratch, packet); !ok || string(frames) != bulkHead+data {
		t.Fatalf("%q, %v", frames, ok)
	}
}
