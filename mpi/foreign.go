package mpi

import (
	"cmp"
	"crypto/ecdh"
	"crypto/rand"
	"encoding/json"
	"slices"

	"rainmpi/internal/boot"
	"rainmpi/rainnet"
	"rainmpi/rainnet/wire"
)

// Processes of other worlds: of this job, which were spawned or have spawned this
// one, and of other jobs (MPI 5.0 chapter 11). Once known a process stays in the
// engine's table: its place there is what groups hold.

// A foreign is what an engine knows of a process of another world, beside what it
// knows of every one.
type foreign struct {
	job    string // it belongs to
	ties   int    // communicators that this process shares with it and has not disconnected
	leaves bool   // it has come to MPI_Finalize, as a process of another job says
	closed bool   // it has said goodbye
	silent int64  // since when no path leads to it, in rainnet's clock; 0: one does
}

// silence is how long a process may be out of reach, in nanoseconds, before one
// that owes it nothing but an acknowledgement goes.
const silence = 1e9

func (f *foreign) path(ev rainnet.PathEvent) {
	switch ev.Kind {
	case rainnet.Closed:
		f.closed = true
	case rainnet.Stalled:
		f.silent = ev.At
	case rainnet.PathUp, rainnet.Resumed:
		f.silent = 0
	}
}

// gone reports whether nobody needs to wait for p any more: it has said goodbye, or
// has nothing more to do with this process and is silent.
func (p *proc) gone() bool {
	f := p.foreign
	return f != nil && (f.closed || (f.ties == 0 || f.leaves) && f.mute())
}

// mute reports whether the process has been out of reach for a while.
func (f *foreign) mute() bool { return f.silent != 0 && rainnet.Now()-f.silent > silence }

// A passport is what a process of another world must know of one. It holds no
// secret, but who can forge one can be taken for it.
type passport struct {
	ID     wire.PeerID
	Host   wire.PeerID // see proc.host
	Job    string
	Place  string // see identity
	Public []byte // for those of other jobs
	Rails  []byte `json:",omitempty"` // card of the endpoint that leads to other hosts
	Loop   []byte `json:",omitempty"` // of the one for this host
}

// passport makes this process ready to talk to other worlds, and says how.
func (e *engine) passport() (passport, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.openWorlds(); err != nil {
		return passport{}, err
	}
	me := e.procs[e.rank]
	p := passport{ID: me.id, Host: me.host, Job: e.self.job, Place: e.self.place, Public: e.self.secret.PublicKey().Bytes()}
	var err error
	if e.net.rails != nil {
		p.Rails, err = e.net.rails.Card().MarshalBinary()
	}
	if e.net.loop != nil && err == nil {
		p.Loop, err = e.net.loop.Card().MarshalBinary()
	}
	if err != nil {
		return passport{}, errorf(ErrIntern, "the endpoint's card: %v", err)
	}
	return p, nil
}

// openWorlds opens the ways to other worlds: rails, which a job on one host has not
// had so far, and the loopback for those on this host. mu is held.
func (e *engine) openWorlds() error {
	if e.self.secret != nil {
		return nil
	}
	cfg := e.self.config
	if err := e.parkOnSockets(); err != nil {
		return err
	}
	var failed error
	if e.net.rails == nil {
		e.net.rails, failed = e.openEndpoint(cfg)
	}
	if e.net.loop == nil {
		cfg.Rails = []string{"127.0.0.1"}
		ep, err := e.openEndpoint(cfg)
		if err != nil && e.net.rails == nil {
			return errorf(ErrOther, "no way to other processes: %v; %v", failed, err)
		}
		e.net.loop = ep
	}
	secret, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		return errorf(ErrOther, "a key for other jobs: %v", err)
	}
	e.self.secret, e.self.place = secret, findPlace()
	e.watch()
	return nil
}

// learn makes the processes of a list known and returns their places in the
// engine's table.
func (e *engine) learn(list []passport) ([]int32, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	at := make([]int32, len(list))
	for i := range list {
		p, err := e.meet(&list[i])
		if err != nil {
			return nil, err
		}
		at[i] = int32(p.index)
	}
	return at, nil
}

// meet returns the process of a passport, which may be one of this world or known
// already. mu is held.
func (e *engine) meet(k *passport) (*proc, error) {
	if p := e.find(k.ID); p != nil {
		job := e.self.job
		if p.foreign != nil {
			job = p.foreign.job
		}
		if job != k.Job {
			return nil, errorf(ErrOther, "two jobs cannot be connected: by chance they use the same numbers for their processes (%d); start one of them again", k.ID)
		}
		return p, nil
	}
	ep, card := e.net.rails, k.Rails
	if e.net.loop != nil && k.Loop != nil && k.Place != "" && k.Place == e.self.place {
		ep, card = e.net.loop, k.Loop
	}
	if ep == nil || card == nil {
		return nil, errorf(ErrOther, "process %d is on a host that this one has no network card for", k.ID)
	}
	key := e.self.key
	if k.Job != e.self.job {
		var err error
		if key, err = e.self.pairKey(k.Public); err != nil {
			return nil, err
		}
	}
	var c rainnet.Card
	if err := c.UnmarshalBinary(card); err != nil {
		return nil, errorf(ErrOther, "process %d: %v", k.ID, err)
	}
	peer, err := ep.AddForeign(c, key)
	if err != nil {
		return nil, errorf(ErrOther, "process %d: %v", k.ID, err)
	}
	p := &proc{index: len(e.procs), id: k.ID, host: k.Host, local: -1, peer: peer, foreign: &foreign{job: k.Job}}
	peer.User = p
	e.procs = append(e.procs, p)
	if e.known == nil {
		e.known = make(map[wire.PeerID]*proc)
	}
	e.known[k.ID] = p
	if _, gone := e.gone.Load(k.ID); gone {
		e.bury(p)
	}
	return p, nil
}

