package lab

import (
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// A reaper is the process table of a PID 1: it starts children, reports their
// ends, and reaps the orphans that the kernel gives to PID 1. os/exec cannot be
// used beside it, since the reaper waits for every process.
type reaper struct {
	mu   sync.Mutex // held over fork and entry, so that no end comes before its entry
	ends map[int]chan syscall.WaitStatus
}

func newReaper() *reaper {
	r := &reaper{ends: make(map[int]chan syscall.WaitStatus)}
	chld := make(chan os.Signal, 1)
	signal.Notify(chld, syscall.SIGCHLD)
	go func() {
		for range chld {
			r.reap()
		}
	}()
	return r
}

// start forks and executes; the channel yields the wait status once. It runs on
// the calling thread, whose namespaces the child inherits.
func (r *reaper) start(path string, args []string, attr *syscall.ProcAttr) (int, <-chan syscall.WaitStatus, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	pid, err := syscall.ForkExec(path, args, attr)
	if err != nil {
		return 0, nil, err
	}
	end := make(chan syscall.WaitStatus, 1)
	r.ends[pid] = end
	return pid, end, nil
}

func (r *reaper) reap() {
	for {
		var ws syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &ws, syscall.WNOHANG, nil)
		if err == syscall.EINTR {
			continue
		}
		if err != nil || pid <= 0 {
			return
		}
		r.mu.Lock()
		if end := r.ends[pid]; end != nil {
			end <- ws
			delete(r.ends, pid)
		}
		r.mu.Unlock()
	}
}
