package launcher

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

const (
	readSize = 64 << 10
	// maxLine is how much of a line without an end is kept back. A longer one
	// is passed on in pieces.
	maxLine = 1 << 20
	// promptTime is how long the beginning of a line is kept back when a person
	// sits at the terminal: it may be a question.
	promptTime = 100 * time.Millisecond
)

// packOut makes the body of a kindOut frame: rank, stream (1, 2), data.
func packOut(rank int, stream byte, data []byte) []byte {
	b := binary.LittleEndian.AppendUint32(make([]byte, 0, 5+len(data)), uint32(rank))
	return append(append(b, stream), data...)
}

func unpackOut(b []byte) (rank int, stream byte, data []byte, err error) {
	if len(b) < 5 || b[4] != 1 && b[4] != 2 {
		return 0, 0, nil, errors.New("start channel: a frame of output without a head")
	}
	return int(binary.LittleEndian.Uint32(b)), b[4], b[5:], nil
}

// openStream makes the pipe for a rank's standard output or error and starts
// to read it. It returns the rank's end.
func (a *agent) openStream(r *rank, stream byte) (fd int, err error) {
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
		return -1, fmt.Errorf("a pipe for the output of rank %d: %w (ulimit -n?)", r.world, err)
	}
	_ = unix.SetNonblock(p[0], true) // our end alone: the Go runtime polls it
	f := os.NewFile(uintptr(p[0]), "rank output")
	prompts := a.start.Interactive && slices.Contains(a.start.Stdin, r.world)
	a.pipes++
	go func() {
		forwardLines(f, prompts, func(b []byte) { a.out.sendBulk(kindOut, packOut(r.world, stream, b)) })
		f.Close()
		a.events <- streamEnded{}
	}()
	return p[1], nil
}

// forwardLines passes whole lines on, as many at a time as were read. The rest
// after the last newline waits for its own.
func forwardLines(f *os.File, prompts bool, pass func([]byte)) {
	buf := make([]byte, readSize)
	var rest []byte
	for {
		if prompts && len(rest) > 0 {
			_ = f.SetReadDeadline(time.Now().Add(promptTime))
		}
		n, err := f.Read(buf)
		got := buf[:n]
		if end := bytes.LastIndexByte(got, '\n') + 1; end > 0 {
			pass(append(rest, got[:end]...))
			rest, got = nil, got[end:]
		}
		rest = append(rest, got...)
		late := errors.Is(err, os.ErrDeadlineExceeded)
		if len(rest) > 0 && (len(rest) >= maxLine || err != nil) {
			pass(rest)
			rest = nil
		}
		if late {
			_ = f.SetReadDeadline(time.Time{})
			continue
		}
		if err != nil {
			return
		}
	}
}

// A stdinWriter feeds a rank's standard input without ever blocking the
// agent's loop. rainrun bounds what is queued: it sends no more than
// stdinWindow bytes beyond what StdinDone has reported.
type stdinWriter struct {
	f    *os.File
	mu   sync.Mutex
	wake *sync.Cond
	data [][]byte
	come int64 // bytes that have come from rainrun
	end  bool  // no more input follows
	dead bool  // the rank does not read any more
	done int64 // bytes that the rank has taken
}

const (
	stdinWindow = 256 << 10
	stdinAll    = math.MaxInt64 // StdinDone of a rank that reads no more
)

// openStdin returns the descriptor that becomes the rank's standard input.
func (a *agent) openStdin(r *rank) (fd int, err error) {
	if !slices.Contains(a.start.Stdin, r.world) {
		return devNull()
	}
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
		return -1, fmt.Errorf("a pipe for the input of rank %d: %w (ulimit -n?)", r.world, err)
	}
	_ = unix.SetNonblock(p[1], true)
	r.stdin = &stdinWriter{f: os.NewFile(uintptr(p[1]), "rank input")}
	r.stdin.wake = sync.NewCond(&r.stdin.mu)
	go r.stdin.run(func(n int64) { a.out.send(kindStdinDone, StdinDone{Rank: r.world, Bytes: n}) })
	return p[0], nil
}

// stdin takes input from rainrun: its offset in the stream, then the data; none
// is the end. After a start channel was lost some comes twice.
func (a *agent) stdin(b []byte) {
	if a.start == nil || len(b) < 8 {
		return
	}
	for _, r := range a.ranks {
		if r.stdin != nil {
			r.stdin.take(int64(binary.LittleEndian.Uint64(b)), b[8:])
		}
	}
}

func (w *stdinWriter) take(off int64, data []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case off != w.come || w.dead:
		return
	case len(data) == 0:
		w.end = true
	default:
		w.data = append(w.data, data)
		w.come += int64(len(data))
	}
	w.wake.Signal()
}

func (w *stdinWriter) run(report func(done int64)) {
	defer w.f.Close()
	for {
		w.mu.Lock()
		for len(w.data) == 0 && !w.end && !w.dead {
			w.wake.Wait()
		}
		if w.dead || len(w.data) == 0 {
			w.mu.Unlock()
			report(stdinAll)
			return
		}
		b := w.data[0]
		w.data = w.data[1:]
		w.mu.Unlock()
		if _, err := w.f.Write(b); err != nil {
			// A rank need not read its input. Nobody waits for it, and
			// rainrun goes on reading if others do.
			w.close()
			continue
		}
		w.done += int64(len(b))
		report(w.done)
	}
}

// close ends the input; the rank is gone.
func (w *stdinWriter) close() {
	w.mu.Lock()
	w.dead = true
	w.mu.Unlock()
	w.wake.Signal()
	_ = w.f.SetWriteDeadline(time.Unix(1, 0)) // wakes a Write that blocks
}

func lines(b []byte) []string { return strings.Split(string(b), "\n") }
