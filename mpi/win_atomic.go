package mpi

import (
	"sync"
	"sync/atomic"
	"unsafe"

	"rainmpi/mpi/internal/dtype"
	"rainmpi/mpi/internal/redop"
	"rainmpi/rainnet/wire"
)

// Accumulates. "The outcome of concurrent accumulates to the same location with
// the same predefined datatype is as if they were done in some serial order"
// (section 12.7.1): each element is changed at once. An element of up to 8 bytes
// that is aligned is changed by an atomic instruction; any other one under a
// lock that belongs to the target's memory. An element's address and datatype
// decide which, so all who change it do so in the same way, from whichever
// process. Memory that only one engine changes, under its lock, needs neither.

// A combining is one accumulate: off and n are in the packed stream.
type combining struct {
	op      redop.Op
	t       *dtype.Type
	base    unsafe.Pointer
	count   int64
	off     int64
	in      []byte      // packed; nil where op is NoOp
	old     []byte      // packed: what was there before; nil: nobody wants it
	control *winControl // of memory that others change too; else nil
	e       *engine     // this process, which changes it
}

// run does it for n bytes.
func (c *combining) run(n int64) {
	b, ok := c.t.Basic()
	if !ok || n == 0 {
		return
	}
	if c.op == redop.NoOp {
		c.in = nil
	}
	if c.control == nil {
		c.alone(n)
		return
	}
	if b.Size() != b.Info().Extent {
		c.pairs(b, n)
		return
	}
	if disp, ok := c.t.Run(c.count); ok {
		c.elements(b, unsafe.Add(c.base, disp+c.off), n)
		return
	}
	c.t.Runs(c.count, c.off, n, func(disp, n int64) bool {
		c.elements(b, unsafe.Add(c.base, disp), n)
		return true
	})
}

// alone is run in memory that nobody else changes.
func (c *combining) alone(n int64) {
	in, old := c.next(n)
	c.t.Pack(old, c.base, c.count, c.off)
	redop.Accumulate(c.op, c.t, c.base, c.count, c.off, in)
}

// pairs is run for pairs with padding, which has no place in the stream.
func (c *combining) pairs(b dtype.Basic, n int64) {
	size := b.Size()
	for off := c.off; n > 0; off, n = off+size, n-size {
		in, old := c.next(size)
		c.control.enter(c.e)
		if old != nil {
			c.t.Pack(old, c.base, c.count, off)
		}
		if c.op != redop.NoOp {
			redop.Accumulate(c.op, c.t, c.base, c.count, off, in)
		}
		c.control.leave()
	}
}

// next takes n bytes from in and old.
func (c *combining) next(n int64) (in, old []byte) {
	if c.in != nil {
		in, c.in = c.in[:n], c.in[n:]
	}
	if c.old != nil {
		old, c.old = c.old[:n], c.old[n:]
	}
	return in, old
}

// elements combines n bytes of adjacent elements at p.
func (c *combining) elements(b dtype.Basic, p unsafe.Pointer, n int64) {
	size := b.Size()
	in, old := c.next(n)
	aligned := uintptr(p)%uintptr(size) == 0
	switch {
	case aligned && size == 8:
		change64(c.op, b, p, in, old, n/8)
	case aligned && size == 4:
		change32(c.op, b, p, in, old, n/4)
	case aligned && size < 4:
		changeSmall(c.op, b, p, in, old, n)
	default:
		c.control.enter(c.e)
		copy(old, bytesAt(p, n))
		if c.op != redop.NoOp {
			redop.Apply(c.op, b, unsafe.Pointer(unsafe.SliceData(in)), p, n/size)
		}
		c.control.leave()
	}
}

// integer reports whether op on b is the addition of machine words.
func addition(op redop.Op, b dtype.Basic) bool {
	k := b.Kind()
	return op == redop.Sum && (k == dtype.KindInt || k == dtype.KindUint)
}

// A cell holds a value while it is computed: outside the stack, as the
// operations' functions take addresses.
type cell struct{ word uint64 }

var cells = sync.Pool{New: func() any { return new(cell) }}

func change64(op redop.Op, b dtype.Basic, p unsafe.Pointer, in, old []byte, n int64) {
	add := addition(op, b)
	tmp := cells.Get().(*cell)
	for i := range n {
		at := (*uint64)(unsafe.Add(p, 8*i))
		var was uint64
		switch {
		case op == redop.NoOp:
			was = atomic.LoadUint64(at)
		case op == redop.Replace:
			was = atomic.SwapUint64(at, *operand[uint64](in, i))
		case add:
			v := *operand[uint64](in, i)
			was = atomic.AddUint64(at, v) - v
		default:
			for {
				was = atomic.LoadUint64(at)
				tmp.word = was
				redop.Apply(op, b, unsafe.Pointer(operand[uint64](in, i)), unsafe.Pointer(&tmp.word), 1)
				if atomic.CompareAndSwapUint64(at, was, tmp.word) {
					break
				}
			}
		}
		if old != nil {
			*operand[uint64](old, i) = was
		}
	}
	cells.Put(tmp)
}

