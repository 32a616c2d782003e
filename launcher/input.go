package launcher

import (
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// An input carries rainrun's standard input to the rank that reads it. It is
// at most stdinWindow bytes ahead of what that rank has taken.
type input struct {
	mu    sync.Mutex
	moved *sync.Cond
	sent  int64
	taken int64
}

func newInput() *input {
	in := &input{}
	in.moved = sync.NewCond(&in.mu)
	return in
}

// run reads until the end. It is never stopped: it ends with the process.
func (in *input) run(send func([]byte)) {
	if inBackground() {
		// Reading the terminal would stop us. The rank sees no input, which is
		// what it would see if it ran in the background itself.
		return
	}
	buf := make([]byte, 32<<10)
	for {
		n, err := os.Stdin.Read(buf)
		if n > 0 {
			in.wait(int64(n))
			send(append([]byte(nil), buf[:n]...))
		}
		if err != nil {
			send(nil)
			return
		}
	}
}

// wait returns when n more bytes fit into the window.
func (in *input) wait(n int64) {
	in.mu.Lock()
	for in.sent+n-in.taken > stdinWindow {
		in.moved.Wait()
	}
	in.sent += n
	in.mu.Unlock()
}

func (in *input) took(bytes int64) {
	in.mu.Lock()
	in.taken = max(in.taken, bytes)
	in.mu.Unlock()
	in.moved.Signal()
}

func isTerminal(fd int) bool {
	_, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	return err == nil
}

func inBackground() bool {
	group, err := unix.IoctlGetInt(0, unix.TIOCGPGRP)
	return err == nil && group != unix.Getpgrp()
}
