package launcher

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"rainmpi/rainnet"
	"rainmpi/rainnet/history"
)

// An agent owns the ranks of one host. One goroutine (loop) owns all its state;
// the others only turn what happens (frames, ends of processes, messages of
// ranks, packets of other agents) into events for it.
type agent struct {
	setup    Setup
	start    *Start
	guardian int // pid of the parent

	events chan any
	out    *frameWriter // to rainrun, directly or through another agent
	mesh   *mesh        // nil in a job on one host
	past   *history.Log // of the mesh's paths; nil: nobody asked for it
	spawn  *spawner
	files  map[int]*os.File // preloaded programs, by App
	held   *forkPlan        // what kindGo sets off
	boot   *bootServer
	env    []string // rank environment without the rank's own variables
	cores  []core   // of this host that ranks may use

	ranks   []*rank // of this host, by local rank
	byWorld map[int]*rank
	pipes   int // output streams that have not ended

	ending   bool           // killing has begun
	killed   bool           // SIGTERM has been sent: later exits are our doing
	kill     bool           // grace is over: SIGKILL whatever is left
	killing  bool           // a killAgain is under way
	asked    map[*rank]bool // have been asked for whom they wait; SIGTERM waits for them, not for long
	killEnd  time.Time
	killings int  // that the kernel had done for want of memory when this began
	drained  bool // the time for output without a process is over
	cause    *Cause
	finished bool // kindDone is sent
	bye      bool // rainrun lets us go

	lost     map[int]bool // hosts whose agents have lost their start channel
	relay    int          // the host through which we reach rainrun, if we have lost ours
	orphaned bool         // all have

	worlds map[int]*world // by number; 0 is the one that rainrun started
	names  *names
	wards  *spawns // of the first agent: what it has started; nil: this is another

	met      map[int]bool // hosts whose agents have answered
	gone     map[int]bool // hosts whose agents are out of reach or have left
	failed   map[int]bool // ranks that the job goes on without, by number
	without  map[int]bool // hosts likewise
	lingered bool         // nobody has let us go, and we have waited
}

// Events beside frame and *bootEvent.
type (
	channelLost struct{}
	childEnded  struct{}
	streamEnded struct{}
	settled     struct { // the time for other ranks' own failures is over
		r     *rank
		cause Cause
	}
	graceOver    struct{}
	askOver      struct{}
	drainOver    struct{}
	lingerOver   struct{}
	meetOver     struct{}
	killAgain    struct{}
	mpiGoneCheck struct{ r *rank } // the time for a rank to exit after it left the boot socket is over
	terminated   struct {
		sig   os.Signal
		again bool
	}
)

// settleTime lets ranks that fail for one reason at one time all be seen,
// before the first failure makes the agent kill the others.
const settleTime = 20 * time.Millisecond

// Agent is the real agent: it serves one job on one host and returns the exit
// status. guardian is the process that has started it.
func Agent(guardian int) int {
	in, out, err := takeChannel()
	if err != nil {
		fmt.Fprintf(os.Stderr, "rainrun: agent: %v\n", err)
		return 1
	}
	a := &agent{guardian: guardian, files: map[int]*os.File{}, events: make(chan any, 64), byWorld: map[int]*rank{}, lost: map[int]bool{}, worlds: map[int]*world{}, names: newNames(), met: map[int]bool{}, gone: map[int]bool{}, failed: map[int]bool{}, without: map[int]bool{}}
	becomeSubreaper()
	signals := make(chan os.Signal, 64)
	signal.Notify(signals, unix.SIGCHLD, unix.SIGTERM, unix.SIGINT, unix.SIGHUP, unix.SIGPIPE)
	go a.watchSignals(signals)

	r := newFrameReader(in)
	if garbage, err := r.preamble(); err != nil {
		fmt.Fprintf(os.Stderr, "rainrun: agent: this command is started by rainrun, not by hand; its standard input brought %q\n", printable(garbage))
		return 2
	}
	f, err := r.next()
	if err == nil && f.kind != kindSetup {
		err = fmt.Errorf("the first message is of kind %d", f.kind)
	}
	if err == nil {
		err = f.decode(&a.setup)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "rainrun: agent: %v\n", err)
		return 2
	}
	if a.setup.Probe {
		w := newFrameWriter(out, false)
		checkAgent(a.setup, r, w)
		w.close()
		<-w.done
		return 0
	}
	a.out = newFrameWriter(out, a.setup.Multi)
	a.ready()
	go a.readChannel(r)
	a.loop()
	a.close()
	return 0
}

