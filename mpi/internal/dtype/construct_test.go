package dtype

import (
	"errors"
	"math"
	"slices"
	"testing"
	"unsafe"
)

func mustType(t testing.TB) func(*Type, error) *Type {
	return func(d *Type, err error) *Type {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
}

func TestPredefined(t *testing.T) {
	for b := None + 1; b < numBasics; b++ {
		d, in := b.Type(), b.Info()
		if d.Size() != in.Size || d.Extent() != in.Extent || d.Named() != b || ByHandle(in.Handle) != d || d.Handle() != in.Handle {
			t.Errorf("%v: size %d, extent %d, handle %#x", b, d.Size(), d.Extent(), d.Handle())
		}
		if leaf, ok := d.Basic(); !ok || leaf != b {
			t.Errorf("%v: Basic %v", b, leaf)
		}
		if in.Kind == KindPair && PairOf(in.Value, in.Index) != d {
			t.Errorf("%v is not found by its members", b)
		}
	}
	for _, h := range []uintptr{0, 0x200, 0x204, 0x1ff, 0x300, 1 << 40} {
		if ByHandle(h) != nil {
			t.Errorf("handle %#x is %v", h, ByHandle(h))
		}
	}
	if Dup(Int.Type()).Handle() != 0 || PairOf(Int, Double) != nil {
		t.Error("a derived type has a handle, or an unknown pair a type")
	}
}

// TestCompact: regular types of many blocks are a few nodes however they are described.
func TestCompact(t *testing.T) {
	must := mustType(t)
	const n = 1 << 20
	displs := make([]int64, n)
	ones := make([]int64, n)
	for i := range displs {
		displs[i], ones[i] = int64(i)*16, 1
	}
	for name, d := range map[string]*Type{
		"vector":       must(Vector(n, 1, 2, Double.Type())),
		"hindexed":     must(Hindexed(ones, displs, Double.Type())),
		"block":        must(HindexedBlock(1, displs, Double.Type())),
		"nested":       must(Hvector(n/4, 1, 64, must(Vector(4, 1, 2, Double.Type())))),
		"plane":        must(Subarray([]int64{1024, 2048}, []int64{1024, 1024}, []int64{0, 0}, OrderC, Double.Type())),
		"wide vectors": must(Hvector(n, 1, 16, must(Resized(Double.Type(), 0, 4)))),
	} {
		if k := d.shape.n; k.kind != kindLoop || k.kid.kind != kindRun {
			t.Errorf("%s is not a loop of runs", name)
		}
	}
	for name, d := range map[string]*Type{
		"contiguous": must(Contiguous(n, Int.Type())),
		"adjacent":   must(Vector(n, 3, 3, Int.Type())),
		"struct":     must(Struct([]int64{1, 2, 1}, []int64{0, 8, 24}, []*Type{Double.Type(), Double.Type(), Double.Type()})),
		"whole":      must(Subarray([]int64{10, 20}, []int64{10, 20}, []int64{0, 0}, OrderFortran, Double.Type())),
	} {
		if !d.Contiguous() {
			t.Errorf("%s is not contiguous", name)
		}
	}
}

func TestConstructorErrors(t *testing.T) {
	two := []int64{1, 1}
	for name, f := range map[string]func() (*Type, error){
		"negative count":       func() (*Type, error) { return Contiguous(-1, Int.Type()) },
		"negative blocklength": func() (*Type, error) { return Vector(1, -1, 1, Int.Type()) },
		"negative in a list":   func() (*Type, error) { return Indexed([]int64{1, -2}, two, Int.Type()) },
		"negative in a struct": func() (*Type, error) {
			return Struct([]int64{-1}, []int64{0}, []*Type{Int.Type()})
		},
		"negative block": func() (*Type, error) { return IndexedBlock(-1, two, Int.Type()) },
	} {
		if _, err := f(); !errors.Is(err, ErrCount) {
			t.Errorf("%s: %v", name, err)
		}
	}
	const big = math.MaxInt64 / 2
	for name, f := range map[string]func() (*Type, error){
		"size":     func() (*Type, error) { return Contiguous(big, Int.Type()) },
		"stride":   func() (*Type, error) { return Vector(3, 1, big, Int.Type()) },
		"hvector":  func() (*Type, error) { return Hvector(4, 1, big, Int.Type()) },
		"indexed":  func() (*Type, error) { return Indexed(two, []int64{0, big}, Int.Type()) },
		"lengths":  func() (*Type, error) { return Indexed([]int64{big, big}, two, Short.Type()) },
		"struct":   func() (*Type, error) { return Struct([]int64{big}, []int64{big}, []*Type{Int.Type()}) },
		"resized":  func() (*Type, error) { return Resized(Int.Type(), big, big+2) },
		"subarray": func() (*Type, error) { return Subarray([]int64{big, 2}, two, two, OrderC, Int.Type()) },
	} {
		if _, err := f(); !errors.Is(err, ErrOverflow) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestArrayErrors(t *testing.T) {
	one := []int64{1}
	sub := func(size, subsize, start int64, o Order) error {
		_, err := Subarray([]int64{size}, []int64{subsize}, []int64{start}, o, Int.Type())
		return err
	}
	darray := func(size, rank, n int64, d Distribution, arg, p int64) error {
		_, err := Darray(size, rank, []int64{n}, []Distribution{d}, []int64{arg}, []int64{p}, OrderC, Int.Type())
		return err
	}
	for name, err := range map[string]error{
		"subsize 0":      sub(4, 0, 0, OrderC),
		"too far":        sub(4, 2, 3, OrderC),
		"negative start": sub(4, 2, -1, OrderC),
		"no order":       sub(4, 2, 0, 0),
		"rank":           darray(2, 2, 4, DistributeBlock, DefaultArg, 2),
		"grid":           darray(4, 0, 4, DistributeBlock, DefaultArg, 2),
		"small blocks":   darray(2, 0, 4, DistributeBlock, 1, 2),
		"none on 2":      darray(2, 0, 4, DistributeNone, DefaultArg, 2),
		"cyclic 0":       darray(2, 0, 4, DistributeCyclic, 0, 2),
		"distribution":   darray(2, 0, 4, 7, 1, 2),
		"gsize":          darray(2, 0, 0, DistributeBlock, DefaultArg, 2),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := Subarray(nil, nil, nil, OrderC, Int.Type()); err == nil {
		t.Error("no dimensions: no error")
	}
	if _, err := Indexed(one, []int64{1, 2}, Int.Type()); err == nil {
		t.Error("arrays of different lengths: no error")
	}
}

// TestContents holds the argument arrays to the tables of MPI 5.0 §5.1.13, also for the
// large-count calls.
func TestContents(t *testing.T) {
	must, i := mustType(t), Int.Type()
	bl, d := []int64{2, 3}, []int64{0, 8}
	dist := []Distribution{DistributeBlock, DistributeNone}
	for _, c := range []struct {
		t                   *Type
		combiner            Combiner
		ints, addrs         []int64
		largeInts, largeCts []int64
	}{
		{i, CombinerNamed, nil, nil, nil, nil},
		{Dup(i), CombinerDup, nil, nil, nil, nil},
		{must(Contiguous(5, i)), CombinerContiguous, []int64{5}, nil, nil, []int64{5}},
		{must(Vector(3, 2, 4, i)), CombinerVector, []int64{3, 2, 4}, nil, nil, []int64{3, 2, 4}},
		{must(Hvector(3, 2, 40, i)), CombinerHvector, []int64{3, 2}, []int64{40}, nil, []int64{3, 2, 40}},
		{must(Indexed(bl, d, i)), CombinerIndexed, []int64{2, 2, 3, 0, 8}, nil, nil, []int64{2, 2, 3, 0, 8}},
		{must(Hindexed(bl, d, i)), CombinerHindexed, []int64{2, 2, 3}, d, nil, []int64{2, 2, 3, 0, 8}},
		{must(IndexedBlock(7, d, i)), CombinerIndexedBlock, []int64{2, 7, 0, 8}, nil, nil, []int64{2, 7, 0, 8}},
		{must(HindexedBlock(2, d, i)), CombinerHindexedBlock, []int64{2, 2}, d, nil, []int64{2, 2, 0, 8}},
		{must(Struct(bl, d, []*Type{i, i})), CombinerStruct, []int64{2, 2, 3}, d, nil, []int64{2, 2, 3, 0, 8}},
		{must(Resized(i, -4, 16)), CombinerResized, nil, []int64{-4, 16}, nil, []int64{-4, 16}},
		{must(Subarray([]int64{4, 5}, []int64{2, 3}, []int64{1, 0}, OrderC, i)), CombinerSubarray,
			[]int64{2, 4, 5, 2, 3, 1, 0, 12}, nil, []int64{2, 12}, []int64{4, 5, 2, 3, 1, 0}},
		{must(Darray(2, 1, []int64{4, 5}, dist, []int64{2, DefaultArg}, []int64{2, 1}, OrderFortran, i)), CombinerDarray,
			[]int64{2, 1, 2, 4, 5, 17, 16, 2, 19, 2, 1, 15}, nil, []int64{2, 1, 2, 17, 16, 2, 19, 2, 1, 15}, []int64{4, 5}},
	} {
		got := c.t.Contents()
		if got.Combiner != c.combiner || !slices.Equal(got.Integers, c.ints) || !slices.Equal(got.Addresses, c.addrs) || got.Counts != nil {
			t.Errorf("combiner %d: %+v", c.combiner, got)
		}
		large := c.t.Large().Contents()
		if large.Combiner != c.combiner || !slices.Equal(large.Integers, c.largeInts) || !slices.Equal(large.Counts, c.largeCts) || large.Addresses != nil {
			t.Errorf("large combiner %d: %+v", c.combiner, large)
		}
		if c.t != i && large.Types[0] != i {
			t.Errorf("combiner %d: types %v", c.combiner, large.Types)
		}
	}
}

// absolute is memory that does not move.
var absolute struct {
	x [4]int32
	y [2]float64
}

// TestAbsolute packs by absolute displacements from nil (MPI_BOTTOM).
func TestAbsolute(t *testing.T) {
	x, y := &absolute.x, &absolute.y
	*x, *y = [4]int32{1, 2, 3, 4}, [2]float64{5, 6}
	d := mustType(t)(Struct([]int64{4, 2}, []int64{int64(uintptr(unsafe.Pointer(x))), int64(uintptr(unsafe.Pointer(y)))},
		[]*Type{Int.Type(), Double.Type()}))
	buf := make([]byte, 32)
	if n := d.Pack(buf, nil, 1, 0); n != 32 {
		t.Fatal(n)
	}
	*x, *y = [4]int32{}, [2]float64{}
	if n := d.Unpack(nil, 1, 0, buf); n != 32 || *x != [4]int32{1, 2, 3, 4} || *y != [2]float64{5, 6} {
		t.Fatal(n, *x, *y)
	}
}

func TestNoAllocation(t *testing.T) {
	must := mustType(t)
	v := must(Vector(100, 1, 2, must(Vector(3, 1, 2, Int.Type()))))
	mem, buf := make([]byte, 1<<16), make([]byte, 1200)
	p := unsafe.Pointer(&mem[0])
	if n := testing.AllocsPerRun(10, func() {
		v.Pack(buf, p, 1, 0)
		v.Unpack(p, 1, 0, buf)
		Copy(unsafe.Pointer(&mem[1<<15]), v, 1, p, v, 1)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
