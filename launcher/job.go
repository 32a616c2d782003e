package launcher

import (
	"crypto/rand"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"sync"
	"time"

	"github.com/pkg/errors"
	"golang.org/x/sys/unix"
)

// Options say what to run and how. The zero value of each field is its default.
type Options struct {
	Apps    []App
	Hosts   []Host // empty: this host
	Map     Mapping
	Bind    Binding
	Env     []string // K=V for all ranks
	Library map[string]string

	Launcher     string // LaunchAuto, LaunchSSH, LaunchSlurm
	Prefix       string // folder in which rainmpi is installed on other hosts; empty: where rainrun runs from
	AgentCommand string // words before the agent's command; empty: fork here, ssh elsewhere
	Rails        []string
	PortLow      int
	PortHigh     int

	Timeout     time.Duration // 0: none
	KillGrace   time.Duration
	HostTimeout time.Duration
	GoesOn      bool   // a failure does not end the job: --on-failure continue
	Witness     string // a host without ranks that votes about who is out of reach; empty: none
	// StartTimeout is how long the agents have to be there; 0: no limit.
	StartTimeout time.Duration

	Tag, Timestamp bool
	OutputFile     string
	Merge          bool  // standard error of the ranks goes to standard output
	Stdin          []int // the ranks that read standard input
	StdinAll       bool  // all do

	DisplayMap        bool
	DisplayAllocation bool
	ReportBindings    bool
	Verbose           bool

	History string // absolute name of a file for the history of paths, one on each host; empty: none
}

// Exit statuses of rainrun's own.
const (
	ExitError   = 1   // the job could not be started, or ended for a reason without a status
	ExitTimeout = 110 // ETIMEDOUT: --timeout
)

// A job is rainrun's side of a run. Its goroutine (loop) owns all state but
// what is marked.
type job struct {
	o       Options
	hosts   []Host
	remotes []*remote
	multi   bool
	ranked  int  // hosts with ranks; those behind are witnesses
	lead    int  // Setup.Lead
	home    bool // Setup.Home
	place   Placement
	key     []byte
	name    string

	events  chan any
	signals chan os.Signal
	out     *output   // locks itself
	in      *input    // locks itself
	readers []*remote // whose ranks read standard input
	relays  sync.Map  // host → *remote that passes its frames on

	next     int            // the next remote to start
	failures []startFailure // of the start
	programs map[int][]byte // that are sent along, by App

	started bool
	exits   map[int]Exit
	inited  map[int]bool
	pids    map[int]int
	waits   map[int][]int // rank → those that it waited for
	missing map[int]bool  // that the job goes on without, beside those with an exit that says so
	spawned map[int]spawnedRank
	silent  map[silence]bool // that people know of
	cause   *Cause
	ending  bool
	hasty   bool // a second signal: do not wait
}

// Events beside remoteFrame and remoteEnd.
type (
	timeout  struct{}
	stopSelf struct{}
	giveUp   struct{ hosts []int } // nil: all
)

// Run runs a job to its end. The error, if any, is for people to read; the
// status is what rainrun exits with.
func Run(o Options) (status int, err error) {
	j := &job{
		o: o, events: make(chan any, 256), signals: make(chan os.Signal, 64),
		out: newOutput(o), in: newInput(),
		lead:  -1,
		exits: map[int]Exit{}, inited: map[int]bool{}, pids: map[int]int{}, spawned: map[int]spawnedRank{}, waits: map[int][]int{}, silent: map[silence]bool{}, missing: map[int]bool{},
	}
	defer j.out.close()
	// When an agent here and its guardian are both killed, what they leave
	// becomes ours (dismiss).
	becomeSubreaper()
	signal.Notify(j.signals, unix.SIGINT, unix.SIGTERM, unix.SIGHUP, unix.SIGQUIT,
		unix.SIGTSTP, unix.SIGCONT, unix.SIGUSR1, unix.SIGUSR2)
	if err := j.o.checkTimes(); err != nil {
		return ExitError, err
	}
	if err := j.out.canWrite(); err != nil {
		return ExitError, err
	}
	if err := j.chooseHosts(); err != nil {
		return ExitError, err
	}
	if err := j.addWitness(); err != nil {
		return ExitError, err
	}
	j.key = make([]byte, 32)
	if _, err := rand.Read(j.key); err != nil {
		return ExitError, errors.Wrap(err, "random numbers for the job's key")
	}
	j.name = fmt.Sprintf("rain-%d", os.Getpid())
	if o.Timeout > 0 {
		time.AfterFunc(o.Timeout, func() { j.events <- timeout{} })
	}
	if err := j.readPrograms(); err != nil {
		return ExitError, err
	}
	if err := j.startAgents(); err != nil {
		j.end(Cause{Host: -1, Code: ExitError, Text: err.Error()})
	}
	j.loop()
	j.dismiss()
	status, err = j.verdict()
	if status == 0 && j.out.lost() != nil {
		status = ExitError
	}
	return status, err
}

