package mpi

import (
	"slices"
	"sync/atomic"
	"unsafe"
)

// A Win is a window: memory of every process of a communicator that the others
// reach by one-sided operations (MPI 5.0 chapter 12).
//
// An operation goes one of three ways. Memory that this process has mapped, its
// own and what MPI allocated on this host, is read and written directly.
// Memory of the user's on this host is read and written by the kernel
// (process_vm_readv), as large messages are. Everything else is a message to
// the target's engine, which acts without its program: whoever is in MPI
// there, or the background reader.
//
// Accumulates are atomic by one rule: memory that MPI allocated is changed by
// processor atomics, whoever does it; memory of the user's is changed by its own
// process's engine only.
type Win struct {
	e    *engine
	comm *Comm // its own, of the same processes

	flavor  int
	base    unsafe.Pointer // of this process's memory
	size    int64          // of it, in bytes
	unit    int64          // displacements count this many bytes
	regions []region       // attached to a dynamic window
	peers   []target       // by rank
	control *winControl    // of this process's memory
	memory  winMemory
	table   *WinTable

	access  *atomic.Uint32 // of table: the epoch to all targets
	started []*target      // of an access epoch by Start
	exposed []*target      // to whom Post has exposed the memory

	pending   int       // operations through engines that are not over
	dirty     []*target // were sent what they do not answer
	unflushed int       // flushes that are not answered
	queue     []waiter  // for this process's lock
	freed     bool

	name  string
	info  *Info
	Attrs Attrs // cached attributes (section 7.7)
}

// The ways to make a window; the values are the standard ABI's.
const (
	FlavorCreate   = 311
	FlavorAllocate = 312
	FlavorDynamic  = 313
	FlavorShared   = 314
)

// The memory model of every window is unified: a process's loads and stores and
// the operations of others meet in one memory (section 12.4).
const WinUnified = 321

// A target is a process's window as this process sees it.
type target struct {
	win     *Win
	rank    int
	p       *proc
	size    int64
	unit    int64
	addr    uintptr        // its address there
	base    unsafe.Pointer // its address here, if it is mapped
	mapped  bool
	reach   atomic.Bool // the kernel copies to and from it
	control *winControl // nil on another host

	epoch   *atomic.Uint32 // of the window's table: what allows operations
	granted bool           // the lock that was asked for is ours
	pending int            // operations through its engine that are not over
	dirty   bool           // it was sent what it does not answer
	sent    uint64         // flushes
	flushed uint64         // flushes that it has answered
	posts   int            // of its exposure epochs that no Start has used
	dones   int            // of its access epochs that no Wait has used
	fault   Class          // what went wrong here with operations of its
	err     error          // what went wrong there with operations of ours
}

// region is memory that was attached to a dynamic window.
type region struct {
	base unsafe.Pointer
	size int64
}

// WinCreate makes size bytes at base part of a window (MPI_Win_create, section
// 12.2.1). Displacements count in unit bytes. Collective.
func (c *Comm) WinCreate(base unsafe.Pointer, size int64, unit int, info *Info) (*Win, error) {
	return c.newWin(FlavorCreate, base, size, unit, info)
}

// WinAllocate is WinCreate with memory that the library allocates: ranks of the
// same host reach it without system calls (MPI_Win_allocate, section 12.2.2).
func (c *Comm) WinAllocate(size int64, unit int, info *Info) (*Win, error) {
	return c.newWin(FlavorAllocate, nil, size, unit, info)
}

// WinAllocateShared allocates memory that all processes of c see in their own
// address space (MPI_Win_allocate_shared, section 12.2.3): c is of one host, as
// SplitShared makes it.
func (c *Comm) WinAllocateShared(size int64, unit int, info *Info) (*Win, error) {
	return c.newWin(FlavorShared, nil, size, unit, info)
}

// WinCreateDynamic makes a window without memory, to which each process attaches
// its own (MPI_Win_create_dynamic, section 12.2.4). Displacements are addresses.
func (c *Comm) WinCreateDynamic(info *Info) (*Win, error) {
	return c.newWin(FlavorDynamic, nil, 0, 1, info)
}

