package main

import "C"

import (
	"rainmpi/cbind/abi"
	"rainmpi/mpi"
)

// The constructors. wide is not 0 in the large-count forms.

// longs copies an array of int, or of MPI_Count where wide.
func longs(addr uintptr, n int64, wide bool) []int64 {
	out := make([]int64, max(n, 0))
	if wide {
		copy(out, slice[int64](addr, int(n)))
		return out
	}
	for i, v := range slice[int32](addr, int(n)) {
		out[i] = int64(v)
	}
	return out
}

// arrays fails for a negative length, and for null arrays that have elements.
func arrays(n int64, addrs ...uintptr) error {
	if n < 0 {
		return bad(mpi.ErrCount, "the count is negative")
	}
	if n == 0 {
		return nil
	}
	return need(addrs...)
}

//export rain_Type_contiguous
func rain_Type_contiguous(f uintptr, count int64, old, newtype uintptr, wide int32) int32 {
	t, err := datatypeOf(old)
	if err != nil {
		return fail(f, err)
	}
	d, err := mpi.NewContiguous(count, t.d)
	return made(f, newtype, d, err, wide != 0)
}

//export rain_Type_vector
func rain_Type_vector(f uintptr, count, blocklength, stride int64, old, newtype uintptr, wide int32) int32 {
	t, err := datatypeOf(old)
	if err != nil {
		return fail(f, err)
	}
	d, err := mpi.NewVector(count, blocklength, stride, t.d)
	return made(f, newtype, d, err, wide != 0)
}

//export rain_Type_create_hvector
func rain_Type_create_hvector(f uintptr, count, blocklength, stride int64, old, newtype uintptr, wide int32) int32 {
	t, err := datatypeOf(old)
	if err != nil {
		return fail(f, err)
	}
	d, err := mpi.NewHvector(count, blocklength, stride, t.d)
	return made(f, newtype, d, err, wide != 0)
}

//export rain_Type_indexed
func rain_Type_indexed(f uintptr, count int64, lengths, displs, old, newtype uintptr, wide int32) int32 {
	t, err := datatypeOf(old)
	if err == nil {
		err = arrays(count, lengths, displs)
	}
	if err != nil {
		return fail(f, err)
	}
	d, err := mpi.NewIndexed(longs(lengths, count, wide != 0), longs(displs, count, wide != 0), t.d)
	return made(f, newtype, d, err, wide != 0)
}

//export rain_Type_create_hindexed
func rain_Type_create_hindexed(f uintptr, count int64, lengths, displs, old, newtype uintptr, wide int32) int32 {
	t, err := datatypeOf(old)
	if err == nil {
		err = arrays(count, lengths, displs)
	}
	if err != nil {
		return fail(f, err)
	}
	d, err := mpi.NewHindexed(longs(lengths, count, wide != 0), longs(displs, count, true), t.d)
	return made(f, newtype, d, err, wide != 0)
}

//export rain_Type_create_indexed_block
func rain_Type_create_indexed_block(f uintptr, count, length int64, displs, old, newtype uintptr, wide int32) int32 {
	t, err := datatypeOf(old)
	if err == nil {
		err = arrays(count, displs)
	}
	if err != nil {
		return fail(f, err)
	}
	d, err := mpi.NewIndexedBlock(length, longs(displs, count, wide != 0), t.d)
	return made(f, newtype, d, err, wide != 0)
}

//export rain_Type_create_hindexed_block
func rain_Type_create_hindexed_block(f uintptr, count, length int64, displs, old, newtype uintptr, wide int32) int32 {
	t, err := datatypeOf(old)
	if err == nil {
		err = arrays(count, displs)
	}
	if err != nil {
		return fail(f, err)
	}
	d, err := mpi.NewHindexedBlock(length, longs(displs, count, true), t.d)
	return made(f, newtype, d, err, wide != 0)
}

//export rain_Type_create_struct
func rain_Type_create_struct(f uintptr, count int64, lengths, displs, types, newtype uintptr, wide int32) int32 {
	if err := arrays(count, lengths, displs, types); err != nil {
		return fail(f, err)
	}
	list, err := datatypeList(types, int(count))
	if err != nil {
		return fail(f, err)
	}
	d, err := mpi.NewStruct(longs(lengths, count, wide != 0), longs(displs, count, true), list)
	return made(f, newtype, d, err, wide != 0)
}

// datatypeList is the datatypes of an array of handles.
func datatypeList(addr uintptr, n int) ([]*mpi.Datatype, error) {
	list := make([]*mpi.Datatype, n)
	for i, h := range slice[uintptr](addr, n) {
		t, err := datatypeOf(h)
		if err != nil {
			return nil, err
		}
		list[i] = t.d
	}
	return list, nil
}

//export rain_Type_create_subarray
func rain_Type_create_subarray(f uintptr, ndims int32, sizes, subsizes, starts uintptr, order int32, old, newtype uintptr, wide int32) int32 {
	t, err := datatypeOf(old)
	if err == nil {
		err = dimensions(ndims, sizes, subsizes, starts)
	}
	if err != nil {
		return fail(f, err)
	}
	n := int64(ndims)
	d, err := mpi.NewSubarray(longs(sizes, n, wide != 0), longs(subsizes, n, wide != 0), longs(starts, n, wide != 0), mpi.Order(order), t.d)
	return made(f, newtype, d, err, wide != 0)
}

