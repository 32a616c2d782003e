package mpi

import (
	"sync"

	"rainmpi/mpi/internal/dtype"
)

// Classes of types for MatchSize; the values are the standard ABI's.
const (
	TypeclassLogical = 191
	TypeclassInteger = 192
	TypeclassReal    = 193
	TypeclassComplex = 194
)

// The Fortran types of each class, in ascending size.
var (
	fortranLogicals  = []dtype.Basic{dtype.Logical1, dtype.Logical2, dtype.Logical4, dtype.Logical8, dtype.Logical16}
	fortranIntegers  = []dtype.Basic{dtype.Integer1, dtype.Integer2, dtype.Integer4, dtype.Integer8, dtype.Integer16}
	fortranReals     = []dtype.Basic{dtype.Real2, dtype.Real4, dtype.Real8, dtype.Real16}
	fortranComplexes = []dtype.Basic{dtype.Complex4, dtype.Complex8, dtype.Complex16, dtype.Complex32}
)

// MatchSize returns the predefined datatype of that class with elements of size
// bytes (MPI_Type_match_size, MPI 5.0 section 19.1.9).
func MatchSize(typeclass int, size int64) (*Datatype, error) {
	classes := map[int][]dtype.Basic{TypeclassLogical: fortranLogicals, TypeclassInteger: fortranIntegers,
		TypeclassReal: fortranReals, TypeclassComplex: fortranComplexes}
	list, ok := classes[typeclass]
	if !ok {
		return nil, errorf(ErrArg, "%d is not MPI_TYPECLASS_REAL, INTEGER, COMPLEX or LOGICAL", typeclass)
	}
	for _, b := range list {
		if b.Size() == size {
			return named(b), nil
		}
	}
	return nil, errorf(ErrArg, "no type of class %d has %d bytes", typeclass, size)
}

// ValueIndex returns the pair type of a value and an index type, nil
// (MPI_DATATYPE_NULL) if there is none (MPI_Type_get_value_index, section 6.9.4).
func ValueIndex(value, index *Datatype) (*Datatype, error) {
	for _, d := range []*Datatype{value, index} {
		if err := d.check(); err != nil {
			return nil, err
		}
	}
	if t := dtype.PairOf(value.t.Named(), index.t.Named()); t != nil {
		return wrap(t), nil
	}
	return nil, nil
}

// f90Types holds what the F90 functions returned: "the same arguments give the
// same handle". It is bounded by the few arguments that are valid.
var f90Types sync.Map // of f90Args

type f90Args struct {
	combiner Combiner
	p, r     int
}

// F90Real returns the type of selected_real_kind(p, r): at least p decimal digits
// and a decimal exponent range of r, either of which may be Undefined
// (MPI_Type_create_f90_real, section 19.1.9). It is committed and not to be freed.
func F90Real(p, r int) (*Datatype, error) {
	b, err := realKind(fortranReals, p, r)
	if err != nil {
		return nil, err
	}
	return f90Type(f90Args{CombinerF90Real, p, r}, b, int64(p), int64(r)), nil
}

// F90Complex is F90Real for complex numbers (MPI_Type_create_f90_complex).
func F90Complex(p, r int) (*Datatype, error) {
	b, err := realKind(fortranComplexes, p, r)
	if err != nil {
		return nil, err
	}
	return f90Type(f90Args{CombinerF90Complex, p, r}, b, int64(p), int64(r)), nil
}

// F90Integer returns the type of selected_int_kind(r): at least r decimal digits
// (MPI_Type_create_f90_integer).
func F90Integer(r int) (*Datatype, error) {
	if r < 0 {
		return nil, errorf(ErrArg, "range %d is negative", r)
	}
	for i, digits := range []int{2, 4, 9, 18, 38} {
		if r <= digits {
			return f90Type(f90Args{CombinerF90Integer, 0, r}, fortranIntegers[i], int64(r)), nil
		}
	}
	return nil, errorf(ErrArg, "no integer has %d decimal digits; the largest has 38", r)
}

// realKind chooses from a list of types with 2, 4, 8 and 16-byte reals. The
// smallest is left out: Fortran compilers do not have it.
func realKind(list []dtype.Basic, p, r int) (dtype.Basic, error) {
	switch {
	case p == Undefined && r == Undefined:
		return dtype.None, errorf(ErrArg, "precision and range are both MPI_UNDEFINED")
	case p < 0 && p != Undefined, r < 0 && r != Undefined:
		return dtype.None, errorf(ErrArg, "precision %d or range %d is negative", p, r)
	}
	for i, k := range []struct{ p, r int }{{6, 37}, {15, 307}, {33, 4931}} {
		if p <= k.p && r <= k.r { // Undefined is negative
			return list[i+1], nil
		}
	}
	return dtype.None, errorf(ErrArg, "no real type has %d digits and the exponent range %d; the largest has 33 and 4931", p, r)
}

func f90Type(args f90Args, b dtype.Basic, contents ...int64) *Datatype {
	if d, ok := f90Types.Load(args); ok {
		return d.(*Datatype)
	}
	d := &Datatype{t: dtype.F90(b, args.combiner, contents...), committed: true, permanent: true}
	kept, _ := f90Types.LoadOrStore(args, d)
	return kept.(*Datatype)
}
