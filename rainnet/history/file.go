package history

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
)

// Variable names, in the environment, the file whose name a process makes its log's of: a dot and
// the name of its host follow.
const Variable = "RAIN_HISTORY"

// FileOn is the log of the processes on a host.
func FileOn(prefix, host string) string { return prefix + "." + host }

// A Log is a file that a process appends its transitions to. It is used by one goroutine at a time.
type Log struct {
	// OnError is told the first error of writing; nil: Close alone tells it.
	OnError func(error)

	file *os.File
	err  error
}

// Create opens an empty log: what was in the file is gone.
func Create(path string) (*Log, error) { return open(path, os.O_TRUNC) }

// Append opens a log that others may have begun.
func Append(path string) (*Log, error) { return open(path, 0) }

func open(path string, flag int) (*Log, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND|flag, 0o644)
	if err != nil {
		return nil, fmt.Errorf("the history of paths: %w", err)
	}
	return &Log{file: f}, nil
}

// Begin says whose transitions will follow. slack is N of the link's configuration.
func (l *Log) Begin(self End, slack int, name string) {
	l.write(fmt.Sprintf("%s%v slack %d %s", head, self, slack, name))
}

// Add appends a transition.
func (l *Log) Add(e Entry) { l.write(e.String()) }

// write appends one line by one system call, so that lines of several processes stay whole.
func (l *Log) write(line string) {
	if _, err := l.file.WriteString(line + "\n"); err != nil && l.err == nil {
		l.err = fmt.Errorf("the history of paths: %w; what follows is missing in it", err)
		if l.OnError != nil {
			l.OnError(l.err)
		}
	}
}

// Close returns the first error of writing.
func (l *Log) Close() error {
	if err := l.file.Close(); l.err == nil {
		l.err = err
	}
	return l.err
}

// Logs is what was read of one or several files.
type Logs struct {
	ends  map[End]*kept
	order []*kept
}

// kept is the log of one end.
type kept struct {
	end   End
	file  string
	line  int // where it begins
	slack int
	name  string
	paths map[pathKey][]noted
}

// A noted entry knows where it stands.
type noted struct {
	Entry
	file string
	line int
}

func (n *noted) where() string { return n.file + ":" + strconv.Itoa(n.line) }

const (
	version = "1"
	head    = "# rainnet history " + version + " "
)

// ReadFile adds the logs in a file. Errors name the file and the line.
func (l *Logs) ReadFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return l.Read(f, path)
}

// Read adds the logs that r holds; name is that of the file.
func (l *Logs) Read(r io.Reader, name string) error {
	lines := bufio.NewScanner(r)
	n := 0
	for lines.Scan() {
		n++
		if err := l.line(lines.Text(), name, n); err != nil {
			return fmt.Errorf("%s:%d: %w", name, n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("%s:%d: %w", name, n+1, err)
	}
	return nil
}

func (l *Logs) line(text, file string, n int) error {
	switch {
	case strings.HasPrefix(text, "# rainnet history "):
		return l.begin(text, file, n)
	case text == "" || text[0] == '#':
		return nil
	}
	e, err := parseEntry(text)
	if err != nil {
		return err
	}
	k := l.ends[e.Self]
	if k == nil {
		return fmt.Errorf("a transition of %v, of whom no line above says that its log begins", e.Self)
	}
	key := keyOf(e)
	k.paths[key] = append(k.paths[key], noted{e, file, n})
	return nil
}

func (l *Logs) begin(text, file string, n int) error {
	rest, ok := strings.CutPrefix(text, head)
	f := strings.SplitN(rest, " ", 4)
	if !ok {
		return fmt.Errorf("a log of another version than %s: take the rainrun that wrote it", version)
	}
	if len(f) < 4 || f[1] != "slack" {
		return fmt.Errorf("%q does not say who begins a log", text)
	}
	end, err := parseEnd(f[0])
	if err != nil {
		return err
	}
	slack, err := strconv.Atoi(f[2])
	if err != nil || slack < 2 {
		return fmt.Errorf("%q is no slack: it is a number, 2 at least", f[2])
	}
	if k := l.ends[end]; k != nil {
		return fmt.Errorf("the log of %v begins a second time; the first is at %s:%d", end, k.file, k.line)
	}
	if l.ends == nil {
		l.ends = map[End]*kept{}
	}
	k := &kept{end: end, file: file, line: n, slack: slack, name: f[3], paths: map[pathKey][]noted{}}
	l.ends[end] = k
	l.order = append(l.order, k)
	return nil
}

// Clock is what Entry.At is made from: the wall clock at since, and monotonic time from there on, so
// that a clock that is set while a program runs leaves the order of its lines as it was.
func Clock(since time.Time, elapsed time.Duration) time.Time { return since.Round(0).Add(elapsed) }
