package mpi

import (
	"encoding/binary"
	"io"
	"math"
	"unsafe"

	"rainmpi/mpi/internal/view"
)

// Collective accesses (section 14.4.1). Where the parts of the processes interleave,
// or come in small runs, some of them, the aggregators, read and write for all: each
// has a share of the file and goes through it window by window. A window's data is
// exchanged by an alltoallv, and meets the file in runs that are as long as what all
// ask for together.
//
//	process to aggregator   number of runs, (position, length) of each, to write: the data
//	aggregator to process   to read: how many bytes there are, the data
//
// Where no byte is seen twice and positions rise, what a process has in a window is
// one piece of its data, which two searches find. A process whose view does
// otherwise makes its own system calls.

// A fileCard is what each process tells the others of its part.
type fileCard struct {
	lo, hi int64 // where it lies in the file
	n      int64 // bytes; 0: it takes no part in an exchange
	runs   int64
}

// smallRun is up to how many bytes runs are better gathered by aggregators.
const smallRun = 64 << 10

func (a *fileAccess) collective() error {
	if a.ordered {
		if err := a.takeTurn(); err != nil {
			return err
		}
	}
	if a.f.comm.Size() == 1 || a.atomic {
		return a.direct()
	}
	cards, err := a.cards()
	if err != nil {
		return err
	}
	if !a.exchanges(cards) {
		return a.direct()
	}
	var own error
	if !a.rises { // it sees bytes twice, or goes back
		own = a.direct()
	}
	x := newExchange(a, cards)
	if err := x.run(); err != nil {
		return err
	}
	if x.err != nil {
		own = x.err
	}
	// Nobody returns before what it wrote is in the file, or has failed to be.
	return a.f.agree(own)
}

// takeTurn finds an ordered access's place: "the order in which the data is
// accessed is that of the ranks" (section 14.4.4).
func (a *fileAccess) takeTurn() error {
	f := a.f
	mine := []int64{a.n / a.v.Unit()}
	all := make([]int64, f.comm.Size())
	if err := Allgather(f.comm, mine, all); err != nil {
		return err
	}
	before, total := int64(0), int64(0)
	for r, n := range all {
		if r < f.comm.rank {
			before += n
		}
		total += n
	}
	start := []int64{0}
	var failed error
	if f.comm.rank == 0 {
		start[0], failed = f.shared.advance(total)
	}
	if err := f.comm.Bcast(Slice(start), 0); err != nil {
		return err
	}
	a.off = (start[0] + before) * a.v.Unit()
	a.rises = a.v.Rises(a.off, a.n)
	return failed
}

// cards exchanges what all ask for.
func (a *fileAccess) cards() ([]fileCard, error) {
	mine := []fileCard{{}}
	if a.n > 0 && a.rises {
		lo, hi := a.span()
		mine[0] = fileCard{lo: lo, hi: hi, n: a.n, runs: a.countRuns()}
	}
	all := make([]fileCard, a.f.comm.Size())
	words := int(unsafe.Sizeof(fileCard{}) / 8)
	send := Slice(unsafe.Slice((*int64)(unsafe.Pointer(&mine[0])), words))
	recv := Slice(unsafe.Slice((*int64)(unsafe.Pointer(&all[0])), words*len(all)))
	recv.Count = words // of each
	return all, a.f.comm.Allgather(send, recv)
}

// countRuns counts until it is clear that the runs are small.
func (a *fileAccess) countRuns() (runs int64) {
	a.v.Runs(a.off, a.n, func(int64, int64) bool {
		runs++
		return runs*smallRun <= a.n
	})
	return runs
}

// exchanges decides, by what all processes know.
func (a *fileAccess) exchanges(cards []fileCard) bool {
	way := a.h.read
	if a.write {
		way = a.h.write
	}
	if way != exchangeIfUseful {
		return way == exchangeAlways
	}
	var parts []view.Extent
	for _, c := range cards {
		if c.n == 0 {
			continue
		}
		if c.runs > 1 && c.runs*smallRun > c.n {
			return true
		}
		parts = append(parts, view.Extent{Pos: c.lo, Len: c.hi - c.lo})
	}
	return interleave(parts)
}

