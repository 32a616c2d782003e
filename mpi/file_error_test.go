package mpi

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// TestFileErrors: wrong calls give the class that section 14.7 has for them, at all ranks, and the file goes on.
func TestFileErrors(t *testing.T) {
	dir := t.TempDir()
	there := filepath.Join(dir, "there")
	if err := os.WriteFile(there, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	world(t, 3, func(c *Comm) {
		for _, o := range []struct {
			name  string
			amode int
			class Class
		}{
			{filepath.Join(dir, "none"), ModeRdonly, ErrNoSuchFile},
			{there, ModeRdwr | ModeCreate | ModeExcl, ErrFileExists},
			{dir, ModeRdonly, ErrBadFile},
			{there + "/below", ModeRdonly, ErrBadFile},
			{"", ModeRdonly, ErrBadFile},
			{there, 0, ErrAmode},
			{there, ModeRdonly | ModeWronly, ErrAmode},
			{there, ModeRdonly | ModeCreate, ErrAmode},
			{there, ModeRdwr | ModeSequential, ErrAmode},
			{there, ModeRdonly | 1024, ErrAmode},
			{there, []int{ModeRdonly, ModeRdwr, ModeRdonly}[c.Rank()], ErrNotSame},
		} {
			if _, err := c.OpenFile(o.name, o.amode, nil); !errors.Is(err, o.class) {
				t.Errorf("open %s with %d: %v, want %v", o.name, o.amode, err, o.class)
			}
		}
		if err := DeleteFile(filepath.Join(dir, "none"), nil); !errors.Is(err, ErrNoSuchFile) {
			t.Errorf("delete: %v", err)
		}
		checkFileCalls(t, c, there)
	})
}

func checkFileCalls(t *testing.T, c *Comm, name string) {
	f, err := c.OpenFile(name, ModeRdonly, nil)
	mustFile(t, err)
	raw, _ := NewContiguous(2, Int32)
	one := Slice([]int32{1})
	wrong := func(what string, err error, class Class) {
		t.Helper()
		if !errors.Is(err, class) {
			t.Errorf("%s: %v, want %v", what, err, class)
		}
	}
	_, err = f.WriteAt(0, one)
	wrong("a write to a file opened to read", err, ErrReadOnly)
	_, err = f.WriteAtAll(0, one)
	wrong("a collective write to a file opened to read", err, ErrReadOnly)
	wrong("a new size of it", f.SetSize(1), ErrReadOnly)
	_, err = f.ReadAt(-1, one)
	wrong("a negative offset", err, ErrArg)
	_, err = f.Read(Buffer{Addr: one.Addr, Count: 1, Type: raw})
	wrong("a type that is not committed", err, ErrType)
	_, err = f.Read(Buffer{Addr: one.Addr, Count: -1, Type: Int32})
	wrong("a negative count", err, ErrCount)
	wrong("a representation that nobody knows", f.SetView(0, Int32, Int32, "nonsense", nil), ErrUnsupportedDatarep)
	wrong("a negative displacement", f.SetView(-2, Int32, Int32, "native", nil), ErrDisp)
	wrong("MPI_DISPLACEMENT_CURRENT", f.SetView(DisplacementCurrent, Int32, Int32, "native", nil), ErrDisp)
	wrong("a filetype of no whole etypes", f.SetView(0, Float64, Int32, "native", nil), ErrIO)
	wrong("etypes that differ", f.SetView(0, []*Datatype{Int32, Byte, Int32}[c.Rank()], Int32, "native", nil), ErrNotSame)
	mustFile(t, f.SetView(0, Int32, Int32, "native", nil))
	_, err = f.Read(Slice([]byte{1}))
	wrong("a part of an etype", err, ErrArg)
	_, err = f.Seek(0, 7)
	wrong("no whence", err, ErrArg)
	_, err = f.ReadAllEnd()
	wrong("an end without a beginning", err, ErrOther)
	buf := make([]int32, 1)
	mustFile(t, f.ReadAllBegin(Slice(buf)))
	_, err = f.ReadAll(Slice(buf))
	wrong("a collective inside of a split one", err, ErrOther)
	_, err = f.ReadAtAllEnd()
	wrong("another end", err, ErrOther)
	wrong("a close inside of it", f.Close(), ErrOther)
	_, err = f.ReadAllEnd()
	mustFile(t, err)
	mustFile(t, f.Close())
	wrong("a second close", f.Close(), ErrFile)
	wrong("a sync of a closed file", f.Sync(), ErrFile)
	f, err = c.OpenFile(name, ModeWronly, nil)
	mustFile(t, err)
	_, err = f.Read(one)
	wrong("a read of a file opened to write", err, ErrAccess)
	mustFile(t, f.Close())
}

// TestFileFull: /dev/full has no room for anything; all ranks of a collective write hear of it.
func TestFileFull(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("this machine has no /dev/full")
	}
	world(t, 3, func(c *Comm) {
		info := NewInfo()
		info.Set("romio_cb_write", "enable")
		f, err := c.OpenFile("/dev/full", ModeWronly, info)
		mustFile(t, err)
		if _, err := f.WriteAt(0, Slice(words(0, 1))); !errors.Is(err, ErrNoSpace) {
			t.Errorf("rank %d writes to /dev/full: %v", c.Rank(), err)
		}
		if _, err := f.WriteAtAll(int64(4*c.Rank()), Slice(words(0, 1))); !errors.Is(err, ErrNoSpace) {
			t.Errorf("rank %d writes collectively to /dev/full: %v", c.Rank(), err)
		}
		r, err := f.IwriteAt(0, Slice(words(0, 1)))
		mustFile(t, err)
		if _, err := r.Wait(); !errors.Is(err, ErrNoSpace) {
			t.Errorf("the request says %v", err)
		}
		mustFile(t, f.Close())
	})
}

