package mpi

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"unsafe"
)

func TestDatatypeOf(t *testing.T) {
	type point struct {
		X, Y float64
		_    [3]byte
		Tag  int8
	}
	type valueIndex struct {
		V float64
		I int32
	}
	for _, c := range []struct {
		got          *Datatype
		want         *Datatype
		size, extent int64
	}{
		{DatatypeOf[float64](), Float64, 8, 8},
		{DatatypeOf[int](), Int64, 8, 8},
		{DatatypeOf[byte](), Uint8, 1, 1},
		{DatatypeOf[bool](), Bool, 1, 1},
		{DatatypeOf[Class](), Int64, 8, 8},
		{DatatypeOf[[3]int32](), nil, 12, 12},
		{DatatypeOf[point](), nil, 17, 24},
		{DatatypeOf[struct{}](), nil, 0, 0},
		{DatatypeOf[valueIndex](), DoubleInt, 12, 16},
	} {
		if _, extent := c.got.Extent(); c.want != nil && c.got != c.want || c.got.Size() != c.size || extent != c.extent || !c.got.Committed() {
			t.Errorf("%s: size %d, extent %d, committed %v", c.got.Name(), c.got.Size(), extent, c.got.Committed())
		}
	}
	if DatatypeOf[point]() != DatatypeOf[point]() {
		t.Error("the datatype of a Go type is made twice")
	}
	for _, d := range []*Datatype{DatatypeOf[string](), DatatypeOf[[]int](), DatatypeOf[struct{ p *int }](), DatatypeOf[any]()} {
		if d.Committed() || ClassOf(d.checkCommitted()) != ErrType {
			t.Errorf("%s has a datatype", d.Name())
		}
	}
}

func TestDatatypeErrors(t *testing.T) {
	var null *Datatype
	two := []int64{1, 1}
	freed, err := NewContiguous(2, Int32)
	if err != nil {
		t.Fatal(err)
	}
	if freed.Committed() {
		t.Error("a new datatype is committed")
	}
	if err := freed.Free(); err != nil {
		t.Error(err)
	}
	make := func(_ *Datatype, err error) error { return err }
	for name, c := range map[string]struct {
		err  error
		want Class
	}{
		"null":              {make(NewVector(1, 1, 1, null)), ErrType},
		"freed":             {make(NewContiguous(1, freed)), ErrType},
		"freed twice":       {freed.Free(), ErrType},
		"predefined freed":  {Int32.Free(), ErrType},
		"go type freed":     {DatatypeOf[[2]int]().Free(), ErrType},
		"negative count":    {make(NewHvector(-1, 1, 1, Int32)), ErrCount},
		"blocklength":       {make(NewVector(1, -1, 1, Int32)), ErrArg},
		"lengths":           {make(NewIndexed(two, two[:1], Int32)), ErrArg},
		"too large":         {make(NewContiguous(1<<62, Int32)), ErrArg},
		"struct of null":    {make(NewStruct(two, two, []*Datatype{Int32, nil})), ErrType},
		"subarray":          {make(NewSubarray(two, two, two, OrderC, Int32)), ErrArg},
		"commit null":       {null.Commit(), ErrType},
		"no size":           {make(MatchSize(TypeclassReal, 3)), ErrArg},
		"no class":          {make(MatchSize(1, 4)), ErrArg},
		"f90 undefined":     {make(F90Real(Undefined, Undefined)), ErrArg},
		"f90 too long":      {make(F90Integer(39)), ErrArg},
		"predefined inside": {func() error { _, err := Int32.Contents(); return err }(), ErrType},
	} {
		if ClassOf(c.err) != c.want {
			t.Errorf("%s: %v", name, c.err)
		}
	}
}

func TestContents(t *testing.T) {
	inner, _ := NewVector(2, 1, 3, Float64)
	outer, err := NewStruct([]int64{1, 2}, []int64{0, 100}, []*Datatype{inner, CInt})
	if err != nil {
		t.Fatal(err)
	}
	if err := inner.Free(); err != nil {
		t.Fatal(err)
	}
	e, _ := outer.Envelope()
	if e != (Envelope{CombinerStruct, 3, 2, 0, 2}) {
		t.Errorf("%+v", e)
	}
	c, err := outer.Contents()
	if err != nil || !slices.Equal(c.Integers, []int64{2, 1, 2}) || c.Datatypes[1] != CInt {
		t.Fatalf("%+v %v", c, err)
	}
	if e, err := c.Datatypes[0].Envelope(); err != nil || e.Combiner != CombinerVector {
		t.Errorf("%+v %v: a datatype inside another died with its handle", e, err)
	}
	if e, _ := Int32.Envelope(); e.Combiner != CombinerNamed {
		t.Errorf("%+v", e)
	}
}

