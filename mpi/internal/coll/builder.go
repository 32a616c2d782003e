package coll

// A builder collects the steps of one rank's schedule. An algorithm writes to it
// in the order of the rank's doing and says with fence where a round ends.
//
// Algorithms speak of the ranks of the builder's current group, which is a list
// of the communicator's ranks: a hierarchical algorithm runs one algorithm in the
// ranks of a host and another in the leaders of the hosts, in one schedule.
type builder struct {
	Group          // of the whole communicator
	sh      *Shape // the call
	v       *Vectors
	members []int // current group: communicator rank of each of its ranks; nil for all
	rank    int   // ours in the current group
	size    int   // of the current group
	empty   bool  // no rank has any data, if all make the same call

	steps   []Step
	ends    []int // the end of each closed round in steps
	scratch int64
	open    bool // the current round holds a send or a receive
}

// in runs f with the ranks of members as the current group. Ranks that are not
// among them build nothing.
func (b *builder) in(members []int, f func()) {
	was := *b
	for i, m := range members {
		if m != was.Rank {
			continue
		}
		b.members, b.rank, b.size = members, i, len(members)
		f()
		b.fence()
	}
	b.members, b.rank, b.size = was.members, was.rank, was.size
}

// peer returns the communicator's rank of a rank of the current group.
func (b *builder) peer(r int) int32 {
	if b.members == nil {
		return int32(r)
	}
	return int32(b.members[r])
}

func (b *builder) layout(t TypeSel) *Layout {
	switch t {
	case Bytes:
		return &bytesLayout
	case SendType:
		return &b.sh.Send
	case RecvType:
		return &b.sh.Recv
	}
	i := int(t - typesAt)
	if i < len(b.v.SendTypes) {
		return &b.v.SendTypes[i]
	}
	return &b.v.RecvTypes[i-len(b.v.SendTypes)]
}

// bytes returns the packed size of r.
func (b *builder) bytes(r Ref) int64 { return r.Count * b.layout(r.Type).Size }

// at returns n elements of r from its element i on.
func (b *builder) at(r Ref, i, n int64) Ref {
	r.Off += i * b.layout(r.Type).Extent
	r.Count = n
	return r
}

// send and recv leave out messages without data: MPI requires that both sides
// agree on the amount, so both leave them out. Where a call has no data at all
// they pass, as another rank may wrongly have some, and wait.
func (b *builder) send(to int, a Ref) {
	if b.empty || b.bytes(a) > 0 {
		b.signal(to, a)
	}
}

func (b *builder) recv(from int, a Ref) {
	if b.empty || b.bytes(a) > 0 {
		b.await(from, a)
	}
}

// signal and await pass a message even if it is empty.
func (b *builder) signal(to int, a Ref) {
	b.steps = append(b.steps, Step{Kind: StepSend, Peer: b.peer(to), A: a})
	b.open = true
}

func (b *builder) await(from int, a Ref) {
	b.steps = append(b.steps, Step{Kind: StepRecv, Peer: b.peer(from), B: a})
	b.open = true
}

// copy sets dst from src, at this place of the round.
func (b *builder) copy(dst, src Ref) {
	if dst != src && b.bytes(src) > 0 {
		b.steps = append(b.steps, Step{Kind: StepCopy, A: src, B: dst})
	}
}

// reduce sets inout = in op inout; in holds the operand of the lower ranks. It
// closes a round that has begun a send or a receive: see Round.
func (b *builder) reduce(in, inout Ref) {
	if b.bytes(in) == 0 {
		return
	}
	if b.open {
		b.fence()
	}
	b.steps = append(b.steps, Step{Kind: StepReduce, A: in, B: inout})
}

// fence ends the round.
func (b *builder) fence() {
	b.open = false
	n := len(b.steps)
	if n == 0 || len(b.ends) > 0 && b.ends[len(b.ends)-1] == n {
		return
	}
	b.ends = append(b.ends, n)
}

// room returns n elements of type t in the scratch memory. Its first origin is at
// a multiple of 16, so that the elements are aligned as far as the type itself is,
// whatever its lower bound. A short way to the first byte is left unused, so that
// the origin is an address of the scratch memory itself, as Go wants of a pointer.
func (b *builder) room(t TypeSel, n int64) Ref {
	lo, hi := b.layout(t).span(n)
	if lo > 0 && lo <= 4096 {
		lo = 0
	}
	off := roundUp(b.scratch-lo, 16)
	b.scratch = max(b.scratch, off+hi)
	return Ref{Buf: Scratch, Type: t, Off: off, Count: n}
}

// sendBuf and recvBuf return the whole of a buffer with equal blocks.
func (b *builder) sendBuf(n int64) Ref { return Ref{Buf: SendBuf, Type: SendType, Count: n} }
func (b *builder) recvBuf(n int64) Ref { return Ref{Buf: RecvBuf, Type: RecvType, Count: n} }

// schedule closes the last round and returns what was built.
func (b *builder) schedule() *Schedule {
	b.fence()
	s := &Schedule{Scratch: b.scratch, Rounds: make([]Round, len(b.ends))}
	steps := append([]Step(nil), b.steps...)
	from := 0
	for i, end := range b.ends {
		s.Rounds[i] = steps[from:end:end]
		from = end
	}
	return s
}

// roundUp returns the next multiple of to, a power of two; n may be negative.
func roundUp(n, to int64) int64 { return (n + to - 1) &^ (to - 1) }

func ceilDiv(a, b int64) int64 { return (a + b - 1) / b }

// mod is the remainder of ranks, never negative.
func mod(a, p int) int { return ((a % p) + p) % p }

// floorPow2 returns the largest power of two that is not above n ≥ 1.
func floorPow2(n int) int {
	p := 1
	for p*2 <= n {
		p *= 2
	}
	return p
}
