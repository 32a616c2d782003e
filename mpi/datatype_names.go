package mpi

import "rainmpi/mpi/internal/dtype"

// Datatypes of Go's scalars: those of equal representation in C (MPI 5.0
// section 3.2.2). Go's int and uint are Int64 and Uint64.
var (
	Int8       = named(dtype.Int8)
	Int16      = named(dtype.Int16)
	Int32      = named(dtype.Int32)
	Int64      = named(dtype.Int64)
	Uint8      = named(dtype.Uint8)
	Uint16     = named(dtype.Uint16)
	Uint32     = named(dtype.Uint32)
	Uint64     = named(dtype.Uint64)
	Float32    = named(dtype.Float)
	Float64    = named(dtype.Double)
	Complex64  = named(dtype.CFloatComplex)
	Complex128 = named(dtype.CDoubleComplex)
	Bool       = named(dtype.CBool)
	Byte       = named(dtype.Byte) // bytes without meaning: never converted
)

// Datatypes of C.
var (
	CChar              = named(dtype.Char)
	CSignedChar        = named(dtype.SignedChar)
	CUnsignedChar      = named(dtype.UnsignedChar)
	CWchar             = named(dtype.Wchar)
	CShort             = named(dtype.Short)
	CUnsignedShort     = named(dtype.UnsignedShort)
	CInt               = named(dtype.Int)
	CUnsigned          = named(dtype.Unsigned)
	CLong              = named(dtype.Long)
	CUnsignedLong      = named(dtype.UnsignedLong)
	CLongLong          = named(dtype.LongLong)
	CUnsignedLongLong  = named(dtype.UnsignedLongLong)
	CFloat             = named(dtype.Float)
	CDouble            = named(dtype.Double)
	CLongDouble        = named(dtype.LongDouble)
	CBool              = named(dtype.CBool)
	CXXBool            = named(dtype.CXXBool)
	CFloatComplex      = named(dtype.CFloatComplex)
	CDoubleComplex     = named(dtype.CDoubleComplex)
	CLongDoubleComplex = named(dtype.CLongDoubleComplex)
)

// Datatypes of MPI's own integers, and of packed data (section 5.2).
var (
	AintType   = named(dtype.Aint)
	CountType  = named(dtype.Count)
	OffsetType = named(dtype.Offset)
	PackedType = named(dtype.Packed)
)

// Datatypes of Fortran's default kinds. Those with a size in their name are
// found by PredefinedDatatype or MatchSize.
var (
	FortranInteger         = named(dtype.Integer)
	FortranReal            = named(dtype.Real)
	FortranDoublePrecision = named(dtype.DoublePrecision)
	FortranComplex         = named(dtype.Complex)
	FortranDoubleComplex   = named(dtype.DoubleComplex)
	FortranLogical         = named(dtype.Logical)
	FortranCharacter       = named(dtype.Character)
)

// Pairs of a value and an index, for MinLoc and MaxLoc (section 6.9.4).
var (
	FloatInt           = named(dtype.FloatInt)
	DoubleInt          = named(dtype.DoubleInt)
	LongInt            = named(dtype.LongInt)
	TwoInt             = named(dtype.TwoInt)
	ShortInt           = named(dtype.ShortInt)
	LongDoubleInt      = named(dtype.LongDoubleInt)
	TwoReal            = named(dtype.TwoReal)
	TwoDoublePrecision = named(dtype.TwoDoublePrecision)
	TwoInteger         = named(dtype.TwoInteger)
)
