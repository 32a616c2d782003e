package cluster

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rainmpi/bench/lab"
)

// A streamJob is stream.c on two hosts of a lab, two ranks each.
type streamJob struct {
	t        *testing.T
	cmd      *exec.Cmd
	stop     string   // the file that ends it
	out, err *os.File // what it says
}

// stream starts one and waits until it streams.
func stream(t *testing.T, l *lab.Lab, args ...string) *streamJob {
	t.Helper()
	dir := t.TempDir()
	j := &streamJob{t: t, stop: filepath.Join(dir, "stop")}
	prog := compile(t, filepath.Join(bin(t), "mpicc"), "testdata/stream.c")
	j.cmd = l.Outside().Command(filepath.Join(bin(t), "rainrun"), append(append([]string{"-n", "4", "--host", "h1:2,h2:2"}, args...), prog, j.stop)...)
	for name, file := range map[string]**os.File{"out": &j.out, "err": &j.err} {
		var err error
		if *file, err = os.Create(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { (*file).Close() })
	}
	j.cmd.Stdout, j.cmd.Stderr = j.out, j.err
	if err := j.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.cmd.Process.Kill() })
	j.until(30*time.Second, "it streams", func() bool { return strings.Contains(said(j.out), "going\n") })
	return j
}

func said(file *os.File) string {
	b, _ := os.ReadFile(file.Name())
	return string(b)
}

func (j *streamJob) until(limit time.Duration, what string, done func() bool) {
	j.t.Helper()
	if !eventually(limit, done) {
		j.t.Fatalf("not after %v: %s; standard error: %s", limit, what, said(j.err))
	}
}

// lines are how many lines there are on standard error.
func (j *streamJob) lines() int { return strings.Count(said(j.err), "\n") }

// silent wants no line beyond those for so long.
func (j *streamJob) silent(long time.Duration, lines int) {
	j.t.Helper()
	if eventually(long, func() bool { return j.lines() != lines }) {
		j.t.Fatalf("standard error has other than %d lines: %s", lines, said(j.err))
	}
}

// end ends the job, and wants every word to have come and just these lines on standard error.
func (j *streamJob) end(lines ...string) {
	j.t.Helper()
	if err := os.WriteFile(j.stop, nil, 0o644); err != nil {
		j.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- j.cmd.Wait() }()
	select {
	case err := <-ended:
		if err != nil {
			j.t.Error(err)
		}
	case <-time.After(time.Minute):
		j.t.Fatalf("it does not end; standard error: %s", said(j.err))
	}
	if got := said(j.out); got != "going\n0 wrong words\n" {
		j.t.Errorf("output %q", got)
	}
	got := strings.SplitAfter(said(j.err), "\n")
	got = got[:len(got)-1]
	for i, line := range got {
		if i >= len(lines) || !strings.Contains(line, lines[i]) {
			j.t.Errorf("standard error has a line %q; wanted are %q", line, lines)
		}
	}
	if len(got) < len(lines) {
		j.t.Errorf("standard error lacks %q", lines[len(got):])
	}
}

// on runs a command of a host.
func on(t *testing.T, h *lab.Host, words ...string) string {
	t.Helper()
	out, err := h.Command(words[0], words[1:]...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s on %s: %v: %s", words, h.Name, err, out)
	}
	return string(out)
}

// A packet filter that drops what comes to ranks, in mid job, and not what comes to agents: people hear for
// whom the job waits, however long, and when it goes on.
func TestFilterInMidJob(t *testing.T) {
	l := lab.Start(t, lab.Config{Hosts: 2, Rails: 2, Rate: 200e6})
	j := stream(t, l, "--ports", "47000-47002", "--host-timeout", "5s")
	firewall(t, l.Hosts[1], 47000, 47000)
	j.until(9*time.Second, "a line", func() bool { return j.lines() == 1 })
	j.silent(7*time.Second, 1) // more than --host-timeout, and than agents need to see what they see
	on(t, l.Hosts[1], "nft", "delete table inet wall")
	j.until(9*time.Second, "a line that it is over", func() bool { return j.lines() == 2 })
	j.end(", though their hosts reach each other; waiting without limit (--timeout sets one): is that rank stopped, or does a packet filter drop UDP between 10.77.",
		"rainrun: the ranks on hosts h1 and h2 reach each other after ")
	if got := said(j.err); !strings.Contains(got, " on host h") || !strings.Contains(got, " has been silent to rank ") || !strings.Contains(got, ":4700") {
		t.Error(got)
	}
}

