package mpi

import "slices"

// maxWaits bounds the answer: people read it.
const maxWaits = 64

// waitsFor lists the ranks, counted over all worlds of the job, for whom something of
// this process waits: receives that name their source, and sends whose receiver has not said
// where the data goes. It is asked by the agent when something has failed.
func (e *engine) waitsFor() []int {
	e.mu.Lock()
	defer e.mu.Unlock()
	var ranks []int
	add := func(p *proc) {
		if p == nil || p.index == e.rank || len(ranks) == maxWaits || p.foreign != nil && p.foreign.job != e.self.job {
			return
		}
		if n := int(p.id - e.self.base); !slices.Contains(ranks, n) {
			ranks = append(ranks, n)
		}
	}
	for _, owned := range e.spaces {
		for _, s := range owned {
			if s != nil {
				for recv := range s.Receives {
					add(recv.Value.from(int(recv.Source)))
				}
			}
		}
	}
	for _, row := range e.requests.rows {
		switch r := row.r; {
		case r == nil:
		case r.to != nil:
			add(r.to)
		case r.status.Source >= 0:
			add(r.from(r.status.Source))
		}
	}
	slices.Sort(ranks)
	return ranks
}

// from is the process that a receive's source is, nil if that is not known. mu is
// held.
func (r *Request) from(source int) *proc {
	c := r.comm
	switch {
	case r.kind == recvRequest && r.to != nil: // of a partition
		return r.to
	case c == nil || source < 0: // from any
		return nil
	case r.kind == stepRequest && source < c.Size(): // see collStep
		return c.e.procs[c.group.ranks[source]]
	case r.kind == stepRequest:
		source -= c.Size()
	}
	if source >= c.peers() {
		return nil
	}
	return c.proc(source)
}