//export rain_Type_create_darray
func rain_Type_create_darray(f uintptr, size, rank, ndims int32, gsizes, distribs, dargs, psizes uintptr, order int32, old, newtype uintptr, wide int32) int32 {
	t, err := datatypeOf(old)
	if err == nil {
		err = dimensions(ndims, gsizes, distribs, dargs, psizes)
	}
	if err != nil {
		return fail(f, err)
	}
	n := int64(ndims)
	var how []mpi.Distribution
	for _, v := range slice[int32](distribs, int(ndims)) {
		how = append(how, mpi.Distribution(v))
	}
	d, err := mpi.NewDarray(int64(size), int64(rank), longs(gsizes, n, wide != 0), how, longs(dargs, n, false), longs(psizes, n, false), mpi.Order(order), t.d)
	return made(f, newtype, d, err, wide != 0)
}

//export rain_Type_create_resized
func rain_Type_create_resized(f, old uintptr, lb, extent int64, newtype uintptr, wide int32) int32 {
	t, err := datatypeOf(old)
	if err != nil {
		return fail(f, err)
	}
	d, err := mpi.NewResized(t.d, lb, extent)
	return made(f, newtype, d, err, wide != 0)
}

//export rain_Type_get_envelope
func rain_Type_get_envelope(f, h, integers, addresses, types, combiner uintptr) int32 {
	e, err := envelope(h, integers, addresses, types, combiner)
	if err == nil && e.Counts > 0 {
		err = bad(mpi.ErrType, "the datatype was made by a large-count call; use MPI_Type_get_envelope_c")
	}
	if err != nil {
		return fail(f, err)
	}
	set(integers, int32(e.Integers))
	set(addresses, int32(e.Addresses))
	set(types, int32(e.Datatypes))
	set(combiner, int32(e.Combiner))
	return 0
}

//export rain_Type_get_envelope_c
func rain_Type_get_envelope_c(f, h, integers, addresses, counts, types, combiner uintptr) int32 {
	e, err := envelope(h, integers, addresses, counts, types, combiner)
	if err != nil {
		return fail(f, err)
	}
	set(integers, int64(e.Integers))
	set(addresses, int64(e.Addresses))
	set(counts, int64(e.Counts))
	set(types, int64(e.Datatypes))
	set(combiner, int32(e.Combiner))
	return 0
}

func envelope(h uintptr, outputs ...uintptr) (mpi.Envelope, error) {
	t, err := datatypeOf(h)
	if err == nil {
		err = need(outputs...)
	}
	if err != nil {
		return mpi.Envelope{}, err
	}
	return t.d.Envelope()
}

//export rain_Type_get_contents
func rain_Type_get_contents(f, h uintptr, maxIntegers, maxAddresses, maxTypes int32, integers, addresses, types uintptr) int32 {
	return contents(f, h, [4]int64{int64(maxIntegers), int64(maxAddresses), 0, int64(maxTypes)}, integers, addresses, 0, types)
}

//export rain_Type_get_contents_c
func rain_Type_get_contents_c(f, h uintptr, maxIntegers, maxAddresses, maxCounts, maxTypes int64, integers, addresses, counts, types uintptr) int32 {
	return contents(f, h, [4]int64{maxIntegers, maxAddresses, maxCounts, maxTypes}, integers, addresses, counts, types)
}

// contents writes the arguments of the call that made a datatype. room is the lengths of the arrays,
// in the order integers, addresses, counts, types.
func contents(f, h uintptr, room [4]int64, integers, addresses, counts, types uintptr) int32 {
	t, err := datatypeOf(h)
	if err != nil {
		return fail(f, err)
	}
	e, err := t.d.Envelope()
	if err != nil {
		return fail(f, err)
	}
	if e.Combiner == abi.MPI_COMBINER_NAMED {
		return fail(f, bad(mpi.ErrType, "a predefined datatype has no contents"))
	}
	if room[0] < int64(e.Integers) || room[1] < int64(e.Addresses) || room[2] < int64(e.Counts) || room[3] < int64(e.Datatypes) {
		return fail(f, bad(mpi.ErrArg, "an array is shorter than MPI_Type_get_envelope says"))
	}
	for _, a := range []struct {
		n    int
		addr uintptr
	}{{e.Integers, integers}, {e.Addresses, addresses}, {e.Counts, counts}, {e.Datatypes, types}} {
		if err := arrays(int64(a.n), a.addr); err != nil {
			return fail(f, err)
		}
	}
	c, err := t.d.Contents()
	if err != nil {
		return fail(f, err)
	}
	for i, v := range c.Integers {
		set(integers+uintptr(4*i), int32(v))
	}
	copy(slice[int64](addresses, len(c.Addresses)), c.Addresses)
	copy(slice[int64](counts, len(c.Counts)), c.Counts)
	for i, d := range c.Datatypes {
		set(types+uintptr(8*i), addDatatype(d, nil))
	}
	return 0
}
