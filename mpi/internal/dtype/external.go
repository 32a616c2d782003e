package dtype

import (
	"encoding/binary"
	"unsafe"
)

// The external32 data representation (MPI 5.0 §14.5.2): big-endian, IEEE floating point, and
// sizes of its own for some types: a C long has 4 bytes, a wide character 2, a long double 16.

// externalSize returns the size of b in external32.
func externalSize(b Basic) int64 {
	switch b {
	case Long, UnsignedLong:
		return 4
	case Wchar:
		return 2
	}
	return basics[b].Size
}

// ExternalSize returns the size in bytes of count elements of t in external32
// (MPI_Pack_external_size).
func (t *Type) ExternalSize(count int64) (n int64) {
	if t.sig == nil {
		return 0
	}
	t.sig.each(func(b Basic, elements int64) { n += elements * externalSize(b) })
	return n * count
}

// PackExternal writes count elements of t at base to dst in external32. dst has room for
// ExternalSize(count) bytes.
func (t *Type) PackExternal(dst []byte, base unsafe.Pointer, count int64) {
	if t.size == 0 {
		return
	}
	native := make([]byte, t.size)
	for i := range count {
		t.Pack(native, base, count, i*t.size)
		src := native
		t.sig.each(func(b Basic, n int64) {
			in, out := basics[b].Size, externalSize(b)
			for range n {
				encode(dst[:out], src[:in], b)
				dst, src = dst[out:], src[in:]
			}
		})
	}
}

// UnpackExternal reads count elements of t, which are ExternalSize(count) bytes of external32 in
// src, to memory at base.
func (t *Type) UnpackExternal(base unsafe.Pointer, count int64, src []byte) {
	if t.size == 0 {
		return
	}
	native := make([]byte, t.size)
	for i := range count {
		dst := native
		t.sig.each(func(b Basic, n int64) {
			out, in := basics[b].Size, externalSize(b)
			for range n {
				decode(dst[:out], src[:in], b)
				dst, src = dst[out:], src[in:]
			}
		})
		t.Unpack(base, count, i*t.size, native)
	}
}

// each calls yield with the runs of equal basic types in s.
func (s *sig) each(yield func(b Basic, n int64)) {
	if s.basic != None {
		yield(s.basic, s.n)
		return
	}
	for _, p := range s.parts {
		if p.kid.basic != None {
			yield(p.kid.basic, p.kid.n*p.count)
			continue
		}
		for range p.count {
			p.kid.each(yield)
		}
	}
}

// encode writes the element src to dst in external32.
func encode(dst, src []byte, b Basic) {
	switch in := &basics[b]; in.Kind {
	case KindComplex:
		half := len(src) / 2
		reversed(dst[:half], src[:half])
		reversed(dst[half:], src[half:])
	case KindX87:
		putQuad(dst, src)
	case KindComplexX87:
		putQuad(dst[:16], src[:16])
		putQuad(dst[16:], src[16:])
	default:
		reversed(dst, src[:len(dst)]) // a long loses its upper half
	}
}

// decode is the inverse of encode.
func decode(dst, src []byte, b Basic) {
	switch in := &basics[b]; in.Kind {
	case KindComplex:
		half := len(dst) / 2
		reversed(dst[:half], src[:half])
		reversed(dst[half:], src[half:])
	case KindX87:
		getQuad(dst, src)
	case KindComplexX87:
		getQuad(dst[:16], src[:16])
		getQuad(dst[16:], src[16:])
	default:
		reversed(dst[:len(src)], src)
		fill := byte(0)
		if in.Kind == KindInt && int8(src[0]) < 0 {
			fill = 0xff
		}
		for i := len(src); i < len(dst); i++ {
			dst[i] = fill
		}
	}
}

// reversed copies src to dst, last byte first. (This machine is little-endian; where it is not,
// nothing needs to be turned.)
func reversed(dst, src []byte) {
	for i, x := range src {
		if bigEndian {
			dst[i] = x
		} else {
			dst[len(src)-1-i] = x
		}
	}
}

var bigEndian = binary.NativeEndian.Uint16([]byte{0, 1}) == 1

// putQuad widens an 80-bit float to a big-endian binary128. Both have 15 bits of exponent with
// the same bias, so the fraction only gets longer.
func putQuad(dst, src []byte) {
	m, se := binary.LittleEndian.Uint64(src), uint64(binary.LittleEndian.Uint16(src[8:]))
	if m>>63 != 0 && se&0x7fff == 0 {
		se |= 1 // a subnormal with a leading one is a normal number
	}
	frac := m << 1
	binary.BigEndian.PutUint64(dst, se<<48|frac>>16)
	binary.BigEndian.PutUint64(dst[8:], frac<<48)
}

// getQuad rounds a big-endian binary128 to the nearest 80-bit float, ties to even.
func getQuad(dst, src []byte) {
	hi, lo := binary.BigEndian.Uint64(src), binary.BigEndian.Uint64(src[8:])
	se, frac := hi>>48, hi<<16|lo>>48 // 64 bits of fraction, 48 more in lo
	rest := lo << 16
	m := frac >> 1
	if exp := se & 0x7fff; exp != 0 {
		m |= 1 << 63
		if exp == 0x7fff { // infinity stays one, NaN stays a quiet one
			if frac|rest != 0 {
				m |= 1 << 62
			}
			frac, rest = frac&^1, 0
		}
	}
	// The first bit that falls off is frac's last.
	if frac&1 != 0 && (rest != 0 || m&1 != 0) {
		m++
		switch {
		case m == 0: // carried out of the leading one
			m = 1 << 63
			se++
		case m == 1<<63 && se&0x7fff == 0: // the greatest subnormal became normal
			se++
		}
	}
	binary.LittleEndian.PutUint64(dst, m)
	binary.LittleEndian.PutUint64(dst[8:], se)
}
