package launcher

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"strconv"

	"golang.org/x/sys/unix"

	"rainmpi/internal/boot"
	"rainmpi/internal/pmi"
)

// A pmiServer serves version 1 of PMI to the ranks of a world on this host, so
// that programs of other MPIs start under rainrun. What ranks put goes to the other
// agents with the next barrier: MPIs read a value only after one.
type pmiServer struct {
	job     pmi.Job
	fresh   map[string]string   // put here since the last barrier
	waiting map[int]pmi.Request // ranks of this host in the barrier
	fences  map[int]int         // host → barriers that all its ranks have entered
	passed  int                 // barriers that are over

	spawning map[int]pmi.Request // ranks of this host that wait for new processes
	naming   map[int]pmi.Request // and for what is known of a name
}

// pmiRequest is an event: a line of a rank.
type pmiRequest struct {
	r   *rank
	req pmi.Request
}

// PMIFence tells the other agents that all ranks of a world on this host are in a
// barrier, and what they have put before.
type PMIFence struct {
	World  int
	Values map[string]string
}

// pmiFD is the descriptor's number in the rank.
const pmiFD = 3

func newPMIServer() *pmiServer {
	return &pmiServer{
		job:     pmi.Job{Values: map[string]string{}},
		fresh:   map[string]string{},
		waiting: map[int]pmi.Request{},
		fences:  map[int]int{},

		spawning: map[int]pmi.Request{},
		naming:   map[int]pmi.Request{},
	}
}

// begin: the plan is here. Ranks of other hosts may have been faster.
func (s *pmiServer) begin(job string, p *Start) {
	s.job.Name, s.job.Size, s.job.Universe, s.job.HostOf = job, p.Size, max(p.Slots, p.Size), p.HostOf
}

// openPMI makes the connection for one rank and returns the rank's end.
func (a *agent) openPMI(r *rank) (fd int, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("a PMI connection for rank %d: %w (ulimit -n?)", r.world, err)
	}
	_ = unix.SetNonblock(fds[0], true) // our end alone: the Go runtime polls it
	f := os.NewFile(uintptr(fds[0]), "PMI")
	go func() {
		pmi.Serve(f, func(req pmi.Request) { a.events <- pmiRequest{r, req} })
		f.Close()
	}()
	return fds[1], nil
}

func (a *agent) handlePMI(ev pmiRequest) {
	r, req, s := ev.r, ev.req, ev.r.w.pmi
	switch {
	case req.End:
		delete(s.waiting, r.world)
		delete(s.spawning, r.world)
		delete(s.naming, r.world)
		return
	case req.Cmd() == "init":
		a.pmiInit(r)
	}
	switch req.Cmd() {
	case "put":
		key, value := req.Message["key"], req.Message["value"]
		s.job.Values[key], s.fresh[key] = value, value
		req.Reply(pmi.Line("put_result", "rc", "0", "msg", "success"))
	case "barrier_in":
		s.waiting[r.world] = req
		a.pmiFence(r.w)
	case "finalize":
		r.finalized = true
		req.Reply(pmi.Line("finalize_ack", "rc", "0"))
	case "abort":
		code, err := strconv.Atoi(req.Message["exitcode"])
		if err != nil {
			code = 1
		}
		a.abort(r, boot.Abort{Code: code, Text: req.Message["error_msg"]})
		req.Reply("")
	case "spawn":
		a.pmiSpawn(r, req)
	case "publish_name":
		a.pmiName(r, req, boot.Publish)
	case "unpublish_name":
		a.pmiName(r, req, boot.Unpublish)
	case "lookup_name":
		a.pmiName(r, req, boot.Lookup)
	default:
		req.Reply(s.job.Answer(req.Message, r.app))
	}
}

// pmiInit: the rank is a process of another MPI. From now on an end without
// finalize is a failure.
func (a *agent) pmiInit(r *rank) {
	if r.inited {
		return
	}
	r.inited = true
	if r.connPid == 0 {
		r.connPid = r.pid
	}
	a.out.send(kindInit, Init{Rank: r.world})
	switch {
	case !r.unborn():
	case r.w.parent.Foreign():
		a.born(r, nil)
	default:
		a.notBorn(r, fmt.Sprintf("%s is a program of another MPI than the one that spawns it", a.programOf(r)))
	}
}

