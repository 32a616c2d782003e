package launcher

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"
)

// An output prints what the ranks write. Whole lines come from the agents; it
// keeps lines of different ranks apart, marks them, or sorts them into files.
type output struct {
	tag, stamp bool
	merge      bool   // both streams go to standard output
	file       string // prefix of files, one per rank and stream; empty: none
	size       int

	mu     sync.Mutex
	stream [3]streamState
	files  map[string]*os.File
	failed error
	shown  bool // a transient line is on the terminal
}

// streamState is that of rainrun's standard output (1) or error (2).
type streamState struct {
	w    io.Writer
	rank int  // that wrote last
	open bool // its line has no end yet
}

func newOutput(o Options) *output {
	out := &output{tag: o.Tag, stamp: o.Timestamp, merge: o.Merge, file: o.OutputFile, files: map[string]*os.File{}}
	out.stream[1].w, out.stream[2].w = os.Stdout, os.Stderr
	return out
}

func (o *output) write(rank int, stream byte, data []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.merge {
		stream = 1
	}
	if o.file != "" {
		o.writeFile(rank, stream, data)
		return
	}
	o.erase()
	s := &o.stream[stream]
	// A line without an end, from another rank: end it. Lines stay whole.
	if s.open && s.rank != rank {
		_, _ = s.w.Write([]byte{'\n'})
		s.open = false
	}
	b := data
	if o.tag || o.stamp {
		b = o.mark(rank, s.open, data)
	}
	if _, err := s.w.Write(b); err != nil {
		o.fail([...]string{1: "standard output", 2: "standard error"}[stream], err)
	}
	s.rank, s.open = rank, len(data) > 0 && data[len(data)-1] != '\n'
}

// mark puts rank and time before each line; inLine says that the first one
// goes on from an earlier piece.
func (o *output) mark(rank int, inLine bool, data []byte) []byte {
	var b bytes.Buffer
	for _, line := range bytes.SplitAfter(data, []byte{'\n'}) {
		if len(line) == 0 {
			continue
		}
		if !inLine {
			if o.stamp {
				b.WriteString(time.Now().Format("2006-01-02T15:04:05.000000 "))
			}
			if o.tag {
				fmt.Fprintf(&b, "[%d] ", rank)
			}
		}
		inLine = false
		b.Write(line)
	}
	return b.Bytes()
}

// writeFile appends to PREFIX.RANK.out or .err, with as many digits as the
// highest rank has, so that files sort.
func (o *output) writeFile(rank int, stream byte, data []byte) {
	name := fmt.Sprintf("%s.%0*d.%s", o.file, len(strconv.Itoa(max(o.size-1, 0))), rank, [...]string{1: "out", 2: "err"}[stream])
	f := o.files[name]
	if f == nil {
		var err error
		if f, err = createFile(name); err != nil {
			o.fail("--output-filename", err)
			return
		}
		o.files[name] = f
	}
	if _, err := f.Write(data); err != nil {
		o.fail("--output-filename", err)
	}
}

// fail says once, and remembers, that output could not be written.
func (o *output) fail(what string, err error) {
	if o.failed == nil {
		o.failed = fmt.Errorf("%s: %w; output is lost", what, err)
		fmt.Fprintf(os.Stderr, "rainrun: %v\n", o.failed)
	}
}

// canWrite tries whether the ranks' files can be made: a job whose output would be
// lost does not begin.
func (o *output) canWrite() error {
	if o.file == "" {
		return nil
	}
	dir := filepath.Dir(o.file)
	err := os.MkdirAll(dir, 0o777)
	if err == nil {
		var f *os.File
		if f, err = os.CreateTemp(dir, filepath.Base(o.file)+".*"); err == nil {
			f.Close()
			return os.Remove(f.Name())
		}
	}
	return fmt.Errorf("--output-filename %s: %w; name a place where files can be made", o.file, err)
}

// lost says what has become of output that could not be written; nil: all was.
func (o *output) lost() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.failed
}

func createFile(name string) (*os.File, error) {
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		return nil, err
	}
	return os.Create(name)
}

// say prints a line of rainrun's own on standard error, not into another line.
func (o *output) say(format string, args ...any) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.erase()
	s := &o.stream[2]
	if s.open {
		_, _ = s.w.Write([]byte{'\n'})
		s.open = false
	}
	fmt.Fprintf(s.w, "rainrun: "+format+"\n", args...)
}

// transient shows a line that the next one replaces, or erases it. It is for
// terminals.
func (o *output) transient(text string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if s := &o.stream[2]; !s.open && (text != "" || o.shown) {
		fmt.Fprintf(s.w, "\r\x1b[K%s", text)
		o.shown = text != ""
	}
}

// erase takes a transient line away; the lock is held.
func (o *output) erase() {
	if o.shown {
		_, _ = io.WriteString(o.stream[2].w, "\r\x1b[K")
		o.shown = false
	}
}

func (o *output) close() {
	o.transient("")
	for _, f := range o.files {
		f.Close()
	}
}
