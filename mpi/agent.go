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
	sends  sync.Mutex  // on conn: the program's thread and watch both do
	free   atomic.Bool // the agent has let us go
	memory int         // the shared memory's descriptor, -1 if there is none

	foreign bool // this process itself plays the agent, for another launcher
}

// claim connects to the agent and claims the rank that the environment names.
func claim(name string) (*agent, *boot.Welcome, error) {
	rank, err := strconv.Atoi(os.Getenv(boot.EnvRank))
	if err != nil {
		return nil, nil, errorf(ErrOther, "%s is set but %s is %q; start programs with rainrun, or unset both", boot.EnvAgent, boot.EnvRank, os.Getenv(boot.EnvRank))
	}
	conn, err := boot.Dial(name)
	if err != nil {
		return nil, nil, errorf(ErrOther, "rank %d: %v; the job it belonged to has ended", rank, err)
	}
	if err := conn.Send(boot.Message{Hello: &boot.Hello{Rank: rank, Pid: os.Getpid()}}); err != nil {
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
			if m.Finalize != nil {
				a.free.Store(true)
				e.wait.changed()
			}
			if m.Waits != nil {
				_ = a.send(boot.Message{Waits: &boot.Waits{Ranks: e.waitsFor()}})
			}
		}
	}()
}

func (a *agent) send(m boot.Message) error {
	a.sends.Lock()
	defer a.sends.Unlock()
	return a.conn.Send(m)
}

// exchange gives the agent our card and returns everybody's.
func (a *agent) exchange(card []byte) ([][]byte, error) {
	if err := a.send(boot.Message{Card: &boot.Card{Card: card}}); err != nil {
		return nil, errorf(ErrOther, "the agent has gone: %v", err)
	}
	m, err := a.conn.Recv()
	if err != nil || m.Cards == nil {
		return nil, errorf(ErrOther, "the agent gives no cards: %v", err)
	}
	return m.Cards.Cards, nil
}

func (a *agent) finalize() {
	_ = a.send(boot.Message{Finalize: &boot.Finalize{}})
}

// abort asks for the end of the job and waits for it. It returns only if the
// end does not come.
func (a *agent) abort(code int, text string) {
	if a.send(boot.Message{Abort: &boot.Abort{Code: code, Text: text}}) == nil {
		time.Sleep(10 * time.Second)
	}
}
