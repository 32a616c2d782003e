package view

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"rainmpi/mpi/internal/dtype"
)

// model is a filetype as a list: the displacement of every byte of its data, and its extent.
type model struct {
	bytes  []int64
	extent int64
}

func (m model) at(disp int64) (all []int64) {
	for _, b := range m.bytes {
		all = append(all, disp+b)
	}
	return all
}

// drawType makes a type and its model from the basic type up, with displacements that never decrease.
func drawType(t *rapid.T) (*dtype.Type, model, dtype.Basic) {
	basic := rapid.SampledFrom([]dtype.Basic{dtype.Byte, dtype.Int16, dtype.Int32, dtype.Double}).Draw(t, "etype")
	tt, m := basic.Type(), model{extent: basic.Size()}
	for i := range basic.Size() {
		m.bytes = append(m.bytes, i)
	}
	for range rapid.IntRange(0, 3).Draw(t, "depth") {
		tt, m = wrapped(t, tt, m)
	}
	return tt, m, basic
}

func wrapped(t *rapid.T, old *dtype.Type, m model) (*dtype.Type, model) {
	small := func(name string, lo int64) int64 { return rapid.Int64Range(lo, 4).Draw(t, name) }
	var made *dtype.Type
	var err error
	var out model
	place := func(displacement, count int64) {
		for i := range count {
			out.bytes = append(out.bytes, m.at(displacement+i*m.extent)...)
			out.extent = displacement + (i+1)*m.extent
		}
	}
	switch rapid.SampledFrom([]string{"contiguous", "vector", "indexed", "subarray", "resized"}).Draw(t, "constructor") {
	case "contiguous":
		n := small("count", 0)
		made, err = dtype.Contiguous(n, old)
		place(0, n)
	case "vector":
		n, length := small("count", 0), small("length", 0)
		stride := length + small("gap", 0)
		made, err = dtype.Vector(n, length, stride, old)
		for i := range n {
			place(i*stride*m.extent, length)
		}
	case "indexed":
		var lengths, displs []int64
		at := small("first", 0)
		for range small("blocks", 0) {
			lengths, displs = append(lengths, small("length", 0)), append(displs, at)
			place(at*m.extent, lengths[len(lengths)-1])
			at += lengths[len(lengths)-1] + small("gap", 0)
		}
		made, err = dtype.Indexed(lengths, displs, old)
	case "subarray":
		rows, columns := small("rows", 1), small("columns", 1)
		subRows, subColumns := rapid.Int64Range(1, rows).Draw(t, "subrows"), rapid.Int64Range(1, columns).Draw(t, "subcolumns")
		row, column := rows-subRows, columns-subColumns
		made, err = dtype.Subarray([]int64{rows, columns}, []int64{subRows, subColumns}, []int64{row, column}, dtype.OrderC, old)
		for i := range subRows {
			place(((row+i)*columns+column)*m.extent, subColumns)
		}
	case "resized":
		more := rapid.Int64Range(0, 9).Draw(t, "more")
		out = m
		if n := len(m.bytes); n > 0 {
			out.extent = max(m.bytes[n-1]+1, m.extent)
		}
		if out.extent += more; rapid.Bool().Draw(t, "shrink") {
			out.extent = rapid.Int64Range(1, max(out.extent, 1)).Draw(t, "extent")
		}
		made, err = dtype.Resized(old, 0, out.extent)
	}
	if err != nil {
		t.Fatal(err)
	}
	out.extent = made.Extent()
	return made, out
}

// TestView compares a view with a list of all its bytes.
func TestView(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		filetype, m, basic := drawType(t)
		disp := rapid.Int64Range(0, 20).Draw(t, "disp")
		var seen []int64
		for tile := range int64(5) {
			seen = append(seen, m.at(disp+tile*m.extent)...)
		}
		v, err := New(disp, basic.Type(), filetype, true)
		if want := rises(m.bytes); (err == nil) != want {
			t.Fatalf("a view of bytes %v is made: %v", m.bytes, err)
		}
		if err != nil {
			return
		}
		if len(seen) == 0 {
			v.Runs(0, 10, func(pos, n int64) bool { t.Fatalf("a run at %d in a view without data", pos); return false })
			return
		}
		checkRuns(t, v, seen)
		for off := range seen {
			if got := v.Position(int64(off)); got != seen[off] {
				t.Fatalf("position of byte %d of %v: %d", off, seen, got)
			}
		}
		checkCut(t, v, seen)
		if !rises(seen) {
			return
		}
		end := seen[len(seen)-1]
		for pos := int64(0); pos <= end; pos++ {
			before, _ := slices.BinarySearch(seen, pos)
			unit := int(basic.Size())
			etypes := (before + unit - 1) / unit
			if got := v.Etypes(pos); got != int64(etypes) {
				t.Fatalf("first etype of %d bytes of %v at %d or later: %d, want %d", unit, seen, pos, got, etypes)
			}
		}
	})
}

