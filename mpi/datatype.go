package mpi

import (
	"unsafe"

	"rainmpi/mpi/internal/dtype"
)

// A Datatype says what an element of a buffer is: which basic types lie at which
// displacements, and how far the next element is (MPI 5.0 chapter 5). The
// predefined ones are variables of this package; DatatypeOf gives the one of a
// Go type; the New functions build derived ones, which must be committed before
// they are used in communication.
type Datatype struct {
	t         *dtype.Type
	reason    string // why there is no t
	name      string
	committed bool
	permanent bool // predefined, or MPI_Type_create_f90_*: cannot be freed
	freed     bool
	Attrs     Attrs // cached attributes (section 7.7)
}

// predefinedTypes holds the Datatype of each predefined type.
var predefinedTypes = func() (all [dtype.NumBasics]*Datatype) {
	for b := 1; b < dtype.NumBasics; b++ {
		basic := dtype.Basic(b)
		all[b] = &Datatype{t: basic.Type(), name: basic.String(), committed: true, permanent: true}
	}
	return all
}()

func named(b dtype.Basic) *Datatype { return predefinedTypes[b] }

// PredefinedDatatype returns the predefined datatype whose handle has this value
// in the standard ABI (MPI 5.0 chapter 20), nil if there is none.
func PredefinedDatatype(handle uintptr) *Datatype {
	t := dtype.ByHandle(handle)
	if t == nil {
		return nil
	}
	return named(t.Named())
}

// Handle returns the value of a predefined datatype's handle in the standard
// ABI, 0 for every other datatype.
func (d *Datatype) Handle() uintptr {
	if d == nil || d.t == nil {
		return 0
	}
	return d.t.Handle()
}

// wrap is the datatype of t: the predefined one or a new one.
func wrap(t *dtype.Type) *Datatype {
	if b := t.Named(); b != dtype.None {
		return named(b)
	}
	return &Datatype{t: t}
}

// check returns the error of using d where a valid datatype is needed.
func (d *Datatype) check() *Error {
	switch {
	case d == nil:
		return errorf(ErrType, "the datatype is null")
	case d.freed:
		return errorf(ErrType, "the datatype %s was freed", d.label())
	case d.t == nil:
		return errorf(ErrType, "%s", d.reason)
	}
	return nil
}

// checkCommitted is check for communication: "a datatype object has to be
// committed before it can be used in a communication" (section 5.1.9).
func (d *Datatype) checkCommitted() *Error {
	if err := d.check(); err != nil {
		return err
	}
	if !d.committed {
		return errorf(ErrType, "the datatype %s is not committed; call MPI_Type_commit first", d.label())
	}
	return nil
}

// label names d in error texts.
func (d *Datatype) label() string {
	if d.name != "" {
		return d.name
	}
	return d.t.String()
}

// Commit makes d ready for communication (MPI_Type_commit, section 5.1.9).
func (d *Datatype) Commit() error {
	if err := d.check(); err != nil {
		return err
	}
	d.committed = true
	return nil
}

// Committed reports whether d may be used in communication.
func (d *Datatype) Committed() bool { return d != nil && d.checkCommitted() == nil }

// Predefined reports whether d is not the program's to free.
func (d *Datatype) Predefined() bool { return d.permanent }

// Free ends d. Communication that is under way and datatypes that were built
// from it are not affected (MPI_Type_free, section 5.1.9).
func (d *Datatype) Free() error {
	if err := d.check(); err != nil {
		return err
	}
	if d.permanent {
		return errorf(ErrType, "%s is predefined and cannot be freed", d.label())
	}
	if err := d.Attrs.deleteAll(d); err != nil {
		return err
	}
	d.freed = true
	return nil
}

// Dup returns a copy of d with its committed state and those attributes that
// want to be copied (MPI_Type_dup, section 5.1.10).
func (d *Datatype) Dup() (*Datatype, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	n := &Datatype{t: dtype.Dup(d.t), committed: d.committed}
	if err := d.Attrs.copyTo(&n.Attrs, d); err != nil {
		return nil, err
	}
	return n, nil
}

// Name and SetName are what debuggers print; a predefined datatype begins with
// the standard's name for it (MPI_Type_set_name, section 7.8).
func (d *Datatype) Name() string        { return d.name }
func (d *Datatype) SetName(name string) { d.name = name }

// T is the type map: for packages of this module that are not package mpi.
func (d *Datatype) T() *dtype.Type { return d.t }

// Size is the number of data bytes in an element (MPI_Type_size, section 5.1.7).
func (d *Datatype) Size() int64 { return d.t.Size() }

// Extent is the lower bound, and the distance from one element to the next in
// bytes (MPI_Type_get_extent, section 5.1.7).
func (d *Datatype) Extent() (lb, extent int64) { return d.t.LB(), d.t.Extent() }

// TrueExtent is the first byte of data in an element, and the number of bytes
// from there to the last (MPI_Type_get_true_extent, section 5.1.8).
func (d *Datatype) TrueExtent() (lb, extent int64) { return d.t.TrueLB(), d.t.TrueExtent() }

// Elements is the number of basic elements in n bytes of received data; ok is
// false where the standard says MPI_UNDEFINED (MPI_Get_elements, section 5.1.11).
func (d *Datatype) Elements(n int64) (elements int64, ok bool) { return d.t.Elements(n) }

// ElementBytes is the size of the first n basic elements of data of type d
// (MPI_Status_set_elements, section 13.3).
func (d *Datatype) ElementBytes(n int64) int64 { return d.t.ElementBytes(n) }

// Address is the displacement of p from MPI_BOTTOM (MPI_Get_address, section
// 5.1.5). It is of use for C memory and for Go memory that does not move: what
// lies on the heap.
func Address(p unsafe.Pointer) int64 { return int64(uintptr(p)) }