// takeChannel moves the start channel away from descriptors 0 and 1, so that
// nothing else in this process reads or writes it.
func takeChannel() (in, out *os.File, err error) {
	var fds [2]int
	for i := range fds {
		if fds[i], err = unix.FcntlInt(uintptr(i), unix.F_DUPFD_CLOEXEC, 10); err != nil {
			return nil, nil, fmt.Errorf("standard input and output must be the start channel: %w", err)
		}
	}
	null, err := unix.Open(os.DevNull, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, nil, err
	}
	_ = unix.Dup3(null, 0, 0)
	_ = unix.Dup3(2, 1, 0)
	unix.Close(null)
	return os.NewFile(uintptr(fds[0]), "start channel"), os.NewFile(uintptr(fds[1]), "start channel"), nil
}

func (a *agent) watchSignals(signals <-chan os.Signal) {
	for s := range signals {
		switch s {
		case unix.SIGCHLD:
			a.events <- childEnded{}
		case unix.SIGPIPE:
		default:
			a.events <- terminated{sig: s}
		}
	}
}

func (a *agent) readChannel(r *frameReader) {
	for {
		f, err := r.next()
		if err != nil {
			a.events <- channelLost{}
			return
		}
		a.events <- f
	}
}

// ready answers Setup: what this host has, and how its agent is reached.
func (a *agent) ready() {
	a.env = withoutForeign(os.Environ())
	a.killings = memoryKillings()
	a.spawn = newSpawner()
	a.cores = allowedCores()
	answer := Ready{Protocol: Protocol, Cores: len(a.cores), Units: countUnits(a.cores), Machine: machineID(), Node: os.Getenv("SLURMD_NODENAME")}
	if err := a.serveRanks(); err != nil {
		answer.Error = err.Error()
	}
	if a.setup.Protocol != Protocol {
		answer.Error = fmt.Sprintf("rainrun is of another version (its protocol is %d, this agent's %d); install the same rainmpi on all hosts", a.setup.Protocol, Protocol)
	}
	if err := a.beginHistory(); err != nil && answer.Error == "" {
		answer.Error = err.Error()
	}
	if a.setup.Multi && answer.Error == "" {
		faults, err := rainnet.FaultsOfEnvironment()
		var m *mesh
		if err == nil {
			m, err = newMesh(a.setup, faults, a.past, a.events)
		}
		if err != nil {
			answer.Error = err.Error()
		} else {
			a.mesh, answer.Rails = m, m.rails()
			if answer.Card, err = m.card(); err != nil {
				answer.Error = err.Error()
			}
		}
	}
	a.out.send(kindReady, answer)
}

func (a *agent) serveRanks() (err error) {
	var name [12]byte
	if _, err := rand.Read(name[:]); err != nil {
		return err
	}
	a.boot, err = newBootServer("@rain-"+hex.EncodeToString(name[:]), a.events)
	return err
}

