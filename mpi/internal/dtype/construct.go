package dtype

import (
	"errors"
	"fmt"
)

// The constructors of MPI 5.0 §5.1. All return an error for a negative count or blocklength
// (ErrCount) and where a size or a bound does not fit in 64 bits (ErrOverflow). Strides,
// displacements and bounds are in bytes where the name begins with H or where the standard says
// so, else in extents of the old type.

// ErrCount says that a count or blocklength is negative.
var ErrCount = errors.New("count or blocklength is negative")

// Dup returns a copy of old (MPI_Type_dup).
func Dup(old *Type) *Type {
	return &Type{shape: old.shape, meta: old.meta, contents: contentsOf(CombinerDup, nil, nil, old)}
}

// Resized returns old with other bounds (MPI_Type_create_resized). The new bounds replace those
// of old and of whatever it was built of, and hold in types built on it.
func Resized(old *Type, lb, extent int64) (*Type, error) {
	var a arith
	t := &Type{shape: old.shape, meta: old.meta}
	t.lb, t.ub, t.marked = lb, a.add(lb, extent), true
	return t.made(a.err(), contentsOf(CombinerResized, nil, []int64{lb, extent}, old))
}

// Contiguous returns count elements of old one after the other (MPI_Type_contiguous).
func Contiguous(count int64, old *Type) (*Type, error) {
	t, err := strided(count, 1, old.Extent(), old)
	return t.made(err, contentsOf(CombinerContiguous, []int64{count}, nil, old))
}

// Vector returns count blocks of blocklength elements, stride elements apart (MPI_Type_vector).
func Vector(count, blocklength, stride int64, old *Type) (*Type, error) {
	var a arith
	bytes := a.mul(stride, old.Extent())
	if count > 1 && a.bad {
		return nil, ErrOverflow
	}
	t, err := strided(count, blocklength, bytes, old)
	return t.made(err, contentsOf(CombinerVector, []int64{count, blocklength, stride}, nil, old))
}

// Hvector is Vector with the stride in bytes (MPI_Type_create_hvector).
func Hvector(count, blocklength, stride int64, old *Type) (*Type, error) {
	t, err := strided(count, blocklength, stride, old)
	return t.made(err, contentsOf(CombinerHvector, []int64{count, blocklength}, []int64{stride}, old))
}

// Indexed returns, for every i, blocklengths[i] elements at displacement displs[i]
// (MPI_Type_indexed).
func Indexed(blocklengths, displs []int64, old *Type) (*Type, error) {
	t, err := indexed(int64(len(displs)), blocklengths, 0, displs, old.Extent(), old)
	return t.made(err, contentsOf(CombinerIndexed, integers(displs, blocklengths, displs), nil, old))
}

// Hindexed is Indexed with displacements in bytes (MPI_Type_create_hindexed).
func Hindexed(blocklengths, displs []int64, old *Type) (*Type, error) {
	t, err := indexed(int64(len(displs)), blocklengths, 0, displs, 1, old)
	return t.made(err, contentsOf(CombinerHindexed, integers(displs, blocklengths), clone(displs), old))
}

// IndexedBlock is Indexed with one block length (MPI_Type_create_indexed_block).
func IndexedBlock(blocklength int64, displs []int64, old *Type) (*Type, error) {
	t, err := indexed(int64(len(displs)), nil, blocklength, displs, old.Extent(), old)
	return t.made(err, contentsOf(CombinerIndexedBlock, integers(displs, []int64{blocklength}, displs), nil, old))
}

// HindexedBlock is IndexedBlock with displacements in bytes (MPI_Type_create_hindexed_block).
func HindexedBlock(blocklength int64, displs []int64, old *Type) (*Type, error) {
	t, err := indexed(int64(len(displs)), nil, blocklength, displs, 1, old)
	return t.made(err, contentsOf(CombinerHindexedBlock, integers(displs, []int64{blocklength}), clone(displs), old))
}

