package dtype

import (
	"fmt"
	"slices"

	"pgregory.net/rapid"
)

// reference is a datatype as the standard defines it: a list of basic types and displacements,
// with markers. Everything is computed from the list in the slowest and plainest way.
type reference struct {
	entries []entry
	marked  bool
	lo, hi  int64 // markers
}

type entry struct {
	b    Basic // never a pair
	disp int64
}

func (r reference) bounds() (lb, ub int64) {
	if r.marked {
		return r.lo, r.hi
	}
	lb, ub = r.trueBounds()
	align := int64(1)
	for _, e := range r.entries {
		align = max(align, e.b.Info().Align)
	}
	for (ub-lb)%align != 0 {
		ub++
	}
	return lb, ub
}

func (r reference) trueBounds() (lb, ub int64) {
	for i, e := range r.entries {
		if i == 0 {
			lb, ub = e.disp, e.disp+e.b.Size()
		}
		lb, ub = min(lb, e.disp), max(ub, e.disp+e.b.Size())
	}
	return lb, ub
}

func (r reference) extent() int64 {
	lb, ub := r.bounds()
	return ub - lb
}

func (r reference) size() (n int64) {
	for _, e := range r.entries {
		n += e.b.Size()
	}
	return n
}

// place appends n elements of o at disp to r's type map.
func (r *reference) place(o reference, n, disp int64) {
	ext := o.extent()
	for i := range n {
		at := disp + i*ext
		for _, e := range o.entries {
			r.entries = append(r.entries, entry{e.b, e.disp + at})
		}
		if o.marked {
			if !r.marked {
				r.lo, r.hi, r.marked = o.lo+at, o.hi+at, true
			}
			r.lo, r.hi = min(r.lo, o.lo+at), max(r.hi, o.hi+at)
		}
	}
}

// bytes lists the displacement of every byte of the stream of count elements.
func (r reference) bytes(count int64) (at []int64) {
	var all reference
	all.place(r, count, 0)
	for _, e := range all.entries {
		for i := range e.b.Size() {
			at = append(at, e.disp+i)
		}
	}
	return at
}

func basicReference(b Basic) reference {
	in := b.Info()
	if in.Kind != KindPair {
		return reference{entries: []entry{{b, 0}}}
	}
	at := in.Value.Size()
	for at%in.Index.Info().Align != 0 {
		at++
	}
	return reference{entries: []entry{{in.Value, 0}, {in.Index, at}}}
}

// both is a type under test beside its reference.
type both struct {
	t *Type
	r reference
}

const maxEntries = 300

// drawType draws a type of up to depth constructors.
func drawType(t *rapid.T, depth int) both {
	if depth == 0 || rapid.IntRange(0, 9).Draw(t, "leaf") == 0 {
		b := rapid.SampledFrom([]Basic{Byte, Short, Int, Double, LongDouble, DoubleInt, ShortInt, CFloatComplex, Integer16}).Draw(t, "basic")
		return both{b.Type(), basicReference(b)}
	}
	old := drawType(t, depth-1)
	n := rapid.SampledFrom([]string{"contiguous", "vector", "hvector", "indexed", "hindexed", "block", "hblock",
		"struct", "resized", "subarray", "darray", "dup"}).Draw(t, "constructor")
	b := construct(t, n, old, depth)
	if len(b.r.entries) > maxEntries {
		return old
	}
	return b
}

func construct(t *rapid.T, name string, old both, depth int) both {
	count := func(what string) int64 { return rapid.Int64Range(0, 4).Draw(t, what) }
	disp := func(what string) int64 { return rapid.Int64Range(-6, 6).Draw(t, what) }
	list := func(what string, n int64, f func(string) int64) []int64 {
		l := make([]int64, n)
		for i := range l {
			l[i] = f(what)
		}
		return l
	}
	ext := old.r.extent()
	var r reference
	var made *Type
	var err error
	switch name {
	case "contiguous":
		n := count("count")
		made, err = Contiguous(n, old.t)
		r.place(old.r, n, 0)
	case "vector", "hvector":
		n, bl, stride := count("count"), count("blocklength"), disp("stride")
		bytes := stride * ext
		if name == "hvector" {
			stride = rapid.Int64Range(-60, 60).Draw(t, "bytes")
			bytes = stride
			made, err = Hvector(n, bl, stride, old.t)
		} else {
			made, err = Vector(n, bl, stride, old.t)
		}
		for i := range n {
			r.place(old.r, bl, i*bytes)
		}
	case "indexed", "hindexed":
		n := count("count")
		bl, d := list("blocklength", n, count), list("disp", n, disp)
		unit := int64(1)
		if name == "indexed" {
			unit = ext
			made, err = Indexed(bl, d, old.t)
		} else {
			made, err = Hindexed(bl, d, old.t)
		}
		for i := range n {
			r.place(old.r, bl[i], d[i]*unit)
		}
	case "block", "hblock":
		n, bl := count("count"), count("blocklength")
		d := list("disp", n, disp)
		unit := int64(1)
		if name == "block" {
			unit = ext
			made, err = IndexedBlock(bl, d, old.t)
		} else {
			made, err = HindexedBlock(bl, d, old.t)
		}
		for i := range n {
			r.place(old.r, bl, d[i]*unit)
		}
	case "struct":
		olds := []both{old}
		for range rapid.IntRange(0, 2).Draw(t, "members") {
			olds = append(olds, drawType(t, depth-1))
		}
		bl := list("blocklength", int64(len(olds)), count)
		d := list("disp", int64(len(olds)), func(s string) int64 { return rapid.Int64Range(-60, 60).Draw(t, s) })
		var types []*Type
		for i, o := range olds {
			types = append(types, o.t)
			r.place(o.r, bl[i], d[i])
		}
		made, err = Struct(bl, d, types)
	case "resized":
		lb, extent := disp("lb"), rapid.Int64Range(-20, 60).Draw(t, "extent")
		made, err = Resized(old.t, lb, extent)
		r = reference{entries: old.r.entries, marked: true, lo: lb, hi: lb + extent}
	case "dup":
		made, r = Dup(old.t), old.r
	case "subarray":
		made, r, err = drawSubarray(t, old)
	case "darray":
		made, r, err = drawDarray(t, old)
	}
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return both{made, r}
}