func change32(op redop.Op, b dtype.Basic, p unsafe.Pointer, in, old []byte, n int64) {
	add := addition(op, b)
	tmp := cells.Get().(*cell)
	for i := range n {
		at := (*uint32)(unsafe.Add(p, 4*i))
		var was uint32
		switch {
		case op == redop.NoOp:
			was = atomic.LoadUint32(at)
		case op == redop.Replace:
			was = atomic.SwapUint32(at, *operand[uint32](in, i))
		case add:
			v := *operand[uint32](in, i)
			was = atomic.AddUint32(at, v) - v
		default:
			half := (*uint32)(unsafe.Pointer(&tmp.word))
			for {
				was = atomic.LoadUint32(at)
				*half = was
				redop.Apply(op, b, unsafe.Pointer(operand[uint32](in, i)), unsafe.Pointer(half), 1)
				if atomic.CompareAndSwapUint32(at, was, *half) {
					break
				}
			}
		}
		if old != nil {
			*operand[uint32](old, i) = was
		}
	}
	cells.Put(tmp)
}

// operand is the i-th T of packed bytes, aligned or not.
func operand[T any](p []byte, i int64) *T {
	var zero T
	return (*T)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(p)), i*int64(unsafe.Sizeof(zero))))
}

// changeSmall changes elements of 1 or 2 bytes in the aligned word they are in.
func changeSmall(op redop.Op, b dtype.Basic, p unsafe.Pointer, in, old []byte, n int64) {
	size := b.Size()
	tmp := cells.Get().(*cell)
	for i := int64(0); i < n; i += size {
		e := unsafe.Add(p, i)
		shift := uintptr(e) & 3
		at := (*uint32)(unsafe.Add(e, -int(shift)))
		word := bytesAt(unsafe.Pointer(&tmp.word), 4)
		for {
			was := atomic.LoadUint32(at)
			*(*uint32)(unsafe.Pointer(&tmp.word)) = was
			mine := word[shift : int64(shift)+size]
			if old != nil {
				copy(old[i:i+size], mine)
			}
			if op == redop.NoOp {
				break
			}
			redop.Apply(op, b, unsafe.Pointer(&in[i]), unsafe.Pointer(&mine[0]), 1)
			if atomic.CompareAndSwapUint32(at, was, *(*uint32)(unsafe.Pointer(&tmp.word))) {
				break
			}
		}
	}
	cells.Put(tmp)
}

// swap replaces the element at p by value if it equals compare, and writes what
// was there to old (MPI_Compare_and_swap).
func (c *winControl) swap(e *engine, p unsafe.Pointer, value, compare, old []byte) {
	size := len(old)
	aligned := uintptr(p)%uintptr(size) == 0
	switch {
	case aligned && size == 8:
		*operand[uint64](old, 0) = swap64((*uint64)(p), *operand[uint64](value, 0), *operand[uint64](compare, 0))
	case aligned && size == 4:
		*operand[uint32](old, 0) = swap32((*uint32)(p), *operand[uint32](value, 0), *operand[uint32](compare, 0))
	case aligned && size < 4:
		swapSmall(p, value, compare, old)
	default:
		c.enter(e)
		here := bytesAt(p, int64(size))
		copy(old, here)
		if string(old) == string(compare) {
			copy(here, value)
		}
		c.leave()
	}
}

func swap64(p *uint64, value, compare uint64) uint64 {
	for {
		if was := atomic.LoadUint64(p); was != compare || atomic.CompareAndSwapUint64(p, was, value) {
			return was
		}
	}
}

func swap32(p *uint32, value, compare uint32) uint32 {
	for {
		if was := atomic.LoadUint32(p); was != compare || atomic.CompareAndSwapUint32(p, was, value) {
			return was
		}
	}
}

func swapSmall(p unsafe.Pointer, value, compare, old []byte) {
	shift := uintptr(p) & 3
	at := (*uint32)(unsafe.Add(p, -int(shift)))
	var word [4]byte
	for {
		was := atomic.LoadUint32(at)
		*(*uint32)(unsafe.Pointer(&word)) = was
		mine := word[shift : int(shift)+len(old)]
		copy(old, mine)
		if string(old) != string(compare) {
			return
		}
		copy(mine, value)
		if atomic.CompareAndSwapUint32(at, was, *(*uint32)(unsafe.Pointer(&word))) {
			return
		}
	}
}

// enter and leave guard what no atomic instruction can change. One who is killed in between leaves its name there, and an
// element of which nobody can say whether it was changed: that is so of all that the dead have done. Others take the
// guard from it when they hear of its end, which may be while they wait here with the engine's lock.
func (c *winControl) enter(e *engine) {
	me := uint32(e.self.id(e.rank)) + 1
	for !c.busy.CompareAndSwap(0, me) {
		holder := c.busy.Load()
		if _, gone := e.gone.Load(wire.PeerID(holder - 1)); holder != 0 && gone && c.busy.CompareAndSwap(holder, me) {
			return
		}
		yield()
	}
}

func (c *winControl) leave() { c.busy.Store(0) }