// TestFileHints: known hints are in force and given back, others are ignored, and the first rank's count.
func TestFileHints(t *testing.T) {
	info := NewInfo()
	for _, h := range [][2]string{{"cb_buffer_size", "1000000"}, {"cb_nodes", "2"}, {"romio_cb_write", "enable"},
		{"romio_ds_read", "disable"}, {"striping_factor", "7"}, {"ind_rd_buffer_size", "many"}, {"access_style", "read_once"}} {
		info.Set(h[0], h[1])
	}
	opened(t, 3, ModeRdwr|ModeCreate|ModeDeleteOnClose, info, func(f *File, rank int) {
		mine := NewInfo()
		mine.Set("cb_nodes", []string{"3", "1", "1"}[rank])
		mustFile(t, f.SetInfo(mine))
		got, err := f.Info()
		mustFile(t, err)
		for _, h := range [][2]string{{"cb_buffer_size", "1000000"}, {"cb_nodes", "3"}, {"romio_cb_write", "enable"}, {"romio_cb_read", "automatic"},
			{"romio_ds_read", "disable"}, {"striping_factor", ""}, {"ind_rd_buffer_size", "4194304"}, {"access_style", "read_once"}, {"file_perm", "666"}} {
			if v, _ := got.Get(h[0]); v != h[1] {
				t.Errorf("rank %d: hint %s is %q, want %q", rank, h[0], v, h[1])
			}
		}
	})
}

