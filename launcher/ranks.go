package launcher

import (
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"rainmpi/internal/boot"
	"rainmpi/internal/cpulist"
)

// A rank is one rank of this host. Its process may be a wrapper (a shell,
// numactl) around the process that calls MPI.
type rank struct {
	w                 *world
	world, local, app int // world: the number among all ranks of the job; in world 0 the rank

	pid    int
	exited bool // the process has ended
	exit   Exit
	told   bool // Exit has been sent

	conn      *boot.Conn // of the process that has claimed the rank; nil: nobody has
	connPid   int        // that process
	connOpen  bool
	inited    bool
	finalized bool
	look      bool // was to be asked, before it was there
	waits     bool // for the word that it may leave
	card      []byte
	born      bool  // spawned, and its parents know it
	tied      []int // ranks of other worlds that it is connected with
	aborted   int   // the status with which it has ended its world, but not the job

	stdin *stdinWriter // nil: /dev/null
}

// done says that the rank is over: its process has ended, and so has the one
// that spoke MPI in its name.
func (r *rank) done() bool { return r.exited && !r.connOpen }

func (a *agent) allRanksDone() bool { return ranksDone(a.ranks) }

func ranksDone(ranks []*rank) bool {
	for _, r := range ranks {
		if !r.done() {
			return false
		}
	}
	return true
}

// startRanks forks the ranks of this host. Programs are looked at first, so
// that a missing one starts nothing.
func (a *agent) startRanks(s *Start) error {
	if a.start != nil {
		return fmt.Errorf("started twice")
	}
	a.start = s
	if a.mesh != nil {
		if err := a.mesh.meet(s.Cards); err != nil {
			return err
		}
	}
	w := a.world(0)
	w.pmi.begin(a.setup.Job, s)
	w.memory = a.boot.memory
	a.populate(w, s)
	if a.ending { // somebody failed while the plan was under way
		for _, r := range a.ranks {
			r.exited = true
		}
		return nil
	}
	plan, err := a.prepare(w)
	switch {
	case err != nil:
		a.notStarted(err)
	case s.Hold:
		a.held = plan
		a.out.send(kindPrepared, nil)
	default:
		a.fork(plan)
	}
	return nil
}

// goAhead: every host could fork its ranks.
func (a *agent) goAhead() {
	if plan := a.held; plan != nil {
		a.held = nil
		a.fork(plan)
	}
}

func (a *agent) fork(p *forkPlan) {
	if err := a.forkRanks(p); err != nil {
		a.notStarted(err)
	}
}

func (a *agent) notStarted(err error) {
	for _, r := range a.ranks {
		r.exited = r.exited || r.pid == 0
	}
	a.end(Cause{Host: a.setup.Host, Code: exitNotStarted, Text: fmt.Sprintf("host %s: %v", a.hostName(), err)})
}

// exitNotStarted is the status that shells use for a program that cannot be
// executed.
const exitNotStarted = 127

// populate gives a world its ranks of this host.
func (a *agent) populate(w *world, s *Start) {
	w.start = s
	for n, h := range s.HostOf {
		if h == a.setup.Host {
			r := &rank{w: w, world: w.first + n, local: len(w.ranks), app: s.AppOf[n]}
			w.ranks = append(w.ranks, r)
			a.ranks = append(a.ranks, r)
			a.byWorld[r.world] = r
		}
	}
}

// A forkPlan is all that can fail before the first fork.
type forkPlan struct {
	world    *world
	programs map[int]program
	cpus     [][]int
}

// prepare finds the programs and the cores.
func (a *agent) prepare(w *world) (*forkPlan, error) {
	s := w.start
	a.env = mergeEnv(a.env, s.Env)
	programs := map[int]program{}
	for _, r := range w.ranks {
		if _, ok := programs[r.app]; ok {
			continue
		}
		app := s.Apps[r.app]
		var p program
		var err error
		sent := false
		if w.number == 0 {
			p, sent, err = a.preloaded(r.app, app)
		}
		if err == nil && !sent {
			p, err = findProgram(app, lookup(mergeEnv(a.env, app.Env), "PATH"))
		}
		if err != nil {
			return nil, err
		}
		programs[r.app] = p
	}
	cpus, err := a.pins(w)
	if err != nil {
		return nil, err
	}
	return &forkPlan{w, programs, cpus}, nil
}

// pins are the processors of each rank of this host; nil: none is pinned.
func (a *agent) pins(w *world) (cpus [][]int, err error) {
	s := w.start
	if s.Map.Ranks == nil || w.number != 0 {
		return bindings(a.cores, s.FirstCore, len(w.ranks), s.Crowd, s.Bind)
	}
	cpus = make([][]int, len(w.ranks))
	for i, r := range w.ranks {
		if cpus[i], err = pinned(a.cores, s.Map.Ranks[r.world].Cores); err != nil {
			return nil, fmt.Errorf("--rankfile: rank %d: %w", r.world, err)
		}
	}
	return cpus, nil
}

func (a *agent) forkRanks(p *forkPlan) error {
	var started Started
	for i, r := range p.world.ranks {
		var pin []int
		if p.cpus != nil {
			pin = p.cpus[i]
		}
		if err := a.forkRank(r, p.programs[r.app], pin); err != nil {
			return err
		}
		started.Ranks = append(started.Ranks, StartedRank{Rank: r.world, Pid: r.pid, Cores: cpulist.Format(pin), Program: a.programOf(r)})
	}
	a.out.send(kindStarted, started)
	return nil
}

