package main

/*
#include "frame.h"
*/
import "C"

import (
	"sync"
	"sync/atomic"

	"rainmpi/cbind/abi"
	"rainmpi/mpi"
)

// Registrations for events (MPI 5.0, 15.3.8). Functions run in a thread that is inside an MPI call,
// in C, with no lock held, one at a time: whatever they need, they may. So of those that are registered
// for several levels of safety the one for the lowest is called.

var safeties = [...]int32{abi.MPI_T_CB_REQUIRE_NONE, abi.MPI_T_CB_REQUIRE_MPI_RESTRICTED, abi.MPI_T_CB_REQUIRE_THREAD_SAFE, abi.MPI_T_CB_REQUIRE_ASYNC_SIGNAL_SAFE}

type registration struct {
	w      *mpi.Watcher
	handle uintptr
	told   atomic.Pointer[mpi.Event] // while its function runs

	mu        sync.Mutex
	callbacks [len(safeties)]eventCallback
	dropped   uintptr       // the handler of dropped events
	missed    int64         // events for which there was no function
	freed     bool          // while its function ran
	free      eventCallback // called then, when that has come back
}

// An eventCallback is a function with its user_data; fn 0: none.
type eventCallback struct{ fn, data uintptr }

var registrations = table[registration]{kind: registrationKind}

// registrationOf checks the hints, too: none is known, so there is nothing to take from them.
func registrationOf(h uintptr, info ...uintptr) (*registration, int32) {
	if rc := toolError(); rc != 0 {
		return nil, rc
	}
	r := registrations.get(h)
	if r == nil || r.isFreed() {
		return nil, abi.MPI_T_ERR_INVALID_HANDLE
	}
	for _, i := range info {
		if _, err := optionalInfo(i); err != nil {
			return nil, abi.MPI_T_ERR_INVALID
		}
	}
	return r, 0
}

func (r *registration) isFreed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.freed
}

//export rain_T_event_handle_alloc
func rain_T_event_handle_alloc(f uintptr, i int32, object, info, out uintptr) int32 {
	t, rc := toolItem(mpi.EventTypes, i)
	if rc == 0 {
		rc = toolError(out)
	}
	if rc != 0 {
		return rc
	}
	if _, err := optionalInfo(info); err != nil {
		return abi.MPI_T_ERR_INVALID
	}
	r := &registration{}
	if r.handle = registrations.add(r); r.handle == 0 {
		return abi.MPI_T_ERR_OUT_OF_HANDLES
	}
	r.w = &mpi.Watcher{Type: t, External: r.handle}
	r.w.Start()
	set(out, r.handle)
	return 0
}

//export rain_T_event_handle_set_info
func rain_T_event_handle_set_info(f, h, info uintptr) int32 {
	_, rc := registrationOf(h, info)
	return rc
}

//export rain_T_event_handle_get_info
func rain_T_event_handle_get_info(f, h, info uintptr) int32 {
	_, rc := registrationOf(h)
	if rc == 0 {
		rc = toolError(info)
	}
	if rc == 0 {
		giveInfo(info)
	}
	return rc
}

// level is where the function for a level of safety stands, -1 if there is no such level.
func level(safety int32) int {
	for i, l := range safeties {
		if l == safety {
			return i
		}
	}
	return -1
}

