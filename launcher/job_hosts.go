package launcher

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/pkg/errors"
)

// How agents come up.
const (
	// parallelStarts agents are started at one time. More would only wait for
	// each other: for this host's processors and for sshd's MaxStartups.
	parallelStarts = 64
	// failTime lets hosts that fail for one reason all be named. It is not used
	// up when every host has either failed or come.
	failTime = 2 * time.Second
	// retryTime is between two tries to reach a host whose name does not resolve
	// yet, or whose server is not there yet.
	retryTime = 500 * time.Millisecond
	// lateTime is how long that is tried where nobody has said that hosts come
	// up together with us.
	lateTime = 2 * time.Second
	// progressTime is how long a start may take before a person at a terminal
	// is told how far it is.
	progressTime = time.Second
)

// Events of the start.
type (
	startLate   struct{}           // --start-timeout
	startFailed struct{}           // failTime is over
	startAgain  struct{ host int } // retryTime is over
	showStart   struct{}           // progressTime is over
)

// startAgents starts the agents of all hosts; they answer with Ready.
func (j *job) startAgents() error {
	j.multi = len(j.hosts) > 1
	for i, h := range j.hosts {
		words, err := j.startWords(h.Name)
		if err != nil {
			return err
		}
		j.remotes = append(j.remotes, &remote{host: i, name: h.Name, words: words, stderr: &agentStderr{}})
	}
	if j.o.StartTimeout > 0 {
		time.AfterFunc(j.o.StartTimeout, func() { j.events <- startLate{} })
	}
	if j.multi && isTerminal(2) {
		time.AfterFunc(progressTime, func() { j.events <- showStart{} })
	}
	for range min(parallelStarts, len(j.hosts)) {
		if err := j.startNext(); err != nil {
			return err
		}
	}
	if !j.multi && j.startsHere(j.hosts[0].Name) {
		// This host is known: the plan need not wait for its agent's answer.
		cores := allowedCores()
		j.remotes[0].facts = &Ready{Cores: len(cores), Units: countUnits(cores)}
		return j.startRanks()
	}
	return nil
}

// startNext starts the agent of the next host that has none.
func (j *job) startNext() error {
	if j.next >= len(j.remotes) || j.ending {
		return nil
	}
	j.next++
	r := j.remotes[j.next-1]
	r.tried = time.Now()
	return j.startAgent(r)
}

func (j *job) startAgent(r *remote) error {
	if j.o.Verbose {
		j.out.say("host %s: %s", r.name, r.command())
	}
	if err := j.startRemote(r); err != nil {
		return errors.WithStack(err)
	}
	var names []string
	var witnesses []int
	for i, h := range j.hosts {
		names = append(names, h.Name)
		if i >= j.ranked {
			witnesses = append(witnesses, i)
		}
	}
	r.out.send(kindSetup, Setup{
		Protocol: Protocol, Job: j.name, Key: j.key, Host: r.host, Hosts: names, Multi: j.multi, Lead: j.lead, Home: j.home, GoesOn: j.o.GoesOn, Witnesses: witnesses,
		Rails: j.o.Rails, PortLow: j.o.PortLow, PortHigh: j.o.PortHigh,
		KillGrace: j.o.KillGrace, HostTimeout: j.o.HostTimeout, Verbose: j.o.Verbose, History: j.o.History,
	})
	return nil
}

// startEnded: the process that starts an agent has ended before the agent was
// ready. The job fails once others that fail for the same reason have been
// seen, unless it is worth another try.
func (j *job) startEnded(ev remoteEnd) {
	r := ev.r
	if j.ending {
		r.done = true
		return
	}
	if window := j.lateWindow(); ev.isLate() && time.Since(r.tried) < window {
		time.AfterFunc(retryTime, func() { j.events <- startAgain{r.host} })
		return
	}
	r.failed = true
	if j.failures = append(j.failures, startFailure{r.name, r.explainStart(ev)}); len(j.failures) == 1 {
		time.AfterFunc(failTime, func() { j.events <- startFailed{} })
	}
	j.startSettled()
}

