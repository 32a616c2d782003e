package redop

import "math/bits"

// wide is a floating-point value taken apart: for finite ones ±m·2^(exp-127), where m is the
// 128-bit number hi:lo with its highest bit set. Both 16-byte formats fit, with at least 15 bits
// to spare for rounding: enough for sums and products to be rounded correctly once.
type wide struct {
	class  class
	neg    bool
	exp    int
	hi, lo uint64
}

type class uint8

const (
	zero class = iota
	finite
	infinite
	nan
)

// Both formats have 15 exponent bits.
const (
	wideBias = 16383
	wideMin  = 1 - wideBias // exponent of the least normal number
	wideMax  = wideBias     // exponent of the greatest number
)

// normal returns the value of m·2^(exp-127), whose highest bit need not be set.
func normal(neg bool, exp int, hi, lo uint64) wide {
	if hi|lo == 0 {
		return wide{class: zero, neg: neg}
	}
	n := bits.LeadingZeros64(hi)
	if hi == 0 {
		n = 64 + bits.LeadingZeros64(lo)
	}
	hi, lo = shiftLeft(hi, lo, n)
	return wide{class: finite, neg: neg, exp: exp - n, hi: hi, lo: lo}
}

func (a wide) add(b wide) wide {
	switch {
	case a.class == nan || b.class == nan, a.class == infinite && b.class == infinite && a.neg != b.neg:
		return wide{class: nan}
	case a.class == infinite || b.class == zero && a.class != zero:
		return a
	case b.class == infinite || a.class == zero && b.class != zero:
		return b
	case a.class == zero:
		return wide{class: zero, neg: a.neg && b.neg}
	}
	if b.exceeds(a) {
		a, b = b, a
	}
	// Two bits of room above, and what is shifted out below is remembered in the last bit.
	ahi, alo := shiftRight(a.hi, a.lo, 2)
	bhi, blo := shiftRight(b.hi, b.lo, 2+a.exp-b.exp)
	if a.neg == b.neg {
		lo, c := bits.Add64(alo, blo, 0)
		return normal(a.neg, a.exp+2, ahi+bhi+c, lo)
	}
	lo, c := bits.Sub64(alo, blo, 0)
	hi := ahi - bhi - c
	return normal(a.neg && hi|lo != 0, a.exp+2, hi, lo) // x-x is +0 in round to nearest
}

func (a wide) mul(b wide) wide {
	neg := a.neg != b.neg
	switch {
	case a.class == nan || b.class == nan,
		a.class == infinite && b.class == zero, a.class == zero && b.class == infinite:
		return wide{class: nan}
	case a.class == infinite || b.class == infinite:
		return wide{class: infinite, neg: neg}
	case a.class == zero || b.class == zero:
		return wide{class: zero, neg: neg}
	}
	h1, l1 := bits.Mul64(a.hi, b.hi)
	h2, l2 := bits.Mul64(a.hi, b.lo)
	h3, l3 := bits.Mul64(a.lo, b.hi)
	h4, l4 := bits.Mul64(a.lo, b.lo)
	m, c1 := bits.Add64(h4, l2, 0)
	m, c2 := bits.Add64(m, l3, 0)
	lo, c1 := bits.Add64(l1, h2, c1)
	lo, c2 = bits.Add64(lo, h3, c2)
	hi := h1 + c1 + c2
	if m|l4 != 0 {
		lo |= 1
	}
	return normal(neg, a.exp+b.exp+1, hi, lo)
}

// exceeds reports |a| > |b| for finite values.
func (a wide) exceeds(b wide) bool {
	switch {
	case a.exp != b.exp:
		return a.exp > b.exp
	case a.hi != b.hi:
		return a.hi > b.hi
	}
	return a.lo > b.lo
}

// less reports a < b; false if either is NaN.
func (a wide) less(b wide) bool {
	if a.class == nan || b.class == nan || a.class == zero && b.class == zero {
		return false
	}
	as, bs := a.rank(), b.rank()
	switch {
	case as != bs:
		return as < bs
	case as == 1:
		return b.exceeds(a)
	case as == -1:
		return a.exceeds(b)
	}
	return false
}

// rank orders the classes: -2 for -∞, -1 negative, 0, 1 positive, 2 for ∞.
func (a wide) rank() int {
	r := int(a.class) // zero, finite, infinite
	if a.neg {
		r = -r
	}
	return r
}

// rounded rounds to the nearest number of p significant bits, ties to even, and returns it as
// the biased exponent and a 128-bit significand. The exponent is 0 for subnormal numbers, whose
// highest bit is clear, and 2·bias+1 for infinities.
func (a wide) rounded(p uint) (biased int, hi, lo uint64) {
	if a.class == zero {
		return 0, 0, 0
	}
	hi, lo = a.hi, a.lo
	exp := a.exp
	if exp < wideMin {
		hi, lo = shiftRight(hi, lo, wideMin-exp)
		exp = wideMin
	}
	hi, lo, carry := nearestEven(hi, lo, p)
	if carry {
		hi, lo = 1<<63, 0
		exp++
	}
	switch {
	case exp > wideMax:
		return 2*wideBias + 1, 1 << 63, 0
	case hi>>63 == 0:
		return 0, hi, lo
	}
	return exp + wideBias, hi, lo
}

// nearestEven keeps the first p bits (64 ≤ p < 128) of hi:lo.
func nearestEven(hi, lo uint64, p uint) (uint64, uint64, bool) {
	ulp := uint64(1) << (128 - p) // 0 where the last kept bit is in hi
	half, rest := uint64(1)<<(127-p), lo&(1<<(128-p)-1)
	odd := lo&ulp != 0
	if p == 64 {
		rest, odd = lo, hi&1 != 0
	}
	lo -= rest
	if rest < half || rest == half && !odd {
		return hi, lo, false
	}
	var c uint64
	if p == 64 {
		hi, c = bits.Add64(hi, 1, 0)
		return hi, lo, c != 0
	}
	lo, c = bits.Add64(lo, ulp, 0)
	hi, c = bits.Add64(hi, 0, c)
	return hi, lo, c != 0
}

func shiftLeft(hi, lo uint64, n int) (uint64, uint64) {
	if n >= 64 {
		return lo << (n - 64), 0
	}
	return hi<<n | lo>>(64-n), lo << n
}

// shiftRight shifts by n and sets the last bit if any bit that was set falls off.
func shiftRight(hi, lo uint64, n int) (uint64, uint64) {
	var lost uint64
	switch {
	case n >= 128:
		lost, hi, lo = hi|lo, 0, 0
	case n >= 64:
		lost = lo
		if n > 64 {
			lost |= hi << (128 - n)
		}
		hi, lo = 0, hi>>(n-64)
	case n > 0:
		lost = lo << (64 - n)
		hi, lo = hi>>n, lo>>n|hi<<(64-n)
	}
	if lost != 0 {
		lo |= 1
	}
	return hi, lo
}