// find returns the process of an id, nil if it is not known. mu is held.
func (e *engine) find(id wire.PeerID) *proc {
	if r := id - e.self.first; int(r) < e.size() {
		return e.procs[r]
	}
	return e.known[id]
}

// size is the number of processes of this world.
func (e *engine) size() int { return len(e.procs) - len(e.known) }

// ids are the peer ids of a group's processes.
func (e *engine) ids(g *Group) []wire.PeerID {
	e.mu.Lock()
	defer e.mu.Unlock()
	out := make([]wire.PeerID, len(g.ranks))
	for i, r := range g.ranks {
		out[i] = e.procs[r].id
	}
	return out
}

// at is the process at a place of the table, for callers that do not hold mu.
func (e *engine) at(index int32) *proc {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.procs[index]
}

// tie counts a communicator that this process shares with others: more is 1 when it
// is made and -1 when it is disconnected. Communicators that are only freed leave
// processes connected (section 11.10.4).
func (c *Comm) tie(more int) {
	c.e.mu.Lock()
	defer c.e.mu.Unlock()
	if len(c.e.known) == 0 {
		return
	}
	ranks := c.group.ranks
	if c.remote != nil {
		ranks = slices.Concat(ranks, c.remote.ranks)
	}
	for _, r := range ranks {
		if f := c.e.procs[r].foreign; f != nil {
			f.ties += more
		}
	}
}

// passports collects those of all processes of c at the root. An error of any is
// one of the root's.
func (c *Comm) passports(root int) ([]passport, error) {
	mine, failed := c.e.passport()
	text := []byte{}
	if failed == nil {
		text, _ = json.Marshal(mine) // of strings, numbers and bytes: it cannot fail
	}
	texts, err := c.collect(text, root)
	if err != nil || failed != nil {
		return nil, cmp.Or(failed, err)
	}
	var list []passport
	for r, t := range texts {
		var p passport
		if len(t) == 0 {
			return nil, errorf(ErrOther, "rank %d cannot talk to other worlds; its error says why", r)
		}
		if err := json.Unmarshal(t, &p); err != nil {
			return nil, errorf(ErrIntern, "the passport of rank %d: %v", r, err)
		}
		list = append(list, p)
	}
	return list, nil
}

// collect gives the root every process's bytes.
func (c *Comm) collect(mine []byte, root int) ([][]byte, error) {
	counts := make([]int64, c.Size())
	if err := Gather(c, []int64{int64(len(mine))}, counts, root); err != nil {
		return nil, err
	}
	displs, total := make([]int64, len(counts)), int64(0)
	for i, n := range counts {
		displs[i] = total
		total += n
	}
	all := make([]byte, total)
	recv := BufferV{Addr: Slice(all).Addr, Counts: counts, Displs: displs, Type: DatatypeOf[byte]()}
	if err := c.Gatherv(Slice(mine), recv, root); err != nil || c.rank != root {
		return nil, err
	}
	out := make([][]byte, len(counts))
	for i, n := range counts {
		out[i] = all[displs[i] : displs[i]+n]
	}
	return out, nil
}

// hand gives the root's bytes to all.
func (c *Comm) hand(text []byte, root int) ([]byte, error) {
	n := []int64{int64(len(text))}
	if err := Bcast(c, n, root); err != nil {
		return nil, err
	}
	if c.rank != root {
		text = make([]byte, n[0])
	}
	return text, Bcast(c, text, root)
}

// inWorld returns the ranks in this world of processes that are all of it.
func (e *engine) inWorld(ids []wire.PeerID) ([]int32, bool) {
	at := make([]int32, len(ids))
	for i, id := range ids {
		r := id - e.self.first
		if int(r) >= e.size() {
			return nil, false
		}
		at[i] = int32(r)
	}
	return at, true
}

// takeLeave waits for the processes of other jobs that are connected with this one:
// MPI_Finalize "is collective over all connected processes" (section 11.4.1). Those
// of this job wait for each other with their agents' help.
func (e *engine) takeLeave() {
	var others []*proc
	e.mu.Lock()
	for _, p := range e.known {
		if p.foreign.ties > 0 && p.foreign.job != e.self.job {
			others = append(others, p)
			e.answer(p, header{kind: kindLeave})
		}
	}
	e.mu.Unlock()
	if len(others) == 0 {
		return
	}
	e.until(func() bool {
		e.mu.Lock()
		defer e.mu.Unlock()
		return !slices.ContainsFunc(others, func(p *proc) bool { return !p.foreign.leaves && !p.foreign.closed })
	})
}

// report tells the agent with whom this process is connected, if that has changed:
// those share its fate.
func (e *engine) report() {
	if e.boot == nil {
		return
	}
	e.reporting.Lock()
	defer e.reporting.Unlock()
	if tied := e.tied(); !slices.Equal(tied, e.reported) {
		e.reported = tied
		e.boot.tell(boot.Message{Ties: &boot.Ties{Tied: tied}})
	}
}

// tied are the numbers of the processes of this job's other worlds that are
// connected with this one.
func (e *engine) tied() []int {
	e.mu.Lock()
	defer e.mu.Unlock()
	var list []int
	for id, p := range e.known {
		if p.foreign.ties > 0 && p.foreign.job == e.self.job {
			list = append(list, int(id-e.self.base))
		}
	}
	slices.Sort(list)
	return list
}
