package launcher

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// A remote is rainrun's view of one agent: the process that started it and the
// start channel through that process. Only the job's goroutine uses its state.
type remote struct {
	host  int
	name  string
	words []string

	tried  time.Time // the first time
	pid    int       // of the process that starts the agent
	out    *frameWriter
	stderr *agentStderr

	failed   bool // it could not be started
	prepared bool // its ranks could be forked
	ready    *Ready
	facts    *Ready // ready or, of this host, what is known without asking
	direct   uint64 // frames that have come on its own channel; its reader's
	inbox    inbox
	lost     bool   // the start channel has ended
	done     bool   // no rank is left there
	ended    bool   // the process that started the agent has ended, or is not waited for
	dead     string // not empty: the agent is known to be dead, and how
	without  bool   // the job goes on without this host
}

// Events of a remote for the job.
type (
	remoteFrame struct {
		r *remote
		f frame
	}
	remoteEnd struct { // the channel has ended, and so has the process
		r       *remote
		garbage []byte // what came instead of the preamble
		err     error  // of the channel; nil: end of file
		status  unix.WaitStatus
	}
)

// startRemote starts the agent; Setup comes next. The process gets a session of
// its own: ctrl-c is for rainrun, which then ends the job in order.
func (j *job) startRemote(r *remote) error {
	p, err := startPiped(r.words)
	if err != nil {
		return fmt.Errorf("cannot start the agent on host %s: %s: %w", r.name, r.command(), err)
	}
	r.pid = p.pid
	r.out = newFrameWriter(p.stdin, false)
	go func() {
		<-r.out.done
		p.stdin.Close()
	}()
	go r.read(p, j)
	return nil
}

func (r *remote) read(p *piped, j *job) {
	said := make(chan struct{})
	go func() {
		_, _ = io.Copy(r.stderr, p.stderr)
		close(said)
	}()
	frames := newFrameReader(p.stdout)
	garbage, err := frames.preamble()
	for err == nil {
		var f frame
		if f, err = frames.next(); err == nil {
			j.receive(r, f)
		}
	}
	// Whoever sends garbage is not listened to any more; it must not block.
	_, _ = io.Copy(io.Discard, frames.r)
	if err == io.EOF {
		err = nil
	}
	status := p.wait()
	select { // a process in the background may hold standard error
	case <-said:
	case <-time.After(time.Second):
	}
	p.close()
	j.events <- remoteEnd{r, garbage, err, status}
}

func (r *remote) command() string { return strings.Join(r.words, " ") }

// explainStart says why an agent never became ready.
func (r *remote) explainStart(end remoteEnd) string {
	how := statusText(end.status)
	said := printable(append(end.garbage, r.stderr.held()...))
	if said == "" {
		said = "(no output)"
	}
	hint := ""
	if code := end.status.ExitStatus(); code == 127 || code == 126 {
		hint = fmt.Sprintf("; is rainrun installed there as %s? --prefix DIR says where else it is", r.words[len(r.words)-2])
	} else if r.words[0] == "ssh" && code == 255 {
		hint = "; check the name, and that ssh works without a password"
	}
	return fmt.Sprintf("cannot start the agent on host %s: %s: %s: %s%s", r.name, r.command(), how, said, hint)
}

// positive says whether the end of the starting process proves that the agent
// is dead. ssh and srun hand on the exit status of what they run; 255 is for
// ssh's own failures, and when they were killed the agent may well live.
func (end remoteEnd) positive() bool {
	switch end.r.words[0] {
	case "ssh":
		return end.status.Exited() && end.status.ExitStatus() != 255
	case "srun":
		return end.status.Exited()
	}
	return true
}

func statusText(ws unix.WaitStatus) string {
	if ws.Signaled() {
		return fmt.Sprintf("killed by signal %d (%s)", ws.Signal(), ws.Signal())
	}
	return fmt.Sprintf("exit status %d", ws.ExitStatus())
}

// agentStderr holds what an agent and its starter print until the agent is
// ready: if it never is, that is the reason. Afterwards it passes lines on.
type agentStderr struct {
	mu   sync.Mutex
	buf  bytes.Buffer
	pass io.Writer
}

func (s *agentStderr) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pass != nil {
		return s.pass.Write(b)
	}
	if room := maxPreface - s.buf.Len(); room > 0 {
		s.buf.Write(b[:min(room, len(b))])
	}
	return len(b), nil
}

func (s *agentStderr) open(w io.Writer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.buf.Len() > 0 {
		_, _ = w.Write(s.buf.Bytes())
		s.buf.Reset()
	}
	s.pass = w
}

func (s *agentStderr) held() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bytes.Clone(s.buf.Bytes())
}
