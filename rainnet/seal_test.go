package rainnet

import (
	"bytes"
	"testing"

	"rainmpi/rainnet/udp"
	"rainmpi/rainnet/wire"
)

var testKey = []byte("a job key for tests, 32 bytes ..")

func testIdentities() (a, b identity) {
	return identity{1, [16]byte{1}}, identity{2, [16]byte{2}}
}

// conversation is one direction from a to b.
func conversation(t testing.TB, limit int64) (*sealer, *opener) {
	t.Helper()
	a, b := testIdentities()
	s, err := firstSecret(testKey, a, b)
	if err != nil {
		t.Fatal(err)
	}
	return newSealer(s, limit), newOpener(s)
}

func plainPacket(path wire.PathID, number uint64, text string) []byte {
	b := make([]byte, 0, 2048)
	b = wire.AppendHeader(b, wire.Header{Kind: wire.KindData, Path: path, Src: 1, Dst: 2, Number: number})
	return append(b, text...)
}

func TestSealAndOpen(t *testing.T) {
	s, o := conversation(t, SealLimit)
	scratch := make([]byte, udp.MaxDatagram)
	for number := range uint64(5) {
		packet := s.seal(plainPacket(7, number, "the frames"))
		if bytes.Contains(packet, []byte("frames")) {
			t.Fatal("the packet is in plain text")
		}
		frames, ok := o.open(scratch, packet)
		if !ok || string(frames) != "the frames" {
			t.Fatalf("packet %d: %q, %v", number, frames, ok)
		}
	}
}

func TestEveryBitCounts(t *testing.T) {
	s, o := conversation(t, SealLimit)
	packet := s.seal(plainPacket(7, 1, "frames"))
	scratch := make([]byte, udp.MaxDatagram)
	for i := range len(packet) * 8 {
		packet[i/8] ^= 1 << (i % 8)
		if _, ok := o.open(scratch, packet); ok {
			t.Fatalf("bit %d was changed, and the packet opens", i)
		}
		packet[i/8] ^= 1 << (i % 8)
	}
	for n := wire.Overhead; n < len(packet); n++ {
		if _, ok := o.open(scratch, packet[:n]); ok {
			t.Fatalf("cut to %d bytes, and the packet opens", n)
		}
	}
	if _, ok := o.open(scratch, packet); !ok {
		t.Fatal("forged packets have changed the state: the real one does not open")
	}
}

func TestKeysDiffer(t *testing.T) {
	a, b := testIdentities()
	c := identity{a.id, [16]byte{9}}
	ab, _ := firstSecret(testKey, a, b)
	for name, other := range map[string]func() (secret, error){
		"other direction":   func() (secret, error) { return firstSecret(testKey, b, a) },
		"other incarnation": func() (secret, error) { return firstSecret(testKey, c, b) },
		"other job":         func() (secret, error) { return firstSecret([]byte("another key of 32 bytes ........."), a, b) },
		"next phase":        func() (secret, error) { return ab.next(), nil },
	} {
		s, err := other()
		if err != nil || s == ab {
			t.Errorf("%s: the same secret (%v)", name, err)
		}
		packet := newSealer(ab, SealLimit).seal(plainPacket(1, 1, "x"))
		if _, ok := newOpener(s).open(make([]byte, 100), packet); ok {
			t.Errorf("%s: opens the packet", name)
		}
	}
}

// TestNonces: no two packets of a key have the same nonce; path and number are all of it.
func TestNonces(t *testing.T) {
	s, _ := conversation(t, SealLimit)
	seen := make(map[[12]byte]bool)
	for path := range wire.PathID(300) {
		for _, number := range []uint64{0, 1, 2, 255, 256, 1 << 32, 1<<36 - 1} {
			var n [12]byte
			s.key.nonce(&n, plainPacket(path, number, ""))
			if seen[n] {
				t.Fatalf("path %d, number %d: nonce used before", path, number)
			}
			seen[n] = true
		}
	}
}

// TestRekey seals a few packets per key. Packets of a phase before that were overtaken still open,
// those of older phases do not, and a whole phase may be lost.
func TestRekey(t *testing.T) {
	const limit = 3
	s, o := conversation(t, limit)
	scratch := make([]byte, udp.MaxDatagram)
	var packets [][]byte
	for i := range uint64(30 * limit) {
		packets = append(packets, s.seal(plainPacket(0, i, "x")))
	}
	if s.phase != 29 {
		t.Fatalf("phase %d after %d packets of %d per key", s.phase, len(packets), limit)
	}
	opens := func(i int) bool {
		_, ok := o.open(scratch, packets[i])
		return ok
	}
	for i := 0; i < 10*limit; i++ {
		if !opens(i) {
			t.Fatalf("packet %d does not open", i)
		}
	}
	if !opens(9*limit) || !opens(8*limit) {
		t.Error("a packet of this phase or the one before does not open")
	}
	if opens(7 * limit) {
		t.Error("a packet two phases old opens: its key was kept")
	}
	if !opens(11*limit) || o.phase != 11 {
		t.Errorf("phase 10 was lost whole: packets of phase 11 do not open (phase %d)", o.phase)
	}
	if opens(9 * limit) {
		t.Error("a packet two phases old opens")
	}
	if opens(14 * limit) {
		t.Error("a packet three phases ahead opens")
	}
}

func TestSealingAllocatesNothing(t *testing.T) {
	s, o := conversation(t, SealLimit)
	packet := plainPacket(7, 0, "frames")
	clear := bytes.Clone(packet)
	scratch := make([]byte, udp.MaxDatagram)
	if n := testing.AllocsPerRun(100, func() {
		copy(packet, clear)
		if _, ok := o.open(scratch, s.seal(packet)); !ok {
			t.Fatal("does not open")
		}
	}); n != 0 {
		t.Errorf("%v allocations per packet", n)
	}
}

// FuzzOpen: nothing but what the peer sealed opens, whatever the bytes.
func FuzzOpen(f *testing.F) {
	s, o := conversation(f, 2)
	for i := range uint64(6) {
		f.Add(bytes.Clone(s.seal(plainPacket(3, i, "frames"))))
	}
	sealed := make(map[string]bool)
	again, _ := conversation(f, 2)
	for i := range uint64(6) {
		sealed[string(again.seal(plainPacket(3, i, "frames")))] = true
	}
	scratch := make([]byte, 1<<17)
	f.Fuzz(func(t *testing.T, packet []byte) {
		if len(packet) < wire.Overhead {
			return
		}
		if _, ok := o.open(scratch, packet); ok && !sealed[string(packet)] {
			t.Fatalf("%x opens", packet)
		}
	})
}

func BenchmarkSeal(b *testing.B) {
	for _, size := range []int{1472, 8972} {
		b.Run(itoa(size), func(b *testing.B) {
			s, _ := conversation(b, SealLimit)
			packet := append(plainPacket(1, 0, ""), make([]byte, size-wire.Overhead)...)
			packet = append(packet, make([]byte, wire.TagLen)...)[:size-wire.TagLen]
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				s.seal(packet)
			}
		})
	}
}
