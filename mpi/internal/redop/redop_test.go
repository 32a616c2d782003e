package redop

import (
	"math/big"
	"testing"
	"unsafe"

	"pgregory.net/rapid"

	"rainmpi/mpi/internal/dtype"
)

func apply[T any](op Op, b dtype.Basic, in, inout []T) {
	Apply(op, b, unsafe.Pointer(unsafe.SliceData(in)), unsafe.Pointer(unsafe.SliceData(inout)), int64(len(in)))
}

// checkNumbers compares every arithmetic loop on T, at lengths around the unrolling, with the plain one.
func checkNumbers[T number](t *testing.T, b dtype.Basic) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 40).Draw(t, "n")
		in, inout := make([]T, n), make([]T, n)
		for i := range n {
			in[i] = T(rapid.Int8().Draw(t, "in"))
			inout[i] = T(rapid.Int8().Draw(t, "inout"))
		}
		for op, f := range map[Op]func(a, b T) T{
			Sum:  func(a, b T) T { return a + b },
			Prod: func(a, b T) T { return a * b },
			Min:  func(a, b T) T { return min(a, b) },
			Max:  func(a, b T) T { return max(a, b) },
		} {
			got := append([]T(nil), inout...)
			apply(op, b, in, got)
			for i := range n {
				if want := f(in[i], inout[i]); got[i] != want {
					t.Fatalf("%v on %v: element %d of %d: %v and %v give %v", op, b, i, n, in[i], inout[i], got[i])
				}
			}
		}
	})
}

func TestNumbers(t *testing.T) {
	t.Run("int8", func(t *testing.T) { checkNumbers[int8](t, dtype.SignedChar) })
	t.Run("char", func(t *testing.T) { checkNumbers[int8](t, dtype.Char) })
	t.Run("uint8", func(t *testing.T) { checkNumbers[uint8](t, dtype.Uint8) })
	t.Run("int16", func(t *testing.T) { checkNumbers[int16](t, dtype.Short) })
	t.Run("uint16", func(t *testing.T) { checkNumbers[uint16](t, dtype.UnsignedShort) })
	t.Run("int32", func(t *testing.T) { checkNumbers[int32](t, dtype.Integer) })
	t.Run("uint32", func(t *testing.T) { checkNumbers[uint32](t, dtype.Unsigned) })
	t.Run("int64", func(t *testing.T) { checkNumbers[int64](t, dtype.Aint) })
	t.Run("uint64", func(t *testing.T) { checkNumbers[uint64](t, dtype.Uint64) })
	t.Run("float32", func(t *testing.T) { checkNumbers[float32](t, dtype.Real) })
	t.Run("float64", func(t *testing.T) { checkNumbers[float64](t, dtype.DoublePrecision) })
}

func TestBitwise(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := rapid.SliceOfN(rapid.Uint16(), 0, 50).Draw(t, "in")
		inout := rapid.SliceOfN(rapid.Uint16(), len(in), len(in)).Draw(t, "inout")
		for op, f := range map[Op]func(a, b uint16) uint16{
			Band: func(a, b uint16) uint16 { return a & b },
			Bor:  func(a, b uint16) uint16 { return a | b },
			Bxor: func(a, b uint16) uint16 { return a ^ b },
		} {
			got := append([]uint16(nil), inout...)
			apply(op, dtype.Uint16, in, got)
			for i := range in {
				if got[i] != f(in[i], inout[i]) {
					t.Fatalf("%v: element %d of %d: %x and %x give %x", op, i, len(in), in[i], inout[i], got[i])
				}
			}
		}
	})
}

func TestLogical(t *testing.T) {
	in, inout := []int32{0, 0, 1, 1, -7, 256, 0}, []int32{0, 1, 0, 1, 9, 1 << 30, -1}
	for op, want := range map[Op][]int32{
		Land: {0, 0, 0, 1, 1, 1, 0},
		Lor:  {0, 1, 1, 1, 1, 1, 1},
		Lxor: {0, 1, 1, 0, 0, 0, 1},
	} {
		for _, b := range []dtype.Basic{dtype.Int, dtype.Logical} {
			got := append([]int32(nil), inout...)
			apply(op, b, in, got)
			for i := range got {
				if got[i] != want[i] {
					t.Errorf("%v on %v: %v, want %v", op, b, got, want)
					break
				}
			}
		}
	}
	x, y := []int128{{0, 1}, {0, 0}}, []int128{{1, 0}, {0, 5}}
	apply(Lxor, dtype.Logical16, x, y)
	if y[0] != (int128{}) || y[1] != (int128{lo: 1}) {
		t.Error("MPI_LXOR on MPI_LOGICAL16:", y)
	}
}