// walkArray calls f with the indices of every element of an array in storage order, and with
// its position in it.
func walkArray(sizes []int64, order Order, f func(index []int64, at int64)) {
	dims := dimensions(len(sizes), order) // from the fastest
	total := int64(1)
	for _, n := range sizes {
		total *= n
	}
	index := make([]int64, len(sizes))
	for at := range total {
		rest := at
		for _, d := range dims {
			index[d], rest = rest%sizes[d], rest/sizes[d]
		}
		f(index, at)
	}
}

// inArray is the type of those elements of an array for which mine holds.
func inArray(sizes []int64, order Order, old reference, mine func(index []int64) bool) reference {
	ext, total := old.extent(), int64(1)
	for _, n := range sizes {
		total *= n
	}
	r := reference{}
	walkArray(sizes, order, func(index []int64, at int64) {
		if mine(index) {
			r.place(old, 1, at*ext)
		}
	})
	r.marked, r.lo, r.hi = true, 0, total*ext
	return r
}

func drawOrder(t *rapid.T) Order {
	return rapid.SampledFrom([]Order{OrderC, OrderFortran}).Draw(t, "order")
}

func drawSubarray(t *rapid.T, old both) (*Type, reference, error) {
	n := rapid.IntRange(1, 3).Draw(t, "dimensions")
	sizes, subs, starts := make([]int64, n), make([]int64, n), make([]int64, n)
	for i := range n {
		sizes[i] = rapid.Int64Range(1, 4).Draw(t, "size")
		subs[i] = rapid.Int64Range(1, sizes[i]).Draw(t, "subsize")
		starts[i] = rapid.Int64Range(0, sizes[i]-subs[i]).Draw(t, "start")
	}
	order := drawOrder(t)
	r := inArray(sizes, order, old.r, func(index []int64) bool {
		for i, x := range index {
			if x < starts[i] || x >= starts[i]+subs[i] {
				return false
			}
		}
		return true
	})
	made, err := Subarray(sizes, subs, starts, order, old.t)
	return made, r, err
}

func drawDarray(t *rapid.T, old both) (*Type, reference, error) {
	n := rapid.IntRange(1, 3).Draw(t, "dimensions")
	sizes, psizes, args := make([]int64, n), make([]int64, n), make([]int64, n)
	blocks, distribs := make([]int64, n), make([]Distribution, n)
	size := int64(1)
	for i := range n {
		sizes[i] = rapid.Int64Range(1, 7).Draw(t, "gsize")
		psizes[i] = rapid.Int64Range(1, 3).Draw(t, "psize")
		distribs[i] = rapid.SampledFrom([]Distribution{DistributeNone, DistributeBlock, DistributeCyclic}).Draw(t, "distribution")
		args[i] = rapid.Int64Range(1, 4).Draw(t, "darg")
		least := (sizes[i] + psizes[i] - 1) / psizes[i]
		switch distribs[i] {
		case DistributeNone:
			psizes[i], blocks[i] = 1, sizes[i]
		case DistributeBlock:
			args[i] = max(args[i], least)
			blocks[i] = args[i]
		case DistributeCyclic:
			blocks[i] = args[i]
		}
		if distribs[i] != DistributeNone && rapid.Bool().Draw(t, "default") {
			blocks[i] = 1
			if distribs[i] == DistributeBlock {
				blocks[i] = least
			}
			args[i] = DefaultArg
		}
		size *= psizes[i]
	}
	rank := rapid.Int64Range(0, size-1).Draw(t, "rank")
	order := drawOrder(t)
	r := inArray(sizes, order, old.r, func(index []int64) bool {
		owner := int64(0)
		for i, x := range index {
			owner = owner*psizes[i] + x/blocks[i]%psizes[i]
		}
		return owner == rank
	})
	made, err := Darray(size, rank, sizes, distribs, args, psizes, order, old.t)
	return made, r, err
}

func (b both) String() string { return fmt.Sprintf("%+v", b.r) }

// flatType is a type with this type map, made entry by entry.
func flatType(entries []entry) *Type {
	var bl, d []int64
	var types []*Type
	for _, e := range entries {
		bl, d, types = append(bl, 1), append(d, e.disp), append(types, e.b.Type())
	}
	t, err := Struct(bl, d, types)
	if err != nil {
		panic(err)
	}
	return t
}

// distinct reports whether no byte occurs twice: only then the order of unpacking does not matter.
func distinct(at []int64) bool {
	s := slices.Clone(at)
	slices.Sort(s)
	return len(slices.Compact(s)) == len(at)
}
