package redop

import "math/bits"

// int128 is Fortran's INTEGER*16: two's complement, least significant word first. (A big-endian
// machine would swap the words.)
type int128 struct{ lo, hi uint64 }

func (a int128) add(b int128) int128 {
	lo, c := bits.Add64(a.lo, b.lo, 0)
	hi, _ := bits.Add64(a.hi, b.hi, c)
	return int128{lo, hi}
}

func (a int128) mul(b int128) int128 {
	hi, lo := bits.Mul64(a.lo, b.lo)
	return int128{lo, hi + a.lo*b.hi + a.hi*b.lo}
}

func (a int128) neg() int128 { return int128{^a.lo, ^a.hi}.add(int128{lo: 1}) }

func (a int128) less(b int128) bool {
	if a.hi != b.hi {
		return int64(a.hi) < int64(b.hi)
	}
	return a.lo < b.lo
}

func (a int128) isNaN() bool { return false }
