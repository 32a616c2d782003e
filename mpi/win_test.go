package mpi

import (
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"unsafe"
)

// The ways an operation can go (see Win).
const (
	direct  = "direct"  // as this host allows
	engines = "engines" // through the target's engine
	ring    = "ring"    // likewise, where the kernel copies nothing either
)

// by makes the window's operations go one way.
func by(w *Win, way string) {
	if way == direct {
		return
	}
	for i := range w.peers {
		if t := &w.peers[i]; t.rank != w.comm.rank {
			t.mapped, t.control = false, nil
			t.reach.Store(false)
		}
	}
	if way == ring {
		w.e.mem.seg.Forbid()
	}
}

// windows runs body on n ranks for windows of 8-byte numbers of every flavour and way.
func windows(t *testing.T, n, length int, body func(w *Win, mine []int64)) {
	for _, flavor := range []int{FlavorCreate, FlavorAllocate, FlavorShared} {
		for _, way := range []string{direct, engines, ring} {
			t.Run(fmt.Sprintf("%d/%s", flavor, way), func(t *testing.T) {
				world(t, n, func(c *Comm) {
					w, mine := testWindow(t, c, flavor, length)
					by(w, way)
					body(w, mine)
					if err := w.Free(); err != nil {
						t.Error(err)
					}
				})
			})
		}
	}
}

func testWindow(t *testing.T, c *Comm, flavor, length int) (*Win, []int64) {
	if flavor == FlavorCreate {
		mine := make([]int64, length)
		w, err := WinOf(c, mine)
		if err != nil {
			panic(err)
		}
		return w, mine
	}
	make := c.WinAllocate
	if flavor == FlavorShared {
		make = c.WinAllocateShared
	}
	w, err := make(8*int64(length), 8, nil)
	if err != nil {
		panic(err)
	}
	return w, unsafe.Slice((*int64)(w.Base()), length)
}

func ok(t *testing.T, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Error(err)
		}
	}
}

// TestPutGet: short and long, to the next rank and from the one before, between fences.
func TestPutGet(t *testing.T) {
	const length = 40000
	windows(t, 3, length, func(w *Win, mine []int64) {
		me, n := w.comm.rank, w.comm.Size()
		next, before := (me+1)%n, (me+n-1)%n
		for _, k := range []int{1, 100, length} {
			out, in := numbers(k, me), make([]int64, k)
			ok(t, w.Fence(0), w.Put(Slice(out), Place{Rank: next, Disp: int64(length - k)}), w.Fence(0))
			if !slices.Equal(mine[length-k:], numbers(k, before)) {
				t.Errorf("%d numbers were put wrong", k)
			}
			ok(t, w.Get(Slice(in), Place{Rank: next, Disp: int64(length - k)}), w.Fence(ModeNoSucceed))
			if !slices.Equal(in, out) {
				t.Errorf("%d numbers came back wrong", k)
			}
		}
	})
}

// TestWinDatatypes moves columns of a matrix into rows of another and back.
func TestWinDatatypes(t *testing.T) {
	const side = 150
	windows(t, 2, side*side, func(w *Win, mine []int64) {
		column, err := NewVector(side, 1, side, Int64)
		ok(t, err, column.Commit())
		columns, err := NewHvector(side, 1, 8, column) // all of them: the matrix turned
		ok(t, err, columns.Commit())
		a, back := numbers(side*side, 7), make([]int64, side*side)
		other := 1 - w.comm.rank
		ok(t, w.Fence(0))
		ok(t, w.Put(Slice(a), Place{other, 0, 1, columns}), w.Fence(0))
		for i := range side {
			for j := range side {
				if mine[j*side+i] != a[i*side+j] {
					t.Fatalf("(%d, %d) is wrong", i, j)
				}
			}
		}
		ok(t, w.Get(Buffer{Addr: unsafe.Pointer(&back[0]), Count: 1, Type: columns}, Place{other, 0, side * side, Int64}), w.Fence(0))
		if !slices.Equal(back, a) {
			t.Error("turned twice it is another")
		}
	})
}