func TestPredefinedHandles(t *testing.T) {
	for h := uintptr(0); h < 4096; h++ {
		if d := PredefinedDatatype(h); d != nil && (d.Handle() != h || !d.Committed() || d.Name() == "" || !d.Predefined()) {
			t.Errorf("%#x: %s with handle %#x", h, d.Name(), d.Handle())
		}
		if o := PredefinedOp(h); o != nil && (o.Handle() != h || !o.Predefined()) {
			t.Errorf("%#x: %s with handle %#x", h, o.Name(), o.Handle())
		}
	}
	if PredefinedDatatype(0x209) != CInt || PredefinedOp(0x21) != Sum || PredefinedOp(0x20) != nil || PredefinedOp(0) != nil {
		t.Error("MPI_INT is not 0x209, MPI_SUM not 0x21, or MPI_OP_NULL is an operation")
	}
}

func TestF90(t *testing.T) {
	a, err := F90Real(10, Undefined)
	if err != nil || a.Size() != 8 || a.Handle() != 0 || !a.Predefined() || !a.Committed() {
		t.Fatalf("%+v %v", a, err)
	}
	if b, _ := F90Real(10, Undefined); a != b {
		t.Error("the same arguments give two datatypes")
	}
	if e, _ := a.Envelope(); e != (Envelope{Combiner: CombinerF90Real, Integers: 2}) {
		t.Errorf("%+v", e)
	}
	if c, _ := F90Complex(20, 400); c.Size() != 32 {
		t.Error(c.Size())
	}
	if i, _ := F90Integer(9); i.Size() != 4 || Sum.check(i, false) != nil {
		t.Error(i.Size())
	}
	if d, _ := MatchSize(TypeclassComplex, 16); d.Name() != "MPI_COMPLEX16" {
		t.Error(d.Name())
	}
	if d, _ := ValueIndex(CDouble, CInt); d != DoubleInt {
		t.Error(d)
	}
	if d, err := ValueIndex(CDouble, CDouble); d != nil || err != nil {
		t.Error(d, err)
	}
}

func TestPack(t *testing.T) {
	v, _ := NewVector(2, 1, 2, CInt)
	if _, err := PackSize(1, v); ClassOf(err) != ErrType {
		t.Error("an uncommitted datatype was packed:", err)
	}
	v.Commit()
	mem, x := []int32{1, 2, 3, 4}, []float64{2.5}
	in := Buffer{Addr: unsafe.Pointer(&mem[0]), Count: 1, Type: v}
	for _, ext := range []bool{false, true} {
		pack, unpack := Pack, Unpack
		if ext {
			pack = func(b []byte, p int, u Buffer) (int, error) { return PackExternal("external32", b, p, u) }
			unpack = func(b []byte, p int, u Buffer) (int, error) { return UnpackExternal("external32", b, p, u) }
		}
		buf := make([]byte, 20)
		p, err := pack(buf, 4, in)
		if err != nil || p != 12 {
			t.Fatal(p, err)
		}
		if p, err = pack(buf, p, Slice(x)); err != nil || p != 20 {
			t.Fatal(p, err)
		}
		if _, err := pack(buf, p, Slice(x)); !errors.Is(err, ErrTruncate) {
			t.Error(err)
		}
		got, y := make([]int32, 4), make([]float64, 1)
		p, _ = unpack(buf, 4, Buffer{Addr: unsafe.Pointer(&got[0]), Count: 1, Type: v})
		if _, err := unpack(buf, p, Slice(y)); err != nil || !slices.Equal(got, []int32{1, 0, 3, 0}) || y[0] != 2.5 {
			t.Error(got, y, err)
		}
	}
	if _, err := PackExternalSize("native", 1, v); ClassOf(err) != ErrArg {
		t.Error(err)
	}
}

// The column of a matrix in C order is a vector.
func ExampleNewVector() {
	column, err := NewVector(3, 1, 4, Int32)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := column.Commit(); err != nil {
		fmt.Println(err)
		return
	}
	defer column.Free()
	_, extent := column.Extent()
	fmt.Println(column.Size(), extent)
	// Output: 12 36
}

func ExampleDatatypeOf() {
	type particle struct {
		Position, Velocity [3]float64
		Charge             int32
	}
	_, extent := DatatypeOf[particle]().Extent()
	fmt.Println(DatatypeOf[particle]().Size(), extent)
	// Output: 52 56
}
