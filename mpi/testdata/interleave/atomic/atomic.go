// Package atomic has the functions of sync/atomic that the rings use. Each access is one step of the thread
// that makes it: what other threads do before it is the explorer's choice.
package atomic

import "unsafe"

// An Access is what a step does to a word.
type Access int

const (
	Load Access = iota
	Store
	Change // reads and writes
)

// Step is called before each access. It returns when the thread is to make it, or false if the process has
// died.
var Step func(a Access, addr unsafe.Pointer) bool

// Saw is called after each access with what was read.
var Saw func(a Access, addr unsafe.Pointer, value uint64)

type word interface {
	~uint32 | ~uint64 | ~int32 | ~int64
}

func load[T word](p *T) (v T) {
	if Step(Load, unsafe.Pointer(p)) {
		v = *p
		Saw(Load, unsafe.Pointer(p), uint64(v))
	}
	return v
}

func store[T word](p *T, v T) {
	if Step(Store, unsafe.Pointer(p)) {
		*p = v
		Saw(Store, unsafe.Pointer(p), 0)
	}
}

func add[T word](p *T, d T) (v T) {
	if Step(Change, unsafe.Pointer(p)) {
		*p += d
		v = *p
		Saw(Change, unsafe.Pointer(p), uint64(v))
	}
	return v
}

func swap[T word](p *T, old, v T) (done bool) {
	if Step(Change, unsafe.Pointer(p)) {
		was := *p
		if done = was == old; done {
			*p = v
		}
		Saw(Change, unsafe.Pointer(p), uint64(was))
	}
	return done
}

func LoadUint32(p *uint32) uint32          { return load(p) }
func LoadInt64(p *int64) int64             { return load(p) }
func StoreUint32(p *uint32, v uint32)      { store(p, v) }
func AddUint32(p *uint32, d uint32) uint32 { return add(p, d) }
func LoadPointer(p *unsafe.Pointer) (v unsafe.Pointer) {
	if Step(Load, unsafe.Pointer(p)) {
		v = *p
		Saw(Load, unsafe.Pointer(p), uint64(uintptr(v)))
	}
	return v
}
func StorePointer(p *unsafe.Pointer, v unsafe.Pointer) {
	if Step(Store, unsafe.Pointer(p)) {
		*p = v
		Saw(Store, unsafe.Pointer(p), 0)
	}
}

// The types have the layout of those of sync/atomic.
type (
	Uint32 struct{ V uint32 }
	Int32  struct{ V int32 }
	Int64  struct{ V int64 }
	Uint64 struct {
		_ [0]uint64
		V uint64
	}
)

func (u *Uint32) Load() uint32                      { return load(&u.V) }
func (u *Uint32) Store(v uint32)                    { store(&u.V, v) }
func (u *Uint32) Add(d uint32) uint32               { return add(&u.V, d) }
func (u *Uint32) CompareAndSwap(old, v uint32) bool { return swap(&u.V, old, v) }
func (u *Int32) Load() int32                        { return load(&u.V) }
func (u *Int64) Load() int64                        { return load(&u.V) }
func (u *Int64) Store(v int64)                      { store(&u.V, v) }
func (u *Int64) Swap(v int64) int64                 { was := u.Load(); u.Store(v); return was }
func (u *Uint64) Load() uint64                      { return load(&u.V) }
func (u *Uint64) Store(v uint64)                    { store(&u.V, v) }
func (u *Uint64) CompareAndSwap(old, v uint64) bool { return swap(&u.V, old, v) }
