package main

/*
#include "frame.h"
*/
import "C"

import "rainmpi/mpi"

// Accesses to the data of files (MPI 5.0, 14.4). Those that wait are system calls of this
// thread's; those that do not, and those for which functions of the program's may have to run, are a
// worker's.

type (
	moveNow   = func(*mpi.File, mpi.Buffer) (mpi.Status, error)
	moveStart = func(*mpi.File, mpi.Buffer) (*mpi.Request, error)
)

// fileAccess checks what all of them have: the file first, as its error handler decides.
func fileAccess(h, buf uintptr, count int64, dt uintptr) (*mpi.File, mpi.Buffer, error) {
	fl, err := fileOf(h)
	if err == nil && count < 0 {
		err = bad(mpi.ErrCount, "the count is negative")
	}
	if err != nil {
		return nil, mpi.Buffer{}, err
	}
	b, err := buffer(buf, count, dt)
	return fl.f, b, err
}

// moves is an independent access. If functions of the program convert its data, they run while it
// waits in C.
func moves(f, h, buf uintptr, count int64, dt, st uintptr, now moveNow, start moveStart) int32 {
	if started(f) {
		return again(f, st)
	}
	fl, b, err := fileAccess(h, buf, count, dt)
	if err != nil {
		return fail(f, err)
	}
	if fl.UserConverted() {
		r, err := start(fl, b)
		return begin(f, r, err, st)
	}
	s, err := now(fl, b)
	if err != nil {
		return fail(f, err)
	}
	putStatus(st, s)
	return 0
}

// movesAll is a collective one. It exchanges data with other ranks, which may wait for a function of
// the program's that this rank has to run: then it waits in C.
func movesAll(f, h, buf uintptr, count int64, dt, st uintptr, now moveNow, start moveStart) int32 {
	if started(f) {
		return again(f, st)
	}
	fl, b, err := fileAccess(h, buf, count, dt)
	if err != nil {
		return fail(f, err)
	}
	if userFunctions.Load() {
		r, err := start(fl, b)
		return begin(f, r, err, st)
	}
	s, err := now(fl, b)
	if err != nil {
		return fail(f, err)
	}
	putStatus(st, s)
	return 0
}

// movesLater is one that does not wait.
func movesLater(f, h, buf uintptr, count int64, dt, request uintptr, start moveStart) int32 {
	fl, b, err := fileAccess(h, buf, count, dt)
	if err != nil {
		return fail(f, err)
	}
	r, err := start(fl, b)
	return giveOn(f, request, r, err, C.RAIN_FILE, h)
}

// splitBegin and splitEnd are the halves of a split collective.
func splitBegin(f, h, buf uintptr, count int64, dt uintptr, start func(*mpi.File, mpi.Buffer) error) int32 {
	fl, b, err := fileAccess(h, buf, count, dt)
	if err == nil {
		err = start(fl, b)
	}
	return fail(f, err)
}

func splitEnd(f, h, st uintptr, kind string) int32 {
	if started(f) {
		return again(f, st)
	}
	fl, err := fileOf(h)
	if err != nil {
		return fail(f, err)
	}
	r, err := fl.f.SplitEnd(kind)
	return begin(f, r, err, st)
}

//export rain_File_read_at
func rain_File_read_at(f, h uintptr, offset int64, buf uintptr, count int64, dt, st uintptr) int32 {
	return moves(f, h, buf, count, dt, st,
		func(fl *mpi.File, b mpi.Buffer) (mpi.Status, error) { return fl.ReadAt(offset, b) },
		func(fl *mpi.File, b mpi.Buffer) (*mpi.Request, error) { return fl.IreadAt(offset, b) })
}

//export rain_File_iread_at
func rain_File_iread_at(f, h uintptr, offset int64, buf uintptr, count int64, dt, request uintptr) int32 {
	return movesLater(f, h, buf, count, dt, request, func(fl *mpi.File, b mpi.Buffer) (*mpi.Request, error) { return fl.IreadAt(offset, b) })
}

//export rain_File_read_at_all
func rain_File_read_at_all(f, h uintptr, offset int64, buf uintptr, count int64, dt, st uintptr) int32 {
	return movesAll(f, h, buf, count, dt, st,
		func(fl *mpi.File, b mpi.Buffer) (mpi.Status, error) { return fl.ReadAtAll(offset, b) },
		func(fl *mpi.File, b mpi.Buffer) (*mpi.Request, error) { return fl.IreadAtAll(offset, b) })
}

