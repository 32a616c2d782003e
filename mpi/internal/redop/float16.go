package redop

import "math"

// float16 is IEEE binary16: Fortran's REAL*2. Sums and products are exact in float32 or, being
// rounded there to more than twice the bits, round to the same float16 as the exact value.
type float16 uint16

func (a float16) float32() float32 {
	sign, e, frac := uint32(a>>15)<<31, uint32(a>>10&0x1f), uint32(a&0x3ff)
	switch e {
	case 0:
		f := float32(frac) * (1.0 / (1 << 24))
		return math.Float32frombits(math.Float32bits(f) | sign)
	case 0x1f:
		return math.Float32frombits(sign | 0xff<<23 | frac<<13)
	}
	return math.Float32frombits(sign | (e+112)<<23 | frac<<13)
}

func toFloat16(f float32) float16 {
	b := math.Float32bits(f)
	sign := float16(b >> 16 & 0x8000)
	b &= 1<<31 - 1
	switch {
	case b > 0xff<<23:
		return sign | 0x7e00
	case b >= 143<<23: // 65536 and more
		return sign | 0x7c00
	case b < 113<<23: // subnormal: adding 2^-1·2^23·2^-24 units puts the rounding where float32 does it
		return sign | float16(math.Float32bits(math.Float32frombits(b)+0.5)-126<<23)
	}
	b += 0xfff + b>>13&1 // ties to even; the carry may run into the exponent, which is right
	return sign | float16((b-112<<23)>>13)
}

func (a float16) add(b float16) float16 { return toFloat16(a.float32() + b.float32()) }
func (a float16) mul(b float16) float16 { return toFloat16(a.float32() * b.float32()) }
func (a float16) less(b float16) bool   { return a.float32() < b.float32() }
func (a float16) isNaN() bool           { return a&0x7fff > 0x7c00 }
func (a float16) neg() float16          { return a ^ 0x8000 }
