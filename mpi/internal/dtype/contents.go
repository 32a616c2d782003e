package dtype

// Combiner says which constructor made a type; the values are those of the standard ABI.
type Combiner int

const (
	CombinerNamed Combiner = iota + 101
	CombinerDup
	CombinerContiguous
	CombinerVector
	CombinerHvector
	CombinerIndexed
	CombinerHindexed
	CombinerIndexedBlock
	CombinerHindexedBlock
	CombinerStruct
	CombinerSubarray
	CombinerDarray
	CombinerF90Real
	CombinerF90Complex
	CombinerF90Integer
	CombinerResized
	CombinerValueIndex
)

// Contents are the arguments of the call that made a type, in the order that
// MPI_Type_get_contents (MPI 5.0 §5.1.13) gives them. Its slices must not be written to.
type Contents struct {
	Combiner  Combiner
	Integers  []int64
	Addresses []int64
	Counts    []int64 // of the large-count constructors
	Types     []*Type
}

var namedContents = Contents{Combiner: CombinerNamed}

// Contents returns how t was made. A predefined type has CombinerNamed and no arguments.
func (t *Type) Contents() *Contents {
	if t.contents == nil {
		return &namedContents
	}
	return t.contents
}

func contentsOf(c Combiner, integers, addresses []int64, types ...*Type) *Contents {
	return &Contents{Combiner: c, Integers: integers, Addresses: addresses, Types: types}
}

// Large returns t as if a large-count constructor had made it: its contents give counts and
// displacements as large counts (MPI 5.0 §5.1.13, the tables of the _c bindings).
func (t *Type) Large() *Type {
	c := t.Contents()
	if c.Counts != nil || len(c.Integers)+len(c.Addresses) == 0 {
		return t
	}
	l := *c
	switch c.Combiner {
	case CombinerF90Real, CombinerF90Complex, CombinerF90Integer:
		return t
	case CombinerSubarray: // ndims and order stay integers
		last := len(c.Integers) - 1
		l.Integers, l.Counts = []int64{c.Integers[0], c.Integers[last]}, c.Integers[1:last]
	case CombinerDarray: // only the sizes of the global array are large
		n := c.Integers[2]
		l.Counts = c.Integers[3 : 3+n]
		l.Integers = append(clone(c.Integers[:3]), c.Integers[3+n:]...)
	default:
		l.Counts = append(clone(c.Integers), c.Addresses...)
		l.Integers, l.Addresses = nil, nil
	}
	u := *t
	u.contents = &l
	return &u
}
