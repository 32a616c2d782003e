package redop

// float128 is IEEE binary128: Fortran's REAL*16, and long double on AArch64. Least significant
// word first.
type float128 struct{ lo, hi uint64 }

func (a float128) wide() wide {
	neg, e, frac := a.hi>>63 != 0, int(a.hi>>48&exp15), a.hi&(1<<48-1)
	switch {
	case e == exp15 && frac|a.lo == 0:
		return wide{class: infinite, neg: neg}
	case e == exp15:
		return wide{class: nan}
	case e == 0:
		hi, lo := shiftLeft(frac, a.lo, 15)
		return normal(neg, wideMin, hi, lo)
	}
	hi, lo := shiftLeft(frac|1<<48, a.lo, 15)
	return normal(neg, e-wideBias, hi, lo)
}

func toFloat128(w wide) float128 {
	var sign uint64
	if w.neg {
		sign = 1 << 63
	}
	switch w.class {
	case nan:
		return float128{0, exp15<<48 | 1<<47}
	case infinite:
		return float128{0, exp15<<48 | sign}
	}
	e, hi, lo := w.rounded(113)
	hi, lo = hi>>15, lo>>15|hi<<49
	return float128{lo, hi&(1<<48-1) | uint64(e)<<48 | sign}
}

func (a float128) add(b float128) float128 { return toFloat128(a.wide().add(b.wide())) }
func (a float128) mul(b float128) float128 { return toFloat128(a.wide().mul(b.wide())) }
func (a float128) less(b float128) bool    { return a.wide().less(b.wide()) }
func (a float128) isNaN() bool             { return a.wide().class == nan }
func (a float128) neg() float128           { return float128{a.lo, a.hi ^ 1<<63} }