// TestAccumulate: all ranks add to rank 0 at once.
func TestAccumulate(t *testing.T) {
	const length = 20000
	windows(t, 4, length, func(w *Win, mine []int64) {
		n := w.comm.Size()
		ok(t, w.Fence(0))
		for range 3 {
			ok(t, w.Accumulate(Slice(numbers(length, w.comm.rank)), Place{}, Sum))
		}
		ok(t, w.Accumulate(Slice([]int64{int64(w.comm.rank)}), Place{Rank: 1, Disp: 5}, Max), w.Fence(0))
		want := make([]int64, length)
		for r := range n {
			for i, v := range numbers(length, r) {
				want[i] += 3 * v
			}
		}
		if w.comm.rank == 0 && !slices.Equal(mine, want) {
			t.Error("the sums are wrong")
		}
		if w.comm.rank == 1 && mine[5] != int64(n-1) {
			t.Errorf("the largest rank is %d", mine[5])
		}
	})
}

// TestFetch: tickets are drawn from rank 0 by three operations; each is drawn once.
func TestFetch(t *testing.T) {
	const draws, n = 200, 4
	draw := map[string]func(w *Win, one, got *int64) error{
		"fetch and op": func(w *Win, one, got *int64) error {
			return w.FetchAndOp(unsafe.Pointer(one), unsafe.Pointer(got), Int64, 0, 2, Sum)
		},
		"get accumulate": func(w *Win, one, got *int64) error {
			return w.GetAccumulate(Slice([]int64{*one}), Buffer{unsafe.Pointer(got), 1, Int64}, Place{Disp: 2}, Sum)
		},
		"compare and swap": func(w *Win, one, got *int64) error {
			for {
				old, next := *got, *got+1
				if err := w.CompareAndSwap(unsafe.Pointer(&next), unsafe.Pointer(&old), unsafe.Pointer(got), Int64, 0, 2); err != nil {
					return err
				}
				if err := w.Flush(0); err != nil || *got == old {
					return err
				}
			}
		},
	}
	for name, f := range draw {
		t.Run(name, func(t *testing.T) {
			windows(t, n, 3, func(w *Win, mine []int64) {
				ok(t, w.LockAll(0))
				drawn := make([]int64, n*draws)
				one, got := new(int64), new(int64)
				*one = 1
				for range draws {
					ok(t, f(w, one, got), w.Flush(0))
					drawn[*got]++
				}
				ok(t, w.UnlockAll())
				all := make([]int64, n*draws)
				ok(t, Allreduce(w.comm, drawn, all, Sum))
				if slices.Min(all) != 1 || slices.Max(all) != 1 {
					t.Error("a ticket was drawn twice")
				}
			})
		})
	}
}

// TestElements: accumulates on elements of all sizes, aligned and not, with padding and scattered.
func TestElements(t *testing.T) {
	for _, d := range []*Datatype{Int8, Int16, Int32, Int64, Float32, Float64, Complex128, CLongDouble, DoubleInt, ShortInt} {
		for _, way := range []string{direct, ring} {
			world(t, 3, func(c *Comm) {
				op := Sum
				if d == DoubleInt || d == ShortInt {
					op = MaxLoc
				}
				_, extent := d.Extent()
				two, err := NewVector(2, 1, 3, d)
				ok(t, err, two.Commit())
				for _, shift := range []int64{0, 1} {
					w, err := c.WinAllocate(1000, 1, nil)
					ok(t, err)
					by(w, way)
					src, old := make([]byte, 5*extent), make([]byte, 5*extent)
					for i := range src {
						src[i] = byte(16 * (i%2 + 1)) // tiny or huge, never not a number
					}
					at := Place{0, 8 + shift, 1, two}
					ok(t, w.LockAll(0))
					pair := Buffer{unsafe.Pointer(&src[0]), 2, d}
					was := Buffer{unsafe.Pointer(&old[0]), 1, two}
					ok(t, w.GetAccumulate(pair, was, at, op), w.FlushAll(), c.Barrier())
					ok(t, w.GetAccumulate(Buffer{}, was, at, NoOp), w.FlushAll())
					got, want := make([]byte, 2*d.Size()), make([]byte, 2*d.Size())
					two.t.Pack(got, was.Addr, 1, 0)
					sum := make([]byte, 2*extent)
					for range 3 {
						op.reduce(pair.Addr, unsafe.Pointer(&sum[0]), 2, d)
					}
					d.t.Pack(want, unsafe.Pointer(&sum[0]), 2, 0)
					if !slices.Equal(got, want) {
						t.Errorf("%s %s at %d: %x, want %x", d.Name(), way, shift, got, want)
					}
					ok(t, w.UnlockAll(), w.Free())
				}
			})
		}
	}
}

