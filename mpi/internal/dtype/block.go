package dtype

import "unsafe"

// The innermost loops. Blocks of the usual element sizes are moved as words: a call of memmove
// for each would cost several times the move. Words may be unaligned; the machines this runs on
// allow that.

type word16 struct{ a, b uint64 }

// moveRun copies between stream and as many bytes at p.
func moveRun(p unsafe.Pointer, stream []byte, dir direction) {
	q := unsafe.Pointer(unsafe.SliceData(stream))
	if dir == unpack {
		p, q = q, p
	}
	switch len(stream) { // from p to q
	case 1:
		*(*byte)(q) = *(*byte)(p)
	case 2:
		*(*uint16)(q) = *(*uint16)(p)
	case 4:
		*(*uint32)(q) = *(*uint32)(p)
	case 8:
		*(*uint64)(q) = *(*uint64)(p)
	case 16:
		*(*word16)(q) = *(*word16)(p)
	default:
		Move(unsafe.Slice((*byte)(q), len(stream)), unsafe.Slice((*byte)(p), len(stream)))
	}
}

// piece is less than what Go's copy stores past the caches: 1 MiB on amd64. Who reads a message
// next does so soon, and would have to fetch it from memory again.
const piece = 512 << 10

// Move is copy, in pieces. The two do not overlap.
func Move(dst, src []byte) {
	for ; len(src) > piece; dst, src = dst[piece:], src[piece:] {
		copy(dst[:piece], src[:piece])
	}
	copy(dst, src)
}

// moveStrided copies count blocks of size bytes between stream, where they lie step bytes apart,
// and memory, where they lie stride bytes apart from p on.
func moveStrided(p unsafe.Pointer, stride, count, size int64, stream []byte, step int64, dir direction) {
	q := unsafe.Pointer(unsafe.SliceData(stream))
	dst, ds, src, ss := q, step, p, stride
	if dir == unpack {
		dst, ds, src, ss = p, stride, q, step
	}
	switch size {
	case 1:
		words[byte](dst, ds, src, ss, count)
	case 2:
		words[uint16](dst, ds, src, ss, count)
	case 4:
		words[uint32](dst, ds, src, ss, count)
	case 8:
		words[uint64](dst, ds, src, ss, count)
	case 12:
		pieces[uint64, uint32](dst, ds, src, ss, count, 8)
	case 16:
		words[word16](dst, ds, src, ss, count)
	case 24:
		pieces[word16, uint64](dst, ds, src, ss, count, 16)
	case 32:
		pieces[word16, word16](dst, ds, src, ss, count, 16)
	default:
		for i := range count {
			copy(unsafe.Slice((*byte)(unsafe.Add(dst, i*ds)), size), unsafe.Slice((*byte)(unsafe.Add(src, i*ss)), size))
		}
	}
}

// words copies count values of type T from src, step ss, to dst, step ds. Addresses advance only
// while there is another value to come: one beyond the end may be in no object.
func words[T any](dst unsafe.Pointer, ds int64, src unsafe.Pointer, ss int64, count int64) {
	for ; count > 4; count -= 4 {
		a := *(*T)(src)
		b := *(*T)(unsafe.Add(src, ss))
		src = unsafe.Add(src, 2*ss)
		c := *(*T)(src)
		d := *(*T)(unsafe.Add(src, ss))
		src = unsafe.Add(src, 2*ss)
		*(*T)(dst) = a
		*(*T)(unsafe.Add(dst, ds)) = b
		dst = unsafe.Add(dst, 2*ds)
		*(*T)(dst) = c
		*(*T)(unsafe.Add(dst, ds)) = d
		dst = unsafe.Add(dst, 2*ds)
	}
	for i := range count {
		*(*T)(unsafe.Add(dst, i*ds)) = *(*T)(unsafe.Add(src, i*ss))
	}
}

// pieces copies count blocks that are a T and then, at bytes on, a U.
func pieces[T, U any](dst unsafe.Pointer, ds int64, src unsafe.Pointer, ss int64, count, at int64) {
	for i := range count {
		d, s := unsafe.Add(dst, i*ds), unsafe.Add(src, i*ss)
		*(*T)(d) = *(*T)(s)
		*(*U)(unsafe.Add(d, at)) = *(*U)(unsafe.Add(s, at))
	}
}

// moveScattered copies blocks of 4, 8 or 16 bytes between stream, where they are dense, and
// memory, where they lie at displs from p on. It reports false, having done nothing, for blocks
// of other sizes.
func moveScattered(p unsafe.Pointer, displs []int64, size int64, stream []byte, dir direction) bool {
	q := unsafe.Pointer(unsafe.SliceData(stream))
	switch size {
	case 4:
		scattered[uint32](p, displs, q, dir)
	case 8:
		scattered[uint64](p, displs, q, dir)
	case 16:
		scattered[word16](p, displs, q, dir)
	default:
		return false
	}
	return true
}

func scattered[T any](p unsafe.Pointer, displs []int64, stream unsafe.Pointer, dir direction) {
	dense := unsafe.Slice((*T)(stream), len(displs))
	if dir == unpack {
		for i, d := range displs {
			*(*T)(unsafe.Add(p, d)) = dense[i]
		}
		return
	}
	for i, d := range displs {
		dense[i] = *(*T)(unsafe.Add(p, d))
	}
}
