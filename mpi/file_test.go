package mpi

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
)

// opened runs body on n ranks that have opened one new file.
func opened(t *testing.T, n, amode int, info *Info, body func(f *File, rank int)) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	world(t, n, func(c *Comm) {
		f, err := c.OpenFile(name, amode, info)
		if err != nil {
			panic(err)
		}
		body(f, c.Rank())
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return name
}

func mustFile(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		panic(err)
	}
}

func words(from, n int) []int32 {
	s := make([]int32, n)
	for i := range s {
		s[i] = int32(from + i)
	}
	return s
}

// TestFileForms: each way to write puts the ranks' blocks where it should, and each way to read finds
// them.
func TestFileForms(t *testing.T) {
	const n, k = 3, 100
	type form struct {
		name    string
		write   func(f *File, rank int, b Buffer) (Status, error)
		read    func(f *File, rank int, b Buffer) (Status, error)
		ordered bool
	}
	block := func(rank int) int64 { return int64(rank * k * 4) }
	ended := func(r *Request, err error) (Status, error) {
		if err != nil {
			return Status{}, err
		}
		return r.Wait()
	}
	split := func(err error, end func() (Status, error)) (Status, error) {
		if err != nil {
			return Status{}, err
		}
		return end()
	}
	forms := []form{
		{"At", func(f *File, r int, b Buffer) (Status, error) { return f.WriteAt(block(r), b) },
			func(f *File, r int, b Buffer) (Status, error) { return f.ReadAt(block(r), b) }, false},
		{"IAt", func(f *File, r int, b Buffer) (Status, error) { return ended(f.IwriteAt(block(r), b)) },
			func(f *File, r int, b Buffer) (Status, error) { return ended(f.IreadAt(block(r), b)) }, false},
		{"AtAll", func(f *File, r int, b Buffer) (Status, error) { return f.WriteAtAll(block(r), b) },
			func(f *File, r int, b Buffer) (Status, error) { return f.ReadAtAll(block(r), b) }, false},
		{"IAtAll", func(f *File, r int, b Buffer) (Status, error) { return ended(f.IwriteAtAll(block(r), b)) },
			func(f *File, r int, b Buffer) (Status, error) { return ended(f.IreadAtAll(block(r), b)) }, false},
		{"AtAllBegin", func(f *File, r int, b Buffer) (Status, error) {
			return split(f.WriteAtAllBegin(block(r), b), f.WriteAtAllEnd)
		}, func(f *File, r int, b Buffer) (Status, error) {
			return split(f.ReadAtAllBegin(block(r), b), f.ReadAtAllEnd)
		}, false},
		{"own", func(f *File, r int, b Buffer) (Status, error) { return f.Write(b) },
			func(f *File, r int, b Buffer) (Status, error) { return f.Read(b) }, false},
		{"Iown", func(f *File, r int, b Buffer) (Status, error) { return ended(f.Iwrite(b)) },
			func(f *File, r int, b Buffer) (Status, error) { return ended(f.Iread(b)) }, false},
		{"All", func(f *File, r int, b Buffer) (Status, error) { return f.WriteAll(b) },
			func(f *File, r int, b Buffer) (Status, error) { return f.ReadAll(b) }, false},
		{"IAll", func(f *File, r int, b Buffer) (Status, error) { return ended(f.IwriteAll(b)) },
			func(f *File, r int, b Buffer) (Status, error) { return ended(f.IreadAll(b)) }, false},
		{"AllBegin", func(f *File, r int, b Buffer) (Status, error) { return split(f.WriteAllBegin(b), f.WriteAllEnd) },
			func(f *File, r int, b Buffer) (Status, error) { return split(f.ReadAllBegin(b), f.ReadAllEnd) }, false},
		{"Shared", func(f *File, r int, b Buffer) (Status, error) { return f.WriteShared(b) },
			func(f *File, r int, b Buffer) (Status, error) { return f.ReadShared(b) }, true},
		{"IShared", func(f *File, r int, b Buffer) (Status, error) { return ended(f.IwriteShared(b)) },
			func(f *File, r int, b Buffer) (Status, error) { return ended(f.IreadShared(b)) }, true},
		{"Ordered", func(f *File, r int, b Buffer) (Status, error) { return f.WriteOrdered(b) },
			func(f *File, r int, b Buffer) (Status, error) { return f.ReadOrdered(b) }, false},
		{"OrderedBegin", func(f *File, r int, b Buffer) (Status, error) {
			return split(f.WriteOrderedBegin(b), f.WriteOrderedEnd)
		}, func(f *File, r int, b Buffer) (Status, error) {
			return split(f.ReadOrderedBegin(b), f.ReadOrderedEnd)
		}, false},
	}
	for _, form := range forms {
		t.Run(form.name, func(t *testing.T) {
			var blocks [n]int32 // the first word that each rank has read
			name := opened(t, n, ModeRdwr|ModeCreate, nil, func(f *File, rank int) {
				rewind := func() {
					_, err := f.Seek(block(rank), SeekSet)
					mustFile(t, err)
					mustFile(t, f.SeekShared(0, SeekSet))
				}
				rewind()
				s, err := form.write(f, rank, Slice(words(rank*k, k)))
				if err != nil || s.Count(Int32) != k {
					t.Errorf("rank %d: written %d: %v", rank, s.Count(Int32), err)
				}
				mustFile(t, f.Sync())
				rewind()
				got := make([]int32, k)
				s, err = form.read(f, rank, Slice(got))
				if err != nil || s.Count(Int32) != k {
					t.Errorf("rank %d: read %d: %v", rank, s.Count(Int32), err)
				}
				blocks[rank] = got[0]
				if want := words(int(got[0]), k); !slices.Equal(got, want) {
					t.Errorf("rank %d reads %v", rank, got)
				}
				if !form.ordered && got[0] != int32(rank*k) {
					t.Errorf("rank %d reads the block that begins with %d", rank, got[0])
				}
			})
			slices.Sort(blocks[:])
			if blocks != [n]int32{0, k, 2 * k} {
				t.Errorf("the blocks read begin with %v", blocks)
			}
			checkBlocks(t, name, n, k)
		})
	}
}

