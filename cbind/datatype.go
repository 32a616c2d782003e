package main

/*
#include "frame.h"
*/
import "C"

import (
	"sync"

	"rainmpi/cbind/abi"
	"rainmpi/mpi"
)

// A datatype is one as C sees it.
type datatype struct {
	d      *mpi.Datatype
	handle uintptr
	attrs  attrs
}

var (
	datatypes = table[datatype]{kind: datatypeKind}

	// predefinedTypes are found by the low byte of their handles, MPI_DATATYPE_NULL + 0..255.
	predefinedTypes = func() (all [256]*datatype) {
		for i := range all {
			if d := mpi.PredefinedDatatype(abi.MPI_DATATYPE_NULL + uintptr(i)); d != nil {
				all[i] = &datatype{d: d, handle: abi.MPI_DATATYPE_NULL + uintptr(i)}
			}
		}
		return all
	}()
)

func datatypeOf(h uintptr) (*datatype, error) {
	if i := h - abi.MPI_DATATYPE_NULL; i < uintptr(len(predefinedTypes)) {
		if t := predefinedTypes[i]; t != nil {
			return t, nil
		}
	} else if t := datatypes.get(h); t != nil {
		return t, nil
	}
	return nil, noObject(mpi.ErrType, "datatype of this machine", h)
}

// handlesByType finds the handle of a datatype that comes back from the engine in a user's function:
// programs compare it with theirs.
var handlesByType sync.Map // of *dtype.Type, by any: the type is internal to mpi

func addDatatype(d *mpi.Datatype, list attrs) uintptr {
	if h := d.Handle(); h != 0 {
		return h
	}
	t := &datatype{d: d, attrs: list}
	t.handle = datatypes.add(t)
	handlesByType.Store(d.T(), t.handle)
	return t.handle
}

// handleOfType is the handle that the program knows d by.
func handleOfType(d *mpi.Datatype) uintptr {
	if h := d.Handle(); h != 0 {
		return h
	}
	if h, ok := handlesByType.Load(d.T()); ok {
		return h.(uintptr)
	}
	return addDatatype(d, nil)
}

// made ends every constructor.
func made(f, newtype uintptr, d *mpi.Datatype, err error, large bool) int32 {
	if err == nil {
		err = need(newtype)
	}
	if err != nil {
		return fail(f, err)
	}
	if large {
		d.MarkLarge()
	}
	set(newtype, addDatatype(d, nil))
	return 0
}

//export rain_Type_commit
func rain_Type_commit(f, h uintptr) int32 {
	if err := need(h); err != nil {
		return fail(f, err)
	}
	t, err := datatypeOf(*at[uintptr](h))
	if err != nil {
		return fail(f, err)
	}
	return fail(f, t.d.Commit())
}

//export rain_Type_free
func rain_Type_free(f, h uintptr) int32 {
	if err := need(h); err != nil {
		return fail(f, err)
	}
	t, err := datatypeOf(*at[uintptr](h))
	if err == nil && t.d.Predefined() {
		err = bad(mpi.ErrType, t.d.Name()+" is predefined and cannot be freed")
	}
	if err != nil {
		return fail(f, err)
	}
	if rc := t.attrs.deleteAll(f, t.handle); rc != 0 {
		return rc
	}
	if err := t.d.Free(); err != nil {
		return fail(f, err)
	}
	handlesByType.Delete(t.d.T())
	datatypes.remove(t.handle)
	set(h, abi.MPI_DATATYPE_NULL)
	return 0
}

//export rain_Type_dup
func rain_Type_dup(f, h, newtype uintptr) int32 {
	t, err := datatypeOf(h)
	if err == nil {
		err = need(newtype)
	}
	if err != nil {
		return fail(f, err)
	}
	copied, rc := copyAll(f, t.handle, t.attrs)
	if copied == nil {
		if rc != call {
			set(newtype, abi.MPI_DATATYPE_NULL) // as MPI_Comm_dup
		}
		return rc
	}
	d, err := t.d.Dup()
	if err != nil {
		return fail(f, err)
	}
	set(newtype, addDatatype(d, copied.to))
	return 0
}

