package mpi

// Accesses to the data of a file (MPI 5.0 section 14.4). Every one exists for reading and for
// writing, at an offset of its own (At), by this process's file pointer, and by the one that all
// processes share (Shared, and Ordered in the order of ranks). All, and Ordered, are collective. An I
// does not wait; Begin and End are the halves of a split collective, of which a file has at most one
// at a time. The buffer is the library's until the access has ended.
//
// Offsets count etypes of the view. What a Status counts is what was transferred: less than was asked
// for where the file ends.
//
// Classes of errors: ErrAccess, ErrReadOnly, ErrUnsupportedOperation, ErrArg, ErrType, ErrCount,
// ErrBuffer, ErrNoSpace, ErrQuota, ErrConversion, ErrIO.

// Reading.

// ReadAt is MPI_File_read_at.
func (f *File) ReadAt(offset int64, b Buffer) (Status, error) {
	return f.now(fileCall{where: explicitOffset, offset: offset, buf: b})
}
func (f *File) IreadAt(offset int64, b Buffer) (*Request, error) {
	return f.start(fileCall{where: explicitOffset, offset: offset, buf: b})
}

// ReadAtAll is MPI_File_read_at_all.
func (f *File) ReadAtAll(offset int64, b Buffer) (Status, error) {
	return f.waits(fileCall{where: explicitOffset, all: true, offset: offset, buf: b})
}
func (f *File) IreadAtAll(offset int64, b Buffer) (*Request, error) {
	return f.start(fileCall{where: explicitOffset, all: true, offset: offset, buf: b})
}
func (f *File) ReadAtAllBegin(offset int64, b Buffer) error {
	return f.begins(fileCall{where: explicitOffset, all: true, offset: offset, buf: b}, "MPI_File_read_at_all")
}
func (f *File) ReadAtAllEnd() (Status, error) { return f.ends("MPI_File_read_at_all") }

// Read is MPI_File_read.
func (f *File) Read(b Buffer) (Status, error) {
	return f.now(fileCall{where: individualPointer, buf: b})
}
func (f *File) Iread(b Buffer) (*Request, error) {
	return f.start(fileCall{where: individualPointer, buf: b})
}

// ReadAll is MPI_File_read_all.
func (f *File) ReadAll(b Buffer) (Status, error) {
	return f.waits(fileCall{where: individualPointer, all: true, buf: b})
}
func (f *File) IreadAll(b Buffer) (*Request, error) {
	return f.start(fileCall{where: individualPointer, all: true, buf: b})
}
func (f *File) ReadAllBegin(b Buffer) error {
	return f.begins(fileCall{where: individualPointer, all: true, buf: b}, "MPI_File_read_all")
}
func (f *File) ReadAllEnd() (Status, error) { return f.ends("MPI_File_read_all") }

// ReadShared is MPI_File_read_shared.
func (f *File) ReadShared(b Buffer) (Status, error) {
	return f.now(fileCall{where: sharedFilePointer, buf: b})
}
func (f *File) IreadShared(b Buffer) (*Request, error) {
	return f.start(fileCall{where: sharedFilePointer, buf: b})
}

// ReadOrdered is MPI_File_read_ordered.
func (f *File) ReadOrdered(b Buffer) (Status, error) {
	return f.waits(fileCall{where: orderedPointer, all: true, buf: b})
}
func (f *File) ReadOrderedStart(b Buffer) (*Request, error) { // for language bindings
	return f.start(fileCall{where: orderedPointer, all: true, buf: b})
}
func (f *File) ReadOrderedBegin(b Buffer) error {
	return f.begins(fileCall{where: orderedPointer, all: true, buf: b}, "MPI_File_read_ordered")
}
func (f *File) ReadOrderedEnd() (Status, error) { return f.ends("MPI_File_read_ordered") }

// Writing.

// WriteAt is MPI_File_write_at.
func (f *File) WriteAt(offset int64, b Buffer) (Status, error) {
	return f.now(fileCall{where: explicitOffset, write: true, offset: offset, buf: b})
}
func (f *File) IwriteAt(offset int64, b Buffer) (*Request, error) {
	return f.start(fileCall{where: explicitOffset, write: true, offset: offset, buf: b})
}

// WriteAtAll is MPI_File_write_at_all.
func (f *File) WriteAtAll(offset int64, b Buffer) (Status, error) {
	return f.waits(fileCall{where: explicitOffset, write: true, all: true, offset: offset, buf: b})
}
func (f *File) IwriteAtAll(offset int64, b Buffer) (*Request, error) {
	return f.start(fileCall{where: explicitOffset, write: true, all: true, offset: offset, buf: b})
}
func (f *File) WriteAtAllBegin(offset int64, b Buffer) error {
	return f.begins(fileCall{where: explicitOffset, write: true, all: true, offset: offset, buf: b}, "MPI_File_write_at_all")
}
func (f *File) WriteAtAllEnd() (Status, error) { return f.ends("MPI_File_write_at_all") }

// Write is MPI_File_write.
func (f *File) Write(b Buffer) (Status, error) {
	return f.now(fileCall{where: individualPointer, write: true, buf: b})
}
func (f *File) Iwrite(b Buffer) (*Request, error) {
	return f.start(fileCall{where: individualPointer, write: true, buf: b})
}

// WriteAll is MPI_File_write_all.
func (f *File) WriteAll(b Buffer) (Status, error) {
	return f.waits(fileCall{where: individualPointer, write: true, all: true, buf: b})
}
func (f *File) IwriteAll(b Buffer) (*Request, error) {
	return f.start(fileCall{where: individualPointer, write: true, all: true, buf: b})
}
func (f *File) WriteAllBegin(b Buffer) error {
	return f.begins(fileCall{where: individualPointer, write: true, all: true, buf: b}, "MPI_File_write_all")
}
func (f *File) WriteAllEnd() (Status, error) { return f.ends("MPI_File_write_all") }

// WriteShared is MPI_File_write_shared.
func (f *File) WriteShared(b Buffer) (Status, error) {
	return f.now(fileCall{where: sharedFilePointer, write: true, buf: b})
}
func (f *File) IwriteShared(b Buffer) (*Request, error) {
	return f.start(fileCall{where: sharedFilePointer, write: true, buf: b})
}

// WriteOrdered is MPI_File_write_ordered.
func (f *File) WriteOrdered(b Buffer) (Status, error) {
	return f.waits(fileCall{where: orderedPointer, write: true, all: true, buf: b})
}
func (f *File) WriteOrderedStart(b Buffer) (*Request, error) { // for language bindings
	return f.start(fileCall{where: orderedPointer, write: true, all: true, buf: b})
}
func (f *File) WriteOrderedBegin(b Buffer) error {
	return f.begins(fileCall{where: orderedPointer, write: true, all: true, buf: b}, "MPI_File_write_ordered")
}
func (f *File) WriteOrderedEnd() (Status, error) { return f.ends("MPI_File_write_ordered") }
