package rudp

import "math/bits"

// pool keeps the buffers of ordered messages, by size class, for use again. It
// holds at most keep bytes; what is beyond goes to the garbage collector.
type pool struct {
	classes [maxClass - minClass + 1][][]byte
	held    int64
	keep    int64
}

// Buffers hold a power of two of bytes, from 64 bytes to 1 MiB. Longer ones are
// made for their message and not kept.
const (
	minClass = 6
	maxClass = 20
)

// get returns a buffer of n bytes with undefined content.
func (p *pool) get(n int) []byte {
	if n > 1<<maxClass {
		return make([]byte, n)
	}
	class := classOf(n)
	free := &p.classes[class-minClass]
	if len(*free) == 0 {
		return make([]byte, n, 1<<class)
	}
	last := len(*free) - 1
	b := (*free)[last]
	(*free)[last] = nil
	*free = (*free)[:last]
	p.held -= 1 << class
	return b[:n]
}

// put gives a buffer back that get returned. Nobody may look at it any more.
func (p *pool) put(b []byte) {
	if cap(b) == 0 || cap(b) > 1<<maxClass || p.held+int64(cap(b)) > p.keep {
		return
	}
	class := classOf(cap(b))
	p.classes[class-minClass] = append(p.classes[class-minClass], b)
	p.held += 1 << class
}

func classOf(n int) int {
	if n <= 1<<minClass {
		return minClass
	}
	return bits.Len(uint(n - 1))
}
