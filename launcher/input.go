package launcher

import (
	"encoding/binary"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// An input carries rainrun's standard input to the rank that reads it. It is
// at most stdinWindow bytes ahead of what that rank has taken, and keeps those,
// to send them again when a start channel is lost.
type input struct {
	send func([]byte)

	mu    sync.Mutex
	moved *sync.Cond
	sent  int64
	taken int64
	kept  [][]byte // pieces as sent: offset, data
}

func newInput() *input {
	in := &input{}
	in.moved = sync.NewCond(&in.mu)
	return in
}

// run reads until the end. It is never stopped: it ends with the process.
func (in *input) run(send func([]byte)) {
	in.mu.Lock()
	in.send = send
	in.mu.Unlock()
	if inBackground() {
		// Reading the terminal would stop us. The rank sees no input, which is
		// what it would see if it ran in the background itself.
		return
	}
	buf := make([]byte, 32<<10)
	for {
		n, err := os.Stdin.Read(buf)
		if n > 0 {
			in.pass(buf[:n])
		}
		if err != nil {
			in.pass(nil)
			return
		}
	}
}

// pass sends one piece when it fits into the window.
func (in *input) pass(data []byte) {
	in.mu.Lock()
	defer in.mu.Unlock()
	for in.sent+int64(len(data))-in.taken > stdinWindow {
		in.moved.Wait()
	}
	piece := append(binary.LittleEndian.AppendUint64(nil, uint64(in.sent)), data...)
	in.sent += int64(len(data))
	in.kept = append(in.kept, piece)
	in.send(piece)
}

// took: the rank has taken that many bytes of input so far.
func (in *input) took(bytes int64) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.taken = max(in.taken, bytes)
	for len(in.kept) > 0 {
		p := in.kept[0]
		if end := int64(binary.LittleEndian.Uint64(p)) + int64(len(p)-8); len(p) == 8 || end > in.taken {
			break
		}
		in.kept = in.kept[1:]
	}
	in.moved.Signal()
}

// again sends what may be lost.
func (in *input) again() {
	in.mu.Lock()
	defer in.mu.Unlock()
	for _, p := range in.kept {
		in.send(p)
	}
}

func isTerminal(fd int) bool {
	_, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	return err == nil
}

func inBackground() bool {
	group, err := unix.IoctlGetInt(0, unix.TIOCGPGRP)
	return err == nil && group != unix.Getpgrp()
}
