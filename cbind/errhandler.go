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

// An errhandler is a predefined handler, or what MPI_X_create_errhandler made: a function of the
// program. "MPI_ERRHANDLER_FREE marks the handler; it will be deallocated after all objects
// associated with it" are gone (MPI 5.0, 9.3): refs counts the program's handle and those objects.
type errhandler struct {
	handle uintptr
	fn     uintptr // 0: predefined
	kind   int32   // C.RAIN_COMM, …: the objects it is for
	refs   atomic.Int32
}

var (
	errhandlers = table[errhandler]{kind: errhandlerKind}

	predefinedHandlers = map[uintptr]*errhandler{
		abi.MPI_ERRORS_ARE_FATAL: {handle: abi.MPI_ERRORS_ARE_FATAL},
		abi.MPI_ERRORS_ABORT:     {handle: abi.MPI_ERRORS_ABORT},
		abi.MPI_ERRORS_RETURN:    {handle: abi.MPI_ERRORS_RETURN},
	}
	// fileHandler is that of MPI_FILE_NULL, which new files inherit.
	fileHandler atomic.Pointer[errhandler]
)

func errhandlerOf(h uintptr) (*errhandler, error) {
	if e := predefinedHandlers[h]; e != nil {
		return e, nil
	}
	if e := errhandlers.get(h); e != nil {
		return e, nil
	}
	return nil, noObject(mpi.ErrErrhandler, "error handler", h)
}

func (e *errhandler) retain() *errhandler {
	if e != nil {
		e.refs.Add(1)
	}
	return e
}

func (e *errhandler) release() {
	if e != nil && e.fn != 0 && e.refs.Add(-1) == 0 {
		errhandlers.remove(e.handle)
	}
}

// rain_Raise chooses who hears of an error of class or code rc, and leaves the program's handler in
// f.fn and the whole text in f.text for C. It does not return when errors are fatal.
//
//export rain_Raise
func rain_Raise(f uintptr, rc int32, kind int32, object uintptr, called, values uintptr) {
	fr := at[frame](f)
	if fr.onkind != 0 {
		kind, object = int32(fr.onkind), uintptr(fr.on)
	}
	detail := ""
	if fr.text != nil {
		detail = C.GoString(fr.text) + "; "
		C.free(unsafe.Pointer(fr.text))
	}
	handler, object, name := handlerOf(kind, object)
	detail += "in " + calledText(C.GoString((*C.char)(pointer(called))), values) + " on " + name
	switch handler.handle {
	case abi.MPI_ERRORS_RETURN:
	case abi.MPI_ERRORS_ARE_FATAL, abi.MPI_ERRORS_ABORT:
		die(rc, detail)
	default:
		fr.fn = C.uintptr_t(handler.fn)
		fr.a[0] = C.uintptr_t(object)
	}
	fr.text = C.CString(detail)
}

// handlerOf is the handler of the object, the handle that the handler is told, and the object's name
// for people. Errors without an object, or with an invalid one, go to MPI_COMM_SELF (MPI 5.0, 9.3);
// programs from before MPI 4.0 set their handler on MPI_COMM_WORLD only, so that is asked next.
func handlerOf(kind int32, object uintptr) (handler *errhandler, told uintptr, name string) {
	switch kind {
	case C.RAIN_COMM:
		if c := findComm(object); c != nil {
			return orFatal(c.handler.Load()), object, c.String()
		}
	case C.RAIN_WIN:
		if w := wins.get(object); w != nil {
			return orFatal(w.handler.Load()), object, w.String()
		}
	case C.RAIN_SESSION:
		if s := sessions.get(object); s != nil {
			return orFatal(s.handler.Load()), object, "a session"
		}
	case C.RAIN_HANDLER:
		if e, err := errhandlerOf(object); err == nil {
			return e, abi.MPI_COMM_NULL, "an object that was to be made"
		}
	case C.RAIN_FILE:
		if fl := files.get(object); fl != nil {
			return orReturn(fl.handler.Load()), object, fl.f.Name()
		}
		return orReturn(fileHandler.Load()), abi.MPI_FILE_NULL, "a file"
	}
	if c := self.Load(); c != nil && c.handler.Load() != nil {
		return c.handler.Load(), abi.MPI_COMM_SELF, "MPI_COMM_SELF"
	}
	if c := world.Load(); c != nil {
		return orFatal(c.handler.Load()), abi.MPI_COMM_WORLD, "no communicator in particular"
	}
	return orFatal(nil), abi.MPI_COMM_SELF, "no communicator"
}

