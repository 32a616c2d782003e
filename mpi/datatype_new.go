package mpi

import (
	"fmt"

	"rainmpi/mpi/internal/dtype"
)

// An Order is the storage order of a multidimensional array.
type Order = dtype.Order

const (
	OrderC       = dtype.OrderC       // MPI_ORDER_C: the last dimension is contiguous
	OrderFortran = dtype.OrderFortran // MPI_ORDER_FORTRAN: the first is
)

// A Distribution says how Darray deals out a dimension.
type Distribution = dtype.Distribution

const (
	DistributeNone       = dtype.DistributeNone
	DistributeBlock      = dtype.DistributeBlock
	DistributeCyclic     = dtype.DistributeCyclic
	DistributeDefaultArg = dtype.DefaultArg // MPI_DISTRIBUTE_DFLT_DARG
)

// derive checks old and count, makes the new type and gives errors their class.
func derive(call string, count int64, old *Datatype, make func(old *dtype.Type) (*dtype.Type, error)) (*Datatype, error) {
	if err := old.check(); err != nil {
		return nil, err
	}
	if count < 0 {
		return nil, errorf(ErrCount, "%s: count is %d; it must not be negative", call, count)
	}
	t, err := make(old.t)
	if err != nil {
		return nil, errorf(ErrArg, "%s: %v", call, err)
	}
	return &Datatype{t: t}, nil
}

// NewContiguous returns count elements of old, one after the other
// (MPI_Type_contiguous, MPI 5.0 section 5.1.2, as all up to NewStruct).
func NewContiguous(count int64, old *Datatype) (*Datatype, error) {
	return derive("MPI_Type_contiguous", count, old, func(t *dtype.Type) (*dtype.Type, error) {
		return dtype.Contiguous(count, t)
	})
}

// NewVector returns count blocks of blocklength elements whose beginnings are
// stride elements apart (MPI_Type_vector).
func NewVector(count, blocklength, stride int64, old *Datatype) (*Datatype, error) {
	return derive("MPI_Type_vector", count, old, func(t *dtype.Type) (*dtype.Type, error) {
		return dtype.Vector(count, blocklength, stride, t)
	})
}

// NewHvector is NewVector with the stride in bytes (MPI_Type_create_hvector).
func NewHvector(count, blocklength, stride int64, old *Datatype) (*Datatype, error) {
	return derive("MPI_Type_create_hvector", count, old, func(t *dtype.Type) (*dtype.Type, error) {
		return dtype.Hvector(count, blocklength, stride, t)
	})
}

// NewIndexed returns, for each i, blocklengths[i] elements displs[i] elements
// from the beginning (MPI_Type_indexed).
func NewIndexed(blocklengths, displs []int64, old *Datatype) (*Datatype, error) {
	return derive("MPI_Type_indexed", 0, old, func(t *dtype.Type) (*dtype.Type, error) {
		return dtype.Indexed(blocklengths, displs, t)
	})
}

// NewHindexed is NewIndexed with displacements in bytes (MPI_Type_create_hindexed).
func NewHindexed(blocklengths, displs []int64, old *Datatype) (*Datatype, error) {
	return derive("MPI_Type_create_hindexed", 0, old, func(t *dtype.Type) (*dtype.Type, error) {
		return dtype.Hindexed(blocklengths, displs, t)
	})
}

// NewIndexedBlock is NewIndexed with one block length (MPI_Type_create_indexed_block).
func NewIndexedBlock(blocklength int64, displs []int64, old *Datatype) (*Datatype, error) {
	return derive("MPI_Type_create_indexed_block", 0, old, func(t *dtype.Type) (*dtype.Type, error) {
		return dtype.IndexedBlock(blocklength, displs, t)
	})
}

// NewHindexedBlock is NewIndexedBlock with displacements in bytes
// (MPI_Type_create_hindexed_block).
func NewHindexedBlock(blocklength int64, displs []int64, old *Datatype) (*Datatype, error) {
	return derive("MPI_Type_create_hindexed_block", 0, old, func(t *dtype.Type) (*dtype.Type, error) {
		return dtype.HindexedBlock(blocklength, displs, t)
	})
}

// NewStruct returns, for each i, blocklengths[i] elements of types[i] at
// displs[i] bytes (MPI_Type_create_struct).
func NewStruct(blocklengths, displs []int64, types []*Datatype) (*Datatype, error) {
	ts := make([]*dtype.Type, len(types))
	for i, d := range types {
		if err := d.check(); err != nil {
			err.Text = fmt.Sprintf("MPI_Type_create_struct: block %d: %s", i, err.Text)
			return nil, err
		}
		ts[i] = d.t
	}
	t, err := dtype.Struct(blocklengths, displs, ts)
	if err != nil {
		return nil, errorf(ErrArg, "MPI_Type_create_struct: %v", err)
	}
	return &Datatype{t: t}, nil
}

// NewSubarray returns, of an array of sizes elements of old, the subsizes
// elements from starts on (MPI_Type_create_subarray, section 5.1.3).
func NewSubarray(sizes, subsizes, starts []int64, order Order, old *Datatype) (*Datatype, error) {
	return derive("MPI_Type_create_subarray", 0, old, func(t *dtype.Type) (*dtype.Type, error) {
		return dtype.Subarray(sizes, subsizes, starts, order, t)
	})
}

// NewDarray returns the share of process rank of an array of gsizes elements of
// old that is dealt out to a grid of psizes processes, size in all
// (MPI_Type_create_darray, section 5.1.4).
func NewDarray(size, rank int64, gsizes []int64, distribs []Distribution, dargs, psizes []int64, order Order, old *Datatype) (*Datatype, error) {
	return derive("MPI_Type_create_darray", 0, old, func(t *dtype.Type) (*dtype.Type, error) {
		return dtype.Darray(size, rank, gsizes, distribs, dargs, psizes, order, t)
	})
}

// NewResized returns old with another lower bound and extent, in bytes
// (MPI_Type_create_resized, section 5.1.7).
func NewResized(old *Datatype, lb, extent int64) (*Datatype, error) {
	return derive("MPI_Type_create_resized", 0, old, func(t *dtype.Type) (*dtype.Type, error) {
		return dtype.Resized(t, lb, extent)
	})
}
