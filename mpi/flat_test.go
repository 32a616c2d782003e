package mpi

import (
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"unsafe"

	"rainmpi/mpi/internal/coll"
	"rainmpi/mpi/internal/shm"
)

// TestFlatProtocol runs the steps of flat.go over memory of the heap, where the race
// detector sees an access that is not ordered: full collectives and rooted ones, in
// which the root runs ahead.
func TestFlatProtocol(t *testing.T) {
	const n, times = 4, 3000
	memory := make([]uint64, 2*n*shm.SlotSize/8)
	var wg sync.WaitGroup
	for me := range n {
		wg.Add(1)
		go func() {
			defer wg.Done()
			f := &Flat{N: n, Me: uint32(me), slots: unsafe.Pointer(&memory[0])}
			random := rand.New(rand.NewPCG(1, 2)) // the same at all
			for range times {
				seq := f.seq + 1
				await(f, f.seq, 0, n)
				mine := (*uint64)(f.data(seq, me))
				*mine = uint64(seq)*n + uint64(me)
				f.publish(seq)
				from, to := 0, n
				if root := random.IntN(2 * n); root == me {
					continue
				} else if root < n {
					from, to = root, root+1
				}
				await(f, seq, from, to)
				for i := from; i < to; i++ {
					if got, want := *(*uint64)(f.data(seq, i)), uint64(seq)*n+uint64(i); got != want {
						t.Errorf("collective %d: rank %d sees %d of rank %d, want %d", seq, me, got, i, want)
						return
					}
				}
			}
		}()
	}
	wg.Wait()
}

func await(f *Flat, seq uint32, from, to int) {
	for from = f.missing(seq, from, to); from < to; from = f.missing(seq, from, to) {
		runtime.Gosched()
	}
}

// TestAreasRunOut: communicators without an area use schedules, and who frees one
// makes room.
func TestAreasRunOut(t *testing.T) {
	world(t, 3, func(c *Comm) {
		for range 2 {
			var made []*Comm
			flat := 0
			for i := range shm.Areas + 5 {
				d, err := c.Dup()
				if err == nil && i%2 == 1 {
					err = d.Free()
					if err == nil {
						d, err = c.Split(0, -c.Rank())
					}
				}
				if err != nil {
					t.Error(err)
					return
				}
				if d.flat != nil {
					flat++
				}
				made = append(made, d)
				sum := []int64{0}
				if err := d.Allreduce(Slice([]int64{int64(i + c.Rank())}), Slice(sum), Sum); err != nil || sum[0] != int64(3*i+3) {
					t.Errorf("communicator %d: %d, %v", i, sum[0], err)
				}
			}
			if flat != shm.Areas-1 {
				t.Errorf("%d communicators are flat, want %d: all areas but that of all ranks", flat, shm.Areas-1)
			}
			for _, d := range made {
				if err := d.Free(); err != nil {
					t.Error(err)
				}
			}
			if err := c.Barrier(); err != nil { // all have left them
				t.Error(err)
			}
		}
	})
}

// TestFlatIsAgreed: what one rank alone knows does not decide.
func TestFlatIsAgreed(t *testing.T) {
	world(t, 2, func(c *Comm) {
		pair, err := NewContiguous(2, DatatypeOf[int64]())
		if err == nil {
			err = pair.Commit()
		}
		if err != nil {
			t.Error(err)
			return
		}
		b, all := []int64{int64(10 * c.Rank()), 7}, make([]int64, 4)
		send, recv := Slice(b), Buffer{Addr: Slice(all).Addr, Count: 2, Type: DatatypeOf[int64]()}
		if c.Rank() == 0 {
			recv.Count, recv.Type = 1, pair
			copy(all, b)
			send = InPlace
		}
		p := c.planAllgather(send, recv)
		if !p.flat() {
			t.Errorf("rank %d takes a schedule", c.Rank())
		}
		if err := p.wait(); err != nil || all[0] != 0 || all[1] != 7 || all[2] != 10 || all[3] != 7 {
			t.Errorf("rank %d: %v, %v", c.Rank(), all, err)
		}
	})
}

// TestFlatMismatch: lengths that differ are told to those who see it, and keep nobody
// waiting.
func TestFlatMismatch(t *testing.T) {
	world(t, 3, func(c *Comm) {
		in, out := make([]int32, 4-c.Rank()/2), make([]int32, 4-c.Rank()/2)
		want := []Class{ErrNotSame, ErrNotSame, ErrTruncate}[c.Rank()]
		if err := c.Allreduce(Slice(in), Slice(out), Sum); ClassOf(err) != want {
			t.Errorf("rank %d: %v", c.Rank(), err)
		}
		op := Sum
		if c.Rank() == 1 {
			op = Max
		}
		if err := c.Allreduce(Slice([]int32{1}), Slice(out[:1]), op); ClassOf(err) != ErrNotSame {
			t.Errorf("rank %d: %v", c.Rank(), err)
		}
		if c.Rank() == 2 {
			if err := c.Barrier(); ClassOf(err) != ErrNotSame {
				t.Errorf("rank 2, in a barrier: %v", err)
			}
		} else if err := c.Allgather(Slice(in[:1]), Buffer{Addr: Slice(out).Addr, Count: 1, Type: DatatypeOf[int32]()}); ClassOf(err) != ErrNotSame {
			t.Errorf("rank %d: %v", c.Rank(), err)
		}
		if err := c.Barrier(); err != nil {
			t.Error(err)
		}
	})
}

// TestFlatBesideSchedules: blocking and nonblocking collectives of one communicator,
// in one order at all ranks, keep apart.
func TestFlatBesideSchedules(t *testing.T) {
	world(t, 4, func(c *Comm) {
		random := rand.New(rand.NewPCG(3, 4))
		type open struct {
			r    *Request
			sum  []int64
			want int64
		}
		var pending []open
		for i := range 500 {
			in, sum, want := []int64{int64(i * (c.Rank() + 1))}, []int64{-1}, int64(10*i)
			switch random.IntN(3) {
			case 0:
				r, err := c.Iallreduce(Slice(in), Slice(sum), Sum)
				if err != nil {
					t.Error(err)
					return
				}
				pending = append(pending, open{r, sum, want})
			case 1:
				if err := c.Allreduce(Slice(in), Slice(sum), Sum); err != nil || sum[0] != want {
					t.Errorf("call %d: %d, %v", i, sum[0], err)
				}
			case 2:
				if len(pending) == 0 {
					continue
				}
				k := random.IntN(len(pending))
				if _, err := pending[k].r.Wait(); err != nil || pending[k].sum[0] != pending[k].want {
					t.Errorf("call %d: %d, want %d, %v", i, pending[k].sum[0], pending[k].want, err)
				}
				pending = append(pending[:k], pending[k+1:]...)
			}
		}
		for _, p := range pending {
			if _, err := p.r.Wait(); err != nil || p.sum[0] != p.want {
				t.Errorf("%d, want %d, %v", p.sum[0], p.want, err)
			}
		}
	})
}

// TestFlatForced: an algorithm that is forced is taken.
func TestFlatForced(t *testing.T) {
	if err := setCollOverride("barrier:dissemination"); err != nil {
		t.Fatal(err)
	}
	defer setCollOverride("")
	world(t, 2, func(c *Comm) {
		if c.planBarrier().flat() || c.flat.Allowed&(1<<coll.Bcast) == 0 {
			t.Errorf("allowed: %#x", c.flat.Allowed)
		}
	})
}