func TestLoc(t *testing.T) {
	type doubleInt struct {
		v float64
		i int32
	}
	in := []doubleInt{{1, 5}, {2, 5}, {3, 1}, {3, 9}}
	inout := []doubleInt{{2, 4}, {1, 4}, {3, 2}, {3, 8}}
	got := append([]doubleInt(nil), inout...)
	apply(Minloc, dtype.DoubleInt, in, got)
	for i, want := range []doubleInt{{1, 5}, {1, 4}, {3, 1}, {3, 8}} {
		if got[i] != want {
			t.Errorf("MPI_MINLOC %d: %v, want %v", i, got[i], want)
		}
	}
	got = append([]doubleInt(nil), inout...)
	apply(Maxloc, dtype.DoubleInt, in, got)
	for i, want := range []doubleInt{{2, 4}, {2, 5}, {3, 1}, {3, 8}} {
		if got[i] != want {
			t.Errorf("MPI_MAXLOC %d: %v, want %v", i, got[i], want)
		}
	}
}

// TestPairLayout holds the loops' structs to the datatypes' extents.
func TestPairLayout(t *testing.T) {
	for b, size := range map[dtype.Basic]uintptr{
		dtype.FloatInt: unsafe.Sizeof(pair[float32, int32]{}), dtype.DoubleInt: unsafe.Sizeof(pair[float64, int32]{}),
		dtype.LongInt: unsafe.Sizeof(pair[int64, int32]{}), dtype.ShortInt: unsafe.Sizeof(pair[int16, int32]{}),
		dtype.LongDoubleInt: unsafe.Sizeof(longPair[float80]{}), dtype.TwoDoublePrecision: unsafe.Sizeof(pair[float64, float64]{}),
	} {
		if int64(size) != b.Type().Extent() {
			t.Errorf("%v: extent %d, struct of %d bytes", b, b.Type().Extent(), size)
		}
	}
}

func TestInt128(t *testing.T) {
	bigOf := func(a int128) *big.Int {
		v := new(big.Int).SetInt64(int64(a.hi))
		return v.Lsh(v, 64).Add(v, new(big.Int).SetUint64(a.lo))
	}
	mod := new(big.Int).Lsh(big.NewInt(1), 128)
	same := func(a int128, v *big.Int) bool {
		return new(big.Int).Mod(new(big.Int).Sub(bigOf(a), v), mod).Sign() == 0
	}
	rapid.Check(t, func(t *rapid.T) {
		draw := rapid.Custom(func(t *rapid.T) int128 {
			return int128{rapid.Uint64().Draw(t, "lo"), rapid.Uint64().Draw(t, "hi")}
		})
		a, b := draw.Draw(t, "a"), draw.Draw(t, "b")
		x, y := bigOf(a), bigOf(b)
		if !same(a.add(b), new(big.Int).Add(x, y)) || !same(a.mul(b), new(big.Int).Mul(x, y)) ||
			!same(a.neg(), new(big.Int).Neg(x)) || a.less(b) != (x.Cmp(y) < 0) {
			t.Fatal(x, y)
		}
	})
}