// minHostTimeout leaves the hosts the time to notice that a message was lost, and
// to find each other again.
const minHostTimeout = 500 * time.Millisecond

func (o *Options) checkTimes() error {
	if o.HostTimeout == 0 {
		o.HostTimeout = 30 * time.Second
	}
	if o.HostTimeout < minHostTimeout {
		return fmt.Errorf("--host-timeout %v: at least %v", o.HostTimeout, minHostTimeout)
	}
	if o.KillGrace < 0 || o.StartTimeout < 0 {
		return fmt.Errorf("--kill-grace %v, --start-timeout %v: a time has no sign", o.KillGrace, o.StartTimeout)
	}
	return nil
}

func (j *job) loop() {
	for !j.allDone() {
		select {
		case ev := <-j.events:
			j.handle(ev)
		case s := <-j.signals:
			j.handleSignal(s.(unix.Signal))
		}
	}
}

func (j *job) allDone() bool {
	if j.hasty {
		return true
	}
	for _, r := range j.remotes {
		if !r.done {
			return false
		}
	}
	return true
}

func (j *job) handle(ev any) {
	switch ev := ev.(type) {
	case remoteFrame:
		if err := j.handleFrame(ev.r, ev.f); err != nil {
			j.end(Cause{Host: -1, Code: ExitError, Text: fmt.Sprintf("host %s: %v", ev.r.name, err)})
		}
	case remoteEnd:
		j.remoteEnded(ev)
	case timeout:
		j.end(Cause{Host: -1, Code: ExitTimeout, Text: fmt.Sprintf("the job was ended after %v (--timeout)", j.o.Timeout)})
	case stopSelf:
		_ = unix.Kill(os.Getpid(), unix.SIGSTOP)
	case giveUp:
		j.giveUp(ev.hosts)
	case startLate:
		j.startTooLate()
	case startFailed:
		j.failStart()
	case startAgain:
		j.again(ev.host)
	case showStart:
		j.progress()
	}
}

func (j *job) handleFrame(r *remote, f frame) error {
	switch f.kind {
	case kindReady:
		var m Ready
		if err := f.decode(&m); err != nil {
			return err
		}
		return j.agentReady(r, &m)
	case kindPrepared:
		r.prepared = true
		j.letGo()
	case kindStarted:
		var m Started
		if err := f.decode(&m); err != nil {
			return err
		}
		j.ranksStarted(r, m)
	case kindInit:
		var m Init
		if err := f.decode(&m); err != nil {
			return err
		}
		j.inited[m.Rank] = true
		j.checkInit()
	case kindExit:
		var m Exit
		if err := f.decode(&m); err != nil {
			return err
		}
		j.exits[m.Rank] = m
		if m.GoesOn {
			j.rankFailed(m)
		}
		j.checkInit()
	case kindStdinDone:
		var m StdinDone
		if err := f.decode(&m); err != nil {
			return err
		}
		j.in.took(m.Rank, m.Bytes)
	case kindEnding:
		var c Cause
		if err := f.decode(&c); err != nil {
			return err
		}
		if c.Leaves && j.survives() || c.Fenced && j.survivesCut(c.Host) {
			j.hostLost(HostLost{c.Host, c.Text})
			return nil
		}
		j.end(c)
	case kindHostLost:
		return take(f, j.hostLost)
	case kindNotice:
		var n Notice
		if err := f.decode(&n); err != nil {
			return err
		}
		j.notice(n)
	case kindWaits:
		var w RankWaits
		if err := f.decode(&w); err != nil {
			return err
		}
		j.waits[w.Rank] = w.For
	case kindDone:
		r.done = true
	case kindGoodbye:
		var g Goodbye
		if err := f.decode(&g); err != nil {
			return err
		}
		r.dead = g.Text
	default:
		return fmt.Errorf("unexpected message of kind %d from the agent", f.kind)
	}
	return nil
}

