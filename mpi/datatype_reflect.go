package mpi

import (
	"fmt"
	"reflect"
	"sync"

	"rainmpi/mpi/internal/dtype"
)

// DatatypeOf returns the datatype of the Go type T: an integer, float, complex
// or bool, or an array or struct of such. Structs of a value and an int32 index
// are pair types (FloatInt, DoubleInt, …) and can be used with MinLoc and MaxLoc.
// The result is committed, and the same for each call.
//
// Other types have no datatype: strings, slices, maps and pointers are not in
// one place. The result's use is an error then that says so.
func DatatypeOf[T any]() *Datatype {
	var zero T
	switch any(zero).(type) {
	case int8:
		return Int8
	case int16:
		return Int16
	case int32:
		return Int32
	case int, int64:
		return Int64
	case uint8:
		return Uint8
	case uint16:
		return Uint16
	case uint32:
		return Uint32
	case uint, uint64, uintptr:
		return Uint64
	case float32:
		return Float32
	case float64:
		return Float64
	case complex64:
		return Complex64
	case complex128:
		return Complex128
	case bool:
		return Bool
	}
	return datatypeOf(reflect.TypeFor[T]())
}

// goTypes holds the datatypes of Go types that were asked for, by reflect.Type.
var goTypes sync.Map

func datatypeOf(g reflect.Type) *Datatype {
	if d, ok := goTypes.Load(g); ok {
		return d.(*Datatype)
	}
	d := &Datatype{name: g.String(), committed: true, permanent: true}
	t, err := typeOf(g)
	switch {
	case err != nil:
		d.reason = fmt.Sprintf("the Go type %v cannot be sent: %v", g, err)
	case t.Named() != dtype.None:
		d = named(t.Named())
	default:
		d.t = t
	}
	kept, _ := goTypes.LoadOrStore(g, d)
	return kept.(*Datatype)
}

var goKinds = map[reflect.Kind]dtype.Basic{
	reflect.Int8: dtype.Int8, reflect.Int16: dtype.Int16, reflect.Int32: dtype.Int32,
	reflect.Int64: dtype.Int64, reflect.Int: dtype.Int64,
	reflect.Uint8: dtype.Uint8, reflect.Uint16: dtype.Uint16, reflect.Uint32: dtype.Uint32,
	reflect.Uint64: dtype.Uint64, reflect.Uint: dtype.Uint64, reflect.Uintptr: dtype.Uint64,
	reflect.Float32: dtype.Float, reflect.Float64: dtype.Double, reflect.Bool: dtype.CBool,
	reflect.Complex64: dtype.CFloatComplex, reflect.Complex128: dtype.CDoubleComplex,
}

func typeOf(g reflect.Type) (*dtype.Type, error) {
	if b, ok := goKinds[g.Kind()]; ok {
		return b.Type(), nil
	}
	switch g.Kind() {
	case reflect.Array:
		t, err := typeOf(g.Elem())
		if err != nil {
			return nil, err
		}
		return dtype.Contiguous(int64(g.Len()), t)
	case reflect.Struct:
		return structOf(g)
	}
	return nil, fmt.Errorf("it holds a %v, and only integers, floats, complex numbers, bools, and arrays and structs of them lie in one place", g.Kind())
}

// structOf is the struct type of g's fields but the blank ones, with g's size as extent.
func structOf(g reflect.Type) (*dtype.Type, error) {
	if t := pairOf(g); t != nil {
		return t, nil
	}
	var lengths, displs []int64
	var types []*dtype.Type
	for i := range g.NumField() {
		f := g.Field(i)
		if f.Name == "_" {
			continue
		}
		t, err := typeOf(f.Type)
		if err != nil {
			return nil, fmt.Errorf("field %s: %w", f.Name, err)
		}
		lengths = append(lengths, 1)
		displs = append(displs, int64(f.Offset))
		types = append(types, t)
	}
	t, err := dtype.Struct(lengths, displs, types)
	if err != nil || t.LB() == 0 && t.Extent() == int64(g.Size()) {
		return t, err
	}
	return dtype.Resized(t, 0, int64(g.Size()))
}

// pairOf is the pair type with the layout of g, nil if there is none.
func pairOf(g reflect.Type) *dtype.Type {
	if g.NumField() != 2 || g.Field(1).Type.Kind() != reflect.Int32 {
		return nil
	}
	switch g.Field(0).Type.Kind() {
	case reflect.Float32:
		return dtype.FloatInt.Type()
	case reflect.Float64:
		return dtype.DoubleInt.Type()
	case reflect.Int64, reflect.Int:
		return dtype.LongInt.Type()
	case reflect.Int32:
		return dtype.TwoInt.Type()
	case reflect.Int16:
		return dtype.ShortInt.Type()
	}
	return nil
}
