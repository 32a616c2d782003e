package main

import "C"

import (
	"rainmpi/cbind/abi"
	"rainmpi/mpi"
)

// Datatypes that are found rather than made.

//export rain_Type_match_size
func rain_Type_match_size(f uintptr, typeclass, size int32, out uintptr) int32 {
	d, err := mpi.MatchSize(int(typeclass), int64(size))
	return found(f, out, d, err)
}

//export rain_Type_create_f90_real
func rain_Type_create_f90_real(f uintptr, p, r int32, out uintptr) int32 {
	d, err := mpi.F90Real(int(p), int(r))
	return found(f, out, d, err)
}

//export rain_Type_create_f90_complex
func rain_Type_create_f90_complex(f uintptr, p, r int32, out uintptr) int32 {
	d, err := mpi.F90Complex(int(p), int(r))
	return found(f, out, d, err)
}

//export rain_Type_create_f90_integer
func rain_Type_create_f90_integer(f uintptr, r int32, out uintptr) int32 {
	d, err := mpi.F90Integer(int(r))
	return found(f, out, d, err)
}

//export rain_Type_get_value_index
func rain_Type_get_value_index(f, value, index, out uintptr) int32 {
	v, err := datatypeOf(value)
	if err != nil {
		return fail(f, err)
	}
	i, err := datatypeOf(index)
	if err != nil {
		return fail(f, err)
	}
	d, err := mpi.ValueIndex(v.d, i.d)
	return found(f, out, d, err)
}

// found gives out the same handle for the same datatype each time; nil is MPI_DATATYPE_NULL.
func found(f, out uintptr, d *mpi.Datatype, err error) int32 {
	if err == nil {
		err = need(out)
	}
	if err != nil {
		return fail(f, err)
	}
	if d == nil {
		set(out, abi.MPI_DATATYPE_NULL)
		return 0
	}
	set(out, handleOfType(d))
	return 0
}
