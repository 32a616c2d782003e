package dtype

import (
	"slices"
	"testing"
)

// described are types of every constructor, some used twice.
func described(t *testing.T) []*Type {
	t.Helper()
	must := func(x *Type, err error) *Type {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	vector := must(Vector(3, 2, 5, Int.Type()))
	pair := must(Struct([]int64{1, 2}, []int64{0, 64}, []*Type{vector, Double.Type()}))
	return []*Type{
		Int.Type(), DoubleInt.Type(), Dup(vector), vector, pair,
		F90(Double, CombinerF90Real, 15, 300),
		must(Contiguous(7, pair)), must(Contiguous(0, pair)),
		must(Hvector(2, 1, -40, vector)),
		must(Indexed([]int64{1, 0, 3}, []int64{9, 4, -2}, Float.Type())),
		must(Hindexed([]int64{1, 2}, []int64{100, 0}, pair)),
		must(IndexedBlock(2, []int64{5, 1, 0}, Short.Type())),
		must(HindexedBlock(1, []int64{8, 80}, vector)),
		must(Struct([]int64{1, 1, 4}, []int64{400, 0, 200}, []*Type{pair, pair, Char.Type()})),
		must(Resized(vector, -8, 120)),
		must(Subarray([]int64{4, 5, 6}, []int64{2, 3, 4}, []int64{1, 0, 2}, OrderFortran, Int.Type())),
		must(Darray(4, 3, []int64{10, 11}, []Distribution{DistributeBlock, DistributeCyclic},
			[]int64{DefaultArg, 2}, []int64{2, 2}, OrderC, Double.Type())),
	}
}

func TestDescription(t *testing.T) {
	for _, small := range described(t) {
		for _, a := range []*Type{small, small.Large()} {
			text := a.AppendDescription(nil)
			b, err := Described(text)
			if err != nil {
				t.Errorf("%v: %v", a.Contents(), err)
				continue
			}
			if b.Size() != a.Size() || b.LB() != a.LB() || b.UB() != a.UB() || b.TrueLB() != a.TrueLB() ||
				b.TrueUB() != a.TrueUB() || b.leaf != a.leaf || !slices.Equal(runsOf(a), runsOf(b)) {
				t.Errorf("%v came back as %v", a.Contents(), b.Contents())
			}
			if _, err := Described(text[:len(text)-1]); err == nil {
				t.Errorf("%v: all bytes but the last describe something", a.Contents())
			}
		}
	}
}

func runsOf(t *Type) (runs [][2]int64) {
	t.Runs(2, 0, 2*t.Size(), func(disp, n int64) bool {
		runs = append(runs, [2]int64{disp, n})
		return true
	})
	return runs
}

// A chain of types that each use the one before twice is described in a line each.
func TestDescriptionShares(t *testing.T) {
	x := Int.Type()
	for range 40 {
		var err error
		if x, err = Struct([]int64{1, 1}, []int64{0, 0}, []*Type{x, x}); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(x.AppendDescription(nil)); n > 1000 {
		t.Errorf("%d bytes", n)
	}
}

func FuzzDescribed(f *testing.F) {
	f.Add([]byte{1, 6, 3, 2, 14, 2, 2})
	f.Fuzz(func(t *testing.T, b []byte) {
		if x, err := Described(b); err == nil {
			if _, err := Described(x.AppendDescription(nil)); err != nil {
				t.Error(err)
			}
		}
	})
}
