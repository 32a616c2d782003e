package aesgcm

import (
	"crypto/cipher"
	"crypto/fips140"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"slices"
	"unsafe"

	"golang.org/x/sys/cpu"
)

// wide makes the AEAD by vectors of 512 bits; nil if the processor has not what it takes, or where only validated
// modules may be used.
var wide = func() func(cipher.Block, []byte) cipher.AEAD {
	x := &cpu.X86
	if fips140.Enabled() || !(x.HasAES && x.HasPCLMULQDQ && x.HasBMI2 && x.HasAVX512F && x.HasAVX512BW && x.HasAVX512VL &&
		x.HasAVX512DQ && x.HasAVX512VAES && x.HasAVX512VPCLMULQDQ) {
		return nil
	}
	return func(block cipher.Block, key []byte) cipher.AEAD { return newWideGCM(block, key) }
}()

// wideGCM: GHASH is computed as POLYVAL, its mirror image, for which no bits have to be reversed. RFC 8452, appendix A:
//
//	GHASH(H, X_1, ..., X_n) = ByteReverse(POLYVAL(mulX_POLYVAL(ByteReverse(H)), ByteReverse(X_1), ..., ByteReverse(X_n)))
//
// A polynomial is two words, that of the lower powers first.
type wideGCM struct {
	// powers are H^16 to H^1, so that a vector of four fits four blocks in their order, and zeros, by which what stands
	// behind the last block is multiplied. They come first, where they are aligned to the lines of the cache.
	powers [stride + stride - 1][2]uint64
	keys   [rounds + 1][16]byte
}

const (
	rounds    = 10
	blockSize = 16
	stride    = 16 // blocks that are multiplied before the sum is reduced once

	// maxData is what a counter of 32 bits that begins with 2 is enough for.
	maxData = (1<<32 - 2) * blockSize
)

func newWideGCM(block cipher.Block, key []byte) *wideGCM {
	g := new(wideGCM)
	expandKey(&g.keys, (*[KeySize]byte)(key))
	var h [blockSize]byte
	block.Encrypt(h[:], h[:])
	one := mulX([2]uint64{binary.BigEndian.Uint64(h[8:]), binary.BigEndian.Uint64(h[:])})
	for i, power := stride-1, one; i >= 0; i-- {
		g.powers[i] = power
		multiply(&power, &one)
	}
	return g
}

// mulX multiplies by x modulo x^128 + x^127 + x^126 + x^121 + 1, in constant time.
func mulX(a [2]uint64) [2]uint64 {
	carry := -(a[1] >> 63)
	hi, lo := a[1]<<1|a[0]>>63, a[0]<<1
	return [2]uint64{lo ^ carry&1, hi ^ carry&(1<<63|1<<62|1<<57)}
}

func (g *wideGCM) NonceSize() int { return NonceSize }
func (g *wideGCM) Overhead() int  { return TagSize }

func (g *wideGCM) Seal(dst, nonce, plaintext, additionalData []byte) []byte {
	mustBeNonce(nonce)
	if uint64(len(plaintext)) > maxData {
		panic("aesgcm: message too large")
	}
	n := len(plaintext)
	ret := slices.Grow(dst, n+TagSize)[:len(dst)+n+TagSize]
	out := ret[len(dst):]
	mustNotShift(out, plaintext)
	var sum [2]uint64
	var first [blockSize]byte
	ghash(&sum, &g.powers, additionalData)
	seal(g, &sum, &first, out[:n], plaintext, (*[NonceSize]byte)(nonce))
	g.tag(out[n:], &sum, &first, len(additionalData), n)
	return ret
}

var errOpen = errors.New("aesgcm: message authentication failed")

func (g *wideGCM) Open(dst, nonce, ciphertext, additionalData []byte) ([]byte, error) {
	mustBeNonce(nonce)
	n := len(ciphertext) - TagSize
	if n < 0 || uint64(n) > maxData {
		return nil, errOpen
	}
	ret := slices.Grow(dst, n)[:len(dst)+n]
	out := ret[len(dst):]
	mustNotShift(out, ciphertext[:n])
	var sum [2]uint64
	var first [blockSize]byte
	var tag [TagSize]byte
	expected := [TagSize]byte(ciphertext[n:])
	ghash(&sum, &g.powers, additionalData)
	open(g, &sum, &first, out, ciphertext[:n], (*[NonceSize]byte)(nonce))
	g.tag(tag[:], &sum, &first, len(additionalData), n)
	if subtle.ConstantTimeCompare(tag[:], expected[:]) != 1 {
		clear(out)
		return nil, errOpen
	}
	return ret, nil
}

// mustNotShift panics where out would overwrite in before it is read, as the standard library does: "to reuse plaintext's
// storage for the encrypted output, use plaintext[:0] as dst" (cipher.AEAD).
func mustNotShift(out, in []byte) {
	if len(out) == 0 || len(in) == 0 || &out[0] == &in[0] {
		return
	}
	o, i := uintptr(unsafe.Pointer(&out[0])), uintptr(unsafe.Pointer(&in[0]))
	if o < i+uintptr(len(in)) && i < o+uintptr(len(out)) {
		panic("aesgcm: invalid buffer overlap")
	}
}

// tag closes the sum of additional and encrypted data with their lengths, and encrypts it with the first block of the key
// stream.
func (g *wideGCM) tag(tag []byte, sum *[2]uint64, first *[blockSize]byte, additional, data int) {
	sum[0] ^= uint64(data) * 8
	sum[1] ^= uint64(additional) * 8
	multiply(sum, &g.powers[stride-1])
	binary.BigEndian.PutUint64(tag[0:], sum[1]^binary.BigEndian.Uint64(first[0:]))
	binary.BigEndian.PutUint64(tag[8:], sum[0]^binary.BigEndian.Uint64(first[8:]))
}

func mustBeNonce(nonce []byte) {
	if len(nonce) != NonceSize {
		panic("aesgcm: incorrect nonce length")
	}
}

// expandKey makes the keys of the rounds (FIPS 197, section 5.2).
//
//go:noescape
func expandKey(keys *[rounds + 1][16]byte, key *[KeySize]byte)

// multiply sets a to a·b·x^-128, the product of POLYVAL.
//
//go:noescape
func multiply(a, b *[2]uint64)

// ghash adds data, filled up with zeros to whole blocks, to the sum.
//
//go:noescape
func ghash(sum *[2]uint64, powers *[stride + stride - 1][2]uint64, data []byte)

// seal encrypts src into dst, which is as long and the same or apart, adds what it has written to the sum, and returns the block
// of the key stream that is for the tag.
//
//go:noescape
func seal(gcm *wideGCM, sum *[2]uint64, first *[blockSize]byte, dst, src []byte, nonce *[NonceSize]byte)

// open is seal's other direction: it adds what it reads.
//
//go:noescape
func open(gcm *wideGCM, sum *[2]uint64, first *[blockSize]byte, dst, src []byte, nonce *[NonceSize]byte)