// machineID is equal for agents that share one kernel, and so its cores.
func machineID() string {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

// loop runs until the work is done. With several hosts it then stays until
// rainrun lets it go: others may need this agent to reach rainrun. Where hosts
// are out of reach rainrun may be so too, and the wait is bounded.
func (a *agent) loop() {
	for !(a.finished && (a.bye || a.mesh == nil || a.orphaned || a.lingered)) {
		a.handle(<-a.events)
		a.progress()
	}
}

func (a *agent) handle(ev any) {
	switch ev := ev.(type) {
	case frame:
		if err := a.handleFrame(ev); err != nil {
			a.end(Cause{Host: a.setup.Host, Code: 1, Text: fmt.Sprintf("the agent on host %s: %v", a.hostName(), err)})
		}
	case channelLost:
		a.lostRainrun()
	case childEnded:
		reap(a.ended)
	case bootEvent:
		a.handleBoot(ev)
	case pmiRequest:
		a.handlePMI(ev)
	case streamEnded:
		a.pipes--
	case settled:
		if !ev.r.w.ended && !a.endIndependent(ev.r, a.failure(ev.r)) {
			a.end(ev.cause)
		}
	case aborted:
		a.spawnedAborted(ev)
	case worldGrace:
		a.killWorld(ev.w)
	case rankGrace:
		a.killRank(ev.r)
	case graceOver:
		a.graceOver()
	case askOver:
		a.terminate()
	case killAgain:
		a.killing = false
	case drainOver:
		a.drained = true
	case lingerOver:
		a.lingered = true
	case mpiGoneCheck:
		a.checkMPIGone(ev.r)
	case named:
		a.nameAnswered(ev)
	case terminated:
		a.terminated(ev)
	case meshFrame:
		if err := a.handleMesh(ev.from, ev.f); err != nil {
			a.end(Cause{Host: a.setup.Host, Code: ExitError, Text: fmt.Sprintf("the agent on host %s: %v", a.hostName(), err)})
		}
	case meshNotice:
		if !a.ending {
			a.out.send(kindNotice, ev.Notice)
		}
	case meetOver:
		a.meetOver()
	case meshMet:
		a.met[ev.host] = true
	case meshClosed:
		text := fmt.Sprintf("the agent on host %s has left the job", a.setup.Hosts[ev.host])
		if a.setup.goesOnWithout(ev.host) && !a.finished {
			a.hostLost(HostLost{ev.host, text})
			return
		}
		a.peerGone(ev.host)
		if !a.finished {
			a.end(Cause{Host: a.setup.Host, Code: ExitError, Text: text})
		}
	case meshTogether:
		if a.setup.Verbose && a.setup.Host == a.setup.Lead {
			a.out.send(kindNotice, Notice{Detail: true, Text: "all hosts have found each other"})
		}
	case meshRemoved:
		a.hostRemoved(ev)
	case meshFenced:
		a.fenced(ev)
	case meshApart:
		a.apart(ev)
	}
}

// terminated: somebody has sent SIGTERM, or the kernel has because the guardian
// was killed. It does when the guardian's first thread dies; look again when
// all have.
func (a *agent) terminated(ev terminated) {
	text := fmt.Sprintf("the agent on host %s was told to end (%v)", a.hostName(), ev.sig)
	switch {
	case os.Getppid() != a.guardian:
		text = fmt.Sprintf("the guardian of the agent on host %s was killed", a.hostName())
	case !ev.again:
		a.after(settleTime, terminated{ev.sig, true})
		return
	}
	a.end(Cause{Host: a.setup.Host, Leaves: true, Code: ExitError, Text: text})
}

func (a *agent) handleFrame(f frame) error {
	switch f.kind {
	case kindStart:
		var s Start
		if err := f.decode(&s); err != nil {
			return err
		}
		return a.startRanks(&s)
	case kindFile:
		return a.takeFile(f.body)
	case kindGo:
		a.goAhead()
	case kindStdin:
		a.stdin(f.body)
	case kindFailed:
		return take(f, func(r RanksFailed) { a.ranksFailed(r.Ranks) })
	case kindHostLost:
		return take(f, a.hostLost)
	case kindSignal:
		var s Signal
		if err := f.decode(&s); err != nil {
			return err
		}
		a.passSignal(unix.Signal(s.Signal))
	case kindEnd:
		var c Cause
		if err := f.decode(&c); err != nil {
			return err
		}
		a.end(c)
	case kindReceived:
		var r Received
		if err := f.decode(&r); err != nil {
			return err
		}
		a.out.acknowledged(r.Frames)
	case kindRelayed:
		return a.relayFromRainrun(f.body)
	case kindBye:
		a.bye = true
		if !a.finished { // rainrun is impatient; the ranks still end in order
			a.end(Cause{Host: -1, Code: ExitError, Text: "rainrun did not wait"})
		}
	default:
		return fmt.Errorf("unexpected message of kind %d from rainrun", f.kind)
	}
	return nil
}

// end begins to kill the ranks of this host and tells everybody. Only the first
// cause counts.
func (a *agent) end(c Cause) {
	if a.ending {
		return
	}
	a.ending, a.cause = true, &c
	if a.held != nil { // nobody has forked anything: all or none
		a.held = nil
		for _, r := range a.ranks {
			r.exited = true
		}
	}
	a.out.send(kindEnding, c)
	if a.mesh != nil {
		if c.Dead && c.Host != a.setup.Host {
			a.mesh.forget(c.Host)
		}
		a.mesh.flood(kindEnding, c)
	}
	if !a.askWaits(c) {
		a.terminate()
	}
}

// terminate tells all processes to end.
func (a *agent) terminate() {
	if a.killed {
		return
	}
	a.killed, a.asked = true, nil
	// A stopped process takes SIGTERM only when it goes on.
	signalDescendants(unix.SIGTERM)
	signalDescendants(unix.SIGCONT)
	a.after(a.setup.KillGrace, graceOver{})
}

// graceOver: from now on what is left is killed.
func (a *agent) graceOver() {
	if !a.kill {
		a.kill, a.killEnd = true, time.Now().Add(killLimit)
	}
}

// after delivers an event later.
func (a *agent) after(d time.Duration, ev any) {
	time.AfterFunc(d, func() { a.events <- ev })
}

// progress does what follows from the state, after every event.
func (a *agent) progress() {
	if a.start == nil && !a.ending {
		return
	}
	// Who has finished may still be asked to spawn: others wait for its answer.
	if a.tellOver(); a.finished || !a.ending && !(a.allRanksDone() && a.worldsOver()) {
		return
	}
	if _, none := reap(a.ended); !none && a.endLeftovers() {
		return
	}
	// No process is left. Output pipes end by themselves, unless somebody
	// outside has been given one.
	if a.pipes > 0 && !a.drained {
		a.after(time.Second, drainOver{})
		return
	}
	a.finished = true
	if a.mesh != nil && a.setup.Verbose {
		for _, text := range a.mesh.losses() {
			a.out.send(kindNotice, Notice{Text: fmt.Sprintf("host %s: %s", a.hostName(), text), Detail: true})
		}
	}
	a.out.sendLast(kindDone, nil)
	if a.outOfReach() {
		a.after(lingerTime, lingerOver{})
	}
}

// lingerTime is how long an agent that is cut off from others, and has no rank
// left, waits to be let go: longer than rainrun waits for its answer.
const lingerTime = 2 * awayLimit

// killLimit is how long SIGKILL may take. A process of another user (a setuid
// program) or one that hangs in the kernel must not keep the job for ever.
const killLimit = 3 * time.Second

// killAgainTime is between two looks at what SIGKILL has left: processes may fork
// meanwhile.
const killAgainTime = 2 * time.Millisecond

// endLeftovers ends what is left, in the background or after an abort. False:
// it cannot be ended.
func (a *agent) endLeftovers() (more bool) {
	switch {
	case a.kill && time.Now().After(a.killEnd):
		for _, pid := range descendants(os.Getpid()) {
			a.out.send(kindNotice, Notice{Text: fmt.Sprintf("host %s: process %d cannot be killed and is left", a.hostName(), pid), Detail: true})
		}
		return false
	case a.kill && !a.killing:
		a.killing = true
		signalDescendants(unix.SIGKILL)
		a.after(killAgainTime, killAgain{})
	case !a.kill && len(a.asked) == 0:
		a.terminate()
	}
	return true
}

func (a *agent) hostName() string { return a.setup.Hosts[a.setup.Host] }

// closeLimit is how long the last messages to rainrun may take.
const closeLimit = 5 * time.Second

func (a *agent) close() {
	// Nobody looks at events any more, and nobody may wait to give one.
	go func() {
		for range a.events {
		}
	}()
	a.boot.close()
	a.names.close()
	a.out.close()
	select {
	case <-a.out.done:
	case <-time.After(closeLimit): // rainrun does not read
	}
	if a.mesh != nil {
		a.mesh.close()
	}
	if a.past != nil {
		a.past.Close() // what went wrong has been said
	}
}
