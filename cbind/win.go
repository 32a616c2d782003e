package main

/*
#include <stdlib.h>
#include "frame.h"
*/
import "C"

import (
	"sync/atomic"
	"unsafe"

	"rainmpi/cbind/abi"
	"rainmpi/mpi"
)

// A win is a window as C sees it.
type win struct {
	w          *mpi.Win
	handle     uintptr
	handler    atomic.Pointer[errhandler] // nil: the default
	attrs      attrs
	info       *mpi.Info
	predefined *winAttrs // what the predefined attributes point to, in C's memory
}

type winAttrs struct {
	size                int64
	unit, flavor, model int32
}

var wins = table[win]{kind: winKind}

func winOf(h uintptr) (*win, error) {
	if w := wins.get(h); w != nil {
		return w, nil
	}
	if world.Load() == nil {
		return nil, notRunning()
	}
	return nil, noObject(mpi.ErrWin, "window", h)
}

// The twins of a window's table must agree; this does not compile if they do not.
var (
	_ [C.sizeof_rain_window]byte = [unsafe.Sizeof(mpi.WinTable{})]byte{}
	_ [C.sizeof_rain_target]byte = [unsafe.Sizeof(mpi.WinTarget{})]byte{}
	_ [C.RAIN_FIRST_HANDLE]byte  = [firstHandle]byte{}
	_ [C.RAIN_KIND_BITS]byte     = [kindBits]byte{}
	_ [C.RAIN_WIN_KIND]byte      = [winKind]byte{}
)

// index is where C finds the window's table.
func (w *win) index() uintptr { return (w.handle - firstHandle) >> kindBits }

// C copies and reduces arrays of predefined datatypes itself.
func init() {
	for i, t := range predefinedTypes {
		if t != nil {
			size, adds := t.d.Plain()
			kind, ops := t.d.Words()
			C.rain_plains[i] = C.rain_plain{size: C.uint16_t(size), adds: C.uint8_t(truth(adds)), kind: C.uint8_t(kind), ops: C.uint32_t(ops)}
		}
	}
}

func (w *win) String() string {
	if w.w.Name() != "" {
		return w.w.Name()
	}
	return "a window without a name"
}

//export rain_Win_create
func rain_Win_create(f, base uintptr, size, unit int64, info, h, out uintptr) int32 {
	var p unsafe.Pointer
	if base >= firstHandle {
		p = pointer(base)
	} else if size > 0 && base != uintptr(abi.MPI_BOTTOM) {
		return fail(f, bad(mpi.ErrBase, "the window's memory is a sentinel"))
	}
	return makeWin(f, info, h, out, 0, func(c *mpi.Comm, i *mpi.Info) (*mpi.Win, error) {
		return c.WinCreate(p, size, int(unit), i)
	})
}

//export rain_Win_allocate
func rain_Win_allocate(f uintptr, size, unit int64, info, h, base, out uintptr) int32 {
	if err := need(base); err != nil {
		return fail(f, err)
	}
	return makeWin(f, info, h, out, base, func(c *mpi.Comm, i *mpi.Info) (*mpi.Win, error) {
		return c.WinAllocate(size, int(unit), i)
	})
}

//export rain_Win_allocate_shared
func rain_Win_allocate_shared(f uintptr, size, unit int64, info, h, base, out uintptr) int32 {
	if err := need(base); err != nil {
		return fail(f, err)
	}
	return makeWin(f, info, h, out, base, func(c *mpi.Comm, i *mpi.Info) (*mpi.Win, error) {
		return c.WinAllocateShared(size, int(unit), i)
	})
}

//export rain_Win_create_dynamic
func rain_Win_create_dynamic(f, info, h, out uintptr) int32 {
	return makeWin(f, info, h, out, 0, func(c *mpi.Comm, i *mpi.Info) (*mpi.Win, error) {
		return c.WinCreateDynamic(i)
	})
}

