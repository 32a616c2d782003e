package chaos

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"rainmpi/bench/lab"
)

// A Kind is a way to disturb a job.
type Kind struct {
	Name string
	// Bound is how long the job may take from the fault to its end on all hosts,
	// given the host time-out; nil: the job must live on, and is ended by the
	// harness with SIGTERM.
	Bound  func(hostTimeout time.Duration) time.Duration
	Status int    // of rainrun; anyFailure: not 0
	Word   string // in the message: %r is the rank, %h the host
	Unmet  string // as Word, of one that had not said a word to rainrun yet; empty: none

	do     func(t *trial) error
	undo   func(t *trial) error // after a while; nil: nothing
	strike role                 // whom it hits, for choosing the place
	mpi    bool                 // the rank itself does it, once it is in MPI
}

const anyFailure = -1

// grace is rainrun's default --kill-grace.
const grace = 100 * time.Millisecond

func within(d time.Duration) func(time.Duration) time.Duration {
	return func(time.Duration) time.Duration { return d }
}

// Kinds are all there are.
var Kinds = []Kind{
	{Name: "rank-killed", Bound: within(200*time.Millisecond + grace), Status: 137, Word: "rank %r", strike: aRank, do: kill(unix.SIGKILL)},
	{Name: "rank-aborts", Bound: within(200*time.Millisecond + grace), Status: 7, Word: "rank %r", strike: aRank, do: kill(signalAbort), mpi: true},
	{Name: "rank-exits", Bound: within(200*time.Millisecond + grace), Status: 3, Word: "rank %r", strike: aRank, do: kill(signalExit), mpi: true},
	{Name: "rank-stopped", strike: aRank, do: kill(unix.SIGSTOP), undo: kill(unix.SIGCONT)},
	{Name: "agent-killed", Bound: within(time.Second), Status: anyFailure, Word: "agent", strike: anAgent, do: kill(unix.SIGKILL)},
	{Name: "agent-stopped", strike: anAgent, do: kill(unix.SIGSTOP), undo: kill(unix.SIGCONT)},
	{Name: "guardian-killed", Bound: within(time.Second), Status: anyFailure, Word: "guardian", Unmet: "cannot start the agent on host %h", strike: aGuardian, do: kill(unix.SIGKILL)},
	{Name: "session-killed", Bound: within(time.Second), Status: anyFailure, Word: "agent", strike: aGuardian, do: (*trial).killSession},
	{Name: "rainrun-killed", Bound: within(2 * time.Second), Status: 137, strike: theRainrun, do: kill(unix.SIGKILL)},
	{Name: "ctrl-c", Bound: within(time.Second), Status: 130, Word: "SIGINT", strike: theRainrun, do: kill(unix.SIGINT)},
	{Name: "host-cut", Bound: afterTimeout, Status: anyFailure, Word: "host %h has been out of reach since", strike: aHost, do: (*trial).cutHost, undo: (*trial).mendHost},
	{Name: "host-lost", Bound: afterTimeout, Status: anyFailure, Word: "host %h has been out of reach since", strike: aHost, do: (*trial).loseHost, undo: (*trial).mendHost},
	{Name: "host-deaf", Bound: afterTimeout, Status: anyFailure, Word: "host %h has been out of reach since", strike: aHost, do: (*trial).deafHost, undo: (*trial).mendHost},
	{Name: "host-mute", Bound: afterTimeout, Status: anyFailure, Word: "host %h has been out of reach since", strike: aHost, do: (*trial).muteHost, undo: (*trial).mendHost},
	{Name: "own-host-cut", Bound: afterTimeout, Status: anyFailure, Word: "host %h has been out of reach since", strike: aHost, do: (*trial).cutOwnHost, undo: (*trial).mendHost},
	{Name: "own-host-lost", Bound: afterTimeout, Status: anyFailure, Word: "host %h has been out of reach since", strike: aHost, do: (*trial).loseOwnHost, undo: (*trial).mendHost},
	{Name: "rail-cut", strike: aRail, do: (*trial).cutRail, undo: (*trial).mendRail},
	{Name: "rail-hole", strike: aRail, do: (*trial).holeRail, undo: (*trial).mendRail},
}