// checkBlocks: a file of n blocks of k words, each in one piece, in any order.
func checkBlocks(t *testing.T, name string, n, k int) {
	t.Helper()
	all, err := os.ReadFile(name)
	if err != nil || len(all) != n*k*4 {
		t.Fatalf("the file has %d bytes: %v", len(all), err)
	}
	seen := map[uint32]bool{}
	for i := range n {
		first := binary.NativeEndian.Uint32(all[i*k*4:])
		seen[first] = true
		for j := range k {
			if got := binary.NativeEndian.Uint32(all[(i*k+j)*4:]); got != first+uint32(j) {
				t.Fatalf("word %d of block %d is %d after a first of %d", j, i, got, first)
			}
		}
	}
	if len(seen) != n {
		t.Errorf("%d different blocks of %d", len(seen), n)
	}
}

// columns is the filetype of a rank's columns of a matrix of words.
func columns(t *testing.T, rows, all, first, n int) *Datatype {
	d, err := NewSubarray([]int64{int64(rows), int64(all)}, []int64{int64(rows), int64(n)}, []int64{0, int64(first)}, OrderC, Int32)
	mustFile(t, err)
	mustFile(t, d.Commit())
	return d
}

// TestFileTwoPhase: a matrix whose columns are dealt out goes through aggregators, in several windows,
// and comes out as a whole; reading deals it out otherwise.
func TestFileTwoPhase(t *testing.T) {
	const n, rows, width = 4, 3000, 8 // columns per rank; a row has 128 bytes, a window 512 rows
	for _, nodes := range []string{"1", "2", "3"} {
		for _, way := range []string{"automatic", "enable", "disable"} {
			t.Run(nodes+"/"+way, func(t *testing.T) {
				info := NewInfo()
				info.Set("cb_nodes", nodes)
				info.Set("cb_buffer_size", "65536")
				info.Set("romio_cb_write", way)
				info.Set("romio_cb_read", way)
				name := opened(t, n, ModeRdwr|ModeCreate, info, func(f *File, rank int) {
					mine := make([]int32, rows*width)
					for i := range mine {
						mine[i] = int32(i/width*n*width + rank*width + i%width)
					}
					const head = 12
					mustFile(t, f.SetView(head, Int32, columns(t, rows, n*width, rank*width, width), "native", nil))
					s, err := f.WriteAll(Slice(mine))
					if err != nil || s.Count(Int32) != len(mine) {
						t.Errorf("rank %d: written %d of %d: %v", rank, s.Count(Int32), len(mine), err)
					}
					other := n - 1 - rank
					mustFile(t, f.SetView(head, Int32, columns(t, rows, n*width, other*width, width), "native", nil))
					got := make([]int32, len(mine)+50) // beyond the end: nothing
					s, err = f.ReadAll(Slice(got))
					if err != nil || s.Count(Int32) != len(mine) {
						t.Errorf("rank %d: read %d, want %d: %v", rank, s.Count(Int32), len(mine), err)
					}
					for i, v := range got[:len(mine)] {
						if want := int32(i/width*n*width + other*width + i%width); v != want {
							t.Errorf("rank %d: element %d is %d, want %d", rank, i, v, want)
							return
						}
					}
				})
				all, _ := os.ReadFile(name)
				if want := 12 + rows*n*width*4; len(all) != want {
					t.Fatalf("%d bytes, want %d", len(all), want)
				}
				for i := range rows * n * width {
					if got := binary.NativeEndian.Uint32(all[12+4*i:]); got != uint32(i) {
						t.Fatalf("element %d of the file is %d", i, got)
					}
				}
			})
		}
	}
}

