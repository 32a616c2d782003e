package mpi

import (
	"unsafe"
)

// PackSize is the room that b needs in a packed buffer, in bytes: exactly the
// size of its data (MPI_Pack_size, MPI 5.0 section 5.2).
func PackSize(count int64, d *Datatype) (int64, error) {
	if err := d.checkCommitted(); err != nil {
		return 0, err
	}
	if count < 0 {
		return 0, errorf(ErrCount, "count is %d; it must not be negative", count)
	}
	return count * d.t.Size(), nil
}

// Pack writes the elements of b to dst from position on and returns the position
// behind them (MPI_Pack, section 5.2). Send dst as PackedType.
func Pack(dst []byte, position int, b Buffer) (int, error) {
	n, err := checkPack(dst, position, b, PackSize)
	if err != nil {
		return position, err
	}
	b.Type.t.Pack(dst[position:position+n], b.Addr, int64(b.Count), 0)
	return position + n, nil
}

// Unpack reads the elements of b from src, from position on, and returns the
// position behind them (MPI_Unpack, section 5.2).
func Unpack(src []byte, position int, b Buffer) (int, error) {
	n, err := checkPack(src, position, b, PackSize)
	if err != nil {
		return position, err
	}
	b.Type.t.Unpack(b.Addr, int64(b.Count), 0, src[position:position+n])
	return position + n, nil
}

// PackExternalSize is the room that count elements need in external32
// (MPI_Pack_external_size, section 5.3). "external32" is the only representation.
func PackExternalSize(datarep string, count int64, d *Datatype) (int64, error) {
	if datarep != "external32" {
		return 0, errorf(ErrArg, "the data representation %q is not external32", datarep)
	}
	if _, err := PackSize(count, d); err != nil {
		return 0, err
	}
	return d.t.ExternalSize(count), nil
}

// PackExternal is Pack in the representation that is the same on all machines:
// big-endian, with the sizes of section 14.5.2 (MPI_Pack_external, section 5.3).
func PackExternal(datarep string, dst []byte, position int, b Buffer) (int, error) {
	n, err := checkPack(dst, position, b, external(datarep))
	if err != nil {
		return position, err
	}
	b.Type.t.PackExternal(dst[position:position+n], b.Addr, int64(b.Count))
	return position + n, nil
}

// UnpackExternal is the inverse of PackExternal (MPI_Unpack_external).
func UnpackExternal(datarep string, src []byte, position int, b Buffer) (int, error) {
	n, err := checkPack(src, position, b, external(datarep))
	if err != nil {
		return position, err
	}
	b.Type.t.UnpackExternal(b.Addr, int64(b.Count), src[position:position+n])
	return position + n, nil
}

func external(datarep string) func(int64, *Datatype) (int64, error) {
	return func(n int64, d *Datatype) (int64, error) { return PackExternalSize(datarep, n, d) }
}

// checkPack checks the arguments and returns the packed size of b.
func checkPack(packed []byte, position int, b Buffer, size func(int64, *Datatype) (int64, error)) (int, error) {
	n, err := size(int64(b.Count), b.Type)
	switch {
	case err != nil:
		return 0, err
	case position < 0 || position > len(packed):
		return 0, errorf(ErrArg, "position %d is outside of the packed buffer of %d bytes", position, len(packed))
	case n > int64(len(packed)-position):
		return 0, errorf(ErrTruncate, "%d elements of %s are %d bytes, the packed buffer has %d from position %d on",
			b.Count, b.Type.label(), n, len(packed)-position, position)
	case n > 0 && b.Addr == unsafe.Pointer(&inPlace):
		return 0, errorf(ErrBuffer, "MPI_IN_PLACE is no buffer to pack")
	}
	return int(n), nil
}
