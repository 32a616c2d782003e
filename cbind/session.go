package main

/*
#include "frame.h"
*/
import "C"

import (
	"strings"
	"sync"
	"sync/atomic"

	"rainmpi/cbind/abi"
	"rainmpi/mpi"
)

// Sessions (MPI 5.0, 11.3). They may be opened again after the last one was finalized, so that only
// the process's end takes it out of its job.

// A session is one as C sees it.
type session struct {
	s       *mpi.Session
	handle  uintptr
	handler atomic.Pointer[errhandler] // nil: the default
}

var (
	sessions = table[session]{kind: sessionKind}
	atExit   sync.Once
)

func sessionOf(h uintptr) (*session, error) {
	if s := sessions.get(h); s != nil {
		return s, nil
	}
	return nil, noObject(mpi.ErrSession, "session", h)
}

// levels are the values of the info key thread_level (MPI 5.0, 11.3.1).
var levels = map[string]int{
	"MPI_THREAD_SINGLE":     mpi.ThreadSingle,
	"MPI_THREAD_FUNNELED":   mpi.ThreadFunneled,
	"MPI_THREAD_SERIALIZED": mpi.ThreadSerialized,
	"MPI_THREAD_MULTIPLE":   mpi.ThreadMultiple,
}

//export rain_Session_init
func rain_Session_init(f, info, handler, out uintptr) int32 {
	e, err := errhandlerFor(C.RAIN_SESSION, handler)
	if err != nil {
		return fail(f, err)
	}
	made := func() (*mpi.Session, error) {
		hints, err := optionalInfo(info)
		if err == nil {
			err = need(out)
		}
		if err != nil {
			return nil, err
		}
		level := mpi.ThreadMultiple
		if want, ok := hints.Get("thread_level"); ok {
			if level, ok = levels[strings.ToUpper(want)]; !ok {
				return nil, bad(mpi.ErrInfoValue, "thread_level is none of the MPI_THREAD_ constants: "+want)
			}
		}
		return mpi.NewSession(level)
	}
	s, err := made()
	if err != nil {
		return failOn(f, handler, err)
	}
	begun(s.ThreadLevel())
	atExit.Do(func() { mpi.Linger(); C.rain_call_at_exit() })
	q := &session{s: s}
	q.handler.Store(e.retain())
	q.handle = sessions.add(q)
	set(out, q.handle)
	return 0
}

// failOn is fail for an object that is not made: its error handler hears of it.
func failOn(f, handler uintptr, err error) int32 {
	fr := at[frame](f)
	fr.onkind, fr.on = C.RAIN_HANDLER, C.uintptr_t(handler)
	return fail(f, err)
}

//export rain_Session_finalize
func rain_Session_finalize(f, h uintptr) int32 {
	if err := need(h); err != nil {
		return fail(f, err)
	}
	s, err := sessionOf(*at[uintptr](h))
	if err == nil {
		err = s.s.Finalize()
	}
	if err != nil {
		return fail(f, err)
	}
	ended()
	sessions.remove(s.handle)
	s.handler.Load().release()
	set(h, abi.MPI_SESSION_NULL)
	return 0
}

// rain_Leave runs at the process's end, when exit or a return from main asks for it.
//
//export rain_Leave
func rain_Leave() { mpi.AtExit() }

//export rain_Session_get_num_psets
func rain_Session_get_num_psets(f, h, info, number uintptr) int32 {
	s, err := sessionOf(h)
	if err == nil {
		_, err = optionalInfo(info)
	}
	if err == nil {
		err = need(number)
	}
	if err != nil {
		return fail(f, err)
	}
	set(number, int32(len(s.s.Psets())))
	return 0
}

// The length counts the null byte; if it is 0 at the call only the length is wanted (MPI 5.0, 11.3.2).
//
//export rain_Session_get_nth_pset
func rain_Session_get_nth_pset(f, h, info uintptr, n int32, length, name uintptr) int32 {
	s, err := sessionOf(h)
	if err == nil {
		_, err = optionalInfo(info)
	}
	if err == nil {
		err = need(length)
	}
	if err != nil {
		return fail(f, err)
	}
	all := s.s.Psets()
	if n < 0 || int(n) >= len(all) {
		return fail(f, bad(mpi.ErrArg, "there is no process set of that number"))
	}
	if room := *at[int32](length); room > 0 && name != 0 {
		putString(name, all[n], int(room))
	}
	set(length, int32(len(all[n])+1))
	return 0
}

