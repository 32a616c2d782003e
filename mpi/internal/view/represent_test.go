package view

import (
	"testing"

	"rainmpi/mpi/internal/dtype"
)

func external32(b dtype.Basic) int64 { return dtype.ExternalSizeOf(b) }

// A C long has 8 bytes here and 4 in external32: what is counted in longs moves together.
func TestLayout(t *testing.T) {
	long, double := dtype.Long.Type(), dtype.Double.Type()
	must := func(tt *dtype.Type, err error) *dtype.Type {
		if err != nil {
			t.Fatal(err)
		}
		return tt
	}
	vector := must(dtype.Vector(2, 3, 5, long))
	sub := must(dtype.Subarray([]int64{4, 6}, []int64{2, 3}, []int64{1, 2}, dtype.OrderC, long))
	darray := must(dtype.Darray(4, 3, []int64{5, 7}, []dtype.Distribution{dtype.DistributeCyclic, dtype.DistributeBlock},
		[]int64{2, dtype.DefaultArg}, []int64{2, 2}, dtype.OrderC, long))
	for _, c := range []struct {
		name         string
		t            *dtype.Type
		size, extent int64
		at           int64 // of the third basic element
	}{
		{"long", long, 4, 4, 8},
		{"double", double, 8, 8, 16},
		{"contiguous", must(dtype.Contiguous(3, long)), 12, 12, 8},
		{"vector", vector, 24, 32, 8},
		{"large vector", vector.Large(), 24, 32, 8},
		{"vector of vectors", must(dtype.Vector(2, 1, 2, vector)), 48, 96, 8},
		{"hvector", must(dtype.Hvector(3, 1, 100, long)), 12, 204, 200},
		{"indexed", must(dtype.Indexed([]int64{2, 1}, []int64{1, 9}, long)), 12, 36, 36},
		{"indexed block", must(dtype.IndexedBlock(1, []int64{0, 3, 9}, long)), 12, 40, 36},
		{"hindexed", must(dtype.Hindexed([]int64{2, 1}, []int64{8, 72}, long)), 12, 68, 72},
		{"struct", must(dtype.Struct([]int64{1, 2}, []int64{0, 8}, []*dtype.Type{double, long})), 16, 16, 12},
		{"resized", must(dtype.Resized(long, 0, 24)), 4, 24, 48},
		{"subarray", sub, 24, 96, 40},
		{"large subarray", sub.Large(), 24, 96, 40},
		{"dup", dtype.Dup(vector), 24, 32, 8},
		{"darray", darray, 24, 140, 24 + 20},
		{"large darray", darray.Large(), 24, 140, 24 + 20},
	} {
		l := must(Sizes(external32).Layout(c.t))
		if c.name == "darray" || c.name == "large darray" {
			// Rank 3 of 2 x 2 has rows 2 and 3 and columns 4 to 6 of 5 x 7.
			c.at = (2*7 + 6) * 4
		}
		if l.Size() != c.size || l.Extent() != c.extent {
			t.Errorf("%s: %d bytes and extent %d, want %d and %d", c.name, l.Size(), l.Extent(), c.size, c.extent)
			continue
		}
		unit := int64(4)
		if c.t == double {
			unit = 8
		}
		if at, _ := l.Locate(2 * unit); at != c.at && c.name != "struct" {
			t.Errorf("%s: the third element is at %d, want %d", c.name, at, c.at)
		}
		if got := Sizes(external32).Size(c.t); got != c.size {
			t.Errorf("%s: %d bytes of data, want %d", c.name, got, c.size)
		}
	}
}

// TestItems: of data that was cut short, only whole elements count.
func TestItems(t *testing.T) {
	s, err := dtype.Struct([]int64{1, 2}, []int64{0, 8}, []*dtype.Type{dtype.Double.Type(), dtype.Long.Type()})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ n, items, bytes int64 }{
		{0, 0, 0}, {7, 0, 0}, {8, 1, 8}, {11, 1, 8}, {12, 2, 16}, {16, 3, 24}, {16 + 9, 4, 32}, {32, 6, 48},
	} {
		if items, bytes := Sizes(external32).Items(s, c.n); items != c.items || bytes != c.bytes {
			t.Errorf("%d bytes: %d elements of %d bytes, want %d of %d", c.n, items, bytes, c.items, c.bytes)
		}
	}
}
