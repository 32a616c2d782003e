package main

import "C"

import (
	"rainmpi/cbind/abi"
	"rainmpi/mpi"
)

// Events (MPI 5.0, 15.3.8): their types, their one source, and what an event is asked for while its
// function runs. All elements are 64-bit integers; an enumeration has their names.

const (
	elementType = abi.MPI_INT64_T
	elementSize = 8
	sourceName  = "rails"
	sourceDesc  = "the paths to processes of other hosts, as this process sees them"
)

// sourceError is 0 for the one source there is, if none of the outputs is null.
func sourceError(i int32, outputs ...uintptr) int32 {
	rc := toolError(outputs...)
	if rc == 0 && i != 0 {
		rc = abi.MPI_T_ERR_INVALID_INDEX
	}
	return rc
}

//export rain_T_source_get_num
func rain_T_source_get_num(f, out uintptr) int32 { return putCount(out, 1) }

//export rain_T_source_get_info
func rain_T_source_get_info(f uintptr, i int32, name, nameLen, desc, descLen, ordering, ticks, most, info uintptr) int32 {
	if rc := sourceError(i); rc != 0 {
		return rc
	}
	putToolString(name, nameLen, sourceName)
	putToolString(desc, descLen, sourceDesc)
	set(ordering, int32(abi.MPI_T_SOURCE_ORDERED))
	set(ticks, int64(1e9))
	set(most, int64(1<<63-1))
	giveInfo(info)
	return 0
}

// giveInfo makes an info object without hints, which the program frees.
func giveInfo(out uintptr) {
	if out != 0 {
		set(out, infos.add(mpi.NewInfo()))
	}
}

//export rain_T_source_get_timestamp
func rain_T_source_get_timestamp(f uintptr, i int32, out uintptr) int32 {
	rc := sourceError(i, out)
	if rc == 0 {
		set(out, mpi.EventClock())
	}
	return rc
}

//export rain_T_event_get_num
func rain_T_event_get_num(f, out uintptr) int32 { return putCount(out, len(mpi.EventTypes)) }

//export rain_T_event_get_index
func rain_T_event_get_index(f, name, out uintptr) int32 {
	return putIndex(mpi.EventTypes, name, out, func(t *mpi.EventType, s string) bool { return t.Name == s })
}

// num_elements is in and out: the room of the arrays, and how many elements there are.
//
//export rain_T_event_get_info
func rain_T_event_get_info(f uintptr, i int32, name, nameLen, verbosity, types, disps, num, enumtype, info, desc, descLen, bind uintptr) int32 {
	t, rc := toolItem(mpi.EventTypes, i)
	if rc != 0 {
		return rc
	}
	putToolString(name, nameLen, t.Name)
	putToolString(desc, descLen, t.Description)
	set(verbosity, int32(abi.MPI_T_VERBOSITY_USER_BASIC))
	if num != 0 {
		room := min(int(*at[int32](num)), len(t.Elements))
		for k := range slice[uintptr](types, room) {
			set(types+8*uintptr(k), uintptr(elementType))
		}
		for k := range slice[int64](disps, room) {
			set(disps+8*uintptr(k), int64(k*elementSize))
		}
		set(num, int32(len(t.Elements)))
	}
	set(enumtype, enumOf(i))
	set(bind, int32(abi.MPI_T_BIND_NO_OBJECT))
	giveInfo(info)
	return 0
}

// The enumeration of an event type is the number of the type, as a handle of a kind of its own.
func enumOf(i int32) uintptr { return firstHandle + uintptr(i)<<kindBits | uintptr(enumKind) }

func enumType(h uintptr) (*mpi.EventType, int32) {
	if rc := toolError(); rc != 0 {
		return nil, rc
	}
	i := (h - firstHandle) >> kindBits
	if h < firstHandle || handleKind(h&(1<<kindBits-1)) != enumKind || i >= uintptr(len(mpi.EventTypes)) {
		return nil, abi.MPI_T_ERR_INVALID_HANDLE
	}
	return mpi.EventTypes[i], 0
}

//export rain_T_enum_get_info
func rain_T_enum_get_info(f, enumtype, num, name, nameLen uintptr) int32 {
	t, rc := enumType(enumtype)
	if rc == 0 {
		putToolString(name, nameLen, t.Name)
		set(num, int32(len(t.Elements)))
	}
	return rc
}

//export rain_T_enum_get_item
func rain_T_enum_get_item(f, enumtype uintptr, i int32, value, name, nameLen uintptr) int32 {
	t, rc := enumType(enumtype)
	if rc != 0 {
		return rc
	}
	if i < 0 || int(i) >= len(t.Elements) {
		return abi.MPI_T_ERR_INVALID_INDEX
	}
	putToolString(name, nameLen, t.Elements[i])
	set(value, i)
	return 0
}

// instance is the event whose function runs: its handle is the registration's, which tells one event
// at a time, and ends with the function.
func instance(h uintptr, outputs ...uintptr) (*mpi.Event, int32) {
	if rc := toolError(outputs...); rc != 0 {
		return nil, rc
	}
	if r := registrations.get(h); r != nil {
		if ev := r.told.Load(); ev != nil {
			return ev, 0
		}
	}
	return nil, abi.MPI_T_ERR_INVALID_HANDLE
}

//export rain_T_event_read
func rain_T_event_read(f, h uintptr, i int32, buf uintptr) int32 {
	ev, rc := instance(h, buf)
	if rc != 0 {
		return rc
	}
	if i < 0 || int(i) >= len(ev.Values) {
		return abi.MPI_T_ERR_INVALID_INDEX
	}
	set(buf, ev.Values[i])
	return 0
}

//export rain_T_event_copy
func rain_T_event_copy(f, h, buf uintptr) int32 {
	ev, rc := instance(h, buf)
	if rc == 0 {
		copy(slice[int64](buf, len(ev.Values)), ev.Values)
	}
	return rc
}

//export rain_T_event_get_timestamp
func rain_T_event_get_timestamp(f, h, out uintptr) int32 {
	ev, rc := instance(h, out)
	if rc == 0 {
		set(out, ev.At)
	}
	return rc
}

//export rain_T_event_get_source
func rain_T_event_get_source(f, h, out uintptr) int32 {
	_, rc := instance(h, out)
	if rc == 0 {
		set(out, int32(0))
	}
	return rc
}
