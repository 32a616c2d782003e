package launcher

import (
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// A piped is a child with pipes to all its standard streams, in a session of
// its own. (os/exec would do, but its first use forks a child of its own to try
// the kernel's pidfds, which costs a millisecond of every start.)
type piped struct {
	pid                   int
	stdin, stdout, stderr *os.File
}

func startPiped(words []string) (*piped, error) {
	path, err := exec.LookPath(words[0])
	if err != nil {
		return nil, err
	}
	var in, out, errs [2]int
	for _, p := range []*[2]int{&in, &out, &errs} {
		if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
			return nil, err
		}
	}
	defer func() { unix.Close(in[0]); unix.Close(out[1]); unix.Close(errs[1]) }()
	// Our ends alone: the Go runtime polls them.
	for _, fd := range []int{in[1], out[0], errs[0]} {
		_ = unix.SetNonblock(fd, true)
	}
	p := &piped{
		stdin:  os.NewFile(uintptr(in[1]), "agent's stdin"),
		stdout: os.NewFile(uintptr(out[0]), "agent's stdout"),
		stderr: os.NewFile(uintptr(errs[0]), "agent's stderr"),
	}
	p.pid, err = syscall.ForkExec(path, words, &syscall.ProcAttr{
		Env:   os.Environ(),
		Files: []uintptr{uintptr(in[0]), uintptr(out[1]), uintptr(errs[1])},
		Sys:   &syscall.SysProcAttr{Setsid: true},
	})
	if err != nil {
		p.stdin.Close()
		p.close()
		return nil, err
	}
	return p, nil
}

// wait returns when the child has ended.
func (p *piped) wait() unix.WaitStatus {
	for {
		var ws unix.WaitStatus
		if pid, err := unix.Wait4(p.pid, &ws, 0, nil); err != unix.EINTR || pid == p.pid {
			return ws
		}
	}
}

func (p *piped) close() {
	p.stdout.Close()
	p.stderr.Close()
}
