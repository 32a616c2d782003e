package coll

import (
	"unsafe"

	"rainmpi/mpi/internal/dtype"
)

// A Net carries out what a Run begins: it is the engine, bound to nothing. The
// Run's User field says which communicator and collective a call belongs to.
//
// Isend and Irecv begin a message; when it is complete the engine calls
// r.Completed, before it returns or at any later time. Messages between two ranks
// in one collective match in the order in which they were begun.
//
// Copy copies count elements, and Reduce sets inout = in op inout for count
// elements. They return false if that happens later, outside of the engine, as it takes
// long or is a function of the user's; then the engine calls r.Copied or r.Completed
// when it has.
type Net interface {
	Isend(r *Run, peer int, addr unsafe.Pointer, count int64, t *dtype.Type)
	Irecv(r *Run, peer int, addr unsafe.Pointer, count int64, t *dtype.Type)
	Copy(r *Run, to, from Memory) (done bool)
	Reduce(r *Run, in, inout unsafe.Pointer, count int64, t *dtype.Type) (done bool)
}

// Memory is count elements of a type at an address.
type Memory struct {
	Addr  unsafe.Pointer
	Count int64
	Type  *dtype.Type
}

// Copy copies from to to, as much as both hold.
func Copy(to, from Memory) { dtype.Copy(to.Addr, to.Type, to.Count, from.Addr, from.Type, from.Count) }

// Args are the memory and the datatypes of one call. Reductions take both their
// buffers to be of RecvType. A nil address is MPI_BOTTOM: displacements of the
// type are addresses then.
type Args struct {
	Send, Recv         unsafe.Pointer
	SendType, RecvType *dtype.Type
	Types              []*dtype.Type // alltoallw: of the sends, then of the receives
}

// A Run executes a schedule with one call's memory. Bind it, Start it, and tell
// it what is Completed until it is Done; then Start it again, Bind it to something
// else, or give it back to its Pool. It belongs to whoever owns the engine's
// progress: it has no lock.
//
// A failed message does not stop the schedule: the other ranks wait for ours. The
// first error is what Done reports.
type Run struct {
	User any // the engine's own

	net     Net
	sched   *Schedule
	args    Args
	scratch unsafe.Pointer
	memory  []byte // holds scratch

	round   int // the current round
	step    int // the next step of it
	pending int // messages of the round under way, and the awaited copy or reduction
	running bool
	done    bool
	given   bool // up: nothing more is begun
	err     error
}

// Bind sets what the next Starts execute. It allocates only if the schedule needs
// more scratch memory than any before.
func (r *Run) Bind(net Net, s *Schedule, a Args) {
	r.net, r.sched, r.args = net, s, a
	r.reserve(s.Scratch)
}

// Start begins the schedule. What can be done at once is done when it returns,
// perhaps all.
func (r *Run) Start() {
	if r.running || r.pending > 0 {
		panic("coll: a Run was started while it runs")
	}
	r.round, r.step, r.done, r.given, r.err = 0, 0, false, false, nil
	r.advance()
}

// Completed reports that one message, or the awaited reduction, is complete.
func (r *Run) Completed(err error) {
	if err != nil && r.err == nil {
		r.err = err
	}
	r.pending--
	if r.pending < 0 {
		panic("coll: a Run was told of more completions than it had begun")
	}
	if r.pending == 0 && !r.running {
		r.advance()
	}
}

// Copied reports that the awaited copy is complete. The round goes on behind it, whatever else is under
// way: it may be the other side of that that the rest of the round begins.
func (r *Run) Copied() {
	r.pending--
	if !r.running && (!r.given || r.pending == 0) {
		r.advance()
	}
}

// Abandon gives the schedule up: nothing more is begun, and the Run is done with err when all that is
// under way is Completed. It reports false if the Run had been given up before.
func (r *Run) Abandon(err error) bool {
	if r.given {
		return false
	}
	r.given, r.err = true, err
	return true
}