// TestFileHoles: what nobody gave is not written, also by aggregators, and memory with gaps meets a
// file with gaps.
func TestFileHoles(t *testing.T) {
	const n = 3
	for _, all := range []bool{false, true} {
		t.Run(fmt.Sprint("collective ", all), func(t *testing.T) {
			var before []byte
			name := opened(t, n, ModeRdwr|ModeCreate, nil, func(f *File, rank int) {
				if rank == 0 {
					before = bytes.Repeat([]byte{0xee}, 40000)
					_, err := f.WriteAt(0, Slice(before))
					mustFile(t, err)
				}
				mustFile(t, f.Sync())
				mustFile(t, f.comm.Barrier())
				// A word of every sixteen; the ranks' are next to each other.
				d, err := NewVector(1, 1, 1, Int32)
				mustFile(t, err)
				d, err = NewResized(d, 0, 64)
				mustFile(t, err)
				mustFile(t, d.Commit())
				mustFile(t, f.SetView(int64(4*rank), Int32, d, "native", nil))
				two, err := NewVector(1, 1, 2, Int32)
				mustFile(t, err)
				two, err = NewResized(two, 0, 8)
				mustFile(t, err)
				mustFile(t, two.Commit())
				mem := words(1000*rank, 600)
				b := Slice(mem)
				b.Count, b.Type = 300, two // every second word
				write, read := f.WriteAt, f.ReadAt
				if all {
					write, read = f.WriteAtAll, f.ReadAtAll
				}
				_, err = write(5, b)
				mustFile(t, err)
				back := words(7, 600)
				b = Slice(back)
				b.Count, b.Type = 300, two
				s, err := read(5, b)
				mustFile(t, err)
				if s.Count(two) != 300 {
					t.Errorf("rank %d: %d elements read", rank, s.Count(two))
				}
				for i, v := range back {
					want := int32(7 + i)
					if i%2 == 0 {
						want = mem[i]
					}
					if v != want {
						t.Errorf("rank %d: word %d is %d, want %d", rank, i, v, want)
						return
					}
				}
			})
			got, _ := os.ReadFile(name)
			for i := range before {
				at, word := i%64, i/64
				rank := at / 4
				if rank < n && word >= 5 && word < 305 {
					binary.NativeEndian.PutUint32(before[word*64+rank*4:], uint32(1000*rank+2*(word-5)))
				}
			}
			if !bytes.Equal(got, before) {
				t.Error("the file is otherwise than it should be")
			}
		})
	}
}

// TestFileEnd: reading at the end of the file gives what is there.
func TestFileEnd(t *testing.T) {
	opened(t, 2, ModeRdwr|ModeCreate, nil, func(f *File, rank int) {
		if rank == 0 {
			_, err := f.WriteAt(0, Slice(words(0, 10)))
			mustFile(t, err)
		}
		mustFile(t, f.Sync())
		mustFile(t, f.comm.Barrier())
		buf := make([]int32, 8)
		for _, read := range []func(int64, Buffer) (Status, error){f.ReadAt, f.ReadAtAll} {
			s, err := read(24, Slice(buf))
			if err != nil || s.Count(Int32) != 4 || buf[3] != 9 {
				t.Errorf("4 words from the end: %d read, %v: %v", s.Count(Int32), buf, err)
			}
			s, err = read(100, Slice(buf))
			if err != nil || s.Count(Int32) != 0 {
				t.Errorf("behind the end: %d read: %v", s.Count(Int32), err)
			}
		}
		mustFile(t, f.SetView(4, Int32, Int32, "native", nil))
		for _, c := range []struct {
			offset int64
			whence int
			at     int64
		}{{3, SeekSet, 3}, {-1, SeekCur, 2}, {0, SeekEnd, 9}, {-9, SeekEnd, 0}} {
			if at, err := f.Seek(c.offset, c.whence); err != nil || at != c.at {
				t.Errorf("seek by %d from %d: %d, want %d: %v", c.offset, c.whence, at, c.at, err)
			}
		}
		if _, err := f.Seek(-1, SeekSet); !errors.Is(err, ErrArg) {
			t.Errorf("seek to -1: %v", err)
		}
		if at, err := f.ByteOffset(7); err != nil || at != 32 {
			t.Errorf("byte offset of 7 is %d: %v", at, err)
		}
	})
}

