package mpi

import (
	"slices"
	"sync"
	"sync/atomic"
	"unsafe"

	"rainmpi/mpi/internal/dtype"
	"rainmpi/mpi/internal/view"
)

// A Datarep is how data is represented in a file (section 14.5): "native" and
// "internal" as in memory, "external32" as on no machine in particular, or as a
// program has it.
type Datarep struct {
	Name string

	// Extent is the number of bytes that an element of a predefined datatype takes in
	// the file.
	Extent func(t *Datatype) (int64, error)
	// Read converts count basic elements of the file's data to memory of datatype t at
	// addr, from the basic element number position on; Write does the opposite. nil:
	// as in memory (MPI_CONVERSION_FN_NULL).
	Read, Write func(addr unsafe.Pointer, t *Datatype, count int, file []byte, position int64) error

	// External, if not 0, names functions that this package cannot call: see Op.
	External      uintptr
	Reads, Writes bool // External has such functions

	mu    sync.Mutex
	known bool
	room  [dtype.NumBasics]int64 // by basic type; negative: its extent cannot be told
}

// native is the representation of "native" and "internal"; the other one that every
// program has is external32.
var (
	native   = &Datarep{Name: "native", known: true}
	internal = &Datarep{Name: "internal", known: true}
	portable = &Datarep{Name: "external32", known: true}
)

var dataReps struct {
	mu    sync.Mutex
	named []*Datarep
}

// MaxDatarep is the length of a data representation's name in C, with its NUL.
const MaxDatarep = 128

// RegisterDatarep makes r's name known to SetView, in this process and until its end
// (MPI_Register_datarep, section 14.5.3).
func RegisterDatarep(r *Datarep) error {
	switch {
	case r.Name == "" || len(r.Name) >= MaxDatarep:
		return errorf(ErrArg, "the name of a data representation has %d bytes; 1 to %d are allowed", len(r.Name), MaxDatarep-1)
	case r.Extent == nil && r.External == 0:
		return errorf(ErrArg, "the data representation %q has no extent function", r.Name)
	}
	if old, _ := findDatarep(r.Name); old != nil {
		return errorf(ErrDupDatarep, "there is a data representation %q already", r.Name)
	}
	dataReps.mu.Lock()
	defer dataReps.mu.Unlock()
	dataReps.named = append(dataReps.named, r)
	return nil
}

func findDatarep(name string) (*Datarep, error) {
	for _, r := range []*Datarep{native, internal, portable} {
		if r.Name == name {
			return r, nil
		}
	}
	dataReps.mu.Lock()
	defer dataReps.mu.Unlock()
	if i := slices.IndexFunc(dataReps.named, func(r *Datarep) bool { return r.Name == name }); i >= 0 {
		return dataReps.named[i], nil
	}
	return nil, errorf(ErrUnsupportedDatarep, "there is no data representation %q; register it with MPI_Register_datarep, or use native, internal or external32", name)
}

// asMemory reports whether files hold what memory holds.
func (r *Datarep) asMemory() bool { return r == native || r == internal }

// sizes is the room that basic types take.
func (r *Datarep) sizes() view.Sizes {
	switch {
	case r.asMemory():
		return view.Native
	case r == portable:
		return dtype.ExternalSizeOf
	}
	return func(b dtype.Basic) int64 { return max(r.room[b], 0) }
}

// prepare asks the program's function for the extents of all predefined datatypes,
// once: accesses then know how many bytes they are about without calling it.
func (r *Datarep) prepare(e *engine) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known {
		return nil
	}
	for b := 1; b < dtype.NumBasics; b++ {
		d := predefinedTypes[b]
		c := &Conversion{Kind: ConvertExtent, Rep: r, Type: d, e: e}
		err := c.run()
		if r.room[b] = c.Extent; err != nil || c.Extent < 0 {
			r.room[b] = -1
		}
	}
	r.known = true
	return nil
}

// checkRoom is the error of data whose extent in the file cannot be told.
func (r *Datarep) checkRoom(d *Datatype) (err error) {
	if r.asMemory() || r == portable {
		return nil
	}
	d.t.Basics(func(b dtype.Basic, _ int64) {
		if r.room[b] < 0 && err == nil {
			err = errorf(ErrConversion, "the extent function of the data representation %q failed for %s", r.Name, b)
		}
	})
	return err
}

// UserConverted reports whether functions of a language binding convert this file's
// data: accesses must not wait in Go then.
func (f *File) UserConverted() bool { return f != nil && f.view.Load().rep.External != 0 }

