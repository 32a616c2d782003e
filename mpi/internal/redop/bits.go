package redop

import "unsafe"

// wordOp is a bitwise operation on the words and on the bytes left over.
type wordOp func(a, b []uint64, x, y []byte)

// bitwiseOf applies f to the bytes of elements of the given size: bits do not care where an
// element ends.
func bitwiseOf(f wordOp, size int) kernel {
	return func(in, inout unsafe.Pointer, n int) {
		n *= size
		w := n / 8
		a, b := arrays[uint64](in, inout, w)
		var x, y []byte
		if n%8 != 0 {
			x, y = arrays[byte](unsafe.Add(in, w*8), unsafe.Add(inout, w*8), n%8)
		}
		f(a, b, x, y)
	}
}

func and(a, b []uint64, x, y []byte) {
	for len(a) >= 4 && len(b) >= 4 {
		p, q := (*[4]uint64)(a), (*[4]uint64)(b)
		q[0] &= p[0]
		q[1] &= p[1]
		q[2] &= p[2]
		q[3] &= p[3]
		a, b = a[4:], b[4:]
	}
	for i := range a {
		b[i] &= a[i]
	}
	for i := range x {
		y[i] &= x[i]
	}
}

func or(a, b []uint64, x, y []byte) {
	for len(a) >= 4 && len(b) >= 4 {
		p, q := (*[4]uint64)(a), (*[4]uint64)(b)
		q[0] |= p[0]
		q[1] |= p[1]
		q[2] |= p[2]
		q[3] |= p[3]
		a, b = a[4:], b[4:]
	}
	for i := range a {
		b[i] |= a[i]
	}
	for i := range x {
		y[i] |= x[i]
	}
}

func xor(a, b []uint64, x, y []byte) {
	for len(a) >= 4 && len(b) >= 4 {
		p, q := (*[4]uint64)(a), (*[4]uint64)(b)
		q[0] ^= p[0]
		q[1] ^= p[1]
		q[2] ^= p[2]
		q[3] ^= p[3]
		a, b = a[4:], b[4:]
	}
	for i := range a {
		b[i] ^= a[i]
	}
	for i := range x {
		y[i] ^= x[i]
	}
}

// logicalOf is a logical operation on integers, bools or Fortran logicals of the given size: what
// is not 0 is true, and the result is 0 or 1.
func logicalOf(op Op, size int64) kernel {
	switch size {
	case 1:
		return logical[uint8](op, 7)
	case 2:
		return logical[uint16](op, 15)
	case 4:
		return logical[uint32](op, 31)
	case 8:
		return logical[uint64](op, 63)
	}
	return logical16(op)
}

// logical leaves jumps out: x|-x has the highest bit set unless x is 0.
func logical[T uint8 | uint16 | uint32 | uint64](op Op, top int) kernel {
	switch op {
	case Land:
		return func(in, inout unsafe.Pointer, n int) {
			a, b := arrays[T](in, inout, n)
			for i, x := range a {
				y := b[i]
				b[i] = ((x | -x) & (y | -y)) >> top
			}
		}
	case Lor:
		return func(in, inout unsafe.Pointer, n int) {
			a, b := arrays[T](in, inout, n)
			for i, x := range a {
				x |= b[i]
				b[i] = (x | -x) >> top
			}
		}
	}
	return func(in, inout unsafe.Pointer, n int) {
		a, b := arrays[T](in, inout, n)
		for i, x := range a {
			y := b[i]
			b[i] = ((x | -x) ^ (y | -y)) >> top
		}
	}
}

// logical16 is for LOGICAL*16.
func logical16(op Op) kernel {
	f := logical[uint64](op, 63)
	return each(func(a, b int128) int128 {
		x, y := a.lo|a.hi, b.lo|b.hi
		f(unsafe.Pointer(&x), unsafe.Pointer(&y), 1)
		return int128{lo: y}
	})
}