// TestFileDelete: ModeDeleteOnClose leaves nothing, also nothing of the shared pointer.
func TestFileDelete(t *testing.T) {
	name := opened(t, 3, ModeRdwr|ModeCreate|ModeDeleteOnClose, nil, func(f *File, rank int) {
		_, err := f.WriteShared(Slice([]byte("x")))
		mustFile(t, err)
	})
	left, err := os.ReadDir(filepath.Dir(name))
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// TestFileExternal: external32 is big-endian with longs of four bytes, in memory and in the view alike.
func TestFileExternal(t *testing.T) {
	name := opened(t, 2, ModeRdwr|ModeCreate, nil, func(f *File, rank int) {
		two, err := NewVector(2, 1, 2, CLong) // every second long, two of them
		mustFile(t, err)
		two, err = NewResized(two, 0, 32) // in native bytes
		mustFile(t, err)
		mustFile(t, two.Commit())
		if e, err := f.TypeExtent(CLong); err != nil || e != 8 {
			t.Errorf("native extent %d: %v", e, err)
		}
		mustFile(t, f.SetView(int64(4*rank), CLong, two, "external32", nil))
		if e, err := f.TypeExtent(CLong); err != nil || e != 4 {
			t.Errorf("extent %d in external32: %v", e, err)
		}
		mine := []int64{int64(rank + 1), -int64(rank + 1), 3, 4}
		b := Buffer{Addr: Slice(mine).Addr, Count: 4, Type: CLong}
		s, err := f.WriteAtAll(0, b)
		if err != nil || s.Count(CLong) != 4 {
			t.Errorf("written %d: %v", s.Count(CLong), err)
		}
		back := make([]int64, 6)
		b = Buffer{Addr: Slice(back).Addr, Count: 6, Type: CLong}
		s, err = f.ReadAt(0, b)
		mustFile(t, err)
		if n := s.Count(CLong); n != 4 || !slices.Equal(back[:4], mine) {
			t.Errorf("rank %d: %d read: %v, want %v", rank, n, back, mine)
		}
	})
	got, _ := os.ReadFile(name)
	want := make([]byte, 48)
	for rank := range 2 {
		for i, v := range []int{rank + 1, -(rank + 1), 3, 4} {
			at := i/2*32 + i%2*8 + 4*rank
			if v < 0 {
				want[at], want[at+1], want[at+2] = 0xff, 0xff, 0xff
			}
			want[at+3] = byte(v)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("the file has\n%v, want\n%v", got, want)
	}
}

var inverted atomic.Int32

// TestFileDatarep: a program's own representation: 16-bit integers, inverted.
func TestFileDatarep(t *testing.T) {
	title := fmt.Sprint("inverted-", inverted.Add(1)) // representations stay until the process ends
	rep := &Datarep{Name: title,
		Extent: func(d *Datatype) (int64, error) {
			if d != Int32 {
				return 0, errors.New("only integers")
			}
			return 2, nil
		},
		Write: func(addr unsafe.Pointer, d *Datatype, count int, file []byte, position int64) error {
			for i, v := range unsafe.Slice((*int32)(addr), count) {
				file[2*i], file[2*i+1] = ^byte(v), ^byte(v>>8)
			}
			return nil
		},
		Read: func(addr unsafe.Pointer, d *Datatype, count int, file []byte, position int64) error {
			for i := range unsafe.Slice((*int32)(addr), count) {
				unsafe.Slice((*int32)(addr), count)[i] = int32(^file[2*i]) | int32(^file[2*i+1])<<8
			}
			return nil
		}}
	if err := RegisterDatarep(rep); err != nil {
		t.Fatal(err)
	}
	if err := RegisterDatarep(&Datarep{Name: title, Extent: rep.Extent}); !errors.Is(err, ErrDupDatarep) {
		t.Errorf("registered twice: %v", err)
	}
	if err := RegisterDatarep(&Datarep{Name: "external32", Extent: rep.Extent}); !errors.Is(err, ErrDupDatarep) {
		t.Errorf("registered over external32: %v", err)
	}
	name := opened(t, 2, ModeRdwr|ModeCreate, nil, func(f *File, rank int) {
		if err := f.SetView(0, Float64, Float64, title, nil); !errors.Is(err, ErrConversion) {
			t.Errorf("a view of floats: %v", err)
		}
		mustFile(t, f.SetView(0, Int32, Int32, title, nil))
		_, err := f.WriteOrdered(Slice(words(100*rank, 3)))
		mustFile(t, err)
		mustFile(t, f.Sync())
		mustFile(t, f.comm.Barrier())
		back := make([]int32, 3)
		s, err := f.ReadAt(int64(3*rank+1), Slice(back))
		mustFile(t, err)
		if want := []int32{int32(100*rank + 1), int32(100*rank + 2), []int32{100, 0}[rank]}; !slices.Equal(back, want) || s.Count(Int32) != 3-rank {
			t.Errorf("rank %d: %d read: %v, want %v", rank, s.Count(Int32), back, want)
		}
	})
	want := []byte{255, 255, 254, 255, 253, 255, 155, 255, 154, 255, 153, 255}
	if got, _ := os.ReadFile(name); !slices.Equal(got, want) {
		t.Errorf("the file has %v, want %v", got, want)
	}
}

// TestFileErrorClasses: what a system call says, as MPI says it.
func TestFileErrorClasses(t *testing.T) {
	for _, c := range []struct {
		err   error
		class Class
	}{
		{unix.ENOENT, ErrNoSuchFile}, {unix.EEXIST, ErrFileExists}, {unix.EACCES, ErrAccess}, {unix.EPERM, ErrAccess},
		{unix.EROFS, ErrReadOnly}, {unix.ENOSPC, ErrNoSpace}, {unix.EDQUOT, ErrQuota}, {unix.ETXTBSY, ErrFileInUse},
		{unix.ENAMETOOLONG, ErrBadFile}, {unix.EISDIR, ErrBadFile}, {unix.EIO, ErrIO}, {unix.EMFILE, ErrIO}, {io.ErrShortWrite, ErrIO},
	} {
		if err := fileError("open", "x", c.err); !errors.Is(err, c.class) {
			t.Errorf("%v becomes %v, want %v", c.err, err, c.class)
		}
	}
	if err := fileError("open", "x", nil); err != nil {
		t.Errorf("no error becomes %v", err)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	world(t, 2, func(c *Comm) {
		if _, err := c.OpenFile(exe, ModeWronly, nil); !errors.Is(err, ErrFileInUse) {
			t.Errorf("a program that runs is opened to be written: %v", err)
		}
	})
}
