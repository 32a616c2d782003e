package simnet

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// Content is computed, not stored: byte i of object key is always the same, and
// a byte out of place, of another object or of nowhere is a wrong one.

func word(key, i uint64) uint64 {
	// SplitMix64's mixer (Steele, Lea, Flood, OOPSLA 2014).
	x := key + (i+1)*0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

var spoilt = bytes.Repeat([]byte{0xdb}, 4096)

// spoil makes p no content.
func spoil(p []byte) {
	for len(p) > 0 {
		p = p[copy(p, spoilt):]
	}
}

// fill writes the bytes of key from offset off on into p.
func fill(p []byte, key, off uint64) {
	var w [8]byte
	for len(p) > 0 {
		if off%8 == 0 && len(p) >= 8 {
			binary.LittleEndian.PutUint64(p, word(key, off/8))
			p, off = p[8:], off+8
			continue
		}
		binary.LittleEndian.PutUint64(w[:], word(key, off/8))
		n := copy(p, w[off%8:])
		p, off = p[n:], off+uint64(n)
	}
}

// verify returns an error that names the first byte of p that is wrong.
func verify(p []byte, key, off uint64) error {
	var w [8]byte
	for len(p) > 0 {
		if off%8 == 0 && len(p) >= 8 && binary.LittleEndian.Uint64(p) == word(key, off/8) {
			p, off = p[8:], off+8
			continue
		}
		binary.LittleEndian.PutUint64(w[:], word(key, off/8))
		if p[0] != w[off%8] {
			return fmt.Errorf("byte %d is %#02x, not %#02x", off, p[0], w[off%8])
		}
		p, off = p[1:], off+1
	}
	return nil
}
