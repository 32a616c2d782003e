package aesgcm

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"fmt"
	"math/rand/v2"
	"testing"
)

// standard is the standard library's, which New must agree with in every byte.
func standard(t testing.TB, key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	g, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func ours(t testing.TB, key []byte) cipher.AEAD {
	g, err := New(key)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func random(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// agree seals and opens with both, and opens what is not what was sealed.
func agree(t *testing.T, key, nonce, data, additional []byte, r *rand.Rand) {
	t.Helper()
	std, g := standard(t, key), ours(t, key)
	want := std.Seal(nil, nonce, data, additional)
	const guard = 70
	dst := bytes.Repeat([]byte{0xa5}, 3+len(want)+guard)
	got := g.Seal(dst[:3], nonce, data, additional)
	if !bytes.Equal(got[3:], want) || !bytes.Equal(dst[:3], []byte{0xa5, 0xa5, 0xa5}) {
		t.Fatalf("%d bytes with %d: sealed %x, want %x", len(data), len(additional), got[3:], want)
	}
	if &got[0] != &dst[0] || !bytes.Equal(dst[len(got):], bytes.Repeat([]byte{0xa5}, guard)) {
		t.Fatalf("%d bytes with %d: written beyond them, or elsewhere", len(data), len(additional))
	}
	clear, err := g.Open(dst[:3], nonce, want, additional)
	if err != nil || !bytes.Equal(clear[3:], data) {
		t.Fatalf("%d bytes with %d: opened %x, %v, want %x", len(data), len(additional), clear[3:], err, data)
	}
	place := append(append([]byte(nil), data...), make([]byte, TagSize)...)
	if got := g.Seal(place[:0], nonce, place[:len(data)], additional); !bytes.Equal(got, want) {
		t.Fatalf("%d bytes with %d: sealed in place %x, want %x", len(data), len(additional), got, want)
	}
	if got, err := g.Open(place[:0], nonce, place, additional); err != nil || !bytes.Equal(got, data) {
		t.Fatalf("%d bytes with %d: opened in place %x, %v", len(data), len(additional), got, err)
	}
	bad := append([]byte(nil), want...)
	bad[r.IntN(len(bad))] ^= 1 << r.IntN(8)
	dst = bytes.Repeat([]byte{0xa5}, len(want))
	if got, err := g.Open(dst[:0], nonce, bad, additional); err == nil || got != nil {
		t.Fatalf("%d bytes with %d: opened what was changed", len(data), len(additional))
	}
	if !bytes.Equal(dst[:len(data)], make([]byte, len(data))) {
		t.Fatalf("%d bytes with %d: what was changed is left in clear", len(data), len(additional))
	}
	if len(additional) > 0 {
		bad := append([]byte(nil), additional...)
		bad[r.IntN(len(bad))] ^= 1 << r.IntN(8)
		if _, err := g.Open(nil, nonce, want, bad); err == nil {
			t.Fatalf("%d bytes with %d: opened with other additional data", len(data), len(additional))
		}
	}
}

// All lengths up to some strides, each with data and additional data at some alignment.
func TestAgreesWithStandardLibrary(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for n := 0; n <= 1100; n++ {
		at := r.IntN(64)
		agree(t, random(r, KeySize), random(r, NonceSize), random(r, at+n)[at:], random(r, r.IntN(80)), r)
		agree(t, random(r, KeySize), random(r, NonceSize), random(r, r.IntN(20)), random(r, at+n)[at:], r)
	}
	for range 50 {
		agree(t, random(r, KeySize), random(r, NonceSize), random(r, r.IntN(70000)), random(r, r.IntN(9000)), r)
	}
	for _, b := range []byte{0, 0xff} { // the carries of every multiplication
		all := bytes.Repeat([]byte{b}, 700)
		agree(t, all[:KeySize], all[:NonceSize], all, all, r)
	}
}

func TestOpenTooShort(t *testing.T) {
	g := ours(t, make([]byte, KeySize))
	for n := range TagSize {
		if _, err := g.Open(nil, make([]byte, NonceSize), make([]byte, n), nil); err == nil {
			t.Errorf("opened %d bytes", n)
		}
	}
}

func TestRefusesKeysAndNonces(t *testing.T) {
	if _, err := New(make([]byte, 15)); err == nil {
		t.Error("a key of 15 bytes")
	}
	g := ours(t, make([]byte, KeySize))
	if g.NonceSize() != NonceSize || g.Overhead() != TagSize {
		t.Error(g.NonceSize(), g.Overhead())
	}
	defer func() {
		if recover() == nil {
			t.Error("a nonce of 11 bytes")
		}
	}()
	g.Seal(nil, make([]byte, 11), nil, nil)
}

func FuzzAgrees(f *testing.F) {
	f.Add(make([]byte, KeySize), make([]byte, NonceSize), []byte("data"), []byte("more"))
	f.Fuzz(func(t *testing.T, key, nonce, data, additional []byte) {
		if len(key) == KeySize && len(nonce) == NonceSize {
			agree(t, key, nonce, data, additional, rand.New(rand.NewPCG(3, 4)))
		}
	})
}

func BenchmarkGCM(b *testing.B) {
	key := make([]byte, KeySize)
	for _, g := range []struct {
		name string
		aead cipher.AEAD
	}{{"ours", ours(b, key)}, {"standard", standard(b, key)}} {
		for _, n := range []int{0, 64, 1408, 8948} {
			data, nonce, additional := make([]byte, n, n+TagSize), make([]byte, NonceSize), make([]byte, 44)
			out := make([]byte, 0, n+TagSize)
			b.Run(fmt.Sprintf("%s/seal/%d", g.name, n), func(b *testing.B) {
				b.SetBytes(int64(n))
				for b.Loop() {
					g.aead.Seal(out, nonce, data, additional)
				}
			})
			sealed := g.aead.Seal(nil, nonce, data, additional)
			b.Run(fmt.Sprintf("%s/open/%d", g.name, n), func(b *testing.B) {
				b.SetBytes(int64(n))
				for b.Loop() {
					if _, err := g.aead.Open(data[:0], nonce, sealed, additional); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// TestShiftedOverlap: what would overwrite its own input makes no packet that authenticates something else.
func TestShiftedOverlap(t *testing.T) {
	g, err := New(make([]byte, KeySize))
	if err != nil {
		t.Fatal(err)
	}
	nonce := make([]byte, NonceSize)
	refused := func(what string, f func()) {
		defer func() {
			if recover() == nil {
				t.Errorf("%s with its output shifted over its input", what)
			}
		}()
		f()
	}
	for _, shift := range []int{1, 16, 300} {
		buf := make([]byte, 2000)
		refused("sealed", func() { g.Seal(buf[shift:shift], nonce, buf[:1000], nil) })
		sealed := g.Seal(nil, nonce, buf[:1000], nil)
		copy(buf, sealed)
		refused("opened", func() { g.Open(buf[shift:shift], nonce, buf[:len(sealed)], nil) })
	}
}