// remoteEnded: the start channel to an agent has ended.
func (j *job) remoteEnded(ev remoteEnd) {
	r := ev.r
	r.lost, r.ended = true, true
	r.out.close()
	if r != j.remotes[r.host] {
		return // it has been started again
	}
	if r.done {
		return
	}
	switch {
	case r.ready == nil:
		j.startEnded(ev)
		return
	case r.dead != "":
		r.done = true
		j.agentDead(r, r.dead)
	case ev.positive() || !j.multi:
		r.done = true
		how := statusText(ev.status)
		if ev.err != nil {
			how = ev.err.Error()
		}
		j.agentDead(r, fmt.Sprintf("the agent died (%s)", how))
	default:
		// ssh is gone, the agent may live: the other agents will say.
		if j.o.Verbose {
			j.out.say("host %s: the start channel is lost (%v); its messages come through another host", r.name, statusText(ev.status))
		}
	}
	j.reroute()
}

// agentDead: an agent is known to be, and so are its ranks.
func (j *job) agentDead(r *remote, how string) {
	text := fmt.Sprintf("host %s: %s", r.name, how)
	if j.survives() || r.without {
		j.hostLost(HostLost{r.host, text})
		return
	}
	j.end(Cause{Host: r.host, Dead: true, Code: ExitError, Text: text})
}

// reroute finds a way to the agents whose start channel is lost, and tells them
// that it is: a connection that was cut is not noticed at both ends.
func (j *job) reroute() {
	var via *remote
	for _, r := range j.remotes {
		if !r.lost && !r.done {
			via = r
		}
	}
	for _, r := range j.remotes {
		switch {
		case !r.lost || r.done || r.ready == nil:
		case via == nil:
			r.done = true
			j.end(Cause{Host: -1, Code: ExitError, Text: "the start channels of all hosts are lost"})
		default:
			j.relays.Store(r.host, via)
			j.sendTo(r, kindLost, Lost{Host: r.host})
			if slices.Contains(j.readers, r) {
				j.in.again()
			}
		}
	}
}

// end ends the job; only the first cause counts.
func (j *job) end(c Cause) {
	if j.cause == nil {
		j.cause = &c
	}
	if j.ending {
		return
	}
	j.ending = true
	for _, r := range j.remotes {
		if r.ready == nil && r.facts == nil { // no agent is known to be there: the start is given up
			r.done = true
			if r.pid != 0 && !r.ended {
				_ = unix.Kill(-r.pid, unix.SIGTERM) // its session: a shell is not all
			}
			r.ended = r.ended || r.pid == 0
		}
		if r.out == nil {
			continue
		}
		j.sendTo(r, kindEnd, c)
		if !j.started { // no rank anywhere: nothing to wait for
			j.sendTo(r, kindBye, nil)
		}
	}
	if away := j.away(c); len(away) > 0 {
		time.AfterFunc(j.o.KillGrace+awayLimit, func() { j.events <- giveUp{away} })
	}
	time.AfterFunc(j.o.KillGrace+answerLimit, func() { j.events <- giveUp{} })
}

// away are the hosts whose answer nobody waits long for: those that are out of
// reach, and end their ranks by themselves. A host that says that it is cut off
// tells of itself; it is the others that are out of reach if rainrun runs there.
func (j *job) away(c Cause) []int {
	if c.Fenced && c.Host != j.lead {
		return []int{c.Host}
	}
	return c.Away
}