func TestActiveTarget(t *testing.T) {
	windows(t, 3, 10, func(w *Win, mine []int64) {
		c := w.comm
		others, err := c.Group().Excl([]int{0})
		ok(t, err)
		first, err := c.Group().Incl([]int{0})
		ok(t, err)
		for round := range int64(20) {
			if c.rank == 0 {
				ok(t, w.Post(others, 0))
				if round%2 == 0 {
					ok(t, w.Wait())
				} else {
					for done := false; !done; {
						done, err = w.Test()
						ok(t, err)
					}
				}
				if mine[1] != round+1 || mine[2] != round+2 {
					t.Errorf("round %d: %v", round, mine)
				}
				continue
			}
			ok(t, w.Start(first, 0), w.Put(Slice([]int64{round + int64(c.rank)}), Place{Rank: 0, Disp: int64(c.rank)}), w.Complete())
		}
	})
}

// TestLocks: an exclusive lock makes reading and writing back one step.
func TestLocks(t *testing.T) {
	const rounds, n = 50, 4
	windows(t, n, 2, func(w *Win, mine []int64) {
		for i := range rounds {
			target := i % 2
			v := make([]int64, 1)
			ok(t, w.Lock(LockExclusive, target, 0), w.Get(Slice(v), Place{Rank: target}), w.Flush(target))
			v[0]++
			ok(t, w.Put(Slice(v), Place{Rank: target}), w.Unlock(target))
			ok(t, w.Lock(LockShared, target, 0), w.Get(Slice(v), Place{Rank: target}), w.Unlock(target))
			if v[0] == 0 {
				t.Error("the count is lost")
			}
		}
		ok(t, w.comm.Barrier())
		ok(t, w.Lock(LockShared, w.comm.rank, 0))
		if want := int64(n * rounds / 2); w.comm.rank < 2 && mine[0] != want {
			t.Errorf("rank %d counts %d, want %d", w.comm.rank, mine[0], want)
		}
		ok(t, w.Unlock(w.comm.rank))
	})
}

// TestPassive: a target that computes takes part in nothing.
func TestPassive(t *testing.T) {
	windows(t, 2, 4, func(w *Win, mine []int64) {
		var over atomic.Int64
		flag := make([]int64, 1)
		if w.comm.rank == 0 {
			r, err := w.comm.Irecv(Slice(flag), 1, 0)
			ok(t, err)
			for !r.Done() { // the message comes by the background alone
				over.Add(1)
			}
			r.Wait()
			if mine[1] != 42 {
				t.Errorf("the counter is %d", mine[1])
			}
			return
		}
		got := make([]int64, 1)
		ok(t, w.Lock(LockExclusive, 0, 0), w.Accumulate(Slice([]int64{42}), Place{Disp: 1}, Sum),
			w.GetAccumulate(Buffer{}, Slice(got), Place{Disp: 1}, NoOp), w.Unlock(0))
		if got[0] != 42 {
			t.Errorf("fetched %d", got[0])
		}
		ok(t, w.comm.Send(Slice(flag), 0, 0))
	})
}
