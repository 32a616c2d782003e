package dtype

import "unsafe"

// Runs calls yield with the runs of bytes that make up the part [off, off+n) of the packed stream
// of count elements, in stream order: their displacements and lengths. Runs that touch are one.
// It stops where yield returns false. It is for those who can copy scattered memory themselves,
// such as process_vm_readv, or do something else with it than copy, such as accumulate.
func (t *Type) Runs(count, off, n int64, yield func(disp, n int64) bool) {
	n = min(n, t.size*count-off)
	if n <= 0 {
		return
	}
	if disp, ok := t.Run(count); ok {
		yield(disp+off, n)
		return
	}
	j := joiner{yield: yield}
	top := node{kind: kindLoop, size: t.size * count, count: count, stride: t.Extent(), kid: t.shape.n}
	if top.runs(t.shape.disp, off, n, &j) {
		j.flush()
	}
}

// joiner joins runs that touch.
type joiner struct {
	yield   func(disp, n int64) bool
	disp, n int64
}

func (j *joiner) add(disp, n int64) bool {
	if j.disp+j.n == disp {
		j.n += n
		return true
	}
	if !j.flush() {
		return false
	}
	j.disp, j.n = disp, n
	return true
}

func (j *joiner) flush() bool { return j.n == 0 || j.yield(j.disp, j.n) }

// runs hands n > 0 bytes of k's stream from off on to j; k is at displacement disp.
func (k *node) runs(disp, off, n int64, j *joiner) bool {
	if k.kind == kindRun {
		return j.add(disp+off, n)
	}
	i, r := k.entry(off)
	for ; n > 0; i++ {
		kid, at, size := k.at(i)
		m := min(size-r, n)
		if kid == nil {
			if !j.add(disp+at+r, m) {
				return false
			}
		} else if !kid.runs(disp+at, r, m, j) {
			return false
		}
		n -= m
		r = 0
	}
	return true
}

// entry returns which entry of k holds stream byte off, and where in it.
func (k *node) entry(off int64) (i, r int64) {
	if k.kind == kindLoop || k.kind == kindBlocks {
		return off / k.kid.size, off % k.kid.size
	}
	i = int64(k.seek(off))
	return i, off - k.starts[i]
}

// at returns entry i of k: its node (nil for one of several runs), displacement and size.
func (k *node) at(i int64) (kid *node, disp, size int64) {
	switch k.kind {
	case kindLoop:
		return k.kid, i * k.stride, k.kid.size
	case kindBlocks:
		return k.kid, k.disps[i], k.kid.size
	case kindRuns:
		return nil, k.disps[i], k.starts[i+1] - k.starts[i]
	}
	return k.kids[i], k.disps[i], k.kids[i].size
}

// Locate returns the displacement of byte off of the packed stream of an array of t, and how many
// bytes from there on are certain to be adjacent.
func (t *Type) Locate(off int64) (disp, n int64) {
	i := off / t.size
	off -= i * t.size
	disp = i*t.Extent() + t.shape.disp
	for k := t.shape.n; ; {
		if k.kind == kindRun {
			return disp + off, k.size - off
		}
		i, r := k.entry(off)
		kid, at, size := k.at(i)
		disp += at
		if kid == nil {
			return disp + r, size - r
		}
		k, off = kid, r
	}
}

// Address returns the address of byte off of the packed stream of elements at base.
func (t *Type) Address(base unsafe.Pointer, off int64) unsafe.Pointer {
	disp, _ := t.Locate(off)
	return unsafe.Add(base, disp)
}