// notice prints a line of an agent, once.
func (j *job) notice(n Notice) {
	if n.Detail {
		j.out.say("%s", n.Text)
		return
	}
	of := silence{n.Hosts, n.Ranks}
	known := j.silent[of]
	if n.Silence && n.Hosts[1] >= 0 && !n.Ranks { // of a pair one may be known to be silent
		known = known || j.silent[silence{hosts: [2]int{n.Hosts[0], -1}}] || j.silent[silence{hosts: [2]int{n.Hosts[1], -1}}]
	}
	if known != n.Silence {
		j.silent[of] = n.Silence
		j.out.say("%s", n.Text)
	}
}

// A silence is what a Notice is about.
type silence struct {
	hosts [2]int
	ranks bool
}

// How long a host may take to answer to the end of the job, beyond the grace:
// one that is not known to be in trouble, and one that is out of reach, which has
// ended its ranks before the others gave it up.
const (
	answerLimit = 5 * time.Second
	awayLimit   = 150 * time.Millisecond
)

// giveUp: somebody does not answer to the end of the job.
func (j *job) giveUp(hosts []int) {
	for _, r := range j.remotes {
		switch {
		case r.done:
			continue
		case hosts == nil:
			j.out.say("host %s does not answer; processes of the job may be left there", r.name)
		case slices.Contains(hosts, r.host):
			j.out.say("host %s is out of reach; the job's processes there end by themselves", r.name)
		default:
			continue
		}
		r.done = true
		r.ended = r.ended || hosts != nil // dismiss does not wait for it, and kills what started it
		_ = unix.Kill(r.pid, unix.SIGTERM)
	}
}

// sendTo sends a control message to an agent, by its own channel or through
// the agent that has passed on its last frame.
func (j *job) sendTo(r *remote, kind byte, v any) { j.sendFrameTo(r, encode(kind, v)) }

func (j *job) sendFrameTo(r *remote, f frame) {
	if via, ok := j.relays.Load(r.host); ok {
		via.(*remote).out.sendFrame(frame{kindRelayed, packRelayed(r.host, 0, f)})
		return
	}
	r.out.sendFrame(f)
}

func (j *job) handleSignal(s unix.Signal) {
	switch s {
	case unix.SIGTSTP, unix.SIGCONT, unix.SIGUSR1, unix.SIGUSR2:
		for _, r := range j.remotes {
			j.sendTo(r, kindSignal, Signal{Signal: int(s)})
		}
		if s == unix.SIGTSTP {
			// Let the writers have their turn before everything here stands still.
			time.AfterFunc(20*time.Millisecond, func() { j.events <- stopSelf{} })
		}
	default:
		if j.ending {
			j.hasty = true
		}
		j.end(Cause{Host: -1, Code: 128 + int(s), Text: fmt.Sprintf("the job was ended by %s (signal %d)", signalName(s), int(s))})
	}
}

// dismiss lets the agents go and waits, not for long, until they have.
func (j *job) dismiss() {
	// First those that are reached through others, which must not be gone yet.
	for _, lost := range []bool{true, false} {
		for _, r := range j.remotes {
			if r.lost == lost && r.out != nil {
				j.sendTo(r, kindBye, nil)
			}
		}
	}
	for _, r := range j.remotes {
		if r.out != nil {
			r.out.close()
		}
	}
	limit := time.After(2 * time.Second)
	if j.hasty {
		limit = time.After(0)
	}
	for _, r := range j.remotes {
		for !r.ended {
			select {
			case ev := <-j.events:
				if end, ok := ev.(remoteEnd); ok {
					end.r.ended = true
				}
			case <-limit:
				j.killStarters()
				return
			}
		}
	}
	killAll(time.Second)
}

// killStarters ends what started the agents where it does not end itself: ssh,
// then the agents see the end of the start channel, or here the guardian, which
// tells its agent.
func (j *job) killStarters() {
	for _, r := range j.remotes {
		switch {
		case r.ended:
		case r.ready == nil && r.facts == nil:
			_ = unix.Kill(-r.pid, unix.SIGKILL)
		default:
			_ = unix.Kill(r.pid, unix.SIGTERM)
		}
	}
}
