package launcher

import (
	"fmt"
	"maps"
	"strconv"

	"golang.org/x/sys/unix"

	"rainmpi/internal/boot"
	"rainmpi/internal/pmi"
)

// A world is an MPI_COMM_WORLD of the job: number 0 is what rainrun started, the
// others were spawned. Every agent knows of all. What other agents say of one may
// come before its plan.
type world struct {
	number int
	first  int          // number of its rank 0 among all ranks of the job
	start  *Start       // the plan; nil: it has not come
	parent *boot.Parent // nil: of world 0
	asker  Asker        // the rank that spawned it
	ranks  []*rank      // of this host
	memory int          // memfd that they share

	cards     map[int][][]byte // by host
	dealt     bool             // all to the ranks of this host
	finalized map[int]bool     // hosts whose ranks have all come to MPI_Finalize
	ties      []int            // of the ranks of this host that have: see HostFinalized
	tied      []int            // of all hosts'
	released  bool             // the ranks of this host may leave

	linked map[int][]int // by host: see HostTies
	pmi    *pmiServer

	over  map[int]bool // hosts with no process of it left
	told  bool         // this one is, and the others know
	ended bool         // it was to be killed: its exits are our doing
	birth *birth       // at the agent of the rank that spawned it
}

// A World is the plan of one that is spawned, for all agents.
type World struct {
	Number, First int
	HostOf, AppOf []int
	Apps          []App
	Parent        boot.Parent
	Asker         Asker
	Counts        []int // of each program

	Values map[string]string // of PMI: see boot.Spawn
}

// An Asker is a rank that has asked something: where its answer goes.
type Asker struct {
	Host, Rank int
	Seq        uint64
}

// WorldEnd asks for the end of a world, WorldOver says that no process of it is left
// on a host.
type (
	WorldEnd  struct{ World int }
	WorldOver struct{ World int }
)

func (a *agent) world(number int) *world {
	w := a.worlds[number]
	if w == nil {
		w = &world{number: number, memory: -1, cards: map[int][][]byte{}, finalized: map[int]bool{}, linked: map[int][]int{}, over: map[int]bool{}, pmi: newPMIServer()}
		a.worlds[number] = w
	}
	return w
}

// worldOf is the world of one of the job's ranks, nil if its plan has not come.
func (a *agent) worldOf(rank int) *world {
	for _, w := range a.worlds {
		if w.start != nil && w.first <= rank && rank < w.first+w.start.Size {
			return w
		}
	}
	return nil
}

// name is what tells the worlds of a job apart in names of the host's.
func (w *world) name(job string) string {
	if w.number == 0 {
		return job
	}
	return fmt.Sprintf("%s.%d", job, w.number)
}

// env is what a spawned rank has in its environment beside what every one has.
func (w *world) env() []string {
	if w.number == 0 {
		return nil
	}
	return []string{boot.EnvWorld + "=" + strconv.Itoa(w.number), pmi.EnvSpawned + "=1"}
}

// startWorld starts the ranks of this host of a world that is spawned.
func (a *agent) startWorld(p World) {
	w := a.world(p.Number)
	w.first, w.parent, w.asker = p.First, &p.Parent, p.Asker
	s := *a.start
	s.Size, s.HostOf, s.AppOf, s.Apps, s.Bind, s.Env = len(p.HostOf), p.HostOf, p.AppOf, p.Apps, Binding{To: BindNone}, nil
	s.Crowd = len(a.living()) + onHost(p.HostOf, a.setup.Host)
	if p.Asker.Host == a.setup.Host {
		w.expect(p)
	}
	w.pmi.begin(w.name(a.setup.Job), &s)
	maps.Copy(w.pmi.job.Values, p.Values)
	a.populate(w, &s)
	w.adopt()
	failed := ""
	switch {
	case len(w.ranks) == 0:
		return
	case a.ending || w.ended:
		failed = "the job ends"
	case a.finished:
		failed = fmt.Sprintf("the agent on host %s has done its work and is about to leave", a.hostName())
	default:
		var err error
		if w.memory, err = unix.MemfdCreate("rain-shm", unix.MFD_CLOEXEC); err == nil {
			var plan *forkPlan
			if plan, err = a.prepare(w); err == nil {
				err = a.forkRanks(plan)
			}
		}
		if err != nil {
			failed = fmt.Sprintf("host %s: %v", a.hostName(), err)
		}
	}
	if failed == "" {
		return
	}
	var ranks []int
	for _, r := range w.ranks {
		if r.pid == 0 {
			r.exited, r.told = true, true
			ranks = append(ranks, r.world-w.first)
		}
	}
	a.sendTo(p.Asker.Host, kindBirth, Birth{World: w.number, Failed: ranks, Text: failed})
}

