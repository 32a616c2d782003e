package launcher

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// becomeSubreaper makes this process the parent of every descendant whose own
// parent ends: setsid, double forks and shells that exit do not lead out of it.
func becomeSubreaper() {
	// Kernels since 3.4 have it; without it only grandchildren can get lost.
	_ = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
}

// descendants returns the processes below pid, parents before children.
func descendants(pid int) []int {
	if _, err := os.Stat(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid)); err != nil {
		return descendantsByParent(pid)
	}
	var all []int
	for next := []int{pid}; len(next) > 0; {
		p := next[0]
		next = next[1:]
		children := childrenOf(p)
		all = append(all, children...)
		next = append(next, children...)
	}
	return all
}

func childrenOf(pid int) []int {
	dir := fmt.Sprintf("/proc/%d/task", pid)
	tasks, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	var children []int
	for _, t := range tasks {
		b, err := os.ReadFile(dir + "/" + t.Name() + "/children")
		if err != nil {
			continue
		}
		for _, f := range strings.Fields(string(b)) {
			if c, err := strconv.Atoi(f); err == nil {
				children = append(children, c)
			}
		}
	}
	return children
}

// descendantsByParent serves kernels without CONFIG_PROC_CHILDREN: it reads
// the parent of every process.
func descendantsByParent(pid int) []int {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	children := map[int][]int{}
	for _, e := range entries {
		if p, err := strconv.Atoi(e.Name()); err == nil {
			if parent, ok := parentOf(p); ok {
				children[parent] = append(children[parent], p)
			}
		}
	}
	var all []int
	for next := []int{pid}; len(next) > 0; next = next[1:] {
		all = append(all, children[next[0]]...)
		next = append(next, children[next[0]]...)
	}
	return all
}

func parentOf(pid int) (int, bool) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, false
	}
	// "pid (name) state ppid": the name may hold anything, also ") ".
	s := string(b)
	f := strings.Fields(s[strings.LastIndexByte(s, ')')+1:])
	if len(f) < 2 {
		return 0, false
	}
	parent, err := strconv.Atoi(f[1])
	return parent, err == nil
}

// signalDescendants sends sig to everything below this process.
func signalDescendants(sig unix.Signal) {
	for _, pid := range descendants(os.Getpid()) {
		_ = unix.Kill(pid, sig)
	}
}

// killAll kills everything below this process and returns when nothing is left
// or at the time limit: a process of another user (a setuid program) cannot be
// killed and must not keep us.
//
// A process may fork between the look and the kill; its child becomes ours when
// it dies, and then the next round sees it.
func killAll(limit time.Duration) {
	for end := time.Now().Add(limit); time.Now().Before(end); {
		reaped, none := reap(func(int, unix.WaitStatus) {})
		if none {
			return
		}
		signalDescendants(unix.SIGKILL)
		if reaped == 0 {
			time.Sleep(500 * time.Microsecond)
		}
	}
}

// reap collects the children that have ended. none says that there is no child
// left at all, which for a subreaper means no descendant.
func reap(ended func(pid int, ws unix.WaitStatus)) (n int, none bool) {
	for {
		var ws unix.WaitStatus
		pid, err := unix.Wait4(-1, &ws, unix.WNOHANG, nil)
		switch {
		case err == unix.EINTR:
		case err != nil:
			return n, true
		case pid == 0:
			return n, false
		default:
			n++
			ended(pid, ws)
		}
	}
}
