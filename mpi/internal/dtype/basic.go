package dtype

// Basic names a predefined datatype of the MPI standard. Two names of one representation
// (MPI_INT and MPI_INT32_T) are different Basics: type matching goes by name (MPI 5.0 §3.3.1).
type Basic uint8

// The predefined datatypes, in the order of their handles in the standard ABI.
const (
	None Basic = iota // no basic type: MPI_DATATYPE_NULL
	Aint
	Count
	Offset
	Packed
	Short
	Int
	Long
	LongLong
	UnsignedShort
	Unsigned
	UnsignedLong
	UnsignedLongLong
	Float
	CFloatComplex
	CXXFloatComplex
	Double
	CDoubleComplex
	CXXDoubleComplex
	Logical
	Integer
	Real
	Complex
	DoublePrecision
	DoubleComplex
	Character
	LongDouble
	CLongDoubleComplex
	CXXLongDoubleComplex
	FloatInt
	DoubleInt
	LongInt
	TwoInt
	ShortInt
	LongDoubleInt
	TwoReal
	TwoDoublePrecision
	TwoInteger
	CBool
	CXXBool
	Wchar
	Int8
	Uint8
	Char
	SignedChar
	UnsignedChar
	Byte
	Int16
	Uint16
	Int32
	Uint32
	Int64
	Uint64
	Logical1
	Integer1
	Logical2
	Integer2
	Real2
	Logical4
	Integer4
	Real4
	Complex4
	Logical8
	Integer8
	Real8
	Complex8
	Logical16
	Integer16
	Real16
	Complex16
	Complex32
	numBasics

	// NumBasics is one more than the largest Basic.
	NumBasics = int(numBasics)
)

// Kind is the representation of a basic type in memory: what arithmetic needs to know.
type Kind uint8

const (
	KindRaw        Kind = iota // bytes without arithmetic: MPI_BYTE, characters, MPI_PACKED
	KindInt                    // two's complement, 1, 2, 4, 8 or 16 bytes
	KindUint                   // unsigned, 1, 2, 4 or 8 bytes
	KindFloat                  // IEEE 754 binary of 2, 4, 8 or 16 bytes
	KindX87                    // 80-bit extended precision in 16 bytes (long double on x86-64)
	KindComplex                // two KindFloat of half the size
	KindComplexX87             // two KindX87
	KindBool                   // C or C++ bool: one byte, 0 or 1
	KindLogical                // Fortran logical: an integer, 0 is false
	KindPair                   // value and index, laid out as a C struct
)

// Class is the group of types by which MPI 5.0 §6.9.2 says which operation takes which type.
type Class uint8

const (
	ClassNone Class = iota // no predefined operation but REPLACE and NO_OP
	ClassCInteger
	ClassFortranInteger
	ClassFloat
	ClassLogical
	ClassComplex
	ClassByte
	ClassMulti // MPI_AINT, MPI_OFFSET, MPI_COUNT: types of more than one language
	ClassPair
)

// Info describes a basic type.
type Info struct {
	Name   string  // as in the standard, e.g. "MPI_INT"
	Handle uintptr // the value of the handle in the standard ABI
	Kind   Kind
	Class  Class
	Size   int64 // bytes of data (a pair: without its padding)
	Extent int64 // bytes from one element to the next in an array
	Align  int64 // alignment on this machine's C ABI
	Value  Basic // a pair's value type
	Index  Basic // a pair's index type
}

// Info returns the description of b.
func (b Basic) Info() *Info { return &basics[b] }

// Size returns the number of data bytes in one b.
func (b Basic) Size() int64 { return basics[b].Size }

// Kind returns the representation of b.
func (b Basic) Kind() Kind { return basics[b].Kind }

// String returns the standard's name of b.
func (b Basic) String() string {
	if b >= numBasics {
		return "invalid basic type"
	}
	return basics[b].Name
}

// Type returns the predefined datatype b, nil for None.
func (b Basic) Type() *Type { return predefined[b] }