// network reports whether the lab is harmed, which outlives the job.
func (k *Kind) network() bool { return k.strike == aHost || k.strike == aRail }

// early reports whether the moment may be one at which the job still starts.
func (k *Kind) early() bool { return k.Bound != nil && !k.network() && !k.mpi }

// afterTimeout is the bar for a host that is out of reach.
func afterTimeout(hostTimeout time.Duration) time.Duration { return hostTimeout + time.Second }

// KindNamed returns the kind of a name.
func KindNamed(name string) (*Kind, error) {
	for i := range Kinds {
		if Kinds[i].Name == name {
			return &Kinds[i], nil
		}
	}
	return nil, fmt.Errorf("chaos: no kind of fault %q", name)
}

func kill(s unix.Signal) func(*trial) error {
	return func(t *trial) error { return unix.Kill(t.victim.pid, s) }
}

// killSession kills all processes of the victim's session at once, as starters of
// remote commands do when their user is gone.
func (t *trial) killSession() error {
	session, err := unix.Getsid(t.victim.pid)
	if err != nil {
		return err
	}
	for _, p := range t.find() {
		if s, err := unix.Getsid(p.pid); err == nil && s == session {
			_ = unix.Kill(p.pid, unix.SIGKILL)
		}
	}
	return nil
}

// cutHost pulls all cables of the victim host.
func (t *trial) cutHost() error {
	for _, r := range t.Lab.Rails {
		if err := t.Lab.Fault(lab.Fault{Kind: lab.KindCut, Rail: r.Name, Host: t.victim.host, End: lab.Behind}); err != nil {
			return err
		}
	}
	return nil
}

// deafHost loses what the victim host is sent, and muteHost what it sends.
func (t *trial) deafHost() error { return t.holeHost(lab.In) }
func (t *trial) muteHost() error { return t.holeHost(lab.Out) }

func (t *trial) holeHost(dir lab.Dir) error {
	for _, r := range t.Lab.Rails {
		if err := t.Lab.Fault(lab.Fault{Kind: lab.KindBlackHole, Rail: r.Name, Host: t.victim.host, Dir: dir}); err != nil {
			return err
		}
	}
	return nil
}

// cutOwnHost cuts off the host of rainrun. It is out, unless there are two: then
// the other is.
func (t *trial) cutOwnHost() error {
	other := t.victim.host
	t.victim.host = t.Lab.Hosts[0].Name
	err := t.cutHost()
	if len(t.Lab.Hosts) == 2 {
		t.victim.host = other
	}
	return err
}

// loseOwnHost is cutOwnHost where rainrun loses the start channels as well.
func (t *trial) loseOwnHost() error {
	if err := t.cutOwnHost(); err != nil {
		return err
	}
	for _, h := range t.Lab.Hosts[1:] {
		if err := t.stopChannels(h.Name); err != nil {
			return err
		}
	}
	return nil
}

// loseHost is cutHost where the start channel hangs as well, as an ssh
// connection over the same cables would.
func (t *trial) loseHost() error {
	if err := t.cutHost(); err != nil {
		return err
	}
	return t.stopChannels(t.victim.host)
}

func (t *trial) stopChannels(host string) error {
	for _, p := range t.channels(host) {
		if err := unix.Kill(p, unix.SIGSTOP); err != nil {
			return err
		}
		t.stopped = append(t.stopped, p)
	}
	return nil
}

func (t *trial) mendHost() error {
	for _, p := range t.stopped {
		_ = unix.Kill(p, unix.SIGCONT) // it may have ended
	}
	t.stopped = nil
	for _, r := range t.Lab.Rails {
		if err := t.Lab.Fault(lab.Fault{Kind: lab.KindMend, Rail: r.Name}); err != nil {
			return err
		}
	}
	return nil
}

func (t *trial) cutRail() error {
	return t.Lab.Fault(lab.Fault{Kind: lab.KindCut, Rail: t.victim.rail, Host: t.victim.host})
}

func (t *trial) holeRail() error {
	return t.Lab.Fault(lab.Fault{Kind: lab.KindBlackHole, Rail: t.victim.rail})
}

func (t *trial) mendRail() error {
	return t.Lab.Fault(lab.Fault{Kind: lab.KindMend, Rail: t.victim.rail})
}
