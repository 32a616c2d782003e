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
