package mpi

import "rainmpi/mpi/internal/dtype"

// A Combiner says which call made a datatype (MPI 5.0 section 5.1.13); the
// values are the standard ABI's.
type Combiner = dtype.Combiner

const (
	CombinerNamed         = dtype.CombinerNamed
	CombinerDup           = dtype.CombinerDup
	CombinerContiguous    = dtype.CombinerContiguous
	CombinerVector        = dtype.CombinerVector
	CombinerHvector       = dtype.CombinerHvector
	CombinerIndexed       = dtype.CombinerIndexed
	CombinerHindexed      = dtype.CombinerHindexed
	CombinerIndexedBlock  = dtype.CombinerIndexedBlock
	CombinerHindexedBlock = dtype.CombinerHindexedBlock
	CombinerStruct        = dtype.CombinerStruct
	CombinerSubarray      = dtype.CombinerSubarray
	CombinerDarray        = dtype.CombinerDarray
	CombinerF90Real       = dtype.CombinerF90Real
	CombinerF90Complex    = dtype.CombinerF90Complex
	CombinerF90Integer    = dtype.CombinerF90Integer
	CombinerResized       = dtype.CombinerResized
	CombinerValueIndex    = dtype.CombinerValueIndex
)

// An Envelope is how a datatype was made and how long its Contents are
// (MPI_Type_get_envelope).
type Envelope struct {
	Combiner                               Combiner
	Integers, Addresses, Counts, Datatypes int
}

// Contents are the arguments of the call that made a datatype
// (MPI_Type_get_contents). Only the large-count calls of the C face have Counts.
// The slices other than Datatypes must not be written to.
type Contents struct {
	Integers  []int64
	Addresses []int64
	Counts    []int64
	Datatypes []*Datatype
}

// Envelope returns how d was made.
func (d *Datatype) Envelope() (Envelope, error) {
	if err := d.check(); err != nil {
		return Envelope{}, err
	}
	c := d.t.Contents()
	return Envelope{c.Combiner, len(c.Integers), len(c.Addresses), len(c.Counts), len(c.Types)}, nil
}

// Contents returns the arguments that d was made with. "If these were derived
// datatypes, then the returned datatypes are new datatype objects": to be freed
// by the caller where freeing matters; predefined ones are themselves.
func (d *Datatype) Contents() (Contents, error) {
	if err := d.check(); err != nil {
		return Contents{}, err
	}
	c := d.t.Contents()
	if c.Combiner == CombinerNamed {
		return Contents{}, errorf(ErrType, "%s is predefined: it has no contents", d.label())
	}
	r := Contents{Integers: c.Integers, Addresses: c.Addresses, Counts: c.Counts}
	for _, t := range c.Types {
		r.Datatypes = append(r.Datatypes, wrap(t))
	}
	return r, nil
}

// MarkLarge turns the contents of a datatype that was just made into those of
// the large-count call of the same name (MPI_Type_vector_c, …).
func (d *Datatype) MarkLarge() { d.t = d.t.Large() }