// encode puts data to write into the representation of the file.
func (a *fileAccess) encode() error {
	r := a.v.rep
	if r.asMemory() || a.n == 0 {
		return nil
	}
	a.stage = make([]byte, a.n)
	if !a.write {
		return nil
	}
	t, count := a.buf.Type.t, int64(a.buf.Count)
	switch {
	case r == portable:
		t.PackExternal(a.stage, a.buf.Addr, count)
	case r.Write == nil && !(r.External != 0 && r.Writes):
		t.Pack(a.stage[:min(a.n, count*t.Size())], a.buf.Addr, count, 0)
	default:
		return a.convert(ConvertWrite, count*elementsOf(t))
	}
	return nil
}

// decode puts data that was read into the user's memory: whole basic elements, if
// the file has ended early.
func (a *fileAccess) decode() error {
	r := a.v.rep
	if r.asMemory() || a.moved == 0 {
		return nil
	}
	t, count := a.buf.Type.t, int64(a.buf.Count)
	items, bytes := r.sizes().Items(t, a.moved)
	switch {
	case r == portable:
		unpackExternal(t, a.buf.Addr, count, a.stage[:a.moved])
	case r.Read == nil && !(r.External != 0 && r.Reads):
		t.Unpack(a.buf.Addr, count, 0, a.stage[:min(bytes, a.moved)])
	default:
		return a.convert(ConvertRead, items)
	}
	return nil
}

func elementsOf(t *dtype.Type) int64 {
	n, _ := t.Elements(t.Size())
	return n
}

// unpackExternal is UnpackExternal of data that may end inside an element: what is
// missing keeps its value.
func unpackExternal(t *dtype.Type, addr unsafe.Pointer, count int64, src []byte) {
	size := t.ExternalSize(1)
	if size == 0 {
		return
	}
	whole := int64(len(src)) / size
	t.UnpackExternal(addr, whole, src[:whole*size])
	if rest := src[whole*size:]; len(rest) > 0 && whole < count {
		addr = unsafe.Add(addr, whole*t.Extent())
		last := make([]byte, size)
		t.PackExternal(last, addr, 1)
		copy(last, rest)
		t.UnpackExternal(addr, 1, last)
	}
}

func (a *fileAccess) convert(kind ConversionKind, items int64) error {
	if items == 0 {
		return nil
	}
	c := &Conversion{Kind: kind, Rep: a.v.rep, Type: a.buf.Type, e: a.f.e, Addr: a.buf.Addr, Count: items, File: a.stage}
	return c.run()
}

// A Conversion is a call of a function of a data representation of the program's.
type Conversion struct {
	Kind   ConversionKind
	Rep    *Datarep
	Type   *Datatype
	Addr   unsafe.Pointer // the user's memory
	Count  int64          // basic elements
	File   []byte
	Extent int64 // the result of ConvertExtent

	e    *engine
	err  error
	done atomic.Uint32
}

// A ConversionKind says which function it is.
type ConversionKind int

const (
	ConvertExtent ConversionKind = iota
	ConvertRead
	ConvertWrite
)

// run calls the function, or has it called by a thread of its language that is
// inside an MPI call, and waits for it.
func (c *Conversion) run() error {
	if c.Rep.External == 0 {
		c.call()
		return c.err
	}
	e := c.e
	e.mu.Lock()
	e.calls = append(e.calls, Call{conversion: c})
	e.callCount.Store(int32(len(e.calls)))
	e.mu.Unlock()
	e.wait.changed()
	e.until(func() bool { return c.done.Load() != 0 })
	return c.err
}

func (c *Conversion) call() {
	var err error
	switch c.Kind {
	case ConvertExtent:
		c.Extent, err = c.Rep.Extent(c.Type)
	case ConvertRead:
		err = c.Rep.Read(c.Addr, c.Type, int(c.Count), c.File, 0)
	case ConvertWrite:
		err = c.Rep.Write(c.Addr, c.Type, int(c.Count), c.File, 0)
	}
	if err != nil {
		c.Fail(err)
	}
}

// Fail notes that the function has failed: the access fails with ErrConversion.
func (c *Conversion) Fail(err error) {
	c.err = errorf(ErrConversion, "a function of the data representation %q failed: %v", c.Rep.Name, err)
}

// over tells whoever waits for the conversion that its function has returned.
func (c *Conversion) over() {
	c.done.Store(1)
	c.e.wait.changed()
}
