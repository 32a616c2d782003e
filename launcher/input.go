package launcher

import (
	"encoding/binary"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// An input carries rainrun's standard input to the ranks that read it. It is
// at most stdinWindow bytes ahead of what all of them have taken, and keeps
// those, to send them again when a start channel is lost.
type input struct {
	send func([]byte)

	mu    sync.Mutex
	moved *sync.Cond
	sent  int64
	ranks map[int]int64 // what each has taken
	taken int64         // by all
	kept  [][]byte      // pieces as sent: offset, data
}

func newInput() *input {
	in := &input{ranks: map[int]int64{}}
	in.moved = sync.NewCond(&in.mu)
	return in
}

// run reads until the end. It is never stopped: it ends with the process.
func (in *input) run(ranks []int, send func([]byte)) {
	in.mu.Lock()
	in.send = send
	for _, r := range ranks {
		in.ranks[r] = max(in.ranks[r], 0)
	}
	in.mu.Unlock()
	if inBackground() {
		// Reading the terminal would stop us. The rank sees no input, which is
		// what it would see if it ran in the background itself.
		return
	}
	buf := make([]byte, 32<<10)
	for {
		n, err := os.Stdin.Read(buf)
		if n > 0 && !in.pass(buf[:n]) {
			return
		}
		if err != nil {
			in.pass(nil)
			return
		}
	}
}

// pass sends one piece when it fits into the window. False: nobody reads any
// more.
func (in *input) pass(data []byte) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	for in.sent+int64(len(data))-in.taken > stdinWindow {
		in.moved.Wait()
	}
	if in.taken == stdinAll {
		return false
	}
	piece := append(binary.LittleEndian.AppendUint64(nil, uint64(in.sent)), data...)
	in.sent += int64(len(data))
	in.kept = append(in.kept, piece)
	in.send(piece)
	return true
}

// took: a rank has taken that many bytes of input so far.
func (in *input) took(rank int, bytes int64) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.ranks[rank] = max(in.ranks[rank], bytes)
	in.taken = stdinAll
	for _, n := range in.ranks {
		in.taken = min(in.taken, n)
	}
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
