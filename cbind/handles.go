package main

import (
	"sync"
	"sync/atomic"
)

// Handles of the standard ABI are integers in pointer clothing. 0..4095 are the predefined objects
// and null; ours are
//
//	4096 + index<<4 | kind
//
// so that a handle of the wrong kind is seen, and so that every handle fits the int of
// MPI_X_toint.
const (
	firstHandle = 4096
	kindBits    = 4
)

type handleKind uintptr

const (
	commKind handleKind = iota + 1
	groupKind
	datatypeKind
	opKind
	requestKind
	messageKind
	infoKind
	errhandlerKind
	sessionKind
	winKind
	fileKind
	cvarKind
	pvarSessionKind
	pvarKind
	registrationKind
	enumKind handleKind = 0
)

const (
	chunkLen  = 1 << 10
	chunkMany = 1 << 12
)

// A table gives handles to objects of one kind. Lookups take no lock: two loads. An entry is nil
// before add and after remove.
type table[T any] struct {
	kind   handleKind
	chunks [chunkMany]atomic.Pointer[[chunkLen]atomic.Pointer[T]]

	mu   sync.Mutex
	free []uint32 // indices given back, the latest last
	next uint32   // no index from here on was ever given out
}

// get returns nil for what is no handle of this kind.
func (t *table[T]) get(h uintptr) *T {
	h -= firstHandle // predefined handles wrap to an index past the end
	i := h >> kindBits
	if handleKind(h&(1<<kindBits-1)) != t.kind || i >= chunkLen*chunkMany {
		return nil
	}
	c := t.chunks[i/chunkLen].Load()
	if c == nil {
		return nil
	}
	return c[i%chunkLen].Load()
}

// add returns 0 when the table is full, after some four million objects of one kind.
func (t *table[T]) add(v *T) uintptr {
	t.mu.Lock()
	defer t.mu.Unlock()
	i := t.next
	if n := len(t.free); n > 0 {
		i = t.free[n-1]
		t.free = t.free[:n-1]
	} else if i == chunkLen*chunkMany {
		return 0
	} else {
		t.next++
	}
	c := t.chunks[i/chunkLen].Load()
	if c == nil {
		c = new([chunkLen]atomic.Pointer[T])
		t.chunks[i/chunkLen].Store(c)
	}
	c[i%chunkLen].Store(v)
	return firstHandle + uintptr(i)<<kindBits | uintptr(t.kind)
}

// remove returns what the handle stood for, nil if nothing: of two threads that free one handle only
// one succeeds.
func (t *table[T]) remove(h uintptr) *T {
	if t.get(h) == nil {
		return nil
	}
	i := (h - firstHandle) >> kindBits
	v := t.chunks[i/chunkLen].Load()[i%chunkLen].Swap(nil)
	if v != nil {
		t.mu.Lock()
		t.free = append(t.free, uint32(i))
		t.mu.Unlock()
	}
	return v
}