// A host that is silent as a whole, since its cables are cut or everything there is stopped, is
// told of, and none of its ranks.
func TestSilentHostInMidJob(t *testing.T) {
	for what, does := range map[string]struct{ strike, undo func(*testing.T, *lab.Lab) }{
		"cut": {func(t *testing.T, l *lab.Lab) {
			for _, r := range l.Rails {
				if err := r.BlackHole("h2", lab.Both); err != nil {
					t.Fatal(err)
				}
			}
		}, func(t *testing.T, l *lab.Lab) {
			for _, r := range l.Rails {
				if err := r.Mend(); err != nil {
					t.Fatal(err)
				}
			}
		}},
		"stopped": {
			func(t *testing.T, l *lab.Lab) { on(t, l.Hosts[1], "sh", "-c", "kill -STOP -1") },
			func(t *testing.T, l *lab.Lab) { on(t, l.Hosts[1], "sh", "-c", "kill -CONT -1") },
		},
	} {
		t.Run(what, func(t *testing.T) {
			l := lab.Start(t, lab.Config{Hosts: 2, Rails: 2, Rate: 200e6})
			j := stream(t, l)
			does.strike(t, l)
			j.until(9*time.Second, "a line", func() bool { return j.lines() == 1 })
			j.silent(5*time.Second, 1)
			does.undo(t, l)
			j.until(9*time.Second, "a line that it is over", func() bool { return j.lines() == 2 })
			j.silent(5*time.Second, 2) // in which ranks that do not find each other would be told of
			j.end("rainrun: host h2 has been silent on all rails since ", "rainrun: host h2 answers again after ")
		})
	}
}

// received are the bytes that have come by a card of a host.
func received(t *testing.T, h *lab.Host, card string) (n int) {
	t.Helper()
	for line := range strings.Lines(on(t, h, "cat", "/proc/net/dev")) {
		if name, rest, _ := strings.Cut(strings.TrimSpace(line), ":"); name == card {
			_, _ = fmt.Sscan(rest, &n)
		}
	}
	return n
}

// A card gets its addresses in the middle of a stream, and later the other card is taken out of a host: the
// stream moves, while its ranks are parked in C.
func TestCardsInMidJob(t *testing.T) {
	l := lab.Start(t, lab.Config{Hosts: 2, Rails: 2, Rate: 200e6})
	address := func(what string) {
		for _, h := range l.Hosts {
			on(t, h, "ip", "address", what, h.Addr(1).String()+"/24", "dev", "rail2")
		}
	}
	address("delete")
	j := stream(t, l)
	moves := func(card string, bytes int) func() bool {
		from := received(t, l.Hosts[1], card)
		return func() bool { return received(t, l.Hosts[1], card) > from+bytes }
	}
	const much = 8 << 20
	j.until(20*time.Second, "the first card carries the stream", moves("rail1", much))
	if n := received(t, l.Hosts[1], "rail2"); n > 100e3 {
		t.Errorf("%d bytes have come by a card without an address", n)
	}
	second := moves("rail2", much)
	address("add")
	j.until(20*time.Second, "the second card carries as well", second)
	j.until(20*time.Second, "and so does the first", moves("rail1", much))
	on(t, l.Hosts[0], "ip", "link", "delete", "rail1")
	rest := moves("rail1", 100e3)
	j.until(20*time.Second, "the second card carries all", moves("rail2", 2*much))
	if rest() {
		t.Error("bytes come by a card that leads nowhere")
	}
	j.end()
}