//export rain_File_iread_at_all
func rain_File_iread_at_all(f, h uintptr, offset int64, buf uintptr, count int64, dt, request uintptr) int32 {
	return movesLater(f, h, buf, count, dt, request, func(fl *mpi.File, b mpi.Buffer) (*mpi.Request, error) { return fl.IreadAtAll(offset, b) })
}

//export rain_File_read_at_all_begin
func rain_File_read_at_all_begin(f, h uintptr, offset int64, buf uintptr, count int64, dt uintptr) int32 {
	return splitBegin(f, h, buf, count, dt, func(fl *mpi.File, b mpi.Buffer) error { return fl.ReadAtAllBegin(offset, b) })
}

//export rain_File_read_at_all_end
func rain_File_read_at_all_end(f, h, buf, st uintptr) int32 {
	return splitEnd(f, h, st, "MPI_File_read_at_all")
}

//export rain_File_read
func rain_File_read(f, h, buf uintptr, count int64, dt, st uintptr) int32 {
	return moves(f, h, buf, count, dt, st, (*mpi.File).Read, (*mpi.File).Iread)
}

//export rain_File_iread
func rain_File_iread(f, h, buf uintptr, count int64, dt, request uintptr) int32 {
	return movesLater(f, h, buf, count, dt, request, (*mpi.File).Iread)
}

//export rain_File_read_all
func rain_File_read_all(f, h, buf uintptr, count int64, dt, st uintptr) int32 {
	return movesAll(f, h, buf, count, dt, st, (*mpi.File).ReadAll, (*mpi.File).IreadAll)
}

//export rain_File_iread_all
func rain_File_iread_all(f, h, buf uintptr, count int64, dt, request uintptr) int32 {
	return movesLater(f, h, buf, count, dt, request, (*mpi.File).IreadAll)
}

//export rain_File_read_all_begin
func rain_File_read_all_begin(f, h, buf uintptr, count int64, dt uintptr) int32 {
	return splitBegin(f, h, buf, count, dt, (*mpi.File).ReadAllBegin)
}

//export rain_File_read_all_end
func rain_File_read_all_end(f, h, buf, st uintptr) int32 {
	return splitEnd(f, h, st, "MPI_File_read_all")
}

//export rain_File_read_shared
func rain_File_read_shared(f, h, buf uintptr, count int64, dt, st uintptr) int32 {
	return moves(f, h, buf, count, dt, st, (*mpi.File).ReadShared, (*mpi.File).IreadShared)
}

//export rain_File_iread_shared
func rain_File_iread_shared(f, h, buf uintptr, count int64, dt, request uintptr) int32 {
	return movesLater(f, h, buf, count, dt, request, (*mpi.File).IreadShared)
}

//export rain_File_read_ordered
func rain_File_read_ordered(f, h, buf uintptr, count int64, dt, st uintptr) int32 {
	return movesAll(f, h, buf, count, dt, st, (*mpi.File).ReadOrdered, (*mpi.File).ReadOrderedStart)
}

//export rain_File_read_ordered_begin
func rain_File_read_ordered_begin(f, h, buf uintptr, count int64, dt uintptr) int32 {
	return splitBegin(f, h, buf, count, dt, (*mpi.File).ReadOrderedBegin)
}

//export rain_File_read_ordered_end
func rain_File_read_ordered_end(f, h, buf, st uintptr) int32 {
	return splitEnd(f, h, st, "MPI_File_read_ordered")
}

//export rain_File_write_at
func rain_File_write_at(f, h uintptr, offset int64, buf uintptr, count int64, dt, st uintptr) int32 {
	return moves(f, h, buf, count, dt, st,
		func(fl *mpi.File, b mpi.Buffer) (mpi.Status, error) { return fl.WriteAt(offset, b) },
		func(fl *mpi.File, b mpi.Buffer) (*mpi.Request, error) { return fl.IwriteAt(offset, b) })
}

