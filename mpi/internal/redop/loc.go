package redop

import (
	"unsafe"

	"rainmpi/mpi/internal/dtype"
)

// pair has the layout of the C struct {value; index}.
type pair[V, I any] struct {
	v V
	i I
}

type native interface {
	int16 | int32 | int64 | float32 | float64
}

// locOf is MPI_MINLOC or MPI_MAXLOC on a pair type: the smaller (greater) value with its index,
// and of equal values the smaller index (MPI 5.0 §6.9.4).
func locOf(in *dtype.Info, least bool) kernel {
	v, x := in.Value.Info(), in.Index.Info()
	switch {
	case v.Kind == dtype.KindFloat && x.Kind == dtype.KindFloat && v.Size == 4:
		return loc[float32, float32](least)
	case v.Kind == dtype.KindFloat && x.Kind == dtype.KindFloat && v.Size == 8:
		return loc[float64, float64](least)
	case v.Kind == dtype.KindFloat && v.Size == 4:
		return loc[float32, int32](least)
	case v.Kind == dtype.KindFloat && v.Size == 8:
		return loc[float64, int32](least)
	case v.Kind == dtype.KindFloat && v.Size == 16:
		return softLoc[float128](least)
	case v.Kind == dtype.KindX87:
		return softLoc[float80](least)
	case v.Kind == dtype.KindInt && v.Size == 2:
		return loc[int16, int32](least)
	case v.Kind == dtype.KindInt && v.Size == 4:
		return loc[int32, int32](least)
	case v.Kind == dtype.KindInt && v.Size == 8:
		return loc[int64, int32](least)
	}
	panic("redop: no loop for a pair type")
}

func loc[V, I native](least bool) kernel {
	if least {
		return func(in, inout unsafe.Pointer, n int) {
			a, b := arrays[pair[V, I]](in, inout, n)
			for k := range a {
				x, y := &a[k], &b[k]
				if x.v < y.v {
					y.v, y.i = x.v, x.i
				} else if x.v == y.v {
					y.i = min(x.i, y.i)
				}
			}
		}
	}
	return func(in, inout unsafe.Pointer, n int) {
		a, b := arrays[pair[V, I]](in, inout, n)
		for k := range a {
			x, y := &a[k], &b[k]
			if x.v > y.v {
				y.v, y.i = x.v, x.i
			} else if x.v == y.v {
				y.i = min(x.i, y.i)
			}
		}
	}
}

// longPair is the C struct {long double; int} of 32 bytes.
type longPair[V any] struct {
	v V
	i int32
	_ [12]byte
}

func softLoc[V softNumber[V]](least bool) kernel {
	return func(in, inout unsafe.Pointer, n int) {
		a, b := arrays[longPair[V]](in, inout, n)
		for k := range a {
			x, y := &a[k], &b[k]
			lt, gt := x.v.less(y.v), y.v.less(x.v)
			switch {
			case least && lt, !least && gt:
				y.v, y.i = x.v, x.i
			case !lt && !gt && !x.v.isNaN() && !y.v.isNaN():
				y.i = min(x.i, y.i)
			}
		}
	}
}