// A null function takes the one of that level away.
//
//export rain_T_event_register_callback
func rain_T_event_register_callback(f, h uintptr, safety int32, info, data, fn uintptr) int32 {
	r, rc := registrationOf(h, info)
	i := level(safety)
	if rc != 0 || i < 0 {
		return orInvalid(rc)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.callbacks[i] = eventCallback{fn, data}
	if fn != 0 {
		r.w.Drop(r.missed)
		r.missed = 0
	}
	return 0
}

func orInvalid(rc int32) int32 {
	if rc == 0 {
		rc = abi.MPI_T_ERR_INVALID
	}
	return rc
}

// registered fails unless a function is registered for that level.
func registered(h uintptr, safety int32, info ...uintptr) int32 {
	r, rc := registrationOf(h, info...)
	i := level(safety)
	if rc != 0 || i < 0 {
		return orInvalid(rc)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.callbacks[i].fn == 0 {
		return abi.MPI_T_ERR_INVALID
	}
	return 0
}

//export rain_T_event_callback_set_info
func rain_T_event_callback_set_info(f, h uintptr, safety int32, info uintptr) int32 {
	return registered(h, safety, info)
}

//export rain_T_event_callback_get_info
func rain_T_event_callback_get_info(f, h uintptr, safety int32, info uintptr) int32 {
	rc := registered(h, safety)
	if rc == 0 {
		rc = toolError(info)
	}
	if rc == 0 {
		giveInfo(info)
	}
	return rc
}

//export rain_T_event_set_dropped_handler
func rain_T_event_set_dropped_handler(f, h, fn uintptr) int32 {
	r, rc := registrationOf(h)
	if rc != 0 {
		return rc
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.dropped, r.missed = fn, 0
	return 0
}

// The function that frees is called here or, if a function of the registration runs in this moment,
// perhaps this very call's, when that has returned.
//
//export rain_T_event_handle_free
func rain_T_event_handle_free(f, h, data, fn uintptr) int32 {
	fr := at[frame](f)
	if fr.op != 0 { // it has run
		return 0
	}
	r, rc := registrationOf(h)
	if rc != 0 {
		return rc
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.freed {
		return abi.MPI_T_ERR_INVALID_HANDLE
	}
	r.freed = true
	if r.w.Stop() {
		r.free = eventCallback{fn, data}
		return 0
	}
	registrations.remove(h)
	if fn == 0 {
		return 0
	}
	fr.op = 1
	fr.cb, fr.fn, fr.a[0], fr.a[1] = C.RAIN_CB_EVENT_FREE, C.uintptr_t(fn), C.uintptr_t(h), C.uintptr_t(data)
	return call
}

// event leaves a call of the registration's function in the frame, or of its handler of dropped events,
// which "will not be invoked" without a function. Then the event is dropped, and counted if there is a
// handler: "no data loss is recorded or reported until a new valid callback function is registered".
func event(fr *frame, ev *mpi.Event, h uintptr) int32 {
	r := registrations.get(h)
	fr.cb, fr.fn, fr.a[0], fr.a[2] = C.RAIN_CB_EVENT, 0, C.uintptr_t(h), 0
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.callback()
	switch {
	case r.freed:
	case c.fn == 0 && r.dropped != 0:
		r.missed += max(ev.Missed, 1)
	case c.fn == 0:
	case ev.Missed > 0:
		fr.a[1], fr.a[2], fr.n = C.uintptr_t(c.data), C.uintptr_t(r.dropped), C.int64_t(ev.Missed)
	default:
		r.told.Store(ev)
		fr.a[1], fr.fn = C.uintptr_t(c.data), C.uintptr_t(c.fn)
	}
	return call
}

// callback is the function for the lowest level, as no level is required; mu is held.
func (r *registration) callback() eventCallback {
	for _, c := range r.callbacks {
		if c.fn != 0 {
			return c
		}
	}
	return eventCallback{}
}

// rain_Event_over is called by C when the function has come back. The frame gets the function that
// frees the registration, if that was freed meanwhile.
//
//export rain_Event_over
func rain_Event_over(f uintptr) {
	fr := at[frame](f)
	r := registrations.get(uintptr(fr.a[0]))
	r.mu.Lock()
	defer r.mu.Unlock()
	r.told.Store(nil)
	engineCalls.get(uintptr(fr.pend)).Done()
	fr.fn = 0
	if r.freed {
		registrations.remove(r.handle)
		fr.fn, fr.a[1] = C.uintptr_t(r.free.fn), C.uintptr_t(r.free.data)
	}
}