// TestValid holds the table to MPI 5.0 §6.9.2, but for MPI_CHAR, which is a C integer here.
func TestValid(t *testing.T) {
	for _, c := range []struct {
		op   Op
		b    dtype.Basic
		want bool
	}{
		{Sum, dtype.Int, true}, {Sum, dtype.LongDouble, true}, {Sum, dtype.CLongDoubleComplex, true},
		{Sum, dtype.Char, true}, {Land, dtype.Char, true}, {Sum, dtype.Character, false}, {Sum, dtype.Byte, false}, {Sum, dtype.Logical, false}, {Sum, dtype.Wchar, false},
		{Sum, dtype.Packed, false}, {Sum, dtype.DoubleInt, false}, {Sum, dtype.Count, true},
		{Max, dtype.Complex, false}, {Max, dtype.CBool, false}, {Min, dtype.Real16, true}, {Max, dtype.Integer16, true},
		{Land, dtype.Int, true}, {Land, dtype.Integer, false}, {Land, dtype.Logical, true}, {Land, dtype.CXXBool, true},
		{Land, dtype.Double, false}, {Lxor, dtype.Aint, true}, {Land, dtype.Byte, false},
		{Band, dtype.Byte, true}, {Band, dtype.Integer, true}, {Band, dtype.Offset, true}, {Band, dtype.Float, false},
		{Band, dtype.Logical, false}, {Minloc, dtype.TwoInt, true}, {Minloc, dtype.Int, false},
		{Maxloc, dtype.TwoReal, true}, {Replace, dtype.Char, true}, {NoOp, dtype.DoubleInt, true},
		{Null, dtype.Int, false}, {0, dtype.Int, false}, {255, dtype.Int, false},
	} {
		if got := Valid(c.op, c.b); got != c.want {
			t.Errorf("%v on %v: valid %v, want %v", c.op, c.b, got, c.want)
		}
	}
}

// TestReduce checks which datatypes count as arrays of a basic type.
func TestReduce(t *testing.T) {
	three, _ := dtype.Contiguous(3, dtype.Int.Type())
	gappy, _ := dtype.Vector(2, 1, 2, dtype.Int.Type())
	pairs, _ := dtype.Contiguous(2, dtype.DoubleInt.Type())
	mixed, _ := dtype.Struct([]int64{1, 1}, []int64{0, 8}, []*dtype.Type{dtype.Int.Type(), dtype.Double.Type()})
	for _, c := range []struct {
		op   Op
		t    *dtype.Type
		want bool
	}{
		{Sum, dtype.Int.Type(), true}, {Sum, dtype.Dup(dtype.Int.Type()), true}, {Sum, three, true},
		{Sum, gappy, false}, {Maxloc, pairs, true}, {Maxloc, dtype.LongDoubleInt.Type(), true}, {Sum, mixed, false},
	} {
		if got := ValidOn(c.op, c.t); got != c.want {
			t.Errorf("%v on %v: valid %v", c.op, c.t, got)
		}
	}
	in, inout := []int32{1, 2, 3, 4, 5, 6}, []int32{10, 20, 30, 40, 50, 60}
	if !Reduce(Sum, three, unsafe.Pointer(&in[0]), unsafe.Pointer(&inout[0]), 2) || inout[5] != 66 || inout[0] != 11 {
		t.Error(inout)
	}
}

func benchmark[T any](b *testing.B, op Op, basic dtype.Basic, bytes int) {
	var zero T
	n := bytes / int(unsafe.Sizeof(zero))
	in, inout := make([]T, n), make([]T, n)
	b.SetBytes(int64(bytes))
	for b.Loop() {
		apply(op, basic, in, inout)
	}
}

func BenchmarkSumFloat64(b *testing.B) { benchmark[float64](b, Sum, dtype.Double, 1<<20) }
func BenchmarkSumFloat32(b *testing.B) { benchmark[float32](b, Sum, dtype.Float, 1<<20) }
func BenchmarkSumInt32(b *testing.B)   { benchmark[int32](b, Sum, dtype.Int, 1<<20) }
func BenchmarkMaxFloat64(b *testing.B) { benchmark[float64](b, Max, dtype.Double, 1<<20) }
func BenchmarkMaxInt64(b *testing.B)   { benchmark[int64](b, Max, dtype.Int64, 1<<20) }
func BenchmarkBandUint8(b *testing.B)  { benchmark[uint8](b, Band, dtype.Uint8, 1<<20) }
func BenchmarkLandInt32(b *testing.B)  { benchmark[int32](b, Land, dtype.Int, 1<<20) }
func BenchmarkSumFloat80(b *testing.B) { benchmark[float80](b, Sum, dtype.LongDouble, 1<<20) }
func BenchmarkMaxlocDouble(b *testing.B) {
	benchmark[pair[float64, int32]](b, Maxloc, dtype.DoubleInt, 1<<20)
}