func orFatal(e *errhandler) *errhandler {
	if e == nil {
		return predefinedHandlers[abi.MPI_ERRORS_ARE_FATAL]
	}
	return e
}

// orReturn: "the default error handler for files is MPI_ERRORS_RETURN" (MPI 5.0, 14.7).
func orReturn(e *errhandler) *errhandler {
	if e == nil {
		return predefinedHandlers[abi.MPI_ERRORS_RETURN]
	}
	return e
}

// die is MPI_ERRORS_ARE_FATAL: one line that says what, where and why, and the end of the job.
func die(rc int32, detail string) {
	abort(int(rc), classString(rc)+": "+detail+". Errors end the job unless MPI_ERRORS_RETURN is set")
}

func createErrhandler(f uintptr, kind int32, fn, out uintptr) int32 {
	if err := need(fn, out); err != nil {
		return fail(f, err)
	}
	e := &errhandler{fn: fn, kind: kind}
	e.refs.Store(1)
	e.handle = errhandlers.add(e)
	set(out, e.handle)
	return 0
}

//export rain_Comm_create_errhandler
func rain_Comm_create_errhandler(f, fn, out uintptr) int32 {
	return createErrhandler(f, C.RAIN_COMM, fn, out)
}

//export rain_File_create_errhandler
func rain_File_create_errhandler(f, fn, out uintptr) int32 {
	return createErrhandler(f, C.RAIN_FILE, fn, out)
}

//export rain_Win_create_errhandler
func rain_Win_create_errhandler(f, fn, out uintptr) int32 {
	return createErrhandler(f, C.RAIN_WIN, fn, out)
}

//export rain_Session_create_errhandler
func rain_Session_create_errhandler(f, fn, out uintptr) int32 {
	return createErrhandler(f, C.RAIN_SESSION, fn, out)
}

//export rain_Errhandler_free
func rain_Errhandler_free(f, h uintptr) int32 {
	if err := need(h); err != nil {
		return fail(f, err)
	}
	e, err := errhandlerOf(*at[uintptr](h))
	if err != nil {
		return fail(f, err)
	}
	e.release()
	set(h, abi.MPI_ERRHANDLER_NULL)
	return 0
}

//export rain_Comm_set_errhandler
func rain_Comm_set_errhandler(f, h, handler uintptr) int32 {
	c, err := commOf(h)
	if err != nil {
		return fail(f, err)
	}
	return setHandler(f, &c.handler, C.RAIN_COMM, handler)
}

//export rain_Win_set_errhandler
func rain_Win_set_errhandler(f, h, handler uintptr) int32 {
	w, err := winOf(h)
	if err != nil {
		return fail(f, err)
	}
	return setHandler(f, &w.handler, C.RAIN_WIN, handler)
}

//export rain_Session_set_errhandler
func rain_Session_set_errhandler(f, h, handler uintptr) int32 {
	s, err := sessionOf(h)
	if err != nil {
		return fail(f, err)
	}
	return setHandler(f, &s.handler, C.RAIN_SESSION, handler)
}

func setHandler(f uintptr, of *atomic.Pointer[errhandler], kind int32, handler uintptr) int32 {
	e, err := errhandlerFor(kind, handler)
	if err != nil {
		return fail(f, err)
	}
	of.Swap(e.retain()).release()
	return 0
}

// errhandlerFor is errhandlerOf that refuses the handlers of other kinds of objects.
func errhandlerFor(kind int32, h uintptr) (*errhandler, error) {
	e, err := errhandlerOf(h)
	if err == nil && e.fn != 0 && e.kind != kind {
		err = bad(mpi.ErrErrhandler, "the error handler was made for another kind of object")
	}
	return e, err
}

