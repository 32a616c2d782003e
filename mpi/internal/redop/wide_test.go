package redop

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

// The soft formats are checked against math/big: the exact result, rounded by hand to the
// format's precision and least exponent.

type format[T any] struct {
	prec uint
	of   func(neg bool, biased int, hi, lo uint64) T
	to   func(wide) T
	wide func(T) wide
}

var formats80 = format[float80]{
	prec: 64,
	of: func(neg bool, e int, hi, lo uint64) float80 {
		hi |= 1 << 63
		if e == 0 {
			hi &^= 1 << 63
		}
		a := float80{hi, uint64(e)}
		if neg {
			a = a.neg()
		}
		return a
	},
	to:   toFloat80,
	wide: float80.wide,
}

var formats128 = format[float128]{
	prec: 113,
	of: func(neg bool, e int, hi, lo uint64) float128 {
		a := float128{lo, hi&(1<<48-1) | uint64(e)<<48}
		if neg {
			a = a.neg()
		}
		return a
	},
	to:   toFloat128,
	wide: float128.wide,
}

func bigOf(w wide) *big.Float {
	m := new(big.Int).SetUint64(w.hi)
	m.Lsh(m, 64).Or(m, new(big.Int).SetUint64(w.lo))
	f := new(big.Float).SetPrec(128).SetInt(m)
	f.SetMantExp(f, w.exp-127)
	if w.neg {
		f.Neg(f)
	}
	return f
}

// roundBig rounds x to p bits, fewer for subnormal results.
func roundBig(x *big.Float, p uint) *big.Float {
	e := x.MantExp(nil) - 1 // x = 1.m·2^e
	if e < wideMin {
		keep := int(p) - (wideMin - e)
		if keep < 1 { // below half of the least subnormal, or a tie or more with it
			least := new(big.Float).SetMantExp(big.NewFloat(1), wideMin-int(p)+1)
			half := new(big.Float).SetMantExp(big.NewFloat(1), wideMin-int(p))
			if new(big.Float).Abs(x).Cmp(half) > 0 {
				if x.Signbit() {
					least.Neg(least)
				}
				return least
			}
			return new(big.Float)
		}
		p = uint(keep)
	}
	return new(big.Float).SetPrec(p).SetMode(big.ToNearestEven).Set(x)
}

func checkFormat[T interface {
	comparable
	softNumber[T]
}](t *rapid.T, f format[T]) {
	draw := func(name string, near int) T {
		e := near + rapid.IntRange(-140, 140).Draw(t, name+" exponent")
		hi := rapid.Uint64().Draw(t, name+" hi")
		lo := rapid.Uint64().Draw(t, name+" lo")
		return f.of(rapid.Bool().Draw(t, name+" sign"), min(max(e, 0), 2*wideBias), hi, lo)
	}
	near := rapid.SampledFrom([]int{0, 100, wideBias, wideBias / 2, 8191, 2 * wideBias}).Draw(t, "near")
	a, b := draw("a", near), draw("b", near)
	x, y := bigOf(f.wide(a)), bigOf(f.wide(b))
	compare := func(what string, got T, want *big.Float) {
		if want.Sign() == 0 {
			if f.wide(got).class != zero {
				t.Fatalf("%s: got %+v, want 0", what, f.wide(got))
			}
			return
		}
		r := roundBig(want, f.prec)
		w := f.wide(got)
		switch {
		case r.MantExp(nil)-1 > wideMax:
			if w.class != infinite || w.neg != r.Signbit() {
				t.Fatalf("%s: got %+v, want infinity", what, w)
			}
		case r.Sign() == 0:
			if w.class != zero {
				t.Fatalf("%s: got %+v, want 0", what, w)
			}
		case w.class != finite || bigOf(w).Cmp(r) != 0:
			t.Fatalf("%s: got %v (%+v), want %v", what, bigOf(w), w, r)
		}
	}
	compare("sum", a.add(b), new(big.Float).SetPrec(2000).Add(x, y))
	compare("product", a.mul(b), new(big.Float).SetPrec(300).Mul(x, y))
	if got, want := a.less(b), x.Cmp(y) < 0; got != want {
		t.Fatalf("less: got %v, want %v", got, want)
	}
	if f.to(f.wide(a)) != a && f.wide(a).class != zero {
		t.Fatalf("%+v does not survive: %+v", a, f.wide(a))
	}
}

func TestFloat80(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { checkFormat(t, formats80) })
}

func TestFloat128(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { checkFormat(t, formats128) })
}

func TestWideSpecial(t *testing.T) {
	inf, one := wide{class: infinite}, normal(false, 127, 0, 1)
	minusInf, nul := wide{class: infinite, neg: true}, wide{class: zero}
	minus := one
	minus.neg = true
	for _, c := range []struct {
		name string
		got  wide
		want class
		neg  bool
	}{
		{"inf+inf", inf.add(inf), infinite, false},
		{"inf-inf", inf.add(minusInf), nan, false},
		{"inf+1", inf.add(one), infinite, false},
		{"1-inf", one.add(minusInf), infinite, true},
		{"inf*0", inf.mul(nul), nan, false},
		{"-inf*1", minusInf.mul(one), infinite, true},
		{"1-1", one.add(minus), zero, false},
		{"0+1", nul.add(one), finite, false},
		{"1*-1", one.mul(minus), finite, true},
	} {
		if c.got.class != c.want || c.got.neg != c.neg {
			t.Errorf("%s: %+v", c.name, c.got)
		}
	}
	if !minusInf.less(minus) || !minus.less(nul) || !nul.less(one) || !one.less(inf) || inf.less(inf) || one.less(one) {
		t.Error("order of -inf, -1, 0, 1, inf")
	}
	if got := toFloat80(one); got != (float80{1 << 63, 16383}) {
		t.Errorf("1 as float80: %x", got)
	}
	if got := toFloat128(one); got != (float128{0, 0x3fff << 48}) {
		t.Errorf("1 as float128: %x", got)
	}
}

// TestFloat16 checks every float16 through float32 and back, and rounding on all midpoints.
func TestFloat16(t *testing.T) {
	for i := range 1 << 16 {
		h := float16(i)
		f := h.float32()
		if h.isNaN() {
			if f == f {
				t.Fatalf("%04x: NaN became %v", i, f)
			}
			continue
		}
		if got := toFloat16(f); got != h {
			t.Fatalf("%04x became %v became %04x", i, f, got)
		}
	}
	for i := range 0x7bff { // finite neighbours
		a, b := float16(i), float16(i+1)
		mid := (a.float32() + b.float32()) / 2
		want := a
		if i&1 != 0 {
			want = b
		}
		if got := toFloat16(mid); got != want {
			t.Fatalf("between %04x and %04x: %04x", i, i+1, got)
		}
	}
}
