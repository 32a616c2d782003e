package launcher

import (
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Guarded is the argument that tells the real agent from its guardian, whose process id follows: an agent that
// looked for its parent itself could find one that it got because the guardian was dead already.
const Guarded = "--guarded"

// agentLimit is how long the agent has for an end in order before its guardian
// kills it and does the rest.
const agentLimit = 15 * time.Second

// Guardian is the outer process of "rainrun agent". It starts the real agent,
// which inherits the start channel, and outlives it: whatever the agent leaves
// behind becomes the guardian's, which kills it and says goodbye. The result
// is the exit status.
func Guardian() int {
	// The agent's death signal follows this thread.
	runtime.LockOSThread()
	becomeSubreaper()
	widen()
	signals := make(chan os.Signal, 16)
	// SIGPIPE: the channel's far end may be gone when we say goodbye.
	signal.Notify(signals, unix.SIGTERM, unix.SIGINT, unix.SIGHUP, unix.SIGPIPE)
	agent, err := startAgent()
	if err != nil {
		fmt.Fprintf(os.Stderr, "rainrun: the agent cannot be started: %v\n", err)
		return 1
	}
	go func() {
		for s := range signals {
			if s != unix.SIGPIPE {
				_ = unix.Kill(agent, unix.SIGTERM)
				time.AfterFunc(agentLimit, func() { _ = unix.Kill(agent, unix.SIGKILL) })
			}
		}
	}()
	ws := waitFor(agent)
	killAll(3 * time.Second)
	if ws.Exited() {
		return ws.ExitStatus()
	}
	goodbye(ws)
	return 128 + int(ws.Signal())
}

// startAgent forks the real agent. When the guardian is killed, SIGTERM tells
// the agent to end the job. The agent has a session of its own: who kills the
// whole session or group of one of the two, as starters of remote commands do,
// leaves the other to clean up.
func startAgent() (pid int, err error) {
	return syscall.ForkExec("/proc/self/exe", []string{"rainrun", "agent", Guarded, strconv.Itoa(os.Getpid())}, &syscall.ProcAttr{
		Env:   os.Environ(),
		Files: []uintptr{0, 1, 2},
		Sys:   &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGTERM},
	})
}

func waitFor(agent int) unix.WaitStatus {
	for {
		var ws unix.WaitStatus
		pid, err := unix.Wait4(-1, &ws, 0, nil)
		if pid == agent && (ws.Exited() || ws.Signaled()) {
			return ws
		}
		if err != nil && err != unix.EINTR {
			return ws // no child: somebody else has reaped it
		}
	}
}

// goodbye writes the guardian's frame, in one piece. The agent may have died
// before it wrote the preamble or inside a frame; the reader copes with both.
func goodbye(ws unix.WaitStatus) {
	text := fmt.Sprintf("the agent was killed by signal %d (%s)", ws.Signal(), ws.Signal())
	f := encode(kindGoodbye, Goodbye{Text: text})
	b := append(appendFrame(nil, f.kind, f.body), '\n')
	for len(b) > 0 {
		n, err := unix.Write(1, b)
		if err == unix.EAGAIN || err == unix.EINTR {
			continue
		}
		if err != nil {
			return
		}
		b = b[n:]
	}
}
