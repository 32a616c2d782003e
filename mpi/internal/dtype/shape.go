package dtype

import "slices"

// A shape says where the bytes of a type map are, in stream order.
//
// Displacements are kept outside nodes: the first byte of a node's stream is at the node's own
// address. So every address that copying forms is the address of a byte of data, never one
// between objects, which Go's runtime would refuse to find in a pointer (an absolute displacement
// from MPI_BOTTOM is added to nil).
type shape struct {
	disp int64
	n    *node // nil: no data
}

type nodeKind uint8

const (
	kindRun    nodeKind = iota // size bytes
	kindLoop                   // count kids, stride bytes apart
	kindBlocks                 // a kid at each of disps
	kindRuns                   // runs of different lengths: starts[i+1]-starts[i] bytes at disps[i]
	kindParts                  // kids[i] at disps[i]
)

// node is a part of a shape. It is never empty and never changes.
type node struct {
	kind   nodeKind
	size   int64 // bytes of stream
	count  int64 // loop
	stride int64 // loop
	kid    *node // loop, blocks
	disps  []int64
	starts []int64 // runs, parts: stream offset of each, and the size at the end
	kids   []*node // parts
}

// runOf returns n bytes at displacement 0.
func runOf(n int64) shape {
	if n == 0 {
		return shape{}
	}
	return shape{n: &node{kind: kindRun, size: n}}
}

// loopOf returns count copies of s, stride bytes apart. Copies that touch become one run, and
// two loops that step on evenly become one.
func loopOf(count, stride int64, s shape) shape {
	if count == 0 || s.n == nil {
		return shape{}
	}
	k := s.n
	switch {
	case count == 1:
		return s
	case k.kind == kindRun && stride == k.size:
		return shape{s.disp, &node{kind: kindRun, size: count * k.size}}
	case k.kind == kindLoop && stride == k.count*k.stride:
		return shape{s.disp, &node{kind: kindLoop, size: count * k.size,
			count: count * k.count, stride: k.stride, kid: k.kid}}
	}
	return shape{s.disp, &node{kind: kindLoop, size: count * k.size, count: count, stride: stride, kid: k}}
}

// concat gathers shapes that follow each other in the stream.
type concat struct {
	disps []int64
	sizes []int64
	kids  []*node // a run of sizes[i] bytes where nil; empty while all are runs
}

func newConcat(n int) *concat {
	return &concat{disps: make([]int64, 0, n), sizes: make([]int64, 0, n)}
}

// add appends s at displacement disp.
func (c *concat) add(disp int64, s shape) {
	switch {
	case s.n == nil:
	case s.n.kind == kindRun:
		c.addRun(disp+s.disp, s.n.size)
	default:
		c.fillKids()
		c.disps = append(c.disps, disp+s.disp)
		c.sizes = append(c.sizes, s.n.size)
		c.kids = append(c.kids, s.n)
	}
}

// addRun appends n bytes at disp; a run that touches the one before prolongs it.
func (c *concat) addRun(disp, n int64) {
	if n == 0 {
		return
	}
	if i := len(c.disps) - 1; i >= 0 && c.isRun(i) && c.disps[i]+c.sizes[i] == disp {
		c.sizes[i] += n
		return
	}
	c.disps = append(c.disps, disp)
	c.sizes = append(c.sizes, n)
	if c.kids != nil {
		c.kids = append(c.kids, nil)
	}
}

func (c *concat) isRun(i int) bool { return len(c.kids) == 0 || c.kids[i] == nil }

// fillKids makes kids as long as disps.
func (c *concat) fillKids() {
	if c.kids == nil {
		c.kids = make([]*node, len(c.disps), cap(c.disps)+1)
	}
}

// shape returns the smallest form of what was added.
func (c *concat) shape() shape {
	if len(c.disps) == 0 {
		return shape{}
	}
	first := c.disps[0]
	if kid := c.commonKid(); kid != nil {
		return c.evenShape(first, kid)
	}
	n := &node{kind: kindRuns, disps: make([]int64, len(c.disps)), starts: make([]int64, len(c.disps)+1)}
	for i, d := range c.disps {
		n.disps[i] = d - first
		n.starts[i+1] = n.starts[i] + c.sizes[i]
	}
	n.size = n.starts[len(c.disps)]
	if len(c.kids) > 0 {
		n.kind = kindParts
		n.kids = slices.Clone(c.kids)
		for i := range n.kids {
			if n.kids[i] == nil {
				n.kids[i] = runOf(c.sizes[i]).n
			}
		}
	}
	return shape{first, n}
}

// commonKid returns the node that all entries share, nil if they differ.
func (c *concat) commonKid() *node {
	for i := 1; i < len(c.disps); i++ {
		if c.sizes[i] != c.sizes[0] || len(c.kids) > 0 && c.kids[i] != c.kids[0] {
			return nil
		}
	}
	if c.isRun(0) {
		return runOf(c.sizes[0]).n
	}
	return c.kids[0]
}

// evenShape is a loop where the displacements step on evenly, a block list otherwise.
func (c *concat) evenShape(first int64, kid *node) shape {
	count := int64(len(c.disps))
	if count == 1 {
		return shape{first, kid}
	}
	stride := c.disps[1] - first
	even := true
	for i := 2; i < len(c.disps) && even; i++ {
		even = c.disps[i]-c.disps[i-1] == stride
	}
	if even {
		return loopOf(count, stride, shape{first, kid})
	}
	n := &node{kind: kindBlocks, size: count * kid.size, kid: kid, disps: make([]int64, len(c.disps))}
	for i, d := range c.disps {
		n.disps[i] = d - first
	}
	return shape{first, n}
}
