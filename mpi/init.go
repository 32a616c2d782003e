package mpi

import (
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"rainmpi/internal/boot"
	"rainmpi/internal/pmi"
	"rainmpi/mpi/internal/shm"
	"rainmpi/rainnet/wire"
)

// life is the state of the library in this process. Init and Finalize are
// rare; everything else only loads current.
//
// The engine has users: MPI_COMM_WORLD's model between Init and Finalize, and
// each open session (section 11.1).
var life struct {
	mu        sync.Mutex
	current   atomic.Pointer[engine]
	users     int
	left      bool // the job; there is no way back
	linger    bool // the last session does not leave it: AtExit does
	started   atomic.Bool
	finalized atomic.Bool
	world     *Comm
	self      *Comm
	parent    *Comm // nil: this process was not spawned
	level     int   // thread support
	claimed   bool
}

// Init makes this process a rank of its job (MPI_Init). Without a launcher it
// is a job of one rank.
func Init() error {
	_, err := InitThread(ThreadMultiple)
	return err
}

// InitThread is Init with a level of thread support; it returns the level that
// is provided, which is ThreadMultiple or what was asked for.
func InitThread(required int) (provided int, err error) {
	life.mu.Lock()
	defer life.mu.Unlock()
	if life.started.Load() {
		return 0, errorf(ErrOther, "MPI_Init was called twice")
	}
	e, err := acquire()
	if err != nil {
		return 0, err
	}
	life.world = e.world
	life.world.name = "MPI_COMM_WORLD"
	life.self = e.newComm(selfContext, e.group([]int32{int32(e.rank)}))
	life.self.name = "MPI_COMM_SELF"
	if e.parents != nil {
		life.parent = e.newInter(e.parentContext, e.world.group, e.group(e.parents))
		e.report()
		life.parent.name = "MPI_COMM_PARENT" // section 7.8 gives it that name
	}
	life.level = required
	life.started.Store(true)
	return required, nil
}

// acquire starts the engine for its first user. life.mu is held.
func acquire() (*engine, error) {
	e := life.current.Load()
	if e == nil {
		if life.left {
			return nil, errorf(ErrOther, "this process has left its job; MPI cannot be used again")
		}
		if runtime.GOMAXPROCS(0) < 2 {
			// A waiting rank and Go's own work must not wait for each other, also
			// where the affinity says one processor.
			runtime.GOMAXPROCS(2)
		}
		var err error
		if e, err = newEngine(); err != nil {
			return nil, err
		}
		e.world = e.newWorld()
		life.current.Store(e)
	}
	life.users++
	return e, nil
}

func (e *engine) newWorld() *Comm {
	c := e.newComm(worldContext, e.group(worldRanks(e.size())))
	if c.onHost() {
		e.mu.Lock()
		c.useArea(worldArea)
		e.mu.Unlock()
	}
	return c
}

func worldRanks(n int) []int32 {
	ranks := make([]int32, n)
	for i := range ranks {
		ranks[i] = int32(i)
	}
	return ranks
}

// Initialized and Finalized may be called at any time.
func Initialized() bool { return life.started.Load() }
func Finalized() bool   { return life.finalized.Load() }

// World is the communicator of all ranks of the job, nil before Init.
func World() *Comm { return life.world }

// Self is the communicator of this process alone.
func Self() *Comm { return life.self }

// ThreadLevel is what InitThread provided (MPI_Query_thread).
func ThreadLevel() int { return life.level }

// running is the engine between Init and Finalize.
func running() (*engine, error) {
	if e := life.current.Load(); e != nil {
		return e, nil
	}
	if life.finalized.Load() {
		return nil, errorf(ErrOther, "MPI was finalized; no communication is possible any more")
	}
	return nil, errorf(ErrOther, "MPI is not initialized; call MPI_Init first")
}

