package dtype

import "fmt"

// The constructors of MPI 5.0 §5.1. All return an error for a negative count or blocklength and
// where a size or a bound does not fit in 64 bits. Strides, displacements and bounds are in bytes
// where the name begins with H or where the standard says so, else in extents of the old type.

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

// strided returns count blocks of blocklength elements, stride bytes apart.
func strided(count, blocklength, stride int64, old *Type) (*Type, error) {
	if err := checkCount(count, blocklength); err != nil {
		return nil, err
	}
	var u union
	if count == 0 || blocklength == 0 {
		m, err := u.done(nil)
		return &Type{meta: m}, err
	}
	ext := old.Extent()
	u.add(old.meta.repeat(&u.arith, blocklength, ext).repeat(&u.arith, count, stride), 0)
	m, err := u.done(repeatSig(old.sig, u.mul(count, blocklength)))
	if err != nil {
		return nil, err
	}
	return &Type{shape: loopOf(count, stride, loopOf(blocklength, ext, old.shape)), meta: m}, nil
}

// made completes a new type with its contents.
func (t *Type) made(err error, c *Contents) (*Type, error) {
	if err != nil {
		return nil, err
	}
	t.contents = c
	return t, nil
}

func checkCount(counts ...int64) error {
	for _, n := range counts {
		if n < 0 {
			return fmt.Errorf("count or blocklength %d is negative", n)
		}
	}
	return nil
}
