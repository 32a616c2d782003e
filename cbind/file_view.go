package main

import "C"

import (
	"rainmpi/cbind/abi"
	"rainmpi/mpi"
)

// Views and file pointers (MPI 5.0, 14.3 and 14.4.3).

//export rain_File_set_view
func rain_File_set_view(f, h uintptr, disp int64, etype, filetype, datarep, info uintptr) int32 {
	if started(f) {
		return again(f, 0)
	}
	fl, err := fileOf(h)
	if err == nil {
		err = need(datarep)
	}
	if err != nil {
		return fail(f, err)
	}
	e, err := datatypeOf(etype)
	if err != nil {
		return fail(f, err)
	}
	t, err := datatypeOf(filetype)
	if err != nil {
		return fail(f, err)
	}
	i, err := optionalInfo(info)
	if err != nil {
		return fail(f, err)
	}
	if !userFunctions.Load() {
		return fail(f, fl.f.SetView(disp, e.d, t.d, cString(datarep, abi.MPI_MAX_DATAREP_STRING), i))
	}
	r, err := fl.f.SetViewStart(disp, e.d, t.d, cString(datarep, abi.MPI_MAX_DATAREP_STRING), i)
	return begin(f, r, err, 0)
}

//export rain_File_get_view
func rain_File_get_view(f, h, disp, etype, filetype, datarep uintptr) int32 {
	fl, err := fileOf(h)
	if err == nil {
		err = need(disp, etype, filetype, datarep)
	}
	if err != nil {
		return fail(f, err)
	}
	d, e, t, name, err := fl.f.View()
	if err != nil {
		return fail(f, err)
	}
	set(disp, d)
	set(etype, addDatatype(e, nil))
	set(filetype, addDatatype(t, nil))
	putString(datarep, name, abi.MPI_MAX_DATAREP_STRING)
	return 0
}

//export rain_File_get_type_extent
func rain_File_get_type_extent(f, h, dt, extent uintptr) int32 {
	return askFile(f, h, extent, func(fl *mpi.File) (int64, error) {
		t, err := datatypeOf(dt)
		if err != nil {
			return 0, err
		}
		return fl.TypeExtent(t.d)
	})
}

//export rain_File_get_byte_offset
func rain_File_get_byte_offset(f, h uintptr, offset int64, disp uintptr) int32 {
	return askFile(f, h, disp, func(fl *mpi.File) (int64, error) { return fl.ByteOffset(offset) })
}

//export rain_File_seek
func rain_File_seek(f, h uintptr, offset int64, whence int32) int32 {
	return tellFile(f, h, func(fl *mpi.File) error {
		_, err := fl.Seek(offset, int(whence))
		return err
	})
}

//export rain_File_seek_shared
func rain_File_seek_shared(f, h uintptr, offset int64, whence int32) int32 {
	return tellFile(f, h, func(fl *mpi.File) error { return fl.SeekShared(offset, int(whence)) })
}

//export rain_File_get_position
func rain_File_get_position(f, h, offset uintptr) int32 {
	return askFile(f, h, offset, (*mpi.File).Position)
}

//export rain_File_get_position_shared
func rain_File_get_position_shared(f, h, offset uintptr) int32 {
	return askFile(f, h, offset, (*mpi.File).PositionShared)
}