// interleave reports whether the parts of processes interleave.
func interleave(parts []view.Extent) bool {
	sum := int64(0)
	for _, p := range parts {
		sum += p.Len
	}
	for _, p := range view.Join(parts, 0) {
		sum -= p.Len
	}
	return sum > 0
}

// An exchange is a collective access through aggregators.
type exchange struct {
	*fileAccess
	plan        view.Plan
	aggregators []int
	mine        int // this process's number among them, -1 if it is none
	err         error

	window         []byte
	end            int64 // where the file ended in this window, if it did
	out, in        []byte
	counts, displs []int64 // of out, by rank
	got, places    []int64 // of in
}

func newExchange(a *fileAccess, cards []fileCard) *exchange {
	x := &exchange{fileAccess: a, aggregators: a.f.aggregators(), mine: -1}
	n := a.f.comm.Size()
	x.counts, x.displs = make([]int64, n), make([]int64, n)
	x.got, x.places = make([]int64, n), make([]int64, n)
	for i, r := range x.aggregators {
		if r == a.f.comm.rank {
			x.mine = i
		}
	}
	var lo, hi, sum int64
	for _, c := range cards {
		if c.n == 0 {
			continue
		}
		if sum == 0 {
			lo, hi = c.lo, c.hi
		}
		lo, hi, sum = min(lo, c.lo), max(hi, c.hi), sum+c.n
	}
	// What all want of one window together is bounded, also where they want the same.
	window := a.h.buffer
	if hi > lo {
		window /= max(1, (sum+hi-lo-1)/(hi-lo))
	}
	x.plan = view.NewPlan(lo, hi, len(x.aggregators), window)
	return x
}

func (x *exchange) run() error {
	for round := range x.plan.Rounds {
		x.ask(round)
		if err := x.swap(); err != nil {
			return err
		}
		var requests []pieceRequest
		if x.mine >= 0 {
			lo, hi := x.plan.Window(x.mine, round)
			x.window = grow(x.window, int(hi-lo))
			requests = x.parse()
			x.serve(requests, lo)
		}
		if x.write {
			continue
		}
		if err := x.reply(requests, round); err != nil {
			return err
		}
	}
	return nil
}

// part is the piece of this process's data in a window, counted from the access's
// beginning.
func (x *exchange) part(lo, hi int64) (from, to int64) {
	if lo >= hi || !x.rises {
		return 0, 0
	}
	return x.v.Cut(x.off, x.n, lo), x.v.Cut(x.off, x.n, hi)
}

// ask fills out with the messages to the aggregators.
func (x *exchange) ask(round int) {
	x.out = x.out[:0]
	clear(x.counts)
	for i, r := range x.aggregators {
		x.displs[r] = int64(len(x.out))
		from, to := x.part(x.plan.Window(i, round))
		if from == to {
			continue
		}
		head := len(x.out)
		x.out = binary.NativeEndian.AppendUint64(x.out, 0)
		runs := uint64(0)
		x.v.Runs(x.off+from, to-from, func(pos, n int64) bool {
			runs++
			x.out = binary.NativeEndian.AppendUint64(x.out, uint64(pos))
			x.out = binary.NativeEndian.AppendUint64(x.out, uint64(n))
			return true
		})
		binary.NativeEndian.PutUint64(x.out[head:], runs)
		if x.write {
			at := len(x.out)
			x.out = append(x.out, make([]byte, to-from)...)
			x.gather(x.out[at:], from)
			x.moved += to - from
		}
		x.counts[r] = int64(len(x.out) - head)
	}
}

// swap sends out and receives in: how much first, then all.
func (x *exchange) swap() error {
	if err := Alltoall(x.f.comm, x.counts, x.got); err != nil {
		return err
	}
	return x.alltoallv()
}

func (x *exchange) alltoallv() error {
	total := int64(0)
	for r, n := range x.got {
		x.places[r] = total
		total += n
	}
	x.in = grow(x.in, int(total))
	send := BufferV{Addr: unsafe.Pointer(unsafe.SliceData(x.out)), Counts: x.counts, Displs: x.displs, Type: Byte}
	recv := BufferV{Addr: unsafe.Pointer(unsafe.SliceData(x.in)), Counts: x.got, Displs: x.places, Type: Byte}
	for _, b := range []*BufferV{&send, &recv} {
		if b.Addr == nil {
			b.Addr = unsafe.Pointer(x) // no byte of it is looked at
		}
	}
	return x.f.comm.Alltoallv(send, recv)
}