// TestFileSizes: what SetSize and Preallocate do to the file's length.
func TestFileSizes(t *testing.T) {
	opened(t, 3, ModeRdwr|ModeCreate, nil, func(f *File, rank int) {
		for _, c := range []struct {
			how  func(int64) error
			n    int64
			want int64
		}{{f.SetSize, 1000, 1000}, {f.Preallocate, 5000, 5000}, {f.Preallocate, 10, 5000}, {f.SetSize, 7, 7}} {
			mustFile(t, c.how(c.n))
			if got, err := f.Size(); err != nil || got != c.want {
				t.Errorf("rank %d: size %d, want %d: %v", rank, got, c.want, err)
			}
			mustFile(t, f.comm.Barrier())
		}
		if err := f.SetSize(int64(rank)); !errors.Is(err, ErrNotSame) {
			t.Errorf("sizes that differ: %v", err)
		}
	})
}

// TestFileMany: many accesses that do not wait, waited for in another order.
func TestFileMany(t *testing.T) {
	const n, k = 2, 200
	opened(t, n, ModeRdwr|ModeCreate, nil, func(f *File, rank int) {
		mustFile(t, f.SetView(int64(rank*k*400), Int32, Int32, "native", nil))
		var rs []*Request
		for i := range k {
			r, err := f.IwriteAt(int64(i*100), Slice(words(rank+i*100, 100)))
			mustFile(t, err)
			rs = append(rs, r)
			if i%50 == 0 {
				r, err := f.IwriteAtAll(int64(i*100), Slice(words(rank+i*100, 100)))
				mustFile(t, err)
				rs = append(rs, r)
			}
		}
		slices.Reverse(rs)
		_, err := Waitall(rs)
		mustFile(t, err)
		all := make([]int32, k*100)
		_, err = f.ReadAtAll(0, Slice(all))
		mustFile(t, err)
		if !slices.Equal(all, words(rank, k*100)) {
			t.Errorf("rank %d: the file has something else", rank)
		}
	})
}

// TestFileAtomic: in atomic mode a reader sees all of a write or nothing, and writers' pieces do not mix.
func TestFileAtomic(t *testing.T) {
	const n, k, times = 4, 64 << 10, 30
	opened(t, n, ModeRdwr|ModeCreate, nil, func(f *File, rank int) {
		mustFile(t, f.SetAtomicity(true))
		if on, err := f.Atomicity(); !on || err != nil {
			t.Errorf("atomicity is %v: %v", on, err)
		}
		buf := make([]int32, k)
		for i := range times {
			if (rank+i)%2 == 0 {
				for j := range buf {
					buf[j] = int32(rank*times + i)
				}
				_, err := f.WriteAt(4, Slice(buf))
				mustFile(t, err)
				continue
			}
			s, err := f.ReadAt(4, Slice(buf))
			mustFile(t, err)
			if got := s.Count(Int32); got != 0 && got != k {
				t.Errorf("%d of %d words read", got, k)
			} else if got == k && slices.Min(buf) != slices.Max(buf) {
				t.Errorf("a mixture of writes from %d to %d is read", slices.Min(buf), slices.Max(buf))
			}
		}
	})
}

// TestFileShared: every record that anybody appends is there once.
func TestFileShared(t *testing.T) {
	const n, k, records = 4, 10, 50
	name := opened(t, n, ModeWronly|ModeCreate, nil, func(f *File, rank int) {
		for i := range records {
			_, err := f.WriteShared(Slice(words((rank*records+i)*k, k)))
			mustFile(t, err)
		}
	})
	checkBlocks(t, name, n*records, k)
	world(t, n, func(c *Comm) {
		f, err := c.OpenFile(name, ModeWronly|ModeAppend, nil)
		mustFile(t, err)
		_, err = f.WriteOrdered(Slice(words((n*records+c.Rank())*k, k)))
		mustFile(t, err)
		at, err := f.PositionShared()
		if want := int64((n*records + n) * k * 4); err != nil || at != want {
			t.Errorf("the shared pointer is at %d, want %d: %v", at, want, err)
		}
		mustFile(t, f.Close())
	})
	checkBlocks(t, name, n*records+n, k)
}