// pmiSpawn asks for more processes in the name of another MPI's rank. They make
// their own way to their parents: what they need for it has been put for them.
func (a *agent) pmiSpawn(r *rank, req pmi.Request) {
	app := r.w.start.Apps[r.app]
	ask := boot.Spawn{Values: map[string]string{}}
	for _, s := range req.Spawns {
		maps.Copy(ask.Values, s.Put)
		ask.Programs = append(ask.Programs, boot.Program{
			Argv: append([]string{s.Program}, s.Args...), Counts: []int{s.N},
			Hosts: s.Info["host"], Dir: s.Info["wdir"], Path: s.Info["path"], Env: app.Env, DefaultDir: cmp.Or(app.Dir, app.DefaultDir),
		})
	}
	if len(ask.Programs) == 0 {
		req.Reply(pmi.SpawnResult(0, "a spawn names a program and a number of processes"))
		return
	}
	r.w.pmi.spawning[r.world] = req
	a.askSpawn(r, ask)
}

// pmiSpawned gives another MPI's rank its answer, if it has asked.
func (w *world) pmiSpawned(rank int, m boot.Spawned) (asked bool) {
	req, asked := w.pmi.spawning[rank]
	if asked {
		delete(w.pmi.spawning, rank)
		req.Reply(pmi.SpawnResult(len(m.Passports), m.Error))
	}
	return asked
}

// pmiName asks about a name: those of other MPIs are known where ours are.
func (a *agent) pmiName(r *rank, req pmi.Request, what int) {
	n := boot.Name{What: what, Service: req.Message["service"], Port: req.Message["port"]}
	if n.Service == "" {
		req.Reply(pmi.NameResult(req.Message, "", "a service without a name"))
		return
	}
	r.w.pmi.naming[r.world] = req
	a.askName(r, n)
}

// pmiNamed gives another MPI's rank its answer, if it has asked.
func (w *world) pmiNamed(rank int, n boot.Named, what int) (asked bool) {
	req, asked := w.pmi.naming[rank]
	if !asked {
		return false
	}
	delete(w.pmi.naming, rank)
	failed := n.Error
	switch {
	case failed != "":
	case n.Taken:
		failed = "the name is published already"
	case what != boot.Publish && !n.Found:
		failed = "nobody has published the name"
	}
	req.Reply(pmi.NameResult(req.Message, n.Port, failed))
	return true
}

// pmiFence: when all ranks of a world on this host are in the barrier, the others
// hear of it.
func (a *agent) pmiFence(w *world) {
	s := w.pmi
	if len(s.waiting) < len(w.ranks) || s.fences[a.setup.Host] > s.passed {
		return
	}
	f := PMIFence{World: w.number, Values: s.fresh}
	s.fresh = map[string]string{}
	if a.mesh != nil {
		a.mesh.flood(kindPMIFence, f)
	}
	a.pmiFenced(a.setup.Host, PMIFence{World: w.number})
}

// pmiFenced: all ranks of a host are in the barrier. When those of all hosts
// are, it is over.
func (a *agent) pmiFenced(host int, f PMIFence) {
	w := a.world(f.World)
	s := w.pmi
	s.fences[host]++
	maps.Copy(s.job.Values, f.Values)
	if w.start == nil {
		return
	}
	for _, h := range w.hostsWithRanks() {
		if s.fences[h] <= s.passed {
			return
		}
	}
	s.passed++
	waiting := s.waiting
	s.waiting = map[int]pmi.Request{}
	for _, req := range waiting {
		req.Reply(pmi.Line("barrier_out", "rc", "0"))
	}
}

func (w *world) hostsWithRanks() []int {
	seen := map[int]bool{}
	var hosts []int
	for _, h := range w.start.HostOf {
		if !seen[h] {
			seen[h] = true
			hosts = append(hosts, h)
		}
	}
	return hosts
}
