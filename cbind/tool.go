package main

import "C"

import (
	"sync/atomic"

	"rainmpi/cbind/abi"
	"rainmpi/mpi"
)

// The tools interface (MPI 5.0, 15.3): categories, control variables, and performance variables in
// toolpvar.go, events in toolevent.go and toolwatch.go. It invokes no error handler: its functions
// return codes of their own.

// All variables are numbers of this type.
const variableType = abi.MPI_UNSIGNED_LONG_LONG

var tools struct {
	users atomic.Int32

	categories  []mpi.Category
	control     []*mpi.ControlVariable
	performance []*mpi.PerformanceVariable
}

func init() {
	tools.categories = mpi.Categories
	for i := range tools.categories {
		c := &tools.categories[i]
		for k := range c.Control {
			tools.control = append(tools.control, &c.Control[k])
		}
		for k := range c.Performance {
			tools.performance = append(tools.performance, &c.Performance[k])
		}
	}
}

//export rain_T_init_thread
func rain_T_init_thread(f uintptr, required int32, provided uintptr) int32 {
	if need(provided) != nil {
		return abi.MPI_T_ERR_INVALID
	}
	tools.users.Add(1)
	set(provided, required)
	return 0
}

//export rain_T_finalize
func rain_T_finalize(f uintptr) int32 {
	if tools.users.Add(-1) < 0 {
		tools.users.Add(1)
		return abi.MPI_T_ERR_NOT_INITIALIZED
	}
	return 0
}

// toolError is 0 if the interface is initialized and none of the outputs is null.
func toolError(outputs ...uintptr) int32 {
	if tools.users.Load() == 0 {
		return abi.MPI_T_ERR_NOT_INITIALIZED
	}
	if need(outputs...) != nil {
		return abi.MPI_T_ERR_INVALID
	}
	return 0
}

// toolItem is list[i], or the error of the call.
func toolItem[T any](list []T, i int32) (item T, rc int32) {
	if rc := toolError(); rc != 0 {
		return item, rc
	}
	if i < 0 || int(i) >= len(list) {
		return item, abi.MPI_T_ERR_INVALID_INDEX
	}
	return list[i], 0
}

// putToolString follows the rules of 15.3.3: length is in and out, counts the null byte, and comes
// back as what the whole string needs; without it, or with 0, nothing is written.
func putToolString(buf, length uintptr, s string) {
	if length == 0 {
		return
	}
	if room := *at[int32](length); room > 0 && buf != 0 {
		putString(buf, s, int(room))
	}
	set(length, int32(len(s)+1))
}

func putCount(out uintptr, n int) int32 {
	if rc := toolError(out); rc != 0 {
		return rc
	}
	set(out, int32(n))
	return 0
}

// putIndex writes where the name stands.
func putIndex[T any](list []T, name, out uintptr, is func(T, string) bool) int32 {
	if rc := toolError(name, out); rc != 0 {
		return rc
	}
	for i, x := range list {
		if is(x, cString(name, 256)) {
			set(out, int32(i))
			return 0
		}
	}
	return abi.MPI_T_ERR_INVALID_NAME
}

//export rain_T_category_get_num
func rain_T_category_get_num(f, out uintptr) int32 { return putCount(out, len(tools.categories)) }

//export rain_T_category_get_info
func rain_T_category_get_info(f uintptr, i int32, name, nameLen, desc, descLen, cvars, pvars, categories uintptr) int32 {
	c, rc := toolItem(tools.categories, i)
	if rc != 0 {
		return rc
	}
	putToolString(name, nameLen, c.Name)
	putToolString(desc, descLen, c.Description)
	set(cvars, int32(len(c.Control)))
	set(pvars, int32(len(c.Performance)))
	set(categories, int32(0))
	return 0
}

//export rain_T_category_get_index
func rain_T_category_get_index(f, name, out uintptr) int32 {
	return putIndex(tools.categories, name, out, func(c mpi.Category, s string) bool { return c.Name == s })
}

//export rain_T_category_get_num_events
func rain_T_category_get_num_events(f uintptr, i int32, out uintptr) int32 {
	c, rc := toolItem(tools.categories, i)
	if rc != 0 {
		return rc
	}
	return putCount(out, len(c.Events))
}

