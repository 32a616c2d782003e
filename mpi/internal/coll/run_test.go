package coll

import (
	"errors"
	"testing"
	"unsafe"

	"rainmpi/mpi/internal/dtype"
)

// A wire is two ranks whose messages pass at once: what is measured on it is the
// executor.
type wire struct {
	sends, recvs message
	other        *wire
}

func (w *wire) Isend(r *Run, _ int, addr unsafe.Pointer, n int64, t *dtype.Type) {
	w.sends = message{r: r, addr: addr, count: n, t: t}
	pass(w, w.other)
}

func (w *wire) Irecv(r *Run, _ int, addr unsafe.Pointer, n int64, t *dtype.Type) {
	w.recvs = message{r: r, addr: addr, count: n, t: t}
	pass(w.other, w)
}

func (w *wire) Copy(_ *Run, to, from Memory) bool {
	Copy(to, from)
	return true
}

func (w *wire) Reduce(_ *Run, in, inout unsafe.Pointer, n int64, _ *dtype.Type) bool {
	*(*int64)(inout) += *(*int64)(in)
	return true
}

// pass completes a pair.
func pass(from, to *wire) {
	if from.sends.r == nil || to.recvs.r == nil {
		return
	}
	s, r := from.sends.r, to.recvs.r
	if from.sends.count > 0 {
		*(*int64)(to.recvs.addr) = *(*int64)(from.sends.addr)
	}
	from.sends.r, to.recvs.r = nil, nil
	s.Completed(nil)
	r.Completed(nil)
}

// twoRanks binds a call of two ranks and returns a function that runs it once.
func twoRanks(c Coll) (once func(), out *[2]int64) {
	in, out := &[2]int64{40, 2}, new([2]int64)
	var w [2]*wire
	var runs [2]*Run
	w[0], w[1] = new(wire), new(wire)
	w[0].other, w[1].other = w[1], w[0]
	long := dtype.Int64.Type()
	for i := range 2 {
		comm := NewComm(Group{Rank: i, Size: 2}, Choice{})
		s := comm.Schedule(Shape{Coll: c, Commutative: true, RecvCount: 1, Recv: LayoutOf(long)}, nil)
		runs[i] = new(Run)
		runs[i].Bind(w[i], s, Args{Send: unsafe.Pointer(&in[i]), Recv: unsafe.Pointer(&out[i]), RecvType: long})
	}
	return func() {
		runs[0].Start()
		runs[1].Start()
		for _, r := range runs {
			if done, _ := r.Done(); !done {
				panic("not done")
			}
		}
	}, out
}

func TestRunAllocatesNothing(t *testing.T) {
	for _, c := range []Coll{Barrier, Allreduce} {
		once, out := twoRanks(c)
		if n := testing.AllocsPerRun(100, once); n != 0 {
			t.Errorf("%v allocates %v times", c, n)
		}
		if c == Allreduce && (out[0] != 42 || out[1] != 42) {
			t.Errorf("the sums are %v", *out)
		}
	}
}

// The time is that of both ranks together, one round each.
func BenchmarkAllreduce8Bytes2Ranks(b *testing.B) { benchmark(b, Allreduce) }
func BenchmarkBarrier2Ranks(b *testing.B)         { benchmark(b, Barrier) }

func benchmark(b *testing.B, c Coll) {
	once, _ := twoRanks(c)
	b.ReportAllocs()
	for b.Loop() {
		once()
	}
}

// A manual Net leaves everything to the test.
type manual struct{ sends, recvs, reductions int }

func (m *manual) Isend(*Run, int, unsafe.Pointer, int64, *dtype.Type) { m.sends++ }
func (m *manual) Irecv(*Run, int, unsafe.Pointer, int64, *dtype.Type) { m.recvs++ }
func (m *manual) Copy(_ *Run, to, from Memory) bool {
	Copy(to, from)
	return true
}
func (m *manual) Reduce(*Run, unsafe.Pointer, unsafe.Pointer, int64, *dtype.Type) bool {
	m.reductions++
	return false
}

// TestRunErrors: a failed message does not keep the others of the schedule from
// being sent, the first error is reported, and the Run can be started again.
func TestRunErrors(t *testing.T) {
	long := dtype.Int64.Type()
	in, out := new([4]int64), new([4]int64)
	s := Build(Group{Rank: 0, Size: 4}, new(Choice), Shape{Coll: Allreduce, RecvCount: 4, Recv: LayoutOf(long)}, nil)
	m, r := new(manual), new(Run)
	r.Bind(m, s, Args{Send: unsafe.Pointer(in), Recv: unsafe.Pointer(out), RecvType: long})
	for range 2 {
		*m = manual{}
		r.Start()
		first, second := errors.New("first"), errors.New("second")
		for _, e := range []error{nil, first, second, nil, nil, nil} {
			if done, _ := r.Done(); done {
				t.Fatal("done before all was complete")
			}
			r.Completed(e)
		}
		if done, err := r.Done(); !done || err != first {
			t.Fatalf("done %v, error %v", done, err)
		}
		if *m != (manual{2, 2, 2}) {
			t.Fatalf("%+v was begun", *m)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("a completion of nothing was accepted")
		}
	}()
	r.Completed(nil)
}

func TestScratchIsKept(t *testing.T) {
	var r Run
	for _, n := range []int64{0, 1, 100, 1 << 16, 3 << 20} {
		r.reserve(n)
		if n > 0 && uintptr(r.scratch)%16 != 0 {
			t.Fatalf("scratch memory of %d bytes lies at %p", n, r.scratch)
		}
	}
	big := r.scratch
	if r.reserve(1 << 20); r.scratch != big {
		t.Error("memory that is in use was given up")
	}
	if r.reserve(8); len(r.memory) > keepScratch {
		t.Error("large memory was kept for a small schedule")
	}
}
