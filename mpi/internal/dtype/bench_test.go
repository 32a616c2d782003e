package dtype

import (
	"fmt"
	"testing"
	"unsafe"
)

// benchmarkMove packs and unpacks 1 MiB of stream in pieces.
func benchmarkMove(b *testing.B, d *Type, piece int) {
	const bytes = 1 << 20
	count := bytes / d.Size()
	lo, hi := d.Span(count)
	mem := make([]byte, hi-lo)
	base := unsafe.Add(unsafe.Pointer(&mem[0]), -lo)
	buf := make([]byte, piece)
	b.SetBytes(bytes)
	b.Run("pack", func(b *testing.B) {
		b.SetBytes(bytes)
		for b.Loop() {
			for off := 0; off < bytes; off += piece {
				d.Pack(buf, base, count, int64(off))
			}
		}
	})
	b.Run("unpack", func(b *testing.B) {
		b.SetBytes(bytes)
		for b.Loop() {
			for off := 0; off < bytes; off += piece {
				d.Unpack(base, count, int64(off), buf)
			}
		}
	})
}

func BenchmarkMove(b *testing.B) {
	must := mustType(b)
	for _, size := range []int64{4, 8, 16, 24, 64, 256} {
		block := must(Contiguous(size, Byte.Type()))
		b.Run(fmt.Sprintf("vector%d", size), func(b *testing.B) { benchmarkMove(b, must(Vector(1024, 1, 2, block)), 8192) })
	}
	s := must(Struct([]int64{1, 1}, []int64{0, 8}, []*Type{Int.Type(), Double.Type()}))
	b.Run("struct", func(b *testing.B) { benchmarkMove(b, s, 8192) })
	face := must(Subarray([]int64{64, 64, 64}, []int64{64, 64, 1}, []int64{0, 0, 0}, OrderC, Double.Type()))
	b.Run("face", func(b *testing.B) { benchmarkMove(b, face, 8192) })
	var displs []int64
	for i := range int64(1024) {
		displs = append(displs, i*3+i*i%7%2)
	}
	b.Run("indexed", func(b *testing.B) { benchmarkMove(b, must(IndexedBlock(1, displs, Double.Type())), 8192) })
}