// startSettled ends a start that has failed as soon as all hosts that were
// tried have had their say.
func (j *job) startSettled() {
	for _, r := range j.remotes[:j.next] {
		if r.ready == nil && !r.failed {
			return
		}
	}
	if len(j.failures) > 0 {
		j.failStart()
	}
}

// lateWindow is how long hosts that are not there yet are waited for. Under the
// MPI operator of Kubernetes hosts come up together with rainrun.
func (j *job) lateWindow() time.Duration {
	if os.Getenv("K_MPI_JOB_ROLE") != "" {
		return max(j.o.StartTimeout, lateTime)
	}
	return lateTime
}

// isLate says that the host may only not be there yet: ssh says so, in words.
func (end remoteEnd) isLate() bool {
	if end.r.words[0] != "ssh" || !end.status.Exited() || end.status.ExitStatus() != 255 {
		return false
	}
	said := bytes.ToLower(end.r.stderr.held())
	// The last two are a server that gets too many connections at once: a jump host's.
	for _, text := range []string{"could not resolve", "name resolution", "connection refused", "no route to host",
		"kex_exchange_identification", "connection closed by"} {
		if bytes.Contains(said, []byte(text)) {
			return true
		}
	}
	return false
}

// again starts an agent once more.
func (j *job) again(host int) {
	old := j.remotes[host]
	if j.ending {
		old.done = true
		return
	}
	r := &remote{host: host, name: old.name, words: old.words, stderr: &agentStderr{}, tried: old.tried}
	j.remotes[host] = r
	if err := j.startAgent(r); err != nil {
		j.end(Cause{Host: -1, Code: ExitError, Text: err.Error()})
	}
}

// A startFailure is a host that could not be started, and what was said of it first.
type startFailure struct{ host, text string }

// maxFailures are told whole, of the other hosts the names: they fail for the same
// reasons most often. --verbose tells all.
const maxFailures = 8

// failStart ends a job whose hosts could not all be started: all or none.
func (j *job) failStart() {
	var told, rest []string
	for _, f := range j.failures {
		if len(told) < maxFailures || j.o.Verbose {
			told = append(told, f.text)
		} else {
			rest = append(rest, f.host)
		}
	}
	text := strings.Join(told, "\nrainrun: ")
	if len(rest) > 0 {
		text += fmt.Sprintf("\nrainrun: %d more hosts could not be started: %s; --verbose says why", len(rest), strings.Join(rest, ", "))
	}
	j.end(Cause{Host: -1, Code: ExitError, Text: text})
}

// notReady are the hosts whose agents have not answered.
func (j *job) notReady() (late []*remote) {
	for _, r := range j.remotes {
		if r.ready == nil {
			late = append(late, r)
		}
	}
	return late
}

// startTooLate: --start-timeout is over.
func (j *job) startTooLate() {
	late := j.notReady()
	if j.ending || len(late) == 0 {
		return
	}
	said := ""
	if s := printable(late[0].stderr.held()); s != "" {
		said = ": " + s
	}
	others := ""
	if len(late) > 1 {
		others = fmt.Sprintf(" (and %d more of %d hosts)", len(late)-1, len(j.remotes))
	}
	j.end(Cause{Host: -1, Code: ExitError, Text: fmt.Sprintf(
		"host %s%s has not started its agent within %v (--start-timeout): %s%s; is the host up, and does that command answer?",
		late[0].name, others, j.o.StartTimeout, late[0].command(), said)})
}

// progress tells a person at a terminal how far the start is, in one line that
// goes away.
func (j *job) progress() {
	if late := j.notReady(); len(late) > 0 && !j.ending && !j.started {
		j.out.transient(fmt.Sprintf("rainrun: %d of %d hosts are ready; waiting for %s", len(j.remotes)-len(late), len(j.remotes), late[0].name))
		time.AfterFunc(progressTime/4, func() { j.events <- showStart{} })
		return
	}
	j.out.transient("")
}
