package main

/*
#include "frame.h"
*/
import "C"

import "rainmpi/mpi"

// Synchronization of windows (MPI 5.0, 12.5). What may have to wait is begun in the engine and waited
// for in C: fr.op holds it.
var syncs = table[mpi.Sync]{kind: winKind}

// synchronize begins a call, or goes on with it.
func synchronize(f, h uintptr, begin func(*mpi.Win) (*mpi.Sync, error)) int32 {
	fr := at[frame](f)
	if fr.op != 0 {
		resume(fr)
		done, err := syncs.get(uintptr(fr.op)).Test()
		if !done {
			return idle(f)
		}
		syncs.remove(uintptr(fr.op))
		return fail(f, err)
	}
	w, err := winOf(h)
	if err != nil {
		return fail(f, err)
	}
	s, err := begin(w.w)
	if s == nil || err != nil {
		return fail(f, err)
	}
	done, err := s.Test()
	if done {
		return fail(f, err)
	}
	fr.op = C.uint32_t(syncs.add(s))
	return idle(f)
}

//export rain_Win_fence
func rain_Win_fence(f uintptr, assert int32, h uintptr) int32 {
	return synchronize(f, h, func(w *mpi.Win) (*mpi.Sync, error) { return w.FenceStart(int(assert)) })
}

//export rain_Win_lock
func rain_Win_lock(f uintptr, kind, rank, assert int32, h uintptr) int32 {
	return synchronize(f, h, func(w *mpi.Win) (*mpi.Sync, error) { return w.LockStart(int(kind), int(rank), int(assert)) })
}

//export rain_Win_unlock
func rain_Win_unlock(f uintptr, rank int32, h uintptr) int32 {
	return synchronize(f, h, func(w *mpi.Win) (*mpi.Sync, error) { return w.UnlockStart(int(rank)) })
}

//export rain_Win_lock_all
func rain_Win_lock_all(f uintptr, assert int32, h uintptr) int32 {
	return synchronize(f, h, func(w *mpi.Win) (*mpi.Sync, error) { return w.LockAllStart(int(assert)) })
}

//export rain_Win_unlock_all
func rain_Win_unlock_all(f, h uintptr) int32 { return synchronize(f, h, (*mpi.Win).UnlockAllStart) }

//export rain_Win_flush
func rain_Win_flush(f uintptr, rank int32, h uintptr) int32 {
	return flushWin(f, h, rank, (*mpi.Win).FlushStart)
}

//export rain_Win_flush_local
func rain_Win_flush_local(f uintptr, rank int32, h uintptr) int32 {
	return flushWin(f, h, rank, (*mpi.Win).FlushLocalStart)
}

// flushWin: MPI_ANY_SOURCE has the value that means all targets in the engine.
func flushWin(f, h uintptr, rank int32, begin func(*mpi.Win, int) (*mpi.Sync, error)) int32 {
	if rank == mpi.AllTargets {
		return fail(f, bad(mpi.ErrRank, "the target is no rank of the window"))
	}
	return synchronize(f, h, func(w *mpi.Win) (*mpi.Sync, error) { return begin(w, int(rank)) })
}

//export rain_Win_flush_all
func rain_Win_flush_all(f, h uintptr) int32 {
	return synchronize(f, h, func(w *mpi.Win) (*mpi.Sync, error) { return w.FlushStart(mpi.AllTargets) })
}

//export rain_Win_flush_local_all
func rain_Win_flush_local_all(f, h uintptr) int32 {
	return synchronize(f, h, func(w *mpi.Win) (*mpi.Sync, error) { return w.FlushLocalStart(mpi.AllTargets) })
}

//export rain_Win_sync
func rain_Win_sync(f, h uintptr) int32 {
	w, err := winOf(h)
	if err != nil {
		return fail(f, err)
	}
	return fail(f, w.w.Sync())
}

//export rain_Win_post
func rain_Win_post(f, group uintptr, assert int32, h uintptr) int32 {
	w, err := winOf(h)
	if err != nil {
		return fail(f, err)
	}
	g, err := groupOf(group)
	if err != nil {
		return fail(f, err)
	}
	return fail(f, w.w.Post(g, int(assert)))
}

//export rain_Win_start
func rain_Win_start(f, group uintptr, assert int32, h uintptr) int32 {
	return synchronize(f, h, func(w *mpi.Win) (*mpi.Sync, error) {
		g, err := groupOf(group)
		if err != nil {
			return nil, err
		}
		return w.StartStart(g, int(assert))
	})
}

//export rain_Win_complete
func rain_Win_complete(f, h uintptr) int32 { return synchronize(f, h, (*mpi.Win).CompleteStart) }

//export rain_Win_wait
func rain_Win_wait(f, h uintptr) int32 { return synchronize(f, h, (*mpi.Win).WaitStart) }

//export rain_Win_test
func rain_Win_test(f, h, flag uintptr) int32 {
	w, err := winOf(h)
	if err == nil {
		err = need(flag)
	}
	if err != nil {
		return fail(f, err)
	}
	done, err := w.w.Test()
	if err != nil {
		return fail(f, err)
	}
	set(flag, truth(done))
	return 0
}