func onHost(hostOf []int, host int) (n int) {
	for _, h := range hostOf {
		if h == host {
			n++
		}
	}
	return n
}

// living are the ranks of this host that have not ended.
func (a *agent) living() (ranks []*rank) {
	for _, r := range a.ranks {
		if !r.exited {
			ranks = append(ranks, r)
		}
	}
	return ranks
}

// tellOver: no process of a world is left on this host. In a job that has spawned,
// agents wait for each other's worlds: another one's rank may still want to spawn
// here.
func (a *agent) tellOver() {
	if len(a.worlds) < 2 {
		return
	}
	for _, w := range a.worlds {
		if w.told || w.start == nil || !ranksDone(w.ranks) {
			continue
		}
		w.told = true
		if w.number != 0 {
			unix.Close(w.memory)
		}
		a.hostOver(a.setup.Host, WorldOver{w.number})
		if a.mesh != nil {
			a.mesh.flood(kindOver, WorldOver{w.number})
		}
	}
}

func (a *agent) hostOver(host int, o WorldOver) { a.world(o.World).over[host] = true }

// worldsOver reports whether no world has a process left on any host. In a job that
// has not spawned every agent looks after its own.
func (a *agent) worldsOver() bool {
	if len(a.worlds) < 2 {
		return true
	}
	for _, w := range a.worlds {
		if w.start == nil && !w.ended {
			return false
		}
		if w.start != nil && !w.isOver() {
			return false
		}
	}
	return true
}

func (w *world) isOver() bool {
	for _, h := range w.start.HostOf {
		if !w.over[h] {
			return false
		}
	}
	return true
}

// sendTo sends a message to an agent, which may be this one.
func (a *agent) sendTo(host int, kind byte, v any) {
	f := encode(kind, v)
	if host != a.setup.Host {
		a.mesh.send(host, f.kind, f.body)
		return
	}
	// Not now: the caller is in the middle of something.
	go func() { a.events <- meshFrame{host, f} }()
}

// handleWorlds takes the messages of agents about spawned worlds and names.
func (a *agent) handleWorlds(from int, f frame) error {
	switch f.kind {
	case kindSpawn:
		return take(f, a.planWorld)
	case kindWorld:
		return take(f, a.startWorld)
	case kindBirth:
		return take(f, a.gaveBirth)
	case kindSpawned:
		return take(f, a.spawnAnswered)
	case kindEndWorld:
		return take(f, func(e WorldEnd) { a.endWorld(e.World) })
	case kindTies:
		return take(f, func(h HostTies) { a.hostTies(from, h) })
	case kindOver:
		return take(f, func(o WorldOver) { a.hostOver(from, o) })
	case kindName:
		return take(f, a.lookUp)
	case kindNamed:
		return take(f, a.nameFound)
	}
	return fmt.Errorf("unexpected message of kind %d from host %s", f.kind, a.setup.Hosts[from])
}

func take[T any](f frame, do func(T)) error {
	var v T
	if err := f.decode(&v); err != nil {
		return err
	}
	do(v)
	return nil
}