// A pieceRequest is what a process wants of an aggregator's window.
type pieceRequest struct {
	rank int
	runs []view.Extent
	data []byte // to write
	n    int64
}

// parse reads what has come.
func (x *exchange) parse() (all []pieceRequest) {
	for r, n := range x.got {
		if n == 0 {
			continue
		}
		p := x.in[x.places[r] : x.places[r]+n]
		runs := int(binary.NativeEndian.Uint64(p))
		q := pieceRequest{rank: r, runs: make([]view.Extent, runs)}
		for i := range q.runs {
			at := p[8+16*i:]
			q.runs[i] = view.Extent{Pos: int64(binary.NativeEndian.Uint64(at)), Len: int64(binary.NativeEndian.Uint64(at[8:]))}
			q.n += q.runs[i].Len
		}
		q.data = p[8+16*runs:]
		all = append(all, q)
	}
	return all
}

// serve moves a window, which begins at lo, between memory and file, in runs that
// are joined over all processes. Nothing is written that nobody gave.
func (x *exchange) serve(requests []pieceRequest, lo int64) {
	var all []view.Extent
	for _, q := range requests {
		all = append(all, q.runs...)
		if x.write {
			x.place(q, lo)
		}
	}
	gap := int64(0)
	if !x.write && x.h.sieve != 0 {
		gap = bridge
	}
	x.end = math.MaxInt64
	for _, run := range view.Join(all, gap) {
		p := x.window[run.Pos-lo : run.End()-lo]
		var err error
		if x.write {
			x.f.unsynced.Store(true)
			err = fileError("write to", x.f.name, writeFull(x.f.fd, p, run.Pos))
		} else {
			err = x.fetch(p, run.Pos)
		}
		if err != nil && x.err == nil {
			x.err = err
		}
	}
}

// place copies what a process gave into the window.
func (x *exchange) place(q pieceRequest, lo int64) {
	for _, run := range q.runs {
		copy(x.window[run.Pos-lo:], q.data[:run.Len])
		q.data = q.data[run.Len:]
	}
}

// bridge is up to how many bytes between two runs an aggregator reads along.
const bridge = 16 << 10

// fetch reads a run and notes where the file ends.
func (x *exchange) fetch(p []byte, pos int64) error {
	got, err := readFull(x.f.fd, p, pos)
	if err != nil {
		x.end = min(x.end, pos+int64(got))
		if err == io.EOF {
			return nil
		}
	}
	return fileError("read", x.f.name, err)
}

// reply gives the processes what was read for them: how many bytes of their piece
// there are, and all of it.
func (x *exchange) reply(requests []pieceRequest, round int) error {
	x.out = x.out[:0]
	clear(x.counts)
	for _, q := range requests {
		x.displs[q.rank] = int64(len(x.out))
		x.out = x.answer(x.out, q, round)
		x.counts[q.rank] = int64(len(x.out)) - x.displs[q.rank]
	}
	clear(x.got)
	for i, r := range x.aggregators {
		if from, to := x.part(x.plan.Window(i, round)); from < to {
			x.got[r] = 8 + to - from
		}
	}
	if err := x.alltoallv(); err != nil {
		return err
	}
	for i, r := range x.aggregators {
		if x.got[r] == 0 {
			continue
		}
		from, _ := x.part(x.plan.Window(i, round))
		p := x.in[x.places[r] : x.places[r]+x.got[r]]
		there := int64(binary.NativeEndian.Uint64(p))
		x.scatter(p[8:8+there], from)
		x.moved += there
	}
	return nil
}

// answer appends what a process gets.
func (x *exchange) answer(out []byte, q pieceRequest, round int) []byte {
	lo, _ := x.plan.Window(x.mine, round)
	head := len(out)
	out = binary.NativeEndian.AppendUint64(out, 0)
	there := int64(0)
	for _, run := range q.runs {
		out = append(out, x.window[run.Pos-lo:run.End()-lo]...)
		there += max(0, min(run.End(), x.end)-run.Pos)
	}
	binary.NativeEndian.PutUint64(out[head:], uint64(there))
	return out
}