//export rain_Comm_get_errhandler
func rain_Comm_get_errhandler(f, h, out uintptr) int32 {
	c, err := commOf(h)
	if err != nil {
		return fail(f, err)
	}
	return getHandler(f, &c.handler, out)
}

//export rain_Win_get_errhandler
func rain_Win_get_errhandler(f, h, out uintptr) int32 {
	w, err := winOf(h)
	if err != nil {
		return fail(f, err)
	}
	return getHandler(f, &w.handler, out)
}

//export rain_Session_get_errhandler
func rain_Session_get_errhandler(f, h, out uintptr) int32 {
	s, err := sessionOf(h)
	if err != nil {
		return fail(f, err)
	}
	return getHandler(f, &s.handler, out)
}

func getHandler(f uintptr, of *atomic.Pointer[errhandler], out uintptr) int32 {
	if err := need(out); err != nil {
		return fail(f, err)
	}
	set(out, orFatal(of.Load()).retain().handle)
	return 0
}

// fileHandlerOf is the place of a file's handler, or of MPI_FILE_NULL's, which is that of new files.
func fileHandlerOf(h uintptr) (*atomic.Pointer[errhandler], error) {
	if h == abi.MPI_FILE_NULL {
		return &fileHandler, nil
	}
	fl, err := fileOf(h)
	if err != nil {
		return nil, err
	}
	return &fl.handler, nil
}

//export rain_File_set_errhandler
func rain_File_set_errhandler(f, h, handler uintptr) int32 {
	of, err := fileHandlerOf(h)
	if err != nil {
		return fail(f, err)
	}
	return setHandler(f, of, C.RAIN_FILE, handler)
}

//export rain_File_get_errhandler
func rain_File_get_errhandler(f, h, out uintptr) int32 {
	of, err := fileHandlerOf(h)
	if err == nil {
		err = need(out)
	}
	if err != nil {
		return fail(f, err)
	}
	set(out, orReturn(of.Load()).retain().handle)
	return 0
}

//export rain_Comm_call_errhandler
func rain_Comm_call_errhandler(f, h uintptr, errorcode int32) int32 {
	c, err := commOf(h)
	if err != nil {
		return fail(f, err)
	}
	return callHandler(f, orFatal(c.handler.Load()), h, c.String(), errorcode)
}

//export rain_Win_call_errhandler
func rain_Win_call_errhandler(f, h uintptr, errorcode int32) int32 {
	w, err := winOf(h)
	if err != nil {
		return fail(f, err)
	}
	return callHandler(f, orFatal(w.handler.Load()), h, w.String(), errorcode)
}

//export rain_File_call_errhandler
func rain_File_call_errhandler(f, h uintptr, errorcode int32) int32 {
	of, err := fileHandlerOf(h)
	if err != nil {
		return fail(f, err)
	}
	name := "MPI_FILE_NULL"
	if fl := files.get(h); fl != nil {
		name = fl.f.Name()
	}
	return callHandler(f, orReturn(of.Load()), h, name, errorcode)
}

//export rain_Session_call_errhandler
func rain_Session_call_errhandler(f, h uintptr, errorcode int32) int32 {
	s, err := sessionOf(h)
	if err != nil {
		return fail(f, err)
	}
	return callHandler(f, orFatal(s.handler.Load()), h, "a session", errorcode)
}

// callHandler runs the handler as if a call had failed with the program's code; the call itself
// succeeds if the handler returns (MPI 5.0, 9.5.4).
func callHandler(f uintptr, e *errhandler, h uintptr, name string, errorcode int32) int32 {
	fr := at[frame](f)
	if fr.op != 0 {
		return 0
	}
	if e.fn != 0 {
		fr.op = 1
		fr.cb, fr.fn = C.RAIN_CB_ERROR, C.uintptr_t(e.fn)
		fr.a[0], fr.n = C.uintptr_t(h), C.int64_t(errorcode)
		return call
	}
	if e.handle != abi.MPI_ERRORS_RETURN {
		die(errorcode, "in the call of its error handler on "+name+", called by the program")
	}
	return 0
}
