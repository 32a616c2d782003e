package mpi

import (
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A WinTable is what a language binding needs of a window to do by itself what
// is a copy, or an atomic instruction, on mapped memory. It lies outside Go's
// heap, and WinTargets follow it; cbind has its twin (rain_window).
type WinTable struct {
	N      uint32        // targets
	access atomic.Uint32 // what the epoch to all targets is: fenced, allLocked
	busy   atomic.Uint32 // 1: something went through an engine, or failed, and no flush of all has seen it
	_      uint32        // the binding's
}

// A WinTarget is one process's memory.
type WinTarget struct {
	base  unsafe.Pointer // here; nil: it is not mapped, or not addressed from a base
	size  int64
	unit  int64
	epoch atomic.Uint32 // what allows operations: started, or how it is locked
	alloc uint32        // 1: it is MPI's memory: whoever has mapped it may do accumulates
}

// newTable makes a table of n targets.
func newTable(n int) (*WinTable, error) {
	size := unsafe.Sizeof(WinTable{}) + uintptr(n)*unsafe.Sizeof(WinTarget{})
	mem, err := unix.MmapPtr(-1, 0, nil, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		return nil, errorf(ErrNoMem, "%d bytes for a window of %d processes: %v", size, n, err)
	}
	t := (*WinTable)(mem)
	t.N = uint32(n)
	return t, nil
}

func (t *WinTable) target(i int) *WinTarget {
	at := unsafe.Sizeof(WinTable{}) + uintptr(i)*unsafe.Sizeof(WinTarget{})
	return (*WinTarget)(unsafe.Add(unsafe.Pointer(t), at))
}

func (t *WinTable) close() {
	unix.MunmapPtr(unsafe.Pointer(t), unsafe.Sizeof(WinTable{})+uintptr(t.N)*unsafe.Sizeof(WinTarget{}))
}

// show tells the table where the targets are.
func (w *Win) show() {
	for i := range w.peers {
		t, row := &w.peers[i], w.table.target(i)
		row.size, row.unit = t.size, t.unit
		if t.mapped && w.flavor != FlavorDynamic {
			row.base = t.base
		}
		if w.allocated() {
			row.alloc = 1
		}
	}
}

// Table is the window's, valid until FreeEnd.
func (w *Win) Table() *WinTable { return w.table }