// makeWin is collective and rare: it waits inside Go. base, if not 0, is where the address of the
// memory goes.
func makeWin(f, info, h, out, base uintptr, how func(*mpi.Comm, *mpi.Info) (*mpi.Win, error)) int32 {
	c, err := commOf(h)
	if err == nil {
		err = need(out)
	}
	if err != nil {
		return fail(f, err)
	}
	i, err := optionalInfo(info)
	if err != nil {
		return fail(f, err)
	}
	made, err := how(c.c, i)
	if err != nil {
		return fail(f, err)
	}
	w := &win{w: made, info: winHints(made, i)}
	w.predefined = (*winAttrs)(C.malloc(C.size_t(unsafe.Sizeof(winAttrs{}))))
	*w.predefined = winAttrs{made.Size(), int32(made.Unit()), int32(made.Flavor()), mpi.WinUnified}
	w.handle = wins.add(w)
	if i := w.index(); i < C.RAIN_WINDOWS {
		C.rain_windows[i] = (*C.rain_window)(unsafe.Pointer(made.Table()))
	}
	set(out, w.handle)
	if base != 0 {
		set(base, uintptr(made.Base()))
	}
	return 0
}

// Win_free: the delete functions run first, while the window can still be used, then all processes
// meet. fr.op is the meeting.
//
//export rain_Win_free
func rain_Win_free(f, h uintptr) int32 {
	fr := at[frame](f)
	if err := need(h); err != nil {
		return fail(f, err)
	}
	w, err := winOf(*at[uintptr](h))
	if err != nil {
		return fail(f, err)
	}
	if fr.op == 0 {
		if rc := w.attrs.deleteAll(f, w.handle); rc != 0 {
			return rc
		}
	}
	if rc := synchronize(f, w.handle, (*mpi.Win).FreeStart); rc != 0 {
		return rc
	}
	if i := w.index(); i < C.RAIN_WINDOWS {
		C.rain_windows[i] = nil
	}
	w.w.FreeEnd()
	wins.remove(w.handle)
	w.handler.Load().release()
	C.free(unsafe.Pointer(w.predefined))
	set(h, abi.MPI_WIN_NULL)
	return 0
}

//export rain_Win_attach
func rain_Win_attach(f, h, base uintptr, size int64) int32 {
	w, err := winOf(h)
	if err != nil {
		return fail(f, err)
	}
	if base < firstHandle && size > 0 {
		return fail(f, bad(mpi.ErrBase, "the memory to attach is a null pointer"))
	}
	return fail(f, w.w.Attach(pointer(base), size))
}

//export rain_Win_detach
func rain_Win_detach(f, h, base uintptr) int32 {
	w, err := winOf(h)
	if err != nil {
		return fail(f, err)
	}
	return fail(f, w.w.Detach(pointer(base)))
}

//export rain_Win_shared_query
func rain_Win_shared_query(f, h uintptr, rank int32, size, unit, base uintptr) int32 {
	w, err := winOf(h)
	if err == nil {
		err = need(size, unit, base)
	}
	if err != nil {
		return fail(f, err)
	}
	p, n, u, err := w.w.SharedQuery(int(rank))
	if err != nil {
		return fail(f, err)
	}
	set(size, n)
	set(unit, int64(u))
	set(base, uintptr(p))
	return 0
}

//export rain_Win_get_group
func rain_Win_get_group(f, h, group uintptr) int32 {
	w, err := winOf(h)
	if err == nil {
		err = need(group)
	}
	if err != nil {
		return fail(f, err)
	}
	set(group, groupHandle(w.w.Group()))
	return 0
}

//export rain_Win_set_name
func rain_Win_set_name(f, h, name uintptr) int32 {
	w, err := winOf(h)
	if err == nil {
		err = need(name)
	}
	if err != nil {
		return fail(f, err)
	}
	w.w.SetName(cString(name, abi.MPI_MAX_OBJECT_NAME-1))
	return 0
}

//export rain_Win_get_name
func rain_Win_get_name(f, h, name, resultlen uintptr) int32 {
	w, err := winOf(h)
	if err == nil {
		err = need(name, resultlen)
	}
	if err != nil {
		return fail(f, err)
	}
	set(resultlen, putString(name, w.w.Name(), abi.MPI_MAX_OBJECT_NAME))
	return 0
}
