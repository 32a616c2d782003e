package mpi

import (
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"rainmpi/internal/boot"
)

// agent is this rank's connection to its agent.
type agent struct {
	conn   *boot.Conn
	free   atomic.Bool // the agent has let us go
	memory int         // the shared memory's descriptor, -1 if there is none

	foreign bool // this process itself plays the agent, for another launcher

	mu      sync.Mutex // for sending, and for what follows
	asked   uint64     // questions so far
	answers map[uint64]boot.Message
}

// claim connects to the agent and claims the rank that the environment names.
func claim(name string) (*agent, *boot.Welcome, error) {
	rank, err := strconv.Atoi(os.Getenv(boot.EnvRank))
	if err != nil {
		return nil, nil, errorf(ErrOther, "%s is set but %s is %q; start programs with rainrun, or unset both", boot.EnvAgent, boot.EnvRank, os.Getenv(boot.EnvRank))
	}
	world, _ := strconv.Atoi(os.Getenv(boot.EnvWorld)) // 0 if it is not set
	conn, err := boot.Dial(name)
	if err != nil {
		return nil, nil, errorf(ErrOther, "rank %d: %v; the job it belonged to has ended", rank, err)
	}
	if err := conn.Send(boot.Message{Hello: &boot.Hello{World: world, Rank: rank, Pid: os.Getpid()}}); err != nil {
		return nil, nil, errorf(ErrOther, "rank %d: the agent has gone: %v", rank, err)
	}
	m, err := conn.Recv()
	if err != nil || m.Welcome == nil {
		return nil, nil, errorf(ErrOther, "rank %d: the agent gives no welcome: %v", rank, err)
	}
	if m.Welcome.Error != "" {
		conn.Close()
	}
	return &agent{conn: conn, memory: conn.FD()}, m.Welcome, nil
}

// watch ends this process when the agent has gone: a rank never outlives it.
func (a *agent) watch(e *engine) {
	go func() {
		for {
			m, err := a.conn.Recv()
			if err != nil {
				unix.Exit(1)
			}
			switch {
			case m.Finalize != nil:
				a.free.Store(true)
			case m.Failed != nil:
				e.lost(m.Failed.Ranks)
			case m.Waits != nil:
				_ = a.tell(boot.Message{Waits: &boot.Waits{Ranks: e.waitsFor()}})
			case m.Look != nil:
				e.mu.Lock()
				e.progress()
				e.unlockAndWork()
			case m.Spawned != nil:
				a.answered(m.Spawned.Seq, m)
			case m.Named != nil:
				a.answered(m.Named.Seq, m)
			}
			e.wait.changed()
		}
	}()
}

func (a *agent) answered(seq uint64, m boot.Message) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.answers == nil {
		a.answers = make(map[uint64]boot.Message)
	}
	a.answers[seq] = m
}

// ask sends a question, which make gives a number, and waits for its answer, making
// progress: others may need this process to answer theirs.
func (e *engine) ask(make func(seq uint64) boot.Message) (boot.Message, error) {
	a := e.boot
	a.mu.Lock()
	a.asked++
	seq := a.asked
	err := a.conn.Send(make(seq))
	a.mu.Unlock()
	if err != nil {
		return boot.Message{}, errorf(ErrOther, "the agent has gone: %v", err)
	}
	var m boot.Message
	e.until(func() bool {
		a.mu.Lock()
		defer a.mu.Unlock()
		var ok bool
		if m, ok = a.answers[seq]; ok {
			delete(a.answers, seq)
		}
		return ok
	})
	return m, nil
}

// tell sends a message that has no answer.
func (a *agent) tell(m boot.Message) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.conn.Send(m)
}

// exchange gives the agent our card and returns everybody's, and the numbers of those
// that have failed meanwhile.
func (a *agent) exchange(card []byte) (cards *boot.Cards, failed []int, err error) {
	if err := a.tell(boot.Message{Card: &boot.Card{Card: card}}); err != nil {
		return nil, nil, errorf(ErrOther, "the agent has gone: %v", err)
	}
	for {
		m, err := a.conn.Recv()
		switch {
		case err != nil:
			return nil, nil, errorf(ErrOther, "the agent gives no cards: %v", err)
		case m.Failed != nil:
			failed = append(failed, m.Failed.Ranks...)
		case m.Waits != nil: // the job ends: what ends it is told, and not that we knew nobody yet
			_ = a.tell(boot.Message{Waits: &boot.Waits{}})
		case m.Cards != nil:
			return m.Cards, failed, nil
		}
	}
}

func (a *agent) finalize(tied []int, waits bool) {
	a.tell(boot.Message{Finalize: &boot.Finalize{Tied: tied, Waits: waits}})
}

// abort asks for the end of the job and waits for it. It returns only if the
// end does not come.
func (a *agent) abort(code int, text string) {
	if a.tell(boot.Message{Abort: &boot.Abort{Code: code, Text: text}}) == nil {
		time.Sleep(10 * time.Second)
	}
}