//export rain_Session_get_info
func rain_Session_get_info(f, h, out uintptr) int32 {
	s, err := sessionOf(h)
	if err == nil {
		err = need(out)
	}
	if err != nil {
		return fail(f, err)
	}
	i := mpi.NewInfo()
	for name, level := range levels {
		if level == s.s.ThreadLevel() {
			i.Set("thread_level", name)
		}
	}
	set(out, infos.add(i))
	return 0
}

//export rain_Session_get_pset_info
func rain_Session_get_pset_info(f, h, name, out uintptr) int32 {
	return ofPset(f, h, name, out, func(s *mpi.Session, pset string) (uintptr, error) {
		i, err := s.PsetInfo(pset)
		if err != nil {
			return 0, err
		}
		return infos.add(i), nil
	})
}

// ofPset writes to out what a session makes of a process set.
func ofPset(f, h, name, out uintptr, make func(s *mpi.Session, pset string) (uintptr, error)) int32 {
	s, err := sessionOf(h)
	if err == nil {
		err = need(name, out)
	}
	if err != nil {
		return fail(f, err)
	}
	made, err := make(s.s, cString(name, abi.MPI_MAX_PSET_NAME_LEN))
	if err != nil {
		return fail(f, err)
	}
	set(out, made)
	return 0
}

//export rain_Group_from_session_pset
func rain_Group_from_session_pset(f, h, name, out uintptr) int32 {
	return ofPset(f, h, name, out, func(s *mpi.Session, pset string) (uintptr, error) {
		g, err := s.Group(pset)
		if err != nil {
			return 0, err
		}
		return groupHandle(g), nil
	})
}

// These two are collective and rare: they wait inside Go.

//export rain_Comm_create_from_group
func rain_Comm_create_from_group(f, group, tag, info, handler, newcomm uintptr) int32 {
	return fromGroup(f, group, tag, info, handler, newcomm, func(g *mpi.Group, tag string) (*mpi.Comm, error) {
		if g.Size() == 0 {
			return nil, nil // MPI_GROUP_EMPTY gives MPI_COMM_NULL
		}
		return g.CommOf(tag)
	})
}

//export rain_Intercomm_create_from_groups
func rain_Intercomm_create_from_groups(f, group uintptr, leader int32, remote uintptr, remoteLeader int32, tag, info, handler, newcomm uintptr) int32 {
	return fromGroup(f, group, tag, info, handler, newcomm, func(g *mpi.Group, tag string) (*mpi.Comm, error) {
		if g.Size() == 0 {
			return nil, nil
		}
		if leader < 0 || int(leader) >= g.Size() {
			return nil, bad(mpi.ErrRank, "the local leader is not in the local group")
		}
		far, err := groupOf(remote)
		if err != nil && g.Rank() == int(leader) {
			return nil, err // the others may give anything
		}
		return g.InterOf(int(leader), far, int(remoteLeader), tag)
	})
}

func fromGroup(f, group, tag, info, handler, newcomm uintptr, how func(*mpi.Group, string) (*mpi.Comm, error)) int32 {
	e, err := errhandlerFor(C.RAIN_COMM, handler)
	if err != nil {
		return fail(f, err)
	}
	g, err := groupOf(group)
	if err == nil {
		_, err = optionalInfo(info)
	}
	if err == nil {
		err = running(tag, newcomm)
	}
	if err != nil {
		return failOn(f, handler, err)
	}
	c, err := how(g, cString(tag, abi.MPI_MAX_STRINGTAG_LEN))
	if err != nil {
		return failOn(f, handler, err)
	}
	h := addComm(c, nil, nil)
	if made := comms.get(h); made != nil {
		made.handler.Store(e.retain())
	}
	set(newcomm, h)
	return 0
}
