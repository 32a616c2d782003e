package dtype

import (
	"encoding/binary"
	"errors"
	"slices"
)

// A description is a type in bytes, for another process to make its equal: the types that it is
// built of, each before those that use it, itself the last.
//
//	named    1, basic
//	derived  combiner-100, number of arguments, arguments, number of old types, how far back each is
//
// All numbers are varints. A type that is used twice is described once.

// AppendDescription appends t's description to b.
func (t *Type) AppendDescription(b []byte) []byte {
	d := describer{out: b, at: make(map[*Type]int)}
	d.add(t)
	return d.out
}

type describer struct {
	out []byte
	at  map[*Type]int
}

func (d *describer) add(t *Type) {
	if _, ok := d.at[t]; ok {
		return
	}
	c := t.Contents()
	switch c.Combiner {
	case CombinerNamed, CombinerF90Real, CombinerF90Complex, CombinerF90Integer, CombinerValueIndex:
		d.out = append(d.out, byte(CombinerNamed-100), byte(t.leaf))
	default:
		for _, old := range c.Types {
			d.add(old)
		}
		d.derived(c)
	}
	d.at[t] = len(d.at)
}

func (d *describer) derived(c *Contents) {
	d.out = append(d.out, byte(c.Combiner-100))
	args := c.arguments()
	d.out = binary.AppendVarint(d.out, int64(len(args)))
	for _, a := range args {
		d.out = binary.AppendVarint(d.out, a)
	}
	d.out = binary.AppendVarint(d.out, int64(len(c.Types)))
	for _, old := range c.Types {
		d.out = binary.AppendVarint(d.out, int64(len(d.at)-d.at[old]))
	}
}

// arguments returns the numbers in the order of the contents that are not large, whichever c has.
func (c *Contents) arguments() []int64 {
	ints := c.Integers
	switch {
	case c.Counts == nil:
		return slices.Concat(ints, c.Addresses)
	case c.Combiner == CombinerSubarray:
		return slices.Concat(ints[:1], c.Counts, ints[1:])
	case c.Combiner == CombinerDarray:
		return slices.Concat(ints[:3], c.Counts, ints[3:])
	}
	return c.Counts
}

var errDescription = errors.New("the bytes are no description of a datatype")

// Described returns the type of a description.
func Described(b []byte) (*Type, error) {
	var made []*Type
	for r := (reader{b: b}); len(r.b) > 0; {
		t, err := r.one(made)
		if err != nil {
			return nil, err
		}
		made = append(made, t)
	}
	if len(made) == 0 {
		return nil, errDescription
	}
	return made[len(made)-1], nil
}

// reader takes a description apart; bad says that it is none.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) number() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

// numbers reads a list and its length, which no list of this description exceeds.
func (r *reader) numbers() []int64 {
	n := r.number()
	if n < 0 || n > int64(len(r.b)) {
		r.bad, r.b = true, nil
		return nil
	}
	list := make([]int64, n)
	for i := range list {
		list[i] = r.number()
	}
	return list
}

func (r *reader) one(made []*Type) (*Type, error) {
	c := Combiner(r.b[0]) + 100
	r.b = r.b[1:]
	if c == CombinerNamed {
		if len(r.b) == 0 || r.b[0] == 0 || r.b[0] >= byte(numBasics) {
			return nil, errDescription
		}
		t := Basic(r.b[0]).Type()
		r.b = r.b[1:]
		return t, nil
	}
	args := r.numbers()
	var old []*Type
	for _, back := range r.numbers() {
		if back < 1 || back > int64(len(made)) {
			return nil, errDescription
		}
		old = append(old, made[len(made)-int(back)])
	}
	if r.bad {
		return nil, errDescription
	}
	return rebuild(c, args, old)
}

// rebuild calls the constructor c with the arguments of its contents.
func rebuild(c Combiner, a []int64, old []*Type) (*Type, error) {
	n := 0 // of the lists that begin with their number
	if len(a) > 0 {
		n = int(min(max(a[0], 0), int64(len(a))))
	}
	list := func(from, k int) []int64 { return a[from+k*n : from+(k+1)*n] }
	fits := func(want int) bool { return len(a) == want && (len(old) == 1 || c == CombinerStruct && len(old) == n) }
	switch {
	case c == CombinerDup && fits(0):
		return old[0], nil
	case c == CombinerContiguous && fits(1):
		return Contiguous(a[0], old[0])
	case c == CombinerVector && fits(3):
		return Vector(a[0], a[1], a[2], old[0])
	case c == CombinerHvector && fits(3):
		return Hvector(a[0], a[1], a[2], old[0])
	case c == CombinerResized && fits(2):
		return Resized(old[0], a[0], a[1])
	case c == CombinerIndexed && fits(1+2*n):
		return Indexed(list(1, 0), list(1, 1), old[0])
	case c == CombinerHindexed && fits(1+2*n):
		return Hindexed(list(1, 0), list(1, 1), old[0])
	case c == CombinerIndexedBlock && fits(2+n):
		return IndexedBlock(a[1], list(2, 0), old[0])
	case c == CombinerHindexedBlock && fits(2+n):
		return HindexedBlock(a[1], list(2, 0), old[0])
	case c == CombinerStruct && fits(1+2*n):
		return Struct(list(1, 0), list(1, 1), old)
	case c == CombinerSubarray && fits(2+3*n):
		return Subarray(list(1, 0), list(1, 1), list(1, 2), Order(a[len(a)-1]), old[0])
	case c == CombinerDarray && len(a) > 3:
		return rebuildDarray(a, old)
	}
	return nil, errDescription
}

func rebuildDarray(a []int64, old []*Type) (*Type, error) {
	n := int(min(max(a[2], 0), int64(len(a))))
	if len(a) != 4+4*n || len(old) != 1 {
		return nil, errDescription
	}
	list := func(k int) []int64 { return a[3+k*n : 3+(k+1)*n] }
	distribs := make([]Distribution, n)
	for i, d := range list(1) {
		distribs[i] = Distribution(d)
	}
	return Darray(a[0], a[1], list(0), distribs, list(2), list(3), Order(a[len(a)-1]), old[0])
}
