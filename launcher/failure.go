package launcher

import (
	"maps"
	"slices"

	"golang.org/x/sys/unix"

	"rainmpi/internal/boot"
)

// Going on without the dead (--on-failure continue), the agents' side.
//
// A rank has failed when its agent says so, who has seen its end, or when the members of
// the job go on without its host: the machine has removed the host (membership.go), or
// its agent is known to be dead, which the machine is told. Every agent hears of each
// failure, directly from who knows first, and tells its ranks. All come to hold the same
// ranks for failed: should an agent die before it has told all others, its host is lost
// and all its ranks are failed.

// RanksFailed are ranks of the job, by number, that have failed.
type RanksFailed struct{ Ranks []int }

// HostLost says that the job goes on without a host, and why.
type HostLost struct {
	Host int
	Text string
}

// survivable reports whether the failure of a rank is one that others hear of by MPI. Those
// of programs that speak PMI alone do not.
func (a *agent) survivable(r *rank) bool {
	return a.setup.GoesOn && !(r.inited && r.conn == nil)
}

// goesOnWithout reports whether the job goes on if a host is out of reach: not without the
// one on which rainrun runs.
func (s *Setup) goesOnWithout(host int) bool { return s.GoesOn && !(s.Home && host == s.Lead) }

// rankFailed: a rank of this host has. Nothing of it may go on.
func (a *agent) rankFailed(r *rank) {
	if r.connOpen {
		_ = unix.Kill(r.connPid, unix.SIGKILL)
	}
	if !r.exited {
		a.signalRank(r, unix.SIGTERM)
		a.signalRank(r, unix.SIGCONT)
		a.after(a.setup.KillGrace, rankGrace{r})
	}
	if a.mesh != nil {
		a.mesh.flood(kindFailed, RanksFailed{[]int{r.world}})
	}
	a.ranksFailed([]int{r.world})
}

// rankGrace is the event that the time for what is left of a failed rank to end by itself
// is over.
type rankGrace struct{ r *rank }

func (a *agent) killRank(r *rank) {
	if !r.exited {
		a.signalRank(r, unix.SIGKILL)
		a.after(killAgainTime, rankGrace{r})
	}
}

func (a *agent) signalRank(r *rank, sig unix.Signal) {
	for _, pid := range append(descendants(r.pid), r.pid) {
		_ = unix.Kill(pid, sig)
	}
}

// ranksFailed takes note of ranks that have failed, and tells those of this host.
func (a *agent) ranksFailed(ranks []int) {
	ranks = slices.DeleteFunc(slices.Clone(ranks), func(n int) bool { return a.failed[n] })
	if len(ranks) == 0 || a.ending {
		return
	}
	for _, n := range ranks {
		a.failed[n] = true
	}
	for _, r := range a.ranks {
		if r.connOpen && !a.failed[r.world] {
			conn := r.conn
			// A rank that does not read must not stop the agent.
			go func() { _ = conn.Send(boot.Message{Failed: &boot.Failed{Ranks: ranks}}) }()
		}
	}
	a.waitNoMore()
}

// failedRanks are those that a new rank must know of.
func (a *agent) failedRanks() []int { return slices.Sorted(maps.Keys(a.failed)) }

// hostLost: the job goes on without a host.
func (a *agent) hostLost(l HostLost) {
	if a.mesh == nil || l.Host == a.setup.Host || l.Host < 0 || l.Host >= len(a.setup.Hosts) || a.without[l.Host] || a.ending {
		return
	}
	a.without[l.Host] = true
	a.peerGone(l.Host)
	a.mesh.forget(l.Host)
	a.out.send(kindHostLost, l)
	var ranks []int
	for _, w := range a.worlds {
		w.over[l.Host] = true
		if w.start == nil {
			continue
		}
		for n, h := range w.start.HostOf {
			if h == l.Host {
				ranks = append(ranks, w.first+n)
			}
		}
	}
	a.ranksFailed(ranks)
	a.waitNoMore()
}

// waitNoMore looks at what waits for all ranks: the dead do not come.
func (a *agent) waitNoMore() {
	for _, w := range a.worlds {
		if w.start != nil {
			a.gatherCards(w)
			a.dealCards(w)
			a.gatherFinalized(w)
		}
	}
	a.releaseWorlds()
}

// outOfReach reports whether there are agents that this one does not reach, and that the
// job has not given up.
func (a *agent) outOfReach() bool {
	for h := range a.gone {
		if !a.without[h] {
			return true
		}
	}
	return false
}
