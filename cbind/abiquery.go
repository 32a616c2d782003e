package main

import "C"

import (
	"fmt"
	"strconv"

	"rainmpi/mpi"
)

// What the library says of its ABI (MPI 5.0, chapter 20). Its Fortran types are those of compilers that nobody
// has told otherwise, and stay so: who registers others is refused.

//export rain_Abi_get_info
func rain_Abi_get_info(f, info uintptr) int32 {
	if err := need(info); err != nil {
		return fail(f, err)
	}
	i := mpi.NewInfo()
	i.Set("mpi_aint_size", strconv.Itoa(int(mpi.AintType.Size())))
	i.Set("mpi_count_size", strconv.Itoa(int(mpi.CountType.Size())))
	i.Set("mpi_offset_size", strconv.Itoa(int(mpi.OffsetType.Size())))
	set(info, infos.add(i))
	return 0
}

// fortranSizes are the keys of Fortran's default kinds.
var fortranSizes = []struct {
	key  string
	kind *mpi.Datatype
}{
	{"mpi_logical_size", mpi.FortranLogical},
	{"mpi_integer_size", mpi.FortranInteger},
	{"mpi_real_size", mpi.FortranReal},
	{"mpi_double_precision_size", mpi.FortranDoublePrecision},
}

// fortranKinds are the keys of the types that compilers may have. All are known here.
var fortranKinds = []string{"logical1", "logical2", "logical4", "logical8", "logical16",
	"integer1", "integer2", "integer4", "integer8", "integer16", "real2", "real4", "real8", "real16",
	"complex4", "complex8", "complex16", "complex32", "double_complex"}

//export rain_Abi_get_fortran_info
func rain_Abi_get_fortran_info(f, info uintptr) int32 {
	if err := need(info); err != nil {
		return fail(f, err)
	}
	i := mpi.NewInfo()
	for _, s := range fortranSizes {
		i.Set(s.key, strconv.Itoa(int(s.kind.Size())))
	}
	for _, name := range fortranKinds {
		i.Set("mpi_"+name+"_supported", "true")
	}
	set(info, infos.add(i))
	return 0
}

//export rain_Abi_set_fortran_info
func rain_Abi_set_fortran_info(f, info uintptr) int32 {
	if _, err := infoOf(info); err != nil {
		return fail(f, err)
	}
	return fail(f, bad(mpi.ErrABI, "the sizes of the Fortran types are those that MPI_Abi_get_fortran_info gives, and cannot be changed"))
}

// logicalSize checks the size in bytes of a LOGICAL.
func logicalSize(n int32) error {
	switch n {
	case 1, 2, 4, 8, 16:
		return nil
	}
	return bad(mpi.ErrArg, fmt.Sprintf("no LOGICAL has %d bytes: it is 1, 2, 4, 8 or 16", n))
}

// setLogical stores 0 or 1 as an integer of n bytes.
func setLogical(addr uintptr, n int32, value uint8) {
	switch n {
	case 1:
		set(addr, value)
	case 2:
		set(addr, uint16(value))
	case 4:
		set(addr, uint32(value))
	case 8:
		set(addr, uint64(value))
	case 16: // little-endian, as all that this library is built for
		set(addr, [2]uint64{uint64(value), 0})
	}
}

// The logical operations take all but 0 for true and give 1, which every Fortran compiler takes for .TRUE., those
// that write -1 too.
//
//export rain_Abi_get_fortran_booleans
func rain_Abi_get_fortran_booleans(f uintptr, size int32, logicalTrue, logicalFalse, isSet uintptr) int32 {
	err := logicalSize(size)
	if err == nil {
		err = need(logicalTrue, logicalFalse, isSet)
	}
	if err != nil {
		return fail(f, err)
	}
	setLogical(logicalTrue, size, 1)
	setLogical(logicalFalse, size, 0)
	set(isSet, int32(1))
	return 0
}

//export rain_Abi_set_fortran_booleans
func rain_Abi_set_fortran_booleans(f uintptr, size int32, logicalTrue, logicalFalse uintptr) int32 {
	err := logicalSize(size)
	if err == nil {
		err = need(logicalTrue, logicalFalse)
	}
	if err != nil {
		return fail(f, err)
	}
	return fail(f, bad(mpi.ErrABI, "Fortran's .TRUE. and .FALSE. are those that MPI_Abi_get_fortran_booleans gives, and cannot be changed"))
}
