package launcher

import "rainmpi/internal/boot"

// HostFinalized tells the other agents that all of a host's ranks of a world have
// come to MPI_Finalize with everything they sent acknowledged.
type HostFinalized struct {
	World int
	Tied  []int // numbers of ranks of other worlds that they are connected with
}

// rankFinalized lets the ranks of a world on several hosts, and all worlds that are
// connected with it, go together: one that left earlier could not acknowledge what
// another has to send again after a break of all paths, and the other would wait for
// it for ever. "MPI_FINALIZE is collective over all connected processes" (MPI 5.0
// section 11.4.1).
func (a *agent) rankFinalized(r *rank, tied []int) {
	w := r.w
	w.ties = append(w.ties, tied...)
	a.gatherFinalized(w)
}

// gatherFinalized tells when all of this host have come who can.
func (a *agent) gatherFinalized(w *world) {
	if w.finalized[a.setup.Host] || len(w.ranks) == 0 {
		return
	}
	for _, r := range w.ranks {
		if !r.finalized && !a.failed[r.world] {
			return
		}
	}
	f := HostFinalized{World: w.number, Tied: w.ties}
	if a.mesh != nil {
		a.mesh.flood(kindFinalized, f)
	}
	a.hostFinalized(a.setup.Host, f)
}

func (a *agent) hostFinalized(host int, f HostFinalized) {
	w := a.world(f.World)
	w.finalized[host] = true
	w.tied = append(w.tied, f.Tied...)
	a.releaseWorlds()
}

func (a *agent) releaseWorlds() {
	for _, w := range a.worlds {
		if !w.released && a.mayLeave(w) {
			w.release()
		}
	}
}

// mayLeave reports whether a world and all that are connected with it, if only
// through others, have come to MPI_Finalize.
func (a *agent) mayLeave(w *world) bool {
	seen := map[*world]bool{w: true}
	for next := []*world{w}; len(next) > 0; next = next[1:] {
		w := next[0]
		if !a.allFinalized(w) {
			return false
		}
		for _, n := range w.tied {
			t := a.worldOf(n)
			if t == nil {
				return false // its plan is still to come
			}
			if !seen[t] {
				seen[t] = true
				next = append(next, t)
			}
		}
	}
	return true
}

func (a *agent) allFinalized(w *world) bool {
	if w.start == nil {
		return false
	}
	for _, h := range w.start.HostOf {
		if !w.finalized[h] && !a.without[h] {
			return false
		}
	}
	return true
}

// release lets the ranks of this host go.
func (w *world) release() {
	w.released = true
	for _, r := range w.ranks {
		if r.waits && r.connOpen {
			conn := r.conn
			go func() { _ = conn.Send(boot.Message{Finalize: &boot.Finalize{}}) }()
		}
	}
}