// WinOf makes a slice part of a window that counts in elements.
func WinOf[T any](c *Comm, s []T) (*Win, error) {
	var zero T
	return c.WinCreate(unsafe.Pointer(unsafe.SliceData(s)), int64(unsafe.Sizeof(zero))*int64(len(s)), int(unsafe.Sizeof(zero)), nil)
}

// WinMake allocates a window of n elements and returns this process's too.
func WinMake[T any](c *Comm, n int) (*Win, []T, error) {
	var zero T
	w, err := c.WinAllocate(int64(n)*int64(unsafe.Sizeof(zero)), int(unsafe.Sizeof(zero)), nil)
	if err != nil {
		return nil, nil, err
	}
	return w, unsafe.Slice((*T)(w.base), n), nil
}

// Flavor, Base, Size and Unit are the window's predefined attributes (section
// 12.2.6).
func (w *Win) Flavor() int          { return w.flavor }
func (w *Win) Base() unsafe.Pointer { return w.base }
func (w *Win) Size() int64          { return w.size }
func (w *Win) Unit() int            { return int(w.unit) }

// Group is the group of the window's processes (MPI_Win_get_group).
func (w *Win) Group() *Group { return w.comm.group }

// Name and SetName are what debuggers print (MPI_Win_set_name).
func (w *Win) Name() string        { return w.name }
func (w *Win) SetName(name string) { w.name = name }

// SharedQuery is where the memory of a rank is in this process's address space
// (MPI_Win_shared_query, section 12.2.3): nil and 0 bytes if it is not there.
// For ProcNull it is that of the lowest rank that has any.
func (w *Win) SharedQuery(rank int) (base unsafe.Pointer, size int64, unit int, err error) {
	if err := w.check(); err != nil {
		return nil, 0, 0, err
	}
	if rank == ProcNull {
		rank = w.firstShared()
	}
	t, err := w.peer(rank)
	if err != nil {
		return nil, 0, 0, err
	}
	switch {
	case !t.shared():
		return nil, 0, 0, nil
	case t.size == 0:
		return nil, 0, int(t.unit), nil
	}
	return t.base, t.size, int(t.unit), nil
}

// Attach adds size bytes at base to a dynamic window (MPI_Win_attach).
func (w *Win) Attach(base unsafe.Pointer, size int64) error {
	if err := w.checkDynamic(); err != nil {
		return err
	}
	if size < 0 {
		return errorf(ErrSize, "%d bytes to attach", size)
	}
	w.e.mu.Lock()
	defer w.e.mu.Unlock()
	w.regions = append(w.regions, region{base, size})
	return nil
}

// Detach takes away what Attach added at base (MPI_Win_detach).
func (w *Win) Detach(base unsafe.Pointer) error {
	if err := w.checkDynamic(); err != nil {
		return err
	}
	w.e.mu.Lock()
	i := slices.IndexFunc(w.regions, func(r region) bool { return r.base == base })
	if i >= 0 {
		w.regions = slices.Delete(w.regions, i, i+1)
	}
	w.e.mu.Unlock()
	if i < 0 {
		return errorf(ErrBase, "nothing is attached to the window at %p", base)
	}
	w.reclaim()
	return nil
}

func (w *Win) check() error {
	if w == nil || w.freed {
		return errorf(ErrWin, "the window is null or was freed")
	}
	return nil
}

// peer is the target of that rank.
func (w *Win) peer(rank int) (*target, error) {
	if rank < 0 || rank >= len(w.peers) {
		return nil, errorf(ErrRank, "rank %d; the window has ranks 0 to %d", rank, len(w.peers)-1)
	}
	return &w.peers[rank], nil
}

func (w *Win) checkDynamic() error {
	if err := w.check(); err != nil {
		return err
	}
	if w.flavor != FlavorDynamic {
		return errorf(ErrRMAFlavor, "memory can be attached to dynamic windows only")
	}
	return nil
}

// shared reports whether t's memory is MPI's and mapped here.
func (t *target) shared() bool { return t.mapped && t.win.allocated() }

func (w *Win) allocated() bool { return w.flavor == FlavorAllocate || w.flavor == FlavorShared }

// window is the window of a context, nil if there is none (any more).
func (e *engine) window(ctx contextID) *Win { return e.wins[ctx] }

func (w *Win) firstShared() int {
	for i := range w.peers {
		if t := &w.peers[i]; t.size > 0 && t.shared() {
			return i
		}
	}
	return 0
}