func rises(at []int64) bool {
	return slices.IsSorted(at) && len(slices.Compact(slices.Clone(at))) == len(at)
}

// checkCut: a part whose positions rise is known for it, and cut where it should.
func checkCut(t *rapid.T, v *View, seen []int64) {
	off := rapid.IntRange(0, len(seen)-1).Draw(t, "from")
	part := seen[off : off+rapid.IntRange(0, len(seen)-off).Draw(t, "length")]
	one := len(seen) / 5 // of a filetype
	if want := rises(part); v.Rises(int64(off), int64(len(part))) != want && (rises(seen) || len(part) == 0 || off/one == (off+len(part)-1)/one) {
		t.Fatalf("that %d bytes from %d of %v on rise is %v", len(part), off, seen, !want)
	}
	if !v.Rises(int64(off), int64(len(part))) {
		return
	}
	pos := rapid.Int64Range(0, 200).Draw(t, "pos")
	before, _ := slices.BinarySearch(part, pos)
	if got := v.Cut(int64(off), int64(len(part)), pos); got != int64(before) {
		t.Fatalf("%d bytes of %v before %d, want %d", got, part, pos, before)
	}
}

func checkRuns(t *rapid.T, v *View, seen []int64) {
	off := rapid.IntRange(0, len(seen)-1).Draw(t, "off")
	n := rapid.IntRange(0, len(seen)-off).Draw(t, "n")
	var got []int64
	end := int64(-1)
	v.Runs(int64(off), int64(n), func(pos, n int64) bool {
		if pos == end {
			t.Fatalf("the run at %d touches the one before", pos)
		}
		end = pos + n
		for i := range n {
			got = append(got, pos+i)
		}
		return true
	})
	if !slices.Equal(got, seen[off:off+n]) {
		t.Fatalf("runs of %d bytes from %d on are %v, want %v", n, off, got, seen[off:off+n])
	}
}

func TestRefused(t *testing.T) {
	back, _ := dtype.Indexed([]int64{1, 1}, []int64{3, 0}, dtype.Int32.Type())
	below, _ := dtype.Indexed([]int64{1, 1}, []int64{-1, 2}, dtype.Int32.Type())
	twice, _ := dtype.Hindexed([]int64{2, 2}, []int64{0, 4}, dtype.Int32.Type())
	stuck, _ := dtype.Resized(dtype.Int32.Type(), 0, 2)
	none, _ := dtype.Contiguous(0, dtype.Int32.Type())
	for _, c := range []struct {
		what            string
		etype, filetype *dtype.Type
		writing, ok     bool
	}{
		{"backwards", dtype.Int32.Type(), back, false, false},
		{"below 0", dtype.Int32.Type(), below, false, false},
		{"overlapping, to read", dtype.Int32.Type(), twice, false, true},
		{"overlapping, to write", dtype.Int32.Type(), twice, true, false},
		{"overlapping tiles, to read", dtype.Int32.Type(), stuck, false, true},
		{"overlapping tiles, to write", dtype.Int32.Type(), stuck, true, true},
		{"no whole etypes", dtype.Double.Type(), dtype.Int32.Type(), true, false},
		{"an empty etype", none, dtype.Int32.Type(), true, false},
		{"an empty filetype", dtype.Int32.Type(), none, true, true},
	} {
		if _, err := New(0, c.etype, c.filetype, c.writing); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.what, err)
		}
	}
}

// TestPlan: every byte is in exactly one window, and windows keep their bound.
func TestPlan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lo := rapid.Int64Range(0, 1<<30).Draw(t, "lo")
		hi := lo + rapid.Int64Range(0, 8<<20).Draw(t, "n")
		n := rapid.IntRange(1, 7).Draw(t, "aggregators")
		window := rapid.Int64Range(1, 4<<20).Draw(t, "window")
		p := NewPlan(lo, hi, n, window)
		var all []Extent
		sum := int64(0)
		for round := range p.Rounds {
			for a := range n {
				if from, to := p.Window(a, round); from < to {
					all = append(all, Extent{from, to - from})
					sum += to - from
					if to-from > max(window, alignment) {
						t.Fatalf("a window of %d bytes, of %d", to-from, window)
					}
				}
			}
		}
		if hi == lo {
			if p.Rounds != 0 {
				t.Fatalf("%d rounds for nothing", p.Rounds)
			}
			return
		}
		all = Join(all, 0)
		if len(all) != 1 || all[0].Pos > lo || all[0].End() != hi || all[0].Len != sum {
			t.Fatalf("bytes %d to %d: the windows are %v and have %d bytes", lo, hi, all, sum)
		}
	})
}