//export rain_File_iwrite_at
func rain_File_iwrite_at(f, h uintptr, offset int64, buf uintptr, count int64, dt, request uintptr) int32 {
	return movesLater(f, h, buf, count, dt, request, func(fl *mpi.File, b mpi.Buffer) (*mpi.Request, error) { return fl.IwriteAt(offset, b) })
}

//export rain_File_write_at_all
func rain_File_write_at_all(f, h uintptr, offset int64, buf uintptr, count int64, dt, st uintptr) int32 {
	return movesAll(f, h, buf, count, dt, st,
		func(fl *mpi.File, b mpi.Buffer) (mpi.Status, error) { return fl.WriteAtAll(offset, b) },
		func(fl *mpi.File, b mpi.Buffer) (*mpi.Request, error) { return fl.IwriteAtAll(offset, b) })
}

//export rain_File_iwrite_at_all
func rain_File_iwrite_at_all(f, h uintptr, offset int64, buf uintptr, count int64, dt, request uintptr) int32 {
	return movesLater(f, h, buf, count, dt, request, func(fl *mpi.File, b mpi.Buffer) (*mpi.Request, error) { return fl.IwriteAtAll(offset, b) })
}

//export rain_File_write_at_all_begin
func rain_File_write_at_all_begin(f, h uintptr, offset int64, buf uintptr, count int64, dt uintptr) int32 {
	return splitBegin(f, h, buf, count, dt, func(fl *mpi.File, b mpi.Buffer) error { return fl.WriteAtAllBegin(offset, b) })
}

//export rain_File_write_at_all_end
func rain_File_write_at_all_end(f, h, buf, st uintptr) int32 {
	return splitEnd(f, h, st, "MPI_File_write_at_all")
}

//export rain_File_write
func rain_File_write(f, h, buf uintptr, count int64, dt, st uintptr) int32 {
	return moves(f, h, buf, count, dt, st, (*mpi.File).Write, (*mpi.File).Iwrite)
}

//export rain_File_iwrite
func rain_File_iwrite(f, h, buf uintptr, count int64, dt, request uintptr) int32 {
	return movesLater(f, h, buf, count, dt, request, (*mpi.File).Iwrite)
}

//export rain_File_write_all
func rain_File_write_all(f, h, buf uintptr, count int64, dt, st uintptr) int32 {
	return movesAll(f, h, buf, count, dt, st, (*mpi.File).WriteAll, (*mpi.File).IwriteAll)
}

//export rain_File_iwrite_all
func rain_File_iwrite_all(f, h, buf uintptr, count int64, dt, request uintptr) int32 {
	return movesLater(f, h, buf, count, dt, request, (*mpi.File).IwriteAll)
}

//export rain_File_write_all_begin
func rain_File_write_all_begin(f, h, buf uintptr, count int64, dt uintptr) int32 {
	return splitBegin(f, h, buf, count, dt, (*mpi.File).WriteAllBegin)
}

//export rain_File_write_all_end
func rain_File_write_all_end(f, h, buf, st uintptr) int32 {
	return splitEnd(f, h, st, "MPI_File_write_all")
}

//export rain_File_write_shared
func rain_File_write_shared(f, h, buf uintptr, count int64, dt, st uintptr) int32 {
	return moves(f, h, buf, count, dt, st, (*mpi.File).WriteShared, (*mpi.File).IwriteShared)
}

//export rain_File_iwrite_shared
func rain_File_iwrite_shared(f, h, buf uintptr, count int64, dt, request uintptr) int32 {
	return movesLater(f, h, buf, count, dt, request, (*mpi.File).IwriteShared)
}

//export rain_File_write_ordered
func rain_File_write_ordered(f, h, buf uintptr, count int64, dt, st uintptr) int32 {
	return movesAll(f, h, buf, count, dt, st, (*mpi.File).WriteOrdered, (*mpi.File).WriteOrderedStart)
}

//export rain_File_write_ordered_begin
func rain_File_write_ordered_begin(f, h, buf uintptr, count int64, dt uintptr) int32 {
	return splitBegin(f, h, buf, count, dt, (*mpi.File).WriteOrderedBegin)
}

//export rain_File_write_ordered_end
func rain_File_write_ordered_end(f, h, buf, st uintptr) int32 {
	return splitEnd(f, h, st, "MPI_File_write_ordered")
}