func newEngine() (*engine, error) {
	e, err := bareEngine(currentThresholds())
	if err != nil {
		return nil, err
	}
	if err := setCollOverride(os.Getenv("RAIN_COLL")); err != nil {
		return nil, err
	}
	if name := os.Getenv(boot.EnvAgent); name != "" && !life.claimed {
		if err := e.join(name); err != nil {
			return nil, err
		}
	} else if name == "" && !life.claimed {
		if err := e.joinForeign(); err != nil {
			return nil, err
		}
	}
	if e.boot == nil {
		e.hosts, e.slots = []string{hostname()}, 1
		if err := e.alone(); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// alone makes the engine a job of one rank.
func (e *engine) alone() (err error) {
	if e.self, err = newIdentity(nil, 0); err != nil {
		return err
	}
	id := e.self.id(0)
	e.procs = []*proc{{id: id, host: id}}
	e.wait.bell = newDoorbell(e.self.job, 0)
	e.self.config, err = e.endpointConfig(&boot.Welcome{}, false)
	return err
}

// bareEngine knows nobody yet.
func bareEngine(o options) (*engine, error) {
	w, err := newWaiting()
	if err != nil {
		return nil, errorf(ErrNoMem, "memory for waiting: %v", err)
	}
	e := &engine{wait: w, soon: make(chan struct{}, 1), nextContext: firstUserContext}
	e.bsends.e = e
	if e.table, err = allocate[EngineTable](1); err != nil {
		return nil, err
	}
	e.mu.word, e.mu.e, e.traffic = &e.table.lock, e, &e.table.traffic
	e.shown = make(map[contextID]*Comm)
	e.setOptions(o)
	return e, nil
}

func hostname() string {
	name, err := os.Hostname()
	if err != nil {
		return "localhost"
	}
	return name
}

// join makes the engine a rank of the agent's job. A process that only
// inherited the environment of a rank stays a singleton.
func (e *engine) join(name string) error {
	a, w, err := claim(name)
	if err != nil {
		return err
	}
	if w.Error != "" {
		return nil
	}
	pmi.Hide()
	return e.enter(a, w)
}

// enter takes the rank's place in its job.
func (e *engine) enter(a *agent, w *boot.Welcome) error {
	life.claimed = true
	e.boot, e.rank, e.app, e.hosts, e.slots, e.goesOn = a, w.Rank, w.AppNum, w.Hosts, w.Slots, w.GoesOn
	if choice := w.Options["coll"]; choice != "" {
		if err := setCollOverride(choice); err != nil {
			return err
		}
	}
	var err error
	if e.self, err = newIdentity(w.Key, w.First); err != nil {
		return err
	}
	here := w.HostOf[w.Rank]
	e.here = here
	locals := 0
	first := map[int]wire.PeerID{} // of each host
	for r, host := range w.HostOf {
		p := &proc{index: r, id: e.self.id(r), local: -1}
		if _, ok := first[host]; !ok {
			first[host] = p.id
		}
		p.host = first[host]
		if host == here {
			p.local = locals
			locals++
		}
		e.procs = append(e.procs, p)
	}
	if locals > maxLocal+1 {
		return errorf(ErrNoMem, "%d ranks on host %s; %d are supported", locals, w.Hosts[here], maxLocal+1)
	}
	rails := locals < len(w.HostOf)
	e.wait.bell = newDoorbell(w.Job, e.rank)
	if locals > 1 {
		if err := e.share(a.memory, locals); err != nil {
			return err
		}
		e.mem.spare = w.CPUs >= 2*locals
	}
	crowded := locals > max(w.CPUs, 1)
	if crowded {
		// More ranks than processors: whoever spins keeps another from working.
		e.wait.set.Spins, e.wait.set.Yields = 0, 200
	}
	if e.self.config, err = e.endpointConfig(w, crowded); err != nil {
		return err
	}
	if rails {
		if err := e.openRails(w); err != nil {
			return err
		}
	}
	if len(w.Failed) > 0 {
		e.lost(w.Failed)
	}
	a.watch(e)
	if w.Parent != nil {
		return e.beBorn(w.Parent)
	}
	return nil
}

// share maps the memory of this host's ranks.
func (e *engine) share(fd, locals int) error {
	if fd < 0 {
		return errorf(ErrIntern, "the agent sent no shared memory")
	}
	seg, err := shm.Map(fd, locals, e.procs[e.rank].local)
	unix.Close(fd)
	if err != nil {
		return errorf(ErrNoMem, "%v", err)
	}
	e.wait.set.watch(seg.Control(e.procs[e.rank].local))
	if e.mem, err = newMemory(seg, e.wait); err != nil {
		return err
	}
	e.setOptions(e.options)
	for _, p := range e.procs {
		if p.local >= 0 && p.index != e.rank {
			e.mem.add(e, p)
		}
	}
	return nil
}

// Finalize ends the use of MPI (MPI_Finalize). It returns when all of this
// process's messages have left and all ranks have come to it.
func Finalize() error {
	life.mu.Lock()
	defer life.mu.Unlock()
	e, err := running()
	if err != nil {
		return err
	}
	if !life.started.Load() || life.finalized.Load() {
		return errorf(ErrOther, "MPI_Finalize without MPI_Init, or a second time")
	}
	// "The first thing MPI_FINALIZE does is to free MPI_COMM_SELF", whose
	// attributes' delete functions may still use MPI (section 11.4.4).
	if err := life.self.Attrs.deleteAll(life.self); err != nil {
		return err
	}
	if err := life.world.Attrs.deleteAll(life.world); err != nil {
		return err
	}
	// Where the job goes on without those that fail, the agents see to it that all others
	// have come (see leave): a barrier would wait for the dead.
	if !e.goesOn {
		if err := life.world.Barrier(); err != nil {
			return err
		}
	}
	life.finalized.Store(true)
	if life.users--; life.users == 0 {
		e.leave()
	}
	return nil
}

// leave ends the engine after its last user. life.mu is held.
func (e *engine) leave() {
	closePorts()
	e.bsends.Flush()
	e.takeLeave()
	e.loosen(true)
	e.until(e.drained)
	e.ended.Store(true)
	if e.boot != nil {
		e.boot.finalize(e.tied(), e.net != nil || e.goesOn)
	}
	if e.boot != nil && (e.boot.foreign || e.goesOn) {
		// The launcher must have heard of it before this process ends; or all others must
		// have come.
		e.until(e.boot.free.Load)
	}
	if e.net != nil {
		// Others may have to send again what we have, and need our
		// acknowledgements: all leave together.
		if e.boot != nil {
			e.until(e.boot.free.Load)
		}
		e.net.close(e)
	}
	life.left = true
	life.current.Store(nil)
}

// drained reports whether nothing waits to leave.
func (e *engine) drained() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, p := range e.procs {
		if !p.queue.empty() || !p.streams.empty() {
			return false
		}
	}
	return e.work.open == 0 && (e.net == nil || e.net.idle())
}

// Abort ends the whole job with an exit status, from whatever state it is in
// (MPI_Abort). It does not return.
func Abort(code int) { AbortText(code, "MPI_Abort was called") }

// AbortText is Abort with a reason that the launcher prints.
func AbortText(code int, text string) {
	if e := life.current.Load(); e != nil && e.boot != nil {
		e.boot.abort(code, text)
	}
	fmt.Fprintf(os.Stderr, "rainmpi: %s (exit status %d)\n", text, code)
	os.Exit(code)
}

// ProcessorName is the name of this host as the job knows it
// (MPI_Get_processor_name).
func ProcessorName() string {
	if e := life.current.Load(); e != nil {
		return e.hosts[e.here]
	}
	return hostname()
}

// UniverseSize and AppNum are the predefined attributes of the same names.
func UniverseSize() int {
	if e := life.current.Load(); e != nil {
		return e.slots
	}
	return 1
}

func AppNum() int {
	if e := life.current.Load(); e != nil {
		return e.app
	}
	return 0
}

// Wtime is seconds since some time in the past, Wtick its resolution.
func Wtime() float64 { return float64(now()) / 1e9 }
func Wtick() float64 { return 1e-9 }
