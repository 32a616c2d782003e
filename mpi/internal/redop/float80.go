package redop

// float80 is C's long double on x86-64: the 80-bit extended format of the x87 in 16 bytes. The
// significand has 64 bits with an explicit leading one; se holds sign and exponent in its low
// 16 bits, padding above.
type float80 struct{ m, se uint64 }

const exp15 = 1<<15 - 1

func (a float80) wide() wide {
	neg, e := a.se&(1<<15) != 0, int(a.se&exp15)
	switch {
	case e == 0: // zero and subnormal numbers
		return normal(neg, wideMin, a.m, 0)
	case a.m>>63 == 0: // invalid since the 387
		return wide{class: nan}
	case e != exp15:
		return normal(neg, e-wideBias, a.m, 0)
	case a.m<<1 == 0:
		return wide{class: infinite, neg: neg}
	}
	return wide{class: nan}
}

func toFloat80(w wide) float80 {
	var sign uint64
	if w.neg {
		sign = 1 << 15
	}
	switch w.class {
	case nan:
		return float80{3 << 62, exp15}
	case infinite:
		return float80{1 << 63, exp15 | sign}
	}
	e, m, _ := w.rounded(64)
	return float80{m, uint64(e) | sign}
}

func (a float80) add(b float80) float80 { return toFloat80(a.wide().add(b.wide())) }
func (a float80) mul(b float80) float80 { return toFloat80(a.wide().mul(b.wide())) }
func (a float80) less(b float80) bool   { return a.wide().less(b.wide()) }
func (a float80) isNaN() bool           { return a.wide().class == nan }
func (a float80) neg() float80          { return float80{a.m, a.se ^ 1<<15} }
