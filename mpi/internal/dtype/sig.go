package dtype

import (
	"math/bits"
	"sort"
)

// sig is a type signature: the sequence of basic types in a stream. A pair type stands for its
// two members. It is never empty and never changes.
type sig struct {
	n     int64 // basic elements
	size  int64 // bytes
	hash  hash
	basic Basic // set: all elements are of this type; the rest is unused

	parts []sigPart // in order
}

// sigPart is count times kid, from byte start and element first of the whole on.
type sigPart struct {
	kid          *sig
	count        int64
	start, first int64
}

func basicSig(b Basic) *sig {
	return &sig{n: 1, size: basics[b].Size, hash: hashOf(b), basic: b}
}

// repeatSig returns count copies of s.
func repeatSig(s *sig, count int64) *sig {
	if s == nil || count == 0 {
		return nil
	}
	if count == 1 {
		return s
	}
	r := &sig{n: s.n * count, size: s.size * count, hash: s.hash.repeat(count), basic: s.basic}
	if s.basic == None {
		r.parts = []sigPart{{kid: s, count: count}}
	}
	return r
}

// concatSig returns the parts in order; their start and first are filled in here. Neighbours of
// one signature are joined.
func concatSig(parts []sigPart) *sig {
	r := &sig{hash: hashOne}
	uniform := true
	for _, p := range parts {
		if p.kid == nil || p.count == 0 {
			continue
		}
		last := len(r.parts) - 1
		switch {
		case last >= 0 && sameKid(r.parts[last].kid, p.kid):
			r.parts[last].count += p.count
		default:
			r.parts = append(r.parts, sigPart{p.kid, p.count, r.size, r.n})
		}
		r.n += p.kid.n * p.count
		r.size += p.kid.size * p.count
		r.hash = r.hash.then(p.kid.hash.repeat(p.count))
		uniform = uniform && p.kid.basic != None && p.kid.basic == r.parts[0].kid.basic
	}
	switch {
	case len(r.parts) == 0:
		return nil
	case uniform:
		r.basic = r.parts[0].kid.basic
		r.parts = nil
	case len(r.parts) == 1:
		return repeatSig(r.parts[0].kid, r.parts[0].count)
	}
	return r
}

// sameKid: repeating either gives the same sequence whatever the counts, so parts can be joined.
func sameKid(a, b *sig) bool { return a == b || a.n == b.n && a.hash == b.hash && a.size == b.size }

// elements returns how many whole basic elements the first n bytes hold, and whether the cut
// falls between two elements.
func (s *sig) elements(n int64) (int64, bool) {
	var done int64
	for {
		if s.basic != None {
			size := basics[s.basic].Size
			return done + n/size, n%size == 0
		}
		i := sort.Search(len(s.parts), func(i int) bool { return s.parts[i].start > n }) - 1
		p := &s.parts[i]
		n -= p.start
		done += p.first
		whole := n / p.kid.size
		done += whole * p.kid.n
		n -= whole * p.kid.size
		if n == 0 {
			return done, true
		}
		s = p.kid
	}
}

// bytesOf returns the size of the first n elements.
func (s *sig) bytesOf(n int64) int64 {
	var done int64
	for n > 0 {
		if s.basic != None {
			return done + n*basics[s.basic].Size
		}
		i := sort.Search(len(s.parts), func(i int) bool { return s.parts[i].first > n }) - 1
		p := &s.parts[i]
		n -= p.first
		done += p.start
		whole := n / p.kid.n
		done += whole * p.kid.size
		n -= whole * p.kid.n
		s = p.kid
	}
	return done
}

// hash is a polynomial hash of a sequence over the field of 2^61-1 elements, with the power that
// shifts another hash by this one's length: so concatenation and repetition need no look at the
// elements, and equal sequences hash alike however they were put together.
type hash struct{ sum, shift uint64 }

const (
	fieldPrime = 1<<61 - 1
	hashBase   = 0x1b873593cc9e2d51 & fieldPrime
)

var hashOne = hash{0, 1}

func hashOf(b Basic) hash { return hash{uint64(b)*0x9e3779b97f4a7c15%fieldPrime + 1, hashBase} }

// then is the hash of h's sequence followed by g's.
func (h hash) then(g hash) hash {
	return hash{fieldAdd(fieldMul(h.sum, g.shift), g.sum), fieldMul(h.shift, g.shift)}
}

// repeat is the hash of n copies, by doubling.
func (h hash) repeat(n int64) hash {
	r := hashOne
	for ; n > 0; n >>= 1 {
		if n&1 != 0 {
			r = r.then(h)
		}
		h = h.then(h)
	}
	return r
}

func fieldMul(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return fieldAdd(lo&fieldPrime, hi<<3|lo>>61)
}

func fieldAdd(a, b uint64) uint64 {
	s := a + b
	if s >= fieldPrime {
		s -= fieldPrime
	}
	return s
}

// Signature returns a hash of the type signature of count elements, and its number of basic
// elements. Two streams match by the standard's type matching rules (MPI 5.0 §3.3.1) exactly if
// both are equal; that different signatures hash alike has a chance of 2^-61 per element.
func (t *Type) Signature(count int64) (sum uint64, elements int64) {
	if t.sig == nil || count <= 0 {
		return 0, 0
	}
	return t.sig.hash.repeat(count).sum, t.sig.n * count
}

// Elements returns the number of basic elements in n bytes of a stream of t
// (MPI_Get_elements). It is not ok when n cuts a basic element: the standard's MPI_UNDEFINED.
func (t *Type) Elements(n int64) (elements int64, ok bool) {
	if t.sig == nil {
		return 0, n == 0
	}
	whole := n / t.size
	rest, ok := t.sig.elements(n % t.size)
	return whole*t.sig.n + rest, ok
}

// ElementBytes returns the size in bytes of the first n basic elements of a stream of t
// (MPI_Status_set_elements).
func (t *Type) ElementBytes(n int64) int64 {
	if t.sig == nil || n <= 0 {
		return 0
	}
	return n/t.sig.n*t.size + t.sig.bytesOf(n%t.sig.n)
}

// Count returns the number of whole elements of t in n bytes (MPI_Get_count). It is not ok when
// n is no multiple of the size: the standard's MPI_UNDEFINED.
func (t *Type) Count(n int64) (count int64, ok bool) {
	if t.size == 0 {
		return 0, n == 0
	}
	return n / t.size, n%t.size == 0
}
