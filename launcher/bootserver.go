package launcher

import (
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"rainmpi/internal/boot"
)

// A bootServer accepts the ranks on the agent's abstract socket and turns what
// they say into events. It holds no state of the job.
type bootServer struct {
	name   string
	l      *boot.Listener
	memory int // memfd that the ranks of this host share
}

// A bootEvent is a message of a connected process, or the end of the
// connection (err is set).
type bootEvent struct {
	conn *boot.Conn
	pid  int // by the kernel's word
	m    boot.Message
	err  error
}

// maxConns bounds the processes that are connected at one time: each holds a
// thread of the agent, and the Go runtime allows 10,000.
const maxConns = 4096

// goneTime is how long a rank that has left its socket without MPI_Finalize has
// to end by itself, so that its exit status is known.
const goneTime = 200 * time.Millisecond

func newBootServer(name string, events chan<- any) (*bootServer, error) {
	l, err := boot.Listen(name)
	if err != nil {
		return nil, err
	}
	memory, err := unix.MemfdCreate("rain-shm", unix.MFD_CLOEXEC)
	if err != nil {
		l.Close()
		return nil, fmt.Errorf("shared memory for the ranks (memfd_create): %w", err)
	}
	s := &bootServer{name: name, l: l, memory: memory}
	go s.accept(events)
	return s, nil
}

func (s *bootServer) accept(events chan<- any) {
	tokens := make(chan struct{}, maxConns)
	for {
		conn, cred, err := s.l.Accept()
		if err == unix.EMFILE || err == unix.ENFILE {
			time.Sleep(10 * time.Millisecond)
			continue
		}
		if err != nil {
			return
		}
		// Abstract sockets have no owner. Only processes of our own user are
		// ranks of ours.
		if int(cred.Uid) != os.Getuid() {
			conn.Close()
			continue
		}
		tokens <- struct{}{}
		go func() {
			serveConn(conn, int(cred.Pid), events)
			<-tokens
		}()
	}
}

func serveConn(conn *boot.Conn, pid int, events chan<- any) {
	for {
		m, err := conn.Recv()
		events <- bootEvent{conn, pid, m, err}
		if err != nil {
			return
		}
	}
}

func (s *bootServer) close() {
	s.l.Close()
	unix.Close(s.memory)
}

func (a *agent) handleBoot(ev bootEvent) {
	r := a.claimedBy(ev.conn)
	switch {
	case ev.err != nil:
		ev.conn.Close()
		if r != nil {
			r.connOpen = false
			a.answered(r)
			a.waitsNoMore(r)
			a.mpiGone(r)
		}
	case ev.m.Hello != nil:
		a.hello(ev)
	case r == nil: // everything else needs a claim
		ev.conn.Close()
	case ev.m.Card != nil:
		r.card = ev.m.Card.Card
		a.gatherCards(r.w)
	case ev.m.Waits != nil:
		a.waitsTold(r, ev.m.Waits.Ranks)
	case ev.m.Look != nil:
		a.askLook(ev.m.Look.Rank)
	case ev.m.Finalize != nil:
		r.finalized, r.waits = true, ev.m.Finalize.Waits
		a.rankFinalized(r, ev.m.Finalize.Tied)
	case ev.m.Spawn != nil:
		a.askSpawn(r, *ev.m.Spawn)
	case ev.m.Born != nil:
		a.born(r, ev.m.Born.Passport)
	case ev.m.Ties != nil:
		a.connected(r, ev.m.Ties.Tied)
	case ev.m.Unmet != nil:
		a.unmet(r, *ev.m.Unmet)
	case ev.m.Name != nil:
		a.askName(r, *ev.m.Name)
	case ev.m.Abort != nil:
		a.abort(r, *ev.m.Abort)
	}
}

func (a *agent) claimedBy(conn *boot.Conn) *rank {
	for _, r := range a.ranks {
		if r.conn == conn {
			return r
		}
	}
	return nil
}

// hello answers a process that claims a rank. A rank is claimed once: a
// grandchild that has inherited the environment becomes a job of its own.
func (a *agent) hello(ev bootEvent) {
	w, r := a.worlds[ev.m.Hello.World], (*rank)(nil)
	if w != nil {
		r = a.byWorld[w.first+ev.m.Hello.Rank]
	}
	refuse := ""
	switch {
	case a.claimedBy(ev.conn) != nil:
		refuse = "this process has a rank already"
	case r == nil || r.w != w:
		refuse = fmt.Sprintf("there is no rank %d on host %s", ev.m.Hello.Rank, a.hostName())
	case r.conn != nil:
		refuse = fmt.Sprintf("rank %d is taken by process %d", r.world, r.connPid)
	case a.ending:
		refuse = "the job ends"
	case w.parent != nil && w.parent.Foreign():
		refuse = "a program of another MPI has spawned this one, and the two cannot talk to each other"
	}
	if refuse != "" {
		_ = ev.conn.Send(boot.Message{Welcome: &boot.Welcome{Error: refuse}})
		return
	}
	r.conn, r.connPid, r.connOpen, r.inited = ev.conn, ev.pid, true, true
	if err := ev.conn.Send(boot.Message{Welcome: a.welcome(r)}, w.memory); err != nil {
		return // Recv will report it
	}
	if r.look {
		a.askLook(r.world)
	}
	a.out.send(kindInit, Init{Rank: r.world})
}

func (a *agent) welcome(r *rank) *boot.Welcome {
	s := r.w.start
	w := &boot.Welcome{
		Job: r.w.name(a.setup.Job), Key: a.setup.Key, Rank: r.world - r.w.first, Size: s.Size, First: r.w.first, AppNum: r.app,
		Hosts: a.setup.Hosts, HostOf: s.HostOf, Slots: max(s.Slots, s.Size), Parent: r.w.parent, CPUs: len(a.cores),
		Rails: a.setup.Rails, PortLow: a.setup.PortLow, PortHigh: a.setup.PortHigh,
		Options: s.Options, Memory: true, GoesOn: a.setup.GoesOn, Failed: a.failedRanks(),
	}
	if s.Crowd > len(r.w.ranks) { // others' ranks use the same cores
		w.CPUs = max(1, w.CPUs*len(r.w.ranks)/s.Crowd)
	}
	return w
}

// mpiGone: the process that spoke MPI for r has left the socket.
func (a *agent) mpiGone(r *rank) {
	switch {
	case r.exited:
		a.rankOver(r)
	case !r.finalized:
		a.after(goneTime, mpiGoneCheck{r})
	}
}

// checkMPIGone: a rank whose MPI process is gone without MPI_Finalize while a
// wrapper lives on would hang the others.
func (a *agent) checkMPIGone(r *rank) {
	if r.exited || r.told {
		return
	}
	r.exit = Exit{Rank: r.world, Pid: r.connPid, Gone: true, Killed: a.killed || r.w.ended}
	a.tell(r)
}

// abort is MPI_Abort of a local rank, or an error that its program takes for fatal: the
// text says which. The local ranks die first, then everybody hears of it.
func (a *agent) abort(r *rank, m boot.Abort) {
	code := m.Code & 0xff
	if code == 0 {
		code = 1
	}
	text := fmt.Sprintf("rank %d on host %s (%s, pid %d) aborted the job with code %d",
		r.world, a.hostName(), a.programOf(r), r.connPid, m.Code)
	if m.Text != "" {
		text += ": " + m.Text
	}
	c := Cause{Host: a.setup.Host, Code: code, Text: text}
	if r.w.number > 0 {
		// It may have disconnected just now, and not all of its world have told.
		a.after(settleTime, aborted{r, c})
		return
	}
	a.end(c)
}