// TestFileSequential: only the shared pointer can be used, and views begin where it is.
func TestFileSequential(t *testing.T) {
	name := opened(t, 2, ModeWronly|ModeCreate|ModeSequential, nil, func(f *File, rank int) {
		_, err := f.WriteOrdered(Slice([]byte{byte(10 + rank)}))
		mustFile(t, err)
		mustFile(t, f.SetView(DisplacementCurrent, Int32, Int32, "native", nil))
		_, err = f.WriteOrdered(Slice(words(rank, 1)))
		mustFile(t, err)
		if _, err := f.Write(Slice([]int32{1})); !errors.Is(err, ErrUnsupportedOperation) {
			t.Errorf("a write by the file pointer: %v", err)
		}
		if err := f.SetView(0, Int32, Int32, "native", nil); !errors.Is(err, ErrDisp) {
			t.Errorf("a view at 0: %v", err)
		}
	})
	want := []byte{10, 11, 0, 0, 0, 0, 1, 0, 0, 0}
	if got, _ := os.ReadFile(name); !bytes.Equal(got, want) {
		t.Errorf("the file has %v, want %v", got, want)
	}
}

// TestFileEmpty: a process whose filetype has no data, or that gives none, takes part in collectives.
func TestFileEmpty(t *testing.T) {
	none, err := NewContiguous(0, Int32)
	if err != nil || none.Commit() != nil {
		t.Fatal(err)
	}
	name := opened(t, 3, ModeRdwr|ModeCreate, nil, func(f *File, rank int) {
		filetype, data := Int32, words(0, 5)
		switch rank {
		case 1:
			filetype = none
		case 2:
			data = nil
		}
		mustFile(t, f.SetView(0, Int32, filetype, "native", nil))
		s, err := f.WriteAtAll(0, Slice(data))
		if want := []int{5, 0, 0}[rank]; err != nil || s.Count(Int32) != want {
			t.Errorf("rank %d: written %d, want %d: %v", rank, s.Count(Int32), want, err)
		}
		back := make([]int32, 5)
		s, err = f.ReadAtAll(0, Slice(back))
		if want := []int{5, 0, 5}[rank]; err != nil || s.Count(Int32) != want {
			t.Errorf("rank %d: read %d, want %d: %v", rank, s.Count(Int32), want, err)
		}
	})
	if all, _ := os.ReadFile(name); len(all) != 20 {
		t.Errorf("%d bytes in the file", len(all))
	}
}

// TestFileThreads: threads use one file and several at the same time; collective calls on different
// files may come in different orders at different ranks.
func TestFileThreads(t *testing.T) {
	const n, files, records = 3, 9, 20
	dir := t.TempDir()
	world(t, n, func(c *Comm) {
		var open []*File
		for i := range files {
			f, err := c.OpenFile(filepath.Join(dir, fmt.Sprint(i)), ModeRdwr|ModeCreate, nil)
			mustFile(t, err)
			open = append(open, f)
		}
		var threads sync.WaitGroup
		for i := range files {
			threads.Go(func() {
				f := open[(i+c.Rank()*4)%files]
				r, err := f.SetViewStart(0, Int32, Int32, "native", nil)
				mustFile(t, err)
				_, err = r.Wait()
				mustFile(t, err)
				for j := range records {
					_, err := f.WriteOrdered(Slice(words(n*j+c.Rank(), 1)))
					mustFile(t, err)
				}
				for range records {
					_, err := open[0].ReadAt(0, Slice(make([]int32, 1)))
					mustFile(t, err)
				}
			})
		}
		threads.Wait()
		for range 2 {
			threads.Go(func() {
				for range records {
					_, err := open[0].WriteShared(Slice(words(7, 1)))
					mustFile(t, err)
				}
			})
		}
		threads.Wait()
		mustFile(t, c.Barrier())
		all := make([]int32, n*records)
		for _, f := range open {
			s, err := f.ReadAt(0, Slice(all))
			if err != nil || s.Count(Int32) != len(all) || !slices.Equal(all, words(0, len(all))) {
				t.Errorf("rank %d reads %v: %v", c.Rank(), all, err)
			}
		}
		if size, _ := open[0].Size(); size != 4*n*records*3 {
			t.Errorf("%d bytes after %d records by the shared pointer", size, n*records*2)
		}
		for _, f := range open {
			mustFile(t, f.Close())
		}
	})
}
