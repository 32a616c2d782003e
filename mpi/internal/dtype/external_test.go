package dtype

import (
	"bytes"
	"encoding/hex"
	"math"
	"testing"
	"unsafe"

	"pgregory.net/rapid"
)

func TestExternalKnown(t *testing.T) {
	longDouble := func(m uint64, se uint64) unsafe.Pointer { return unsafe.Pointer(&[2]uint64{m, se}) }
	i32, i64, f64, wide := int32(-2), int64(-3), math.Pi, int32(0x1234)
	for _, c := range []struct {
		b    Basic
		p    unsafe.Pointer
		want string
	}{
		{Int, unsafe.Pointer(&i32), "fffffffe"},
		{Long, unsafe.Pointer(&i64), "fffffffd"},
		{LongLong, unsafe.Pointer(&i64), "fffffffffffffffd"},
		{Double, unsafe.Pointer(&f64), "400921fb54442d18"},
		{Wchar, unsafe.Pointer(&wide), "1234"},
		{LongDouble, longDouble(3<<62, 16383), "3fff8000000000000000000000000000"},  // 1.5
		{LongDouble, longDouble(1<<63, 0xffff), "ffff0000000000000000000000000000"}, // -inf
		{LongDouble, longDouble(1, 0), "00000000000000000002000000000000"},          // least subnormal
		{LongDouble, longDouble(1<<64-1, 16383), "3fff" + "ffffffffffff" + "fffe"},  // 2-2^-63
	} {
		want, err := hex.DecodeString(c.want)
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, make([]byte, int(externalSize(c.b))-len(want))...)
		got := make([]byte, c.b.Type().ExternalSize(1))
		if c.b == LongDouble && !isX87 {
			continue
		}
		c.b.Type().PackExternal(got, c.p, 1)
		if !bytes.Equal(got, want) {
			t.Errorf("%v: %x, want %x", c.b, got, want)
		}
	}
}

// TestQuadRounds: what lies between two 80-bit floats goes to the nearer, ties to even.
func TestQuadRounds(t *testing.T) {
	for _, c := range []struct {
		hi, lo uint64
		m, se  uint64
	}{
		{0x3fff << 48, 0, 1 << 63, 0x3fff},
		{0x3fff << 48, 1 << 48, 1 << 63, 0x3fff},               // half a unit: to even, down
		{0x3fff << 48, 1<<48 + 1, 1<<63 + 1, 0x3fff},           // more than half
		{0x3fff << 48, 3 << 48, 1<<63 + 2, 0x3fff},             // one and a half: to even, up
		{0x3fff<<48 | (1<<48 - 1), 1<<64 - 1, 1 << 63, 0x4000}, // carries into the exponent
		{1<<48 - 1, 1<<64 - 1, 1 << 63, 1},                     // subnormal to normal
		{0x7ffe<<48 | (1<<48 - 1), 1<<64 - 1, 1 << 63, 0x7fff}, // to infinity
		{0x7fff << 48, 1, 3 << 62, 0x7fff},                     // NaN
	} {
		var src, dst [16]byte
		for i := range 8 {
			src[i], src[8+i] = byte(c.hi>>(56-8*i)), byte(c.lo>>(56-8*i))
		}
		getQuad(dst[:], src[:])
		got := *(*[2]uint64)(unsafe.Pointer(&dst))
		if got != [2]uint64{c.m, c.se} {
			t.Errorf("%x %x: got %x, want %x %x", c.hi, c.lo, got, c.m, c.se)
		}
	}
}

// TestExternalRoundTrip: every type that loses nothing in external32 survives it.
func TestExternalRoundTrip(t *testing.T) {
	src := newArena(5)
	rapid.Check(t, func(t *rapid.T) {
		b := drawType(t, rapid.IntRange(0, 3).Draw(t, "depth"))
		count := rapid.Int64Range(0, 2).Draw(t, "count")
		at := b.r.bytes(count)
		for _, e := range b.r.entries {
			if e.b == LongDouble { // random bytes are no numbers, and padding is not kept
				t.Skip("long double")
			}
		}
		if !fits(at) || !distinct(at) {
			t.Skip("too large, or overlapping")
		}
		ext := make([]byte, b.t.ExternalSize(count))
		b.t.PackExternal(ext, src.base, count)
		got, want := newArena(6), newArena(6)
		want.scatter(at, src.gather(at))
		b.t.UnpackExternal(got.base, count, ext)
		if i := firstDifference(got.mem, want.mem); i >= 0 {
			t.Fatalf("byte at displacement %d", int64(i)-got.mid)
		}
	})
}