// members writes the numbers of a category's variables, at most length: those of the categories
// before come first.
func members(i, length int32, indices uintptr, count func(mpi.Category) int) int32 {
	c, rc := toolItem(tools.categories, i)
	if rc != 0 {
		return rc
	}
	first := 0
	for _, before := range tools.categories[:i] {
		first += count(before)
	}
	for k := range slice[int32](indices, min(count(c), int(length))) {
		set(indices+4*uintptr(k), int32(first+k))
	}
	return 0
}

//export rain_T_category_get_cvars
func rain_T_category_get_cvars(f uintptr, i, length int32, indices uintptr) int32 {
	return members(i, length, indices, func(c mpi.Category) int { return len(c.Control) })
}

//export rain_T_category_get_pvars
func rain_T_category_get_pvars(f uintptr, i, length int32, indices uintptr) int32 {
	return members(i, length, indices, func(c mpi.Category) int { return len(c.Performance) })
}

func none(mpi.Category) int { return 0 }

//export rain_T_category_get_categories
func rain_T_category_get_categories(f uintptr, i, length int32, indices uintptr) int32 {
	return members(i, length, indices, none)
}

//export rain_T_category_get_events
func rain_T_category_get_events(f uintptr, i, length int32, indices uintptr) int32 {
	return members(i, length, indices, func(c mpi.Category) int { return len(c.Events) })
}

// Nothing is ever added to a category.
//
//export rain_T_category_changed
func rain_T_category_changed(f, number uintptr) int32 { return putCount(number, 0) }

//export rain_T_cvar_get_num
func rain_T_cvar_get_num(f, out uintptr) int32 { return putCount(out, len(tools.control)) }

//export rain_T_cvar_get_info
func rain_T_cvar_get_info(f uintptr, i int32, name, nameLen, verbosity, datatype, enumtype, desc, descLen, bind, scope uintptr) int32 {
	v, rc := toolItem(tools.control, i)
	if rc != 0 {
		return rc
	}
	putToolString(name, nameLen, v.Name)
	putToolString(desc, descLen, v.Description)
	set(verbosity, int32(abi.MPI_T_VERBOSITY_TUNER_BASIC))
	set(datatype, variableType)
	set(enumtype, abi.MPI_T_ENUM_NULL)
	set(bind, int32(abi.MPI_T_BIND_NO_OBJECT))
	set(scope, int32(abi.MPI_T_SCOPE_LOCAL))
	return 0
}

//export rain_T_cvar_get_index
func rain_T_cvar_get_index(f, name, out uintptr) int32 {
	return putIndex(tools.control, name, out, func(v *mpi.ControlVariable, s string) bool { return v.Name == s })
}

var cvarHandles = table[mpi.ControlVariable]{kind: cvarKind}

//export rain_T_cvar_handle_alloc
func rain_T_cvar_handle_alloc(f uintptr, i int32, object, handle, count uintptr) int32 {
	v, rc := toolItem(tools.control, i)
	if rc == 0 {
		rc = toolError(handle, count)
	}
	if rc != 0 {
		return rc
	}
	set(handle, cvarHandles.add(v))
	set(count, int32(1))
	return 0
}

//export rain_T_cvar_handle_free
func rain_T_cvar_handle_free(f, handle uintptr) int32 {
	if rc := toolError(handle); rc != 0 {
		return rc
	}
	if cvarHandles.remove(*at[uintptr](handle)) == nil {
		return abi.MPI_T_ERR_INVALID_HANDLE
	}
	set(handle, abi.MPI_T_CVAR_HANDLE_NULL)
	return 0
}

//export rain_T_cvar_read
func rain_T_cvar_read(f, handle, buf uintptr) int32 {
	v := cvarHandles.get(handle)
	if rc := toolError(buf); rc != 0 || v == nil {
		return orInvalidHandle(rc)
	}
	set(buf, v.Read())
	return 0
}

//export rain_T_cvar_write
func rain_T_cvar_write(f, handle, buf uintptr) int32 {
	v := cvarHandles.get(handle)
	if rc := toolError(buf); rc != 0 || v == nil {
		return orInvalidHandle(rc)
	}
	if v.Write(*at[uint64](buf)) != nil {
		return abi.MPI_T_ERR_INVALID
	}
	return 0
}

func orInvalidHandle(rc int32) int32 {
	if rc == 0 {
		rc = abi.MPI_T_ERR_INVALID_HANDLE
	}
	return rc
}
