package simnet

import (
	"reflect"
	"unsafe"
)

// maxMemory bounds what may hang on one Conn, beside the messages that were
// handed to it and are not yet delivered: both windows, and what is remembered
// of packets in flight.
func maxMemory(window int64, paths int) int64 {
	return 4*window + int64(paths)*(8<<20) + 4<<20
}

// checkMemory measures the Conn now and then.
func (e *end) checkMemory() {
	e.measureIn--
	if e.measureIn > 0 {
		return
	}
	e.measureIn = 40
	size := sizeOf(e.conn)
	e.largest = max(e.largest, size)
	if most := maxMemory(e.window, len(e.pathIDs)) + 2*e.box.bytes; size > most {
		e.failf("%s holds %d bytes; its window is %d, %d wait to be delivered: more than %d is a leak",
			e.name, size, e.window, e.box.bytes, most)
	}
}

// sizeOf returns how many bytes are reachable from a pointer to a machine. It
// stops at functions and at the simulator's own sources and sinks.
func sizeOf(p any) int64 {
	m := measurer{seen: map[unsafe.Pointer]bool{}}
	m.value(reflect.ValueOf(p))
	return m.size
}

type measurer struct {
	seen map[unsafe.Pointer]bool
	size int64
}

var transferType = reflect.TypeFor[*transfer]()

func (m *measurer) value(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() || v.Type() == transferType || m.again(v.UnsafePointer()) {
			return
		}
		m.size += int64(v.Type().Elem().Size())
		m.value(v.Elem())
	case reflect.Interface:
		if !v.IsNil() {
			m.value(v.Elem())
		}
	case reflect.Slice:
		if v.Cap() == 0 || m.again(v.UnsafePointer()) {
			return
		}
		m.size += int64(v.Cap()) * int64(v.Type().Elem().Size())
		if holds(v.Type().Elem()) {
			for i := range v.Len() {
				m.value(v.Index(i))
			}
		}
	case reflect.Array:
		if holds(v.Type().Elem()) {
			for i := range v.Len() {
				m.value(v.Index(i))
			}
		}
	case reflect.Map:
		if v.IsNil() || m.again(v.UnsafePointer()) {
			return
		}
		m.size += int64(v.Len()) * int64(v.Type().Key().Size()+v.Type().Elem().Size()+8)
		for it := v.MapRange(); it.Next(); {
			m.value(it.Value())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Field(i); holds(f.Type()) {
				m.value(f)
			}
		}
	}
}

func (m *measurer) again(p unsafe.Pointer) bool {
	if m.seen[p] {
		return true
	}
	m.seen[p] = true
	return false
}

// holds reports whether values of a type can lead to more memory.
func holds(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Interface, reflect.Slice, reflect.Map:
		return true
	case reflect.Array:
		return holds(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if holds(t.Field(i).Type) {
				return true
			}
		}
	}
	return false
}
