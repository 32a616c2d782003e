package main

import "C"

import (
	"strconv"

	"rainmpi/mpi"
)

// Hints of windows (MPI 5.0, 12.2.1). Those of the standard are given back with what is in force:
// operations from one origin are always in order, and locks always work. Others are ignored.
func winHints(w *mpi.Win, given *mpi.Info) *mpi.Info {
	hints := mpi.NewInfo()
	for _, h := range [][2]string{
		{"no_locks", "false"},
		{"accumulate_ordering", "rar,raw,war,waw"},
		{"accumulate_ops", "same_op_no_op"},
		{"mpi_accumulate_granularity", "0"},
		{"same_size", "false"},
		{"same_disp_unit", "false"},
	} {
		hints.Set(h[0], h[1])
	}
	if w.Flavor() == mpi.FlavorShared || w.Flavor() == mpi.FlavorAllocate {
		hints.Set("alloc_shared_noncontig", strconv.FormatBool(w.Flavor() == mpi.FlavorAllocate))
	}
	mergeHints(hints, given)
	return hints
}

// mergeHints takes the values of those keys that are known.
func mergeHints(hints, given *mpi.Info) {
	for n := range given.Len() {
		key, _ := given.Key(n)
		if _, known := hints.Get(key); known {
			value, _ := given.Get(key)
			hints.Set(key, value)
		}
	}
}

//export rain_Win_set_info
func rain_Win_set_info(f, h, info uintptr) int32 {
	w, err := winOf(h)
	if err != nil {
		return fail(f, err)
	}
	i, err := optionalInfo(info)
	if err != nil {
		return fail(f, err)
	}
	mergeHints(w.info, i)
	return 0
}

//export rain_Win_get_info
func rain_Win_get_info(f, h, info uintptr) int32 {
	w, err := winOf(h)
	if err == nil {
		err = need(info)
	}
	if err != nil {
		return fail(f, err)
	}
	set(info, infos.add(w.info.Dup()))
	return 0
}
