package mpi

import (
	"rainmpi/mpi/internal/dtype"
	"rainmpi/mpi/internal/view"
)

// A fileView is what a process sees of a file. It does not change: an access
// that has begun keeps the one that was in force.
type fileView struct {
	*view.View
	etype, filetype *Datatype // the library's own
	rep             *Datarep  // how data is represented in the file
}

// bytesView is that of a file that was just opened.
var bytesView = &fileView{View: view.Bytes, etype: Byte, filetype: Byte, rep: native}

// SetView makes this process see the file from byte disp on as what the
// filetypes hold, one after the other, in units of etype; datarep is "native",
// "internal", "external32" or one that RegisterDatarep made. Both file pointers
// go to the view's beginning (MPI_File_set_view, section 14.3). Collective; disp
// and the datatypes may differ, as long as the etypes have one size.
func (f *File) SetView(disp int64, etype, filetype *Datatype, datarep string, info *Info) error {
	rep, err := f.checkView(disp, etype, filetype, datarep)
	if err != nil {
		return err
	}
	if err := f.drain(); err != nil {
		return err
	}
	return f.setView(disp, etype, filetype, rep, info)
}

// SetViewStart is SetView for language bindings whose data representations are
// functions of their language: it waits in the request's place.
func (f *File) SetViewStart(disp int64, etype, filetype *Datatype, datarep string, info *Info) (*Request, error) {
	rep, err := f.checkView(disp, etype, filetype, datarep)
	if err != nil {
		return nil, err
	}
	if err := f.drain(); err != nil {
		return nil, err
	}
	return f.inOrder(func(*Request) error { return f.setView(disp, etype, filetype, rep, info) }), nil
}

func (f *File) checkView(disp int64, etype, filetype *Datatype, datarep string) (*Datarep, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	if err := etype.checkCommitted(); err != nil {
		return nil, err
	}
	if err := filetype.checkCommitted(); err != nil {
		return nil, err
	}
	// "MPI_DISPLACEMENT_CURRENT is invalid unless the amode for the file has
	// MPI_MODE_SEQUENTIAL set", and then it is the only valid one.
	sequential := f.mode&ModeSequential != 0
	switch {
	case sequential && disp != DisplacementCurrent:
		return nil, errorf(ErrDisp, "the displacement is %d; a file opened with MPI_MODE_SEQUENTIAL needs MPI_DISPLACEMENT_CURRENT", disp)
	case !sequential && disp == DisplacementCurrent:
		return nil, errorf(ErrDisp, "MPI_DISPLACEMENT_CURRENT needs a file opened with MPI_MODE_SEQUENTIAL")
	case disp < DisplacementCurrent:
		return nil, errorf(ErrDisp, "the displacement is %d; it must not be negative", disp)
	}
	return findDatarep(datarep)
}

func (f *File) setView(disp int64, etype, filetype *Datatype, rep *Datarep, info *Info) error {
	v, err := f.newView(disp, etype, filetype, rep)
	if err = f.agree(err); err != nil {
		return err
	}
	if err := f.same(v.Unit(), "the size of the etype"); err != nil {
		return err
	}
	if info != nil {
		f.adviseOnly(info)
	}
	f.view.Store(v)
	f.mu.Lock()
	f.pos = 0
	f.mu.Unlock()
	return f.shared.reset(0)
}

func (f *File) newView(disp int64, etype, filetype *Datatype, rep *Datarep) (*fileView, error) {
	if disp == DisplacementCurrent {
		at, err := f.shared.get()
		if err != nil {
			return nil, err
		}
		disp = f.view.Load().Position(at * f.view.Load().Unit())
	}
	if err := rep.prepare(f.e); err != nil {
		return nil, err
	}
	types := []*dtype.Type{etype.t, filetype.t}
	for i, t := range types {
		err := rep.checkRoom(&Datatype{t: t})
		if err != nil {
			return nil, err
		}
		if types[i], err = rep.sizes().Layout(t); err != nil {
			return nil, errorf(ErrConversion, "%v", err)
		}
	}
	v, err := view.New(disp, types[0], types[1], f.mode&ModeRdonly == 0)
	if err != nil {
		return nil, errorf(ErrIO, "%v", err)
	}
	return &fileView{View: v, etype: keptType(etype), filetype: keptType(filetype), rep: rep}, nil
}

// keptType is d for the library to keep: the program may free its own.
func keptType(d *Datatype) *Datatype {
	if d.permanent {
		return d
	}
	return &Datatype{t: d.t, committed: true}
}

// View is what SetView has set (MPI_File_get_view, section 14.3): the datatypes are
// predefined or copies, which the caller may free.
func (f *File) View() (disp int64, etype, filetype *Datatype, datarep string, err error) {
	if err := f.check(); err != nil {
		return 0, nil, nil, "", err
	}
	v := f.view.Load()
	return v.Disp(), copyType(v.etype), copyType(v.filetype), v.rep.Name, nil
}

func copyType(d *Datatype) *Datatype {
	if d.permanent {
		return d
	}
	return &Datatype{t: dtype.Dup(d.t), committed: true}
}

// TypeExtent is the extent that d has in the file, in the data representation of
// the view (MPI_File_get_type_extent, section 14.5.1).
func (f *File) TypeExtent(d *Datatype) (int64, error) {
	if err := f.check(); err != nil {
		return 0, err
	}
	if err := d.check(); err != nil {
		return 0, err
	}
	t, err := f.view.Load().rep.sizes().Layout(d.t)
	if err != nil {
		return 0, errorf(ErrConversion, "%v", err)
	}
	return t.Extent(), nil
}

// ByteOffset is where in the file, in bytes, an offset of the view is
// (MPI_File_get_byte_offset, section 14.4.3).
func (f *File) ByteOffset(offset int64) (int64, error) {
	err := f.check()
	if err == nil {
		err = f.checkPlaced()
	}
	if err == nil && offset < 0 {
		err = errorf(ErrArg, "the offset is %d; it must not be negative", offset)
	}
	if err != nil {
		return 0, err
	}
	v := f.view.Load()
	return v.Position(offset * v.Unit()), nil
}

// Seek moves this process's file pointer by offset etypes from where whence says,
// SeekSet, SeekCur or SeekEnd, and returns where it is then (MPI_File_seek, section
// 14.4.3).
func (f *File) Seek(offset int64, whence int) (int64, error) {
	err := f.check()
	if err == nil {
		err = f.checkPlaced()
	}
	if err != nil {
		return 0, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	at, err := f.sought(f.pos, offset, whence)
	if err != nil {
		return f.pos, err
	}
	f.pos = at
	return at, nil
}

// sought: "it is erroneous to seek to a negative position in the view".
func (f *File) sought(current, offset int64, whence int) (int64, error) {
	at := offset
	switch whence {
	case SeekSet:
	case SeekCur:
		at += current
	case SeekEnd:
		size, err := f.size()
		if err != nil {
			return 0, err
		}
		at += f.view.Load().Etypes(size)
	default:
		return 0, errorf(ErrArg, "whence is %d, none of MPI_SEEK_SET, MPI_SEEK_CUR and MPI_SEEK_END", whence)
	}
	if at < 0 {
		return 0, errorf(ErrArg, "the file pointer would be at %d; it must not be negative", at)
	}
	return at, nil
}

// Position is this process's file pointer in etypes (MPI_File_get_position).
func (f *File) Position() (int64, error) {
	err := f.check()
	if err == nil {
		err = f.checkPlaced()
	}
	if err != nil {
		return 0, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.pos, nil
}