// Struct returns, for every i, blocklengths[i] elements of types[i] at displs[i] bytes
// (MPI_Type_create_struct).
func Struct(blocklengths, displs []int64, types []*Type) (*Type, error) {
	if err := sameLength(len(displs), len(blocklengths), len(types)); err != nil {
		return nil, err
	}
	var u union
	list := newConcat(len(types))
	sigs := make([]sigPart, 0, len(types))
	for i, old := range types {
		n := blocklengths[i]
		if n < 0 {
			return nil, fmt.Errorf("%w: blocklength %d of block %d", ErrCount, n, i)
		}
		if n == 0 { // "may be zero": the block is not in the type map, its displacement does not count
			continue
		}
		u.add(old.meta.repeat(&u.arith, n, old.Extent()), displs[i])
		if u.bad {
			return nil, ErrOverflow
		}
		list.add(displs[i], loopOf(n, old.Extent(), old.shape))
		sigs = append(sigs, sigPart{kid: old.sig, count: n})
	}
	m, err := u.done(concatSig(sigs))
	t := &Type{shape: list.shape(), meta: m}
	return t.made(err, contentsOf(CombinerStruct, integers(displs, blocklengths), clone(displs), append([]*Type(nil), types...)...))
}

// strided returns count blocks of blocklength elements, stride bytes apart.
func strided(count, blocklength, stride int64, old *Type) (*Type, error) {
	if count < 0 || blocklength < 0 {
		return nil, fmt.Errorf("%w: count %d, blocklength %d", ErrCount, count, blocklength)
	}
	if count == 0 || blocklength == 0 {
		return &Type{}, nil
	}
	var u union
	ext := old.Extent()
	u.add(old.meta.repeat(&u.arith, blocklength, ext).repeat(&u.arith, count, stride), 0)
	m, err := u.done(repeatSig(old.sig, u.mul(count, blocklength)))
	if err != nil {
		return nil, err
	}
	return &Type{shape: loopOf(count, stride, loopOf(blocklength, ext, old.shape)), meta: m}, nil
}

// indexed returns n blocks at displs[i]*unit bytes. Their lengths are lens[i], or all length
// where lens is nil.
func indexed(n int64, lens []int64, length int64, displs []int64, unit int64, old *Type) (*Type, error) {
	if lens != nil {
		if err := sameLength(len(displs), len(lens)); err != nil {
			return nil, err
		}
	}
	var u union
	b := blockShapes{old: old, dense: old.Contiguous()}
	list := newConcat(int(n))
	var total int64
	for i, d := range displs {
		if lens != nil {
			length = lens[i]
		}
		if length < 0 {
			return nil, fmt.Errorf("%w: blocklength %d of block %d", ErrCount, length, i)
		}
		if length == 0 {
			continue
		}
		disp := u.mul(d, unit)
		total = u.arith.add(total, length)
		u.add(old.meta.repeat(&u.arith, length, old.Extent()), disp)
		b.addTo(list, disp, length)
	}
	m, err := u.done(repeatSig(old.sig, total))
	if err != nil {
		return nil, err
	}
	return &Type{shape: list.shape(), meta: m}, nil
}

// blockShapes makes the shape of a block once per length, so that the blocks of a list share it.
type blockShapes struct {
	old   *Type
	dense bool
	made  map[int64]shape
}

func (b *blockShapes) addTo(list *concat, disp, length int64) {
	if b.dense {
		list.addRun(disp, length*b.old.size)
		return
	}
	s, ok := b.made[length]
	if !ok {
		s = loopOf(length, b.old.Extent(), b.old.shape)
		if b.made == nil {
			b.made = make(map[int64]shape)
		}
		b.made[length] = s
	}
	list.add(disp, s)
}

// made completes a new type with its contents.
func (t *Type) made(err error, c *Contents) (*Type, error) {
	if err != nil {
		return nil, err
	}
	t.contents = c
	return t, nil
}

func sameLength(n int, others ...int) error {
	for _, m := range others {
		if m != n {
			return fmt.Errorf("arrays of %d and %d entries describe the same blocks", n, m)
		}
	}
	return nil
}

// integers is the integer array of a block list's contents: the count and then the arrays.
func integers(displs []int64, arrays ...[]int64) []int64 {
	r := []int64{int64(len(displs))}
	for _, a := range arrays {
		r = append(r, a...)
	}
	return r
}

func clone(a []int64) []int64 { return append([]int64(nil), a...) }
