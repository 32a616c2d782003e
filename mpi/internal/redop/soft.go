package redop

import "unsafe"

// softNumber is a number type that Go does not have, with its arithmetic.
type softNumber[T any] interface {
	add(T) T
	mul(T) T
	neg() T
	less(T) bool // false if either is NaN
	isNaN() bool
}

func soft[T softNumber[T]]() arithmetic {
	return arithmetic{
		sum:  each(func(a, b T) T { return a.add(b) }),
		prod: each(func(a, b T) T { return a.mul(b) }),
		min:  each(func(a, b T) T { return pick(a, b, a.less(b)) }),
		max:  each(func(a, b T) T { return pick(a, b, b.less(a)) }),
	}
}

// pick returns a if it is the one, else b; a NaN wins, as in minimum and maximum.
func pick[T softNumber[T]](a, b T, isA bool) T {
	if isA || a.isNaN() {
		return a
	}
	return b
}

func each[T any](f func(a, b T) T) kernel {
	return func(in, inout unsafe.Pointer, n int) {
		a, b := arrays[T](in, inout, n)
		for i := range a {
			b[i] = f(a[i], b[i])
		}
	}
}

// cplx is a complex number of soft parts.
type cplx[T any] struct{ re, im T }

func softComplex[T softNumber[T]]() arithmetic {
	return arithmetic{
		sum: each(func(a, b cplx[T]) cplx[T] { return cplx[T]{a.re.add(b.re), a.im.add(b.im)} }),
		prod: each(func(a, b cplx[T]) cplx[T] {
			return cplx[T]{
				re: a.re.mul(b.re).add(a.im.mul(b.im).neg()),
				im: a.re.mul(b.im).add(a.im.mul(b.re)),
			}
		}),
	}
}
