package coll

import (
	"fmt"
	"math/rand/v2"
	"unsafe"

	"rainmpi/mpi/internal/dtype"
)

// A sim is an engine for the tests: ranks in one process, messages that match in
// order, and everything else in any order that a seed says: payload is read when a
// message is sent or when it arrives, completions come inside of the calls or
// later, reductions at once, at once but reported as awaited, or later.
type sim struct {
	rng    *rand.Rand
	manner manner
	ranks  []*simRank
	pairs  map[[2]int]*pair
	later  []func()
	op     func(in, inout unsafe.Pointer, n int64, t *dtype.Type)
}

// manner says what a sim may do.
type manner int

const (
	synchronous manner = iota // a send is complete only when it is received
	mixed                     // each message as chance will
	immediate                 // everything that can be done is done inside of the call
	numManners
)

type simRank struct {
	s    *sim
	rank int
	run  *Run
	of   func(peer int) int // the sim's rank of a peer
}

type message struct {
	r     *Run
	addr  unsafe.Pointer
	count int64
	t     *dtype.Type
	data  []byte // payload, if it was read early; the send is complete then
}

type pair struct{ sends, recvs []message }

func newSim(n int, seed uint64, m manner) *sim {
	s := &sim{rng: rand.New(rand.NewPCG(seed, 1)), manner: m, pairs: map[[2]int]*pair{}}
	for i := range n {
		s.ranks = append(s.ranks, &simRank{s: s, rank: i, run: new(Run), of: func(peer int) int { return peer }})
	}
	return s
}

func (s *sim) pair(from, to int) *pair {
	p := s.pairs[[2]int{from, to}]
	if p == nil {
		p = new(pair)
		s.pairs[[2]int{from, to}] = p
	}
	return p
}

// chance reports whether to do a thing at once.
func (s *sim) chance() bool {
	return s.manner == immediate || s.manner == mixed && s.rng.IntN(2) == 0
}

// do runs f now or later.
func (s *sim) do(f func()) {
	if s.chance() {
		f()
	} else {
		s.later = append(s.later, f)
	}
}

func (n *simRank) Isend(r *Run, peer int, addr unsafe.Pointer, count int64, t *dtype.Type) {
	m := message{r: r, addr: addr, count: count, t: t}
	if n.s.chance() {
		m.data = packAll(m)
	}
	p := n.s.pair(n.rank, n.of(peer))
	p.sends = append(p.sends, m)
	n.s.match(p)
	if m.data != nil {
		r.Completed(nil)
	}
}

func (n *simRank) Irecv(r *Run, peer int, addr unsafe.Pointer, count int64, t *dtype.Type) {
	m := message{r: r, addr: addr, count: count, t: t}
	// Whoever reads this memory before the message is there reads rubbish.
	rubbish := make([]byte, t.Size()*count)
	for i := range rubbish {
		rubbish[i] = 0xEE
	}
	t.Unpack(addr, count, 0, rubbish)
	p := n.s.pair(n.of(peer), n.rank)
	p.recvs = append(p.recvs, m)
	n.s.match(p)
}

// Copy happens at once or later, as a long one does in the engine.
func (n *simRank) Copy(r *Run, to, from Memory) bool {
	if n.s.chance() {
		Copy(to, from)
		return true
	}
	n.s.later = append(n.s.later, func() {
		Copy(to, from)
		r.Copied()
	})
	return false
}

func (n *simRank) Reduce(r *Run, in, inout unsafe.Pointer, count int64, t *dtype.Type) bool {
	s := n.s
	if s.manner == immediate || s.rng.IntN(3) == 0 {
		s.op(in, inout, count, t)
		return true
	}
	if s.rng.IntN(2) == 0 {
		s.op(in, inout, count, t)
		r.Completed(nil)
		return false
	}
	s.later = append(s.later, func() {
		s.op(in, inout, count, t)
		r.Completed(nil)
	})
	return false
}

func packAll(m message) []byte {
	data := make([]byte, m.t.Size()*m.count)
	m.t.Pack(data, m.addr, m.count, 0)
	return data
}

// match brings sends and receives of a pair together, first come first.
func (s *sim) match(p *pair) {
	if len(p.sends) == 0 || len(p.recvs) == 0 {
		return
	}
	from, to := p.sends[0], p.recvs[0]
	p.sends, p.recvs = p.sends[1:], p.recvs[1:]
	if a, b := from.t.Size()*from.count, to.t.Size()*to.count; a != b {
		panic(fmt.Sprintf("a message of %d bytes meets a receive of %d", a, b))
	}
	s.do(func() {
		data := from.data
		if data == nil {
			data = packAll(from)
			s.do(func() { from.r.Completed(nil) })
		}
		to.t.Unpack(to.addr, to.count, 0, data)
		s.do(func() { to.r.Completed(nil) })
	})
}

// run starts every rank in some order and lets things happen until nothing is
// left. It returns an error if a rank is not done.
func (s *sim) run() error {
	for _, i := range s.rng.Perm(len(s.ranks)) {
		s.ranks[i].run.Start()
		if s.chance() {
			s.some()
		}
	}
	for len(s.later) > 0 {
		s.some()
	}
	for _, n := range s.ranks {
		if done, err := n.run.Done(); !done || err != nil {
			return fmt.Errorf("rank %d: done %v, error %v, in round %d of %d", n.rank, done, err, n.run.round, len(n.run.sched.Rounds))
		}
	}
	for k, p := range s.pairs {
		if len(p.sends)+len(p.recvs) > 0 {
			return fmt.Errorf("%d sends and %d receives from %d to %d are left", len(p.sends), len(p.recvs), k[0], k[1])
		}
	}
	return nil
}

// some lets one thing happen.
func (s *sim) some() {
	if len(s.later) == 0 {
		return
	}
	i := s.rng.IntN(len(s.later))
	f := s.later[i]
	s.later[i] = s.later[len(s.later)-1]
	s.later = s.later[:len(s.later)-1]
	f()
}
