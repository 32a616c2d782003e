package main

/*
#include "frame.h"
*/
import "C"

import (
	"sync/atomic"

	"rainmpi/cbind/abi"
	"rainmpi/mpi"
)

// A file is an open file as C sees it.
type file struct {
	f       *mpi.File
	handle  uintptr
	handler atomic.Pointer[errhandler] // nil: the default
}

var files = table[file]{kind: fileKind}

func fileOf(h uintptr) (*file, error) {
	if fl := files.get(h); fl != nil {
		return fl, nil
	}
	return nil, noObject(mpi.ErrFile, "file", h)
}

// maxName is more than any system allows, so that it can say so.
const maxName = 1 << 16

// File_open is collective and of many steps: it waits inside Go.
//
//export rain_File_open
func rain_File_open(f, h, name uintptr, amode int32, info, out uintptr) int32 {
	c, err := commOf(h)
	if err == nil {
		err = need(name, out)
	}
	if err != nil {
		return fail(f, err)
	}
	i, err := optionalInfo(info)
	if err != nil {
		return fail(f, err)
	}
	opened, err := c.c.OpenFile(cString(name, maxName), int(amode), i)
	if err != nil {
		return fail(f, err)
	}
	fl := &file{f: opened}
	fl.handler.Store(fileHandler.Load().retain()) // "a new file handle inherits" that of MPI_FILE_NULL (14.7)
	fl.handle = files.add(fl)
	set(out, fl.handle)
	return 0
}

//export rain_File_close
func rain_File_close(f, h uintptr) int32 {
	if err := need(h); err != nil {
		return fail(f, err)
	}
	fl, err := fileOf(*at[uintptr](h))
	if err != nil {
		return fail(f, err)
	}
	if err = fl.f.Close(); !fl.f.Closed() {
		return fail(f, err)
	}
	files.remove(fl.handle)
	set(h, abi.MPI_FILE_NULL)
	if err != nil { // the handler of a file that is gone hears of it all the same
		return failOn(f, orReturn(fl.handler.Load()).handle, err)
	}
	fl.handler.Load().release()
	return 0
}

//export rain_File_delete
func rain_File_delete(f, name, info uintptr) int32 {
	i, err := optionalInfo(info)
	if err == nil {
		err = need(name)
	}
	if err != nil {
		return fail(f, err)
	}
	return fail(f, mpi.DeleteFile(cString(name, maxName), i))
}

// askFile writes to out what a file says of itself.
func askFile[T any](f, h, out uintptr, what func(*mpi.File) (T, error)) int32 {
	fl, err := fileOf(h)
	if err == nil {
		err = need(out)
	}
	if err != nil {
		return fail(f, err)
	}
	v, err := what(fl.f)
	if err != nil {
		return fail(f, err)
	}
	set(out, v)
	return 0
}

// tellFile makes a call that gives nothing back.
func tellFile(f, h uintptr, what func(*mpi.File) error) int32 {
	fl, err := fileOf(h)
	if err == nil {
		err = what(fl.f)
	}
	return fail(f, err)
}

//export rain_File_get_amode
func rain_File_get_amode(f, h, amode uintptr) int32 {
	return askFile(f, h, amode, func(fl *mpi.File) (int32, error) {
		m, err := fl.Amode()
		return int32(m), err
	})
}

//export rain_File_get_group
func rain_File_get_group(f, h, group uintptr) int32 {
	return askFile(f, h, group, func(fl *mpi.File) (uintptr, error) {
		g, err := fl.Group()
		if err != nil {
			return 0, err
		}
		return groupHandle(g), nil
	})
}

//export rain_File_get_info
func rain_File_get_info(f, h, info uintptr) int32 {
	return askFile(f, h, info, func(fl *mpi.File) (uintptr, error) {
		i, err := fl.Info()
		if err != nil {
			return 0, err
		}
		return infos.add(i), nil
	})
}

//export rain_File_set_info
func rain_File_set_info(f, h, info uintptr) int32 {
	return tellFile(f, h, func(fl *mpi.File) error {
		i, err := optionalInfo(info)
		if err != nil {
			return err
		}
		return fl.SetInfo(i)
	})
}

//export rain_File_get_size
func rain_File_get_size(f, h, size uintptr) int32 { return askFile(f, h, size, (*mpi.File).Size) }

//export rain_File_set_size
func rain_File_set_size(f, h uintptr, size int64) int32 {
	return tellFile(f, h, func(fl *mpi.File) error { return fl.SetSize(size) })
}

//export rain_File_preallocate
func rain_File_preallocate(f, h uintptr, size int64) int32 {
	return tellFile(f, h, func(fl *mpi.File) error { return fl.Preallocate(size) })
}

//export rain_File_sync
func rain_File_sync(f, h uintptr) int32 { return tellFile(f, h, (*mpi.File).Sync) }

//export rain_File_set_atomicity
func rain_File_set_atomicity(f, h uintptr, flag int32) int32 {
	return tellFile(f, h, func(fl *mpi.File) error { return fl.SetAtomicity(flag != 0) })
}

//export rain_File_get_atomicity
func rain_File_get_atomicity(f, h, flag uintptr) int32 {
	return askFile(f, h, flag, func(fl *mpi.File) (int32, error) {
		on, err := fl.Atomicity()
		return truth(on), err
	})
}