func (a *agent) forkRank(r *rank, p program, pin []int) error {
	w, s, app := r.w, r.w.start, r.w.start.Apps[r.app]
	env := mergeEnv(a.env, app.Env, rankEnv(a.boot.name, r.world-w.first, s.Size, r.local, len(w.ranks), r.app), a.historyEnv(), w.env())
	if p.dir != "" {
		env = mergeEnv(env, []string{"PWD=" + p.dir})
	}
	in, err := a.openStdin(r)
	if err != nil {
		return err
	}
	defer unix.Close(in)
	out, err := a.openStream(r, 1)
	if err != nil {
		return err
	}
	defer unix.Close(out)
	errOut, err := a.openStream(r, 2)
	if err != nil {
		return err
	}
	defer unix.Close(errOut)
	control, err := a.openPMI(r)
	if err != nil {
		return err
	}
	defer unix.Close(control)
	r.pid, err = a.spawn.spawn(spawnRequest{
		path: p.path, argv: app.Argv, env: env, dir: p.dir, files: [4]int{in, out, errOut, control}, cpus: pin,
	})
	if err != nil {
		return explainExec(app.Argv[0], err)
	}
	return nil
}

// ended is called for every child that is reaped; most are orphans that ranks
// have left, the ranks themselves are told to rainrun.
func (a *agent) ended(pid int, ws unix.WaitStatus) {
	for _, r := range a.ranks {
		if r.pid != pid || r.exited {
			continue
		}
		r.exited = true
		r.exit = Exit{Rank: r.world, Pid: pid, Killed: a.killed || r.w.ended && r.aborted == 0}
		switch {
		case r.aborted != 0:
			r.exit.Code = r.aborted
		case ws.Signaled():
			r.exit.Signal, r.exit.Core = int(ws.Signal()), ws.CoreDump()
			if ws.Signal() == unix.SIGKILL {
				r.exit.NoMemory = memoryKillings() - a.killings
			}
		default:
			r.exit.Code = ws.ExitStatus()
		}
		if r.stdin != nil {
			r.stdin.close()
		}
		a.rankOver(r)
		return
	}
}

// rankOver tells rainrun of a rank's end once all is known of it: what its MPI
// process had to say may still be under way.
func (a *agent) rankOver(r *rank) {
	switch {
	case r.told || !r.exited:
		return
	case r.connOpen && (!r.exit.Failed() || r.unborn()) && !a.killed:
		// An end in order so far; Finalize, if it was called, is already in
		// the socket, and so is what a spawned rank tells its parents: it is read,
		// and then the end of the connection, however late this agent gets to it. A
		// child may hold the other end open; that is no reason to wait. A process
		// that the rank's wrapper left in the background is waited for.
		if r.pid == r.connPid || !alive(r.connPid) {
			r.conn.Drain()
		}
		return
	}
	a.tell(r)
}

func (a *agent) tell(r *rank) {
	r.told = true
	r.exit.Inited, r.exit.Finalized = r.inited, r.finalized
	a.stillborn(r)
	failed := r.exit.Failed() && !a.ending
	r.exit.GoesOn = failed && a.survivable(r)
	a.out.send(kindExit, r.exit)
	switch {
	case r.exit.GoesOn:
		a.rankFailed(r)
	case failed:
		a.after(settleTime, settled{r, Cause{Host: a.setup.Host}})
	}
}

// programOf is a rank's program for messages.
func (a *agent) programOf(r *rank) string { return filepath.Base(r.w.start.Apps[r.app].Argv[0]) }

func alive(pid int) bool { return unix.Kill(pid, 0) != unix.ESRCH }

// passSignal hands a signal on. Stop and continue are for every process. Other
// signals are for the process that speaks MPI, if there is one: a shell around
// it would die of them.
func (a *agent) passSignal(sig unix.Signal) {
	for _, r := range a.ranks {
		if r.exited || r.pid == 0 {
			continue
		}
		if sig == unix.SIGTSTP || sig == unix.SIGCONT {
			for _, pid := range append([]int{r.pid}, descendants(r.pid)...) {
				_ = unix.Kill(pid, stopSignal(pid, sig))
			}
			continue
		}
		pid := r.pid
		if r.connOpen {
			pid = r.connPid
		}
		_ = unix.Kill(pid, sig)
	}
}

// stopSignal: the kernel discards SIGTSTP in a session without a terminal
// unless it is caught (POSIX: orphaned process groups), so who does not catch
// it gets SIGSTOP.
func stopSignal(pid int, sig unix.Signal) unix.Signal {
	if sig == unix.SIGTSTP && !catches(pid, sig) {
		return unix.SIGSTOP
	}
	return sig
}

func catches(pid int, sig unix.Signal) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return false
	}
	var mask uint64
	for _, line := range lines(b) {
		if n, _ := fmt.Sscanf(line, "SigCgt:\t%x", &mask); n == 1 {
			return mask&(1<<(uint(sig)-1)) != 0
		}
	}
	return false
}