//export rain_Type_size
func rain_Type_size(f, h, size uintptr) int32 {
	t, err := datatypeOf(h)
	if err == nil {
		err = need(size)
	}
	if err != nil {
		return fail(f, err)
	}
	set(size, t.d.Size())
	return 0
}

//export rain_Type_size_x
func rain_Type_size_x(f, h, size uintptr) int32 { return rain_Type_size(f, h, size) }

//export rain_Type_get_extent
func rain_Type_get_extent(f, h, lb, extent uintptr) int32 {
	return bounds(f, h, lb, extent, (*mpi.Datatype).Extent)
}

//export rain_Type_get_extent_x
func rain_Type_get_extent_x(f, h, lb, extent uintptr) int32 {
	return bounds(f, h, lb, extent, (*mpi.Datatype).Extent)
}

//export rain_Type_get_true_extent
func rain_Type_get_true_extent(f, h, lb, extent uintptr) int32 {
	return bounds(f, h, lb, extent, (*mpi.Datatype).TrueExtent)
}

//export rain_Type_get_true_extent_x
func rain_Type_get_true_extent_x(f, h, lb, extent uintptr) int32 {
	return bounds(f, h, lb, extent, (*mpi.Datatype).TrueExtent)
}

func bounds(f, h, lb, extent uintptr, of func(*mpi.Datatype) (lb, extent int64)) int32 {
	t, err := datatypeOf(h)
	if err == nil {
		err = need(lb, extent)
	}
	if err != nil {
		return fail(f, err)
	}
	l, e := of(t.d)
	set(lb, l)
	set(extent, e)
	return 0
}

//export rain_Type_set_name
func rain_Type_set_name(f, h, name uintptr) int32 {
	t, err := datatypeOf(h)
	if err == nil {
		err = need(name)
	}
	if err != nil {
		return fail(f, err)
	}
	t.d.SetName(cString(name, abi.MPI_MAX_OBJECT_NAME-1))
	return 0
}

//export rain_Type_get_name
func rain_Type_get_name(f, h, name, resultlen uintptr) int32 {
	if h == abi.MPI_DATATYPE_NULL && name != 0 && resultlen != 0 { // it has a name (MPI 5.0, 7.8)
		set(resultlen, putString(name, "MPI_DATATYPE_NULL", abi.MPI_MAX_OBJECT_NAME))
		return 0
	}
	t, err := datatypeOf(h)
	if err == nil {
		err = need(name, resultlen)
	}
	if err != nil {
		return fail(f, err)
	}
	set(resultlen, putString(name, t.d.Name(), abi.MPI_MAX_OBJECT_NAME))
	return 0
}

//export rain_Type_create_keyval
func rain_Type_create_keyval(f, copyFn, deleteFn, number, extra uintptr) int32 {
	return createKeyval(f, typeKeyval, copyFn, deleteFn, number, extra)
}

//export rain_Type_free_keyval
func rain_Type_free_keyval(f, number uintptr) int32 { return freeKeyval(f, typeKeyval, number) }

//export rain_Type_get_attr
func rain_Type_get_attr(f, h uintptr, number int32, value, flag uintptr) int32 {
	t, err := datatypeOf(h)
	if err != nil {
		return fail(f, err)
	}
	return getAttr(f, typeKeyval, t.attrs, number, value, flag)
}

//export rain_Type_set_attr
func rain_Type_set_attr(f, h uintptr, number int32, value uintptr) int32 {
	t, err := datatypeOf(h)
	if err != nil {
		return fail(f, err)
	}
	return setAttr(f, typeKeyval, &t.attrs, t.handle, number, value)
}

//export rain_Type_delete_attr
func rain_Type_delete_attr(f, h uintptr, number int32) int32 {
	t, err := datatypeOf(h)
	if err != nil {
		return fail(f, err)
	}
	return deleteAttr(f, typeKeyval, &t.attrs, t.handle, number)
}
