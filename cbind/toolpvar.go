package main

import "C"

import (
	"sync"

	"rainmpi/cbind/abi"
	"rainmpi/mpi"
)

// Performance variables (MPI 5.0, 15.3.7). The engine counts always; a handle of a counter remembers
// where the engine stood when it was started, so that each handle counts on its own. Levels are
// read-only and continuous.

type pvarHandle struct {
	session *pvarSession
	v       *mpi.PerformanceVariable
	running bool
	since   uint64 // the engine's count at the start
	before  uint64 // counted up to the last stop
}

type pvarSession struct {
	sync.Mutex
	handles map[uintptr]*pvarHandle
}

var (
	pvarSessions = table[pvarSession]{kind: pvarSessionKind}
	pvarHandles  = table[pvarHandle]{kind: pvarKind}
)

//export rain_T_pvar_get_num
func rain_T_pvar_get_num(f, out uintptr) int32 { return putCount(out, len(tools.performance)) }

func class(v *mpi.PerformanceVariable) int32 {
	if v.Counter {
		return abi.MPI_T_PVAR_CLASS_COUNTER
	}
	return abi.MPI_T_PVAR_CLASS_LEVEL
}

//export rain_T_pvar_get_info
func rain_T_pvar_get_info(f uintptr, i int32, name, nameLen, verbosity, varClass, datatype, enumtype, desc, descLen, bind, readonly, continuous, atomic uintptr) int32 {
	v, rc := toolItem(tools.performance, i)
	if rc != 0 {
		return rc
	}
	putToolString(name, nameLen, v.Name)
	putToolString(desc, descLen, v.Description)
	set(verbosity, int32(abi.MPI_T_VERBOSITY_USER_DETAIL))
	set(varClass, class(v))
	set(datatype, variableType)
	set(enumtype, abi.MPI_T_ENUM_NULL)
	set(bind, int32(abi.MPI_T_BIND_NO_OBJECT))
	set(readonly, truth(!v.Counter))
	set(continuous, truth(!v.Counter))
	set(atomic, int32(0))
	return 0
}

//export rain_T_pvar_get_index
func rain_T_pvar_get_index(f, name uintptr, varClass int32, out uintptr) int32 {
	return putIndex(tools.performance, name, out, func(v *mpi.PerformanceVariable, s string) bool {
		return v.Name == s && class(v) == varClass
	})
}

//export rain_T_pvar_session_create
func rain_T_pvar_session_create(f, out uintptr) int32 {
	if rc := toolError(out); rc != 0 {
		return rc
	}
	set(out, pvarSessions.add(&pvarSession{handles: make(map[uintptr]*pvarHandle)}))
	return 0
}

//export rain_T_pvar_session_free
func rain_T_pvar_session_free(f, h uintptr) int32 {
	if rc := toolError(h); rc != 0 {
		return rc
	}
	s := pvarSessions.remove(*at[uintptr](h))
	if s == nil {
		return abi.MPI_T_ERR_INVALID_SESSION
	}
	s.Lock()
	defer s.Unlock()
	for handle := range s.handles {
		pvarHandles.remove(handle)
	}
	set(h, abi.MPI_T_PVAR_SESSION_NULL)
	return 0
}

//export rain_T_pvar_handle_alloc
func rain_T_pvar_handle_alloc(f, session uintptr, i int32, object, handle, count uintptr) int32 {
	v, rc := toolItem(tools.performance, i)
	if rc == 0 {
		rc = toolError(handle, count)
	}
	if rc != 0 {
		return rc
	}
	s := pvarSessions.get(session)
	if s == nil {
		return abi.MPI_T_ERR_INVALID_SESSION
	}
	p := &pvarHandle{session: s, v: v, running: !v.Counter}
	h := pvarHandles.add(p)
	s.Lock()
	s.handles[h] = p
	s.Unlock()
	set(handle, h)
	set(count, int32(1))
	return 0
}

//export rain_T_pvar_handle_free
func rain_T_pvar_handle_free(f, session, handle uintptr) int32 {
	if rc := toolError(handle); rc != 0 {
		return rc
	}
	h := *at[uintptr](handle)
	rc := onHandles(session, h, false, func(p *pvarHandle) int32 {
		pvarHandles.remove(h)
		delete(p.session.handles, h)
		return 0
	})
	if rc == 0 {
		set(handle, abi.MPI_T_PVAR_HANDLE_NULL)
	}
	return rc
}

// onHandles does something with a handle of a session, or with those of all counters if all is
// allowed and asked for.
func onHandles(session, handle uintptr, all bool, do func(*pvarHandle) int32) int32 {
	if rc := toolError(); rc != 0 {
		return rc
	}
	s := pvarSessions.get(session)
	if s == nil {
		return abi.MPI_T_ERR_INVALID_SESSION
	}
	s.Lock()
	defer s.Unlock()
	if all && handle == abi.MPI_T_PVAR_ALL_HANDLES {
		for _, p := range s.handles {
			if p.v.Counter {
				do(p)
			}
		}
		return 0
	}
	p := s.handles[handle]
	if p == nil {
		return abi.MPI_T_ERR_INVALID_HANDLE
	}
	return do(p)
}

//export rain_T_pvar_start
func rain_T_pvar_start(f, session, handle uintptr) int32 {
	return onHandles(session, handle, true, func(p *pvarHandle) int32 {
		if !p.v.Counter {
			return abi.MPI_T_ERR_PVAR_NO_STARTSTOP
		}
		if !p.running {
			p.running, p.since = true, p.v.Read()
		}
		return 0
	})
}

//export rain_T_pvar_stop
func rain_T_pvar_stop(f, session, handle uintptr) int32 {
	return onHandles(session, handle, true, func(p *pvarHandle) int32 {
		if !p.v.Counter {
			return abi.MPI_T_ERR_PVAR_NO_STARTSTOP
		}
		p.before, p.running = p.value(), false
		return 0
	})
}

func (p *pvarHandle) value() uint64 {
	now := p.v.Read()
	switch {
	case !p.v.Counter:
		return now
	case p.running && now > p.since: // MPI may have ended since
		return p.before + now - p.since
	}
	return p.before
}

//export rain_T_pvar_read
func rain_T_pvar_read(f, session, handle, buf uintptr) int32 {
	if rc := toolError(buf); rc != 0 {
		return rc
	}
	return onHandles(session, handle, false, func(p *pvarHandle) int32 {
		set(buf, p.value())
		return 0
	})
}

//export rain_T_pvar_reset
func rain_T_pvar_reset(f, session, handle uintptr) int32 {
	return onHandles(session, handle, true, func(p *pvarHandle) int32 { return p.restart(0) })
}

//export rain_T_pvar_write
func rain_T_pvar_write(f, session, handle, buf uintptr) int32 {
	if rc := toolError(buf); rc != 0 {
		return rc
	}
	return onHandles(session, handle, false, func(p *pvarHandle) int32 { return p.restart(*at[uint64](buf)) })
}

// restart makes the handle count on from n.
func (p *pvarHandle) restart(n uint64) int32 {
	if !p.v.Counter {
		return abi.MPI_T_ERR_PVAR_NO_WRITE
	}
	p.before, p.since = n, p.v.Read()
	return 0
}

// None of the variables is atomic.
//
//export rain_T_pvar_readreset
func rain_T_pvar_readreset(f, session, handle, buf uintptr) int32 {
	return onHandles(session, handle, false, func(*pvarHandle) int32 { return abi.MPI_T_ERR_PVAR_NO_ATOMIC })
}
