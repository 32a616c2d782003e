package dtype

// predefined holds the one Type of each basic type.
var predefined [numBasics]*Type

// The handles of predefined datatypes lie in 0x200..0x2ff of the standard ABI (MPI 5.0 §20).
const (
	firstHandle = 0x200
	lastHandle  = 0x2ff
)

var byHandle [lastHandle - firstHandle + 1]*Type

func init() {
	for b := None + 1; b < numBasics; b++ {
		in := &basics[b]
		if in.Kind == KindPair {
			predefined[b] = newPair(b)
		} else {
			predefined[b] = newBasic(b)
		}
		byHandle[in.Handle-firstHandle] = predefined[b]
	}
}

// ByHandle returns the predefined datatype whose handle has the value h in the standard ABI,
// nil if there is none (MPI_DATATYPE_NULL included).
func ByHandle(h uintptr) *Type {
	if h < firstHandle || h > lastHandle {
		return nil
	}
	return byHandle[h-firstHandle]
}

// Handle returns the value of a predefined datatype's handle in the standard ABI, 0 for a
// derived datatype.
func (t *Type) Handle() uintptr {
	if t.named == None {
		return 0
	}
	return basics[t.named].Handle
}

// PairOf returns the predefined pair of a value and an index type (MPI_Type_get_value_index,
// MPI 5.0 §6.9.4), nil if there is none.
func PairOf(value, index Basic) *Type {
	for b := None + 1; b < numBasics; b++ {
		in := &basics[b]
		if in.Kind == KindPair && in.Value == value && in.Index == index {
			return predefined[b]
		}
	}
	return nil
}

func newBasic(b Basic) *Type {
	in := &basics[b]
	return &Type{
		shape: runOf(in.Size),
		meta: meta{size: in.Size, trueUB: in.Size, ub: in.Size, align: in.Align,
			sig: basicSig(b), leaf: b},
		named: b,
	}
}

// newPair lays a pair out as the C struct {value; index}: "the datatype MPI_FLOAT_INT is as if
// defined by" MPI_Type_create_struct of the two (MPI 5.0 §6.9.4).
func newPair(b Basic) *Type {
	in := &basics[b]
	v, x := &basics[in.Value], &basics[in.Index]
	at := roundUp(v.Size, x.Align)
	ub := roundUp(at+x.Size, in.Align)
	list := newConcat(2)
	list.add(0, runOf(v.Size))
	list.add(at, runOf(x.Size))
	return &Type{
		shape: list.shape(),
		meta: meta{size: in.Size, trueUB: at + x.Size, ub: ub, align: in.Align,
			sig: concatSig([]sigPart{{kid: basicSig(in.Value), count: 1}, {kid: basicSig(in.Index), count: 1}}), leaf: b},
		named: b,
	}
}

func roundUp(n, to int64) int64 {
	if to <= 1 {
		return n
	}
	if r := n % to; r != 0 {
		if r < 0 {
			r += to
		}
		return n + to - r
	}
	return n
}

// longDouble is the representation of C's long double: 80-bit extended on x86-64, IEEE
// binary128 on the other 64-bit machines.
func longDouble(complex bool) Kind {
	switch {
	case isX87 && complex:
		return KindComplexX87
	case isX87:
		return KindX87
	case complex:
		return KindComplex
	}
	return KindFloat
}