// Sign is that of the messages of the call.
func (r *Run) Sign() uint8 { return r.sched.Sign }

// Done reports whether all is complete, and the first error.
func (r *Run) Done() (bool, error) { return r.done, r.err }

// advance begins steps until a round has to wait or none is left. Completions
// that come from inside the engine's calls only count down: the loop sees them
// when the call returns, so that the stack does not grow with the schedule.
func (r *Run) advance() {
	r.running = true
	for r.round < len(r.sched.Rounds) && !r.given {
		round := r.sched.Rounds[r.round]
		for r.step < len(round) && !r.given {
			s := &round[r.step]
			r.step++
			if !r.begin(s) {
				r.running = false
				return
			}
		}
		if r.pending > 0 {
			r.running = false
			return
		}
		r.round++
		r.step = 0
	}
	r.running = false
	r.done = true
}

// begin does or begins one step. It returns false if the rest of the round has to
// wait for it.
func (r *Run) begin(s *Step) bool {
	switch s.Kind {
	case StepSend:
		r.pending++
		r.net.Isend(r, int(s.Peer), r.addr(s.A), s.A.Count, r.typ(s.A.Type))
	case StepRecv:
		r.pending++
		r.net.Irecv(r, int(s.Peer), r.addr(s.B), s.B.Count, r.typ(s.B.Type))
	case StepCopy:
		r.pending++
		if !r.net.Copy(r, r.at(s.B), r.at(s.A)) {
			return false
		}
		r.pending--
	case StepReduce:
		// The engine may complete the reduction before its call returns, also when
		// that is false.
		r.pending++
		if r.net.Reduce(r, r.addr(s.A), r.addr(s.B), s.A.Count, r.typ(s.A.Type)) {
			r.pending--
		}
		return r.pending == 0
	}
	return true
}

// byteType is the type of packed bytes.
var byteType = dtype.Byte.Type()

func (r *Run) at(f Ref) Memory { return Memory{r.addr(f), f.Count, r.typ(f.Type)} }

func (r *Run) addr(f Ref) unsafe.Pointer {
	switch f.Buf {
	case SendBuf:
		return unsafe.Add(r.args.Send, f.Off)
	case RecvBuf:
		return unsafe.Add(r.args.Recv, f.Off)
	}
	return unsafe.Add(r.scratch, f.Off)
}

func (r *Run) typ(t TypeSel) *dtype.Type {
	switch t {
	case Bytes:
		return byteType
	case SendType:
		return r.args.SendType
	case RecvType:
		return r.args.RecvType
	}
	return r.args.Types[t-typesAt]
}

// keepScratch is how much scratch memory a Run keeps in any case. What is above
// stays only as long as it is used.
const keepScratch = 1 << 20

// reserve provides n bytes of scratch memory at a multiple of 16.
func (r *Run) reserve(n int64) {
	have := int64(len(r.memory))
	if n+15 <= have && (have <= keepScratch || n >= have/8) {
		return
	}
	if n == 0 {
		r.memory, r.scratch = nil, nil
		return
	}
	r.memory = make([]byte, roundUp(n, 64)+15)
	p := unsafe.Pointer(unsafe.SliceData(r.memory))
	r.scratch = unsafe.Add(p, -int(uintptr(p))&15)
}

// A Pool keeps finished Runs for the next calls.
type Pool struct{ free []*Run }

// poolKeep bounds the Runs that a Pool keeps: more are under way only in programs
// that have more nonblocking collectives open.
const poolKeep = 64

// Get returns a Run that nobody uses.
func (p *Pool) Get() *Run {
	if n := len(p.free); n > 0 {
		r := p.free[n-1]
		p.free = p.free[:n-1]
		return r
	}
	return new(Run)
}

// Put takes back a Run that is Done and forgets the call's memory.
func (p *Pool) Put(r *Run) {
	r.User, r.net, r.sched, r.args = nil, nil, nil, Args{}
	if len(p.free) < poolKeep {
		p.free = append(p.free, r)
	}
}
