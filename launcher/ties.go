package launcher

import (
	"fmt"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// Which worlds share their fate (MPI 5.0 section 11.10.4): "if a process terminates
// without calling MPI_FINALIZE, independent processes are not affected". Ranks tell
// their agents with which ranks of other worlds they are connected. When one fails,
// all worlds end that are connected with its own, if only through others; if the one
// that rainrun has started is among them, that is the end of the job.

// HostTies are numbers of ranks that the ranks of a world on one host are connected
// with, one of each world.
type HostTies struct {
	World int
	Tied  []int
}

// connected: a rank of this host has told with whom it is connected now.
func (a *agent) connected(r *rank, tied []int) {
	r.tied = tied
	var all []int
	for _, r := range r.w.ranks {
		for _, n := range r.tied {
			if t := a.worldOf(n); t != nil {
				n = t.first
			}
			all = append(all, n)
		}
	}
	slices.Sort(all)
	all = slices.Compact(all)
	if was, told := r.w.linked[a.setup.Host]; told && slices.Equal(was, all) {
		return
	}
	h := HostTies{r.w.number, all}
	a.hostTies(a.setup.Host, h)
	if a.mesh != nil {
		a.mesh.flood(kindTies, h)
	}
}

// hostTies: what the ranks of a world on one host say. Who disconnects does so
// together with the others: when one side has, the other has too, and says so later.
func (a *agent) hostTies(host int, h HostTies) {
	w := a.world(h.World)
	before := w.linked[host]
	w.linked[host] = h.Tied
	for _, n := range before {
		if t := a.worldOf(n); t != nil && !a.links(w, t) {
			for host, list := range t.linked {
				t.linked[host] = slices.DeleteFunc(slices.Clone(list), func(n int) bool { return a.worldOf(n) == w })
			}
		}
	}
}

// adopt: a new world is connected with the rank that has spawned it, until it says
// otherwise.
func (w *world) adopt() {
	for _, h := range w.start.HostOf {
		if _, told := w.linked[h]; !told {
			w.linked[h] = []int{w.asker.Rank}
		}
	}
}

// fellows are w and all worlds that are connected with it, if only through others.
func (a *agent) fellows(w *world) []*world {
	list := []*world{w}
	for i := 0; i < len(list); i++ {
		for _, other := range a.worlds {
			if !slices.Contains(list, other) && (a.links(list[i], other) || a.links(other, list[i])) {
				list = append(list, other)
			}
		}
	}
	return list
}

func (a *agent) links(from, to *world) bool {
	for _, list := range from.linked {
		if slices.ContainsFunc(list, func(n int) bool { return a.worldOf(n) == to }) {
			return true
		}
	}
	return false
}

// endIndependent ends the worlds that share the fate of r's, if that is not the fate
// of the whole job, which it reports.
func (a *agent) endIndependent(r *rank, why string) bool {
	if a.ending {
		return true
	}
	if r.w.number == 0 {
		return false
	}
	list := a.fellows(r.w)
	if slices.Contains(list, a.worlds[0]) {
		return false
	}
	for _, w := range list {
		a.endWorldEverywhere(w.number)
	}
	a.out.send(kindNotice, Notice{Detail: true, Text: fmt.Sprintf("%s; what is not connected with it goes on", why)})
	return true
}

// aborted is the event that a spawned rank has called MPI_Abort.
type aborted struct {
	r     *rank
	cause Cause
}

func (a *agent) spawnedAborted(ev aborted) {
	if ev.r.w.ended || ev.r.exited {
		return // it is being ended already
	}
	if a.endIndependent(ev.r, ev.cause.Text) {
		ev.r.aborted = ev.cause.Code
		return
	}
	a.end(ev.cause)
}

func (a *agent) endWorldEverywhere(number int) {
	if a.mesh != nil {
		a.mesh.flood(kindEndWorld, WorldEnd{number})
	}
	a.endWorld(number)
}

// worldGrace is the event that the time for the processes of a world to end by
// themselves is over.
type worldGrace struct{ w *world }

// endWorld ends what there is of a world on this host, and what is still to come:
// SIGTERM, the grace, SIGKILL.
func (a *agent) endWorld(number int) {
	w := a.world(number)
	if w.ended {
		return
	}
	w.ended = true
	w.signal(unix.SIGTERM)
	w.signal(unix.SIGCONT)
	a.after(a.setup.KillGrace, worldGrace{w})
}

// killWorld goes on until nothing is left, as processes may fork meanwhile.
func (a *agent) killWorld(w *world) {
	if w.signal(unix.SIGKILL) {
		a.after(2*time.Millisecond, worldGrace{w})
	}
}

// signal reports whether there was somebody to take it.
func (w *world) signal(sig unix.Signal) (some bool) {
	for _, r := range w.ranks {
		if r.exited || r.pid == 0 {
			continue
		}
		for _, pid := range append(descendants(r.pid), r.pid) {
			some = true
			_ = unix.Kill(pid, sig)
		}
	}
	return some
}

// failure says how a rank has failed.
func (a *agent) failure(r *rank) string {
	who := fmt.Sprintf("spawned rank %d on host %s (%s, pid %d)", r.world, a.hostName(), a.programOf(r), r.exit.Pid)
	switch {
	case r.exit.Signal != 0:
		return fmt.Sprintf("%s was killed by signal %d (%s)", who, r.exit.Signal, unix.Signal(r.exit.Signal))
	case r.exit.Code != 0:
		return fmt.Sprintf("%s exited with status %d", who, r.exit.Code)
	}
	return who + " ended without MPI_Finalize"
}
