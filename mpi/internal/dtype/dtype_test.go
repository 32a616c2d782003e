package dtype

import (
	"bytes"
	"slices"
	"testing"
	"unsafe"

	"pgregory.net/rapid"
)

// arena is memory around an address: types reach below and above it.
type arena struct {
	mem  []byte
	base unsafe.Pointer
	mid  int64
}

const arenaSize = 1 << 17

func newArena(seed byte) arena {
	mem := make([]byte, arenaSize)
	x := uint32(seed) + 1
	for i := range mem {
		x = x*1664525 + 1013904223
		mem[i] = byte(x >> 24)
	}
	return arena{mem, unsafe.Pointer(&mem[arenaSize/2]), arenaSize / 2}
}

func (a arena) gather(at []int64) []byte {
	b := make([]byte, len(at))
	for i, d := range at {
		b[i] = a.mem[a.mid+d]
	}
	return b
}

func (a arena) scatter(at []int64, b []byte) {
	for i, d := range at {
		a.mem[a.mid+d] = b[i]
	}
}

func fits(at []int64) bool {
	for _, d := range at {
		if d < -arenaSize/2 || d >= arenaSize/2 {
			return false
		}
	}
	return true
}

func TestBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := drawType(t, rapid.IntRange(0, 4).Draw(t, "depth"))
		lb, ub := b.r.bounds()
		tlb, tub := b.r.trueBounds()
		if b.t.Size() != b.r.size() || b.t.LB() != lb || b.t.UB() != ub || b.t.TrueLB() != tlb || b.t.TrueUB() != tub {
			t.Fatalf("size %d, bounds %d %d, true bounds %d %d; want %d, %d %d, %d %d", b.t.Size(), b.t.LB(), b.t.UB(),
				b.t.TrueLB(), b.t.TrueUB(), b.r.size(), lb, ub, tlb, tub)
		}
		count := rapid.Int64Range(0, 3).Draw(t, "count")
		at := b.r.bytes(count)
		run := true
		for i := range at {
			run = run && at[i] == at[0]+int64(i)
		}
		if disp, ok := b.t.Run(count); ok && (!run || len(at) > 0 && disp != at[0]) {
			t.Fatalf("Run says %d, type map %v", disp, at)
		}
		if b.t.Contiguous() && len(at) > 0 && (!run || at[0] != 0) {
			t.Fatalf("Contiguous, type map %v", at)
		}
		lo, hi := b.t.Span(count)
		for _, d := range at {
			if d < lo || d >= hi {
				t.Fatalf("byte at %d is outside the span %d to %d", d, lo, hi)
			}
		}
	})
}

func TestPackAnyPart(t *testing.T) {
	a := newArena(1)
	rapid.Check(t, func(t *rapid.T) {
		b := drawType(t, rapid.IntRange(1, 4).Draw(t, "depth"))
		count := rapid.Int64Range(0, 3).Draw(t, "count")
		at := b.r.bytes(count)
		if !fits(at) {
			t.Skip("too large")
		}
		want := a.gather(at)
		for range 4 {
			off := rapid.IntRange(0, len(at)).Draw(t, "off")
			dst := make([]byte, rapid.IntRange(0, len(at)-off+2).Draw(t, "len"))
			n := b.t.Pack(dst, a.base, count, int64(off))
			if n != min(len(dst), len(at)-off) || !bytes.Equal(dst[:n], want[off:off+n]) {
				t.Fatalf("Pack of %d bytes at %d of %d: %d bytes %x, want %x", len(dst), off, len(at), n, dst, want[off:])
			}
		}
	})
}

func TestUnpackInPieces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := drawType(t, rapid.IntRange(1, 4).Draw(t, "depth"))
		count := rapid.Int64Range(0, 3).Draw(t, "count")
		at := b.r.bytes(count)
		if !fits(at) {
			t.Skip("too large")
		}
		got, want := newArena(2), newArena(2)
		stream := make([]byte, len(at))
		for i := range stream {
			stream[i] = byte(i*7 + 3)
		}
		want.scatter(at, stream)
		cuts := drawCuts(t, len(at), distinct(at))
		for _, c := range cuts {
			if n := b.t.Unpack(got.base, count, int64(c[0]), stream[c[0]:c[1]]); n != c[1]-c[0] {
				t.Fatalf("Unpack of %v returned %d", c, n)
			}
		}
		if i := firstDifference(got.mem, want.mem); i >= 0 {
			t.Fatalf("byte at displacement %d: %x, want %x", int64(i)-got.mid, got.mem[i], want.mem[i])
		}
	})
}

func firstDifference(a, b []byte) int {
	if bytes.Equal(a, b) {
		return -1
	}
	for i := range a {
		if a[i] != b[i] {
			return i
		}
	}
	return -1
}

// drawCuts cuts n bytes into pieces, in random order if shuffle.
func drawCuts(t *rapid.T, n int, shuffle bool) [][2]int {
	var cuts [][2]int
	for at := 0; at < n; {
		next := min(n, at+rapid.IntRange(1, max(1, n)).Draw(t, "piece"))
		cuts = append(cuts, [2]int{at, next})
		at = next
	}
	if shuffle && len(cuts) > 1 {
		cuts = rapid.Permutation(cuts).Draw(t, "order")
	}
	return cuts
}

// TestCopy copies to a type of equal signature that has the entries in other places.
func TestCopy(t *testing.T) {
	src := newArena(3)
	rapid.Check(t, func(t *rapid.T) {
		b := drawType(t, rapid.IntRange(1, 4).Draw(t, "depth"))
		count := rapid.Int64Range(1, 3).Draw(t, "count")
		at := b.r.bytes(count)
		if !fits(at) {
			t.Skip("too large")
		}
		var all reference
		all.place(b.r, count, 0)
		gap, next := rapid.Int64Range(0, 3).Draw(t, "gap"), int64(0)
		for i := range all.entries {
			all.entries[i].disp = next
			next += all.entries[i].b.Size() + gap
		}
		dt := flatType(all.entries)
		s1, n1 := b.t.Signature(count)
		s2, n2 := dt.Signature(1)
		if s1 != s2 || n1 != n2 || n1 != int64(len(all.entries)) {
			t.Fatalf("signatures %x of %d and %x of %d elements, want %d", s1, n1, s2, n2, len(all.entries))
		}
		got, want := newArena(4), newArena(4)
		want.scatter(all.bytes(1), src.gather(at))
		if n := Copy(got.base, dt, 1, src.base, b.t, count); n != int64(len(at)) {
			t.Fatalf("Copy moved %d of %d bytes", n, len(at))
		}
		if i := firstDifference(got.mem, want.mem); i >= 0 {
			t.Fatalf("byte at displacement %d", int64(i)-got.mid)
		}
	})
}

func TestSignatureDiffers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawType(t, 3), drawType(t, 3)
		same := len(a.r.entries) == len(b.r.entries)
		for i := 0; same && i < len(a.r.entries); i++ {
			same = a.r.entries[i].b == b.r.entries[i].b
		}
		s1, n1 := a.t.Signature(1)
		s2, n2 := b.t.Signature(1)
		if (s1 == s2 && n1 == n2) != same {
			t.Fatalf("signatures equal: %v, want %v", !same, same)
		}
	})
}

func TestElements(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := drawType(t, rapid.IntRange(0, 4).Draw(t, "depth"))
		var all reference
		all.place(b.r, 3, 0)
		ends := map[int64]int64{0: 0} // bytes after whole elements
		n := int64(0)
		for i, e := range all.entries {
			n += e.b.Size()
			ends[n] = int64(i) + 1
			if got := b.t.ElementBytes(int64(i) + 1); got != n {
				t.Fatalf("%d elements are %d bytes, want %d", i+1, got, n)
			}
		}
		for at := range n + 1 {
			want, whole := ends[at]
			got, ok := b.t.Elements(at)
			if ok != whole || ok && got != want {
				t.Fatalf("%d bytes are %d elements (%v), want %d (%v)", at, got, ok, want, whole)
			}
		}
		if c, ok := b.t.Count(b.t.Size() * 2); !ok || b.t.Size() > 0 && c != 2 {
			t.Fatalf("2 elements counted as %d", c)
		}
	})
}

// TestRuns compares the runs of a part of a stream, and Locate, with the type map.
func TestRuns(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := drawType(t, rapid.IntRange(0, 4).Draw(t, "depth"))
		count := rapid.Int64Range(0, 3).Draw(t, "count")
		at := b.r.bytes(count)
		off := rapid.IntRange(0, len(at)).Draw(t, "off")
		n := rapid.IntRange(0, len(at)-off).Draw(t, "n")
		var got []int64
		end := int64(-1 << 62)
		b.t.Runs(count, int64(off), int64(n), func(disp, n int64) bool {
			if disp == end {
				t.Fatalf("runs that touch at %d", disp)
			}
			for i := range n {
				got = append(got, disp+i)
			}
			end = disp + n
			return true
		})
		if !slices.Equal(got, at[off:off+n]) {
			t.Fatalf("runs %v, want %v", got, at[off:off+n])
		}
		for i := off; i < off+n; i++ {
			disp, m := b.t.Locate(int64(i))
			if disp != at[i] || m < 1 || at[min(i+int(m), len(at))-1] != disp+m-1 {
				t.Fatalf("byte %d is at %d, %d bytes; want %d", i, disp, m, at[i])
			}
		}
	})
}

// Large runs are moved in pieces: none is forgotten, and nothing beyond the end is touched.
func TestMove(t *testing.T) {
	for _, n := range []int{0, 1, piece - 1, piece, piece + 1, 2 * piece, 3*piece + 5} {
		src, dst := make([]byte, n), make([]byte, n+1)
		for i := range src {
			src[i] = byte(i*7 + i>>12)
		}
		dst[n] = 99
		moveRun(unsafe.Pointer(unsafe.SliceData(dst)), src, unpack)
		if !bytes.Equal(dst[:n], src) || dst[n] != 99 {
			t.Errorf("%d bytes did not come as they were", n)
		}
	}
}
