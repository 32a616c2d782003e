package lab

import (
	"bufio"
	"bytes"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// shell runs a line on the host and returns what it printed.
func shell(t *testing.T, h *Host, line string) string {
	t.Helper()
	cmd := h.Command("sh", "-c", line)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %s: %v\n%s", h.Name, line, err, errs.String())
	}
	return strings.TrimSpace(string(out))
}

// self is the test binary, to play a part on a host.
func self(t *testing.T) string {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return exe
}

// flow starts a sink on one host, a source on another when the sink is ready,
// and returns the sink's last line.
func flow(t *testing.T, proto string, from, to *Host, addr netip.AddrPort, amount int) string {
	t.Helper()
	sink := to.Command(self(t), proto+"-sink", addr.String(), strconv.Itoa(amount))
	sink.Stderr = os.Stderr
	out, err := sink.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	sent, err := sink.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := sink.Start(); err != nil {
		t.Fatal(err)
	}
	defer sink.Wait()
	defer sink.Process.Kill()
	lines := bufio.NewScanner(out)
	if !lines.Scan() || lines.Text() != "ready" {
		t.Fatalf("%s-sink on %s did not become ready: %q", proto, to.Name, lines.Text())
	}
	if text, err := from.Command(self(t), proto+"-source", addr.String(), strconv.Itoa(amount)).CombinedOutput(); err != nil {
		t.Fatalf("%s-source on %s: %v: %s", proto, from.Name, err, text)
	}
	sent.Close()
	lines.Scan()
	return lines.Text()
}

var nextPort atomic.Uint32

// arrived sends datagrams over a rail and returns how many came.
func arrived(t *testing.T, from, to *Host, rail, count int) int {
	t.Helper()
	// A port of its own, for what waited in a broken cable's queue may come late.
	port := uint16(20000 + nextPort.Add(1)%10000)
	n, err := strconv.Atoi(flow(t, "udp", from, to, netip.AddrPortFrom(to.Addr(rail), port), count))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestHostsAreSeparate(t *testing.T) {
	for _, mode := range []struct {
		name string
		user bool
	}{{"as it is", false}, {"user namespace", true}} {
		t.Run(mode.name, func(t *testing.T) {
			l := Start(t, Config{UserNamespace: mode.user, IPv6: true})
			h1, h2 := l.Hosts[0], l.Hosts[1]
			if a, b := shell(t, h1, "hostname"), shell(t, h2, "hostname"); a != "h1" || b != "h2" {
				t.Errorf("host names %q and %q", a, b)
			}
			shell(t, h1, "echo x > /dev/shm/only-h1")
			if got := shell(t, h2, "ls -A /dev/shm"); got != "" {
				t.Errorf("h2 sees %q in /dev/shm", got)
			}
			if got := shell(t, h1, "ls -A /dev/shm"); got != "only-h1" {
				t.Errorf("h1 sees %q in its own /dev/shm", got)
			}
			if got := shell(t, h1, "grep -c . /etc/hosts; getent hosts h2-rail2"); !strings.Contains(got, "10.77.2.2") {
				t.Errorf("h1 resolves h2-rail2 to %q", got)
			}
			sleeper := h1.Command("sleep", "60")
			if err := sleeper.Start(); err != nil {
				t.Fatal(err)
			}
			defer sleeper.Wait()
			defer sleeper.Process.Kill()
			waitFor(t, "the sleeper on h1", func() bool { return strings.Contains(commandLines(t, h1), "sleep 60") })
			if got := commandLines(t, h2); strings.Contains(got, "sleep") || strings.Contains(got, "rainlab:keeper") {
				t.Errorf("h2 sees the processes of others: %s", got)
			}
			if got := shell(t, h1, "cat /proc/net/dev"); strings.Count(got, "rail") != 2 || strings.Contains(got, "bridge") {
				t.Errorf("interfaces of h1:\n%s", got)
			}
		})
	}
}

func commandLines(t *testing.T, h *Host) string {
	return shell(t, h, "cat /proc/[0-9]*/cmdline | tr '\\0' ' '")
}

// waitFor waits for a condition that nothing announces.
func waitFor(t *testing.T, what string, cond func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !cond(); {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within 20 s", what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func TestEveryRailCarries(t *testing.T) {
	l := Start(t, Config{Hosts: 3, Rails: 2, IPv6: true})
	h1, h3 := l.Hosts[0], l.Hosts[2]
	for rail, r := range l.Rails {
		before, err := r.Counters()
		if err != nil {
			t.Fatal(err)
		}
		if got := arrived(t, h1, h3, rail, 20); got != 20 {
			t.Errorf("%s: %d of 20 datagrams", r.Name, got)
		}
		v6 := netip.AddrPortFrom(h3.Addr6(rail), 7002)
		if got := flow(t, "udp", h1, h3, v6, 20); got != "20" {
			t.Errorf("%s: %s of 20 datagrams over IPv6", r.Name, got)
		}
		after, err := r.Counters()
		if err != nil {
			t.Fatal(err)
		}
		sent, come := after["h1"].Sub(before["h1"]), after["h3"].Sub(before["h3"])
		if sent.TxBytes < 40*1000 || come.RxBytes < 40*1000 || come.RxPackets < 40 {
			t.Errorf("%s counted %+v at h1, %+v at h3", r.Name, sent, come)
		}
		if other := after["h2"].Sub(before["h2"]); other.RxBytes > 5000 {
			t.Errorf("%s: h2, whom nobody spoke to, got %+v", r.Name, other)
		}
	}
}

func TestShapedRate(t *testing.T) {
	const rate = 200e6
	l := Start(t, Config{Rails: 1, Rate: rate})
	h1, h2 := l.Hosts[0], l.Hosts[1]
	const limit = rate / 8 * 1448 / 1514.0 // TCP's payload is 1448 of 1514 bytes of a frame
	// Where others use this machine it may look slower once, or faster, if the sink comes late and finds much; not each time.
	var rates []float64
	for try := range 5 {
		got := flow(t, "tcp", h1, h2, netip.AddrPortFrom(h2.Addr(0), uint16(7003+10*try)), 16<<20)
		var bytes, perSecond float64
		fmt.Sscan(got, &bytes, &perSecond)
		if perSecond > 0.7*limit && perSecond < 1.1*limit {
			return
		}
		rates = append(rates, perSecond/1e6)
	}
	t.Errorf("%.1f MB/s over a rail for %.1f", rates, limit/1e6)
}

func TestExitStatusAndSignals(t *testing.T) {
	l := Start(t, Config{Hosts: 1, Rails: 1})
	h := l.Hosts[0]
	for _, c := range []struct {
		args []string
		want int
	}{
		{[]string{"true"}, 0},
		{[]string{"sh", "-c", "exit 7"}, 7},
		{[]string{"sh", "-c", "kill -9 $$"}, 137},
		{[]string{"no-such-program"}, 127},
		{[]string{"/etc/passwd"}, 126},
	} {
		err := h.Command(c.args[0], c.args[1:]...).Run()
		got := 0
		if exit, ok := err.(*exec.ExitError); ok {
			got = exit.ExitCode()
		} else if err != nil {
			t.Fatal(err)
		}
		if got != c.want {
			t.Errorf("%v: status %d, want %d", c.args, got, c.want)
		}
	}

	// Standard input and output are the caller's own.
	cat := h.Command("cat")
	cat.Stdin = strings.NewReader("over and out")
	if out, err := cat.Output(); err != nil || string(out) != "over and out" {
		t.Errorf("cat: %q, %v", out, err)
	}

	// SIGTERM reaches the command.
	trap := h.Command("sh", "-c", "trap 'echo told; exit 3' TERM; echo set; while :; do sleep 0.01; done")
	out, _ := trap.StdoutPipe()
	if err := trap.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	lines.Scan()
	trap.Process.Signal(os.Signal(sigterm))
	lines.Scan()
	if err := trap.Wait(); lines.Text() != "told" || trap.ProcessState.ExitCode() != 3 {
		t.Errorf("after SIGTERM: %q, %v", lines.Text(), err)
	}

	// SIGKILL of the stand-in ends the command and its children.
	tree := h.Command("sh", "-c", "sleep 71 & sleep 72")
	if err := tree.Start(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "both sleepers", func() bool {
		l := commandLines(t, h)
		return strings.Contains(l, "sleep 71") && strings.Contains(l, "sleep 72")
	})
	tree.Process.Kill()
	tree.Wait()
	waitFor(t, "the end of both sleepers", func() bool { return !strings.Contains(commandLines(t, h), "sleep 7") })
}

func TestLeftoversOfTheKilled(t *testing.T) {
	Start(t, Config{Rails: 1}).Close()          // skips where labs are forbidden
	life := fmt.Sprintf("7373.%d", os.Getpid()) // nobody else on this machine sleeps so long
	holder := exec.Command(self(t), "hold-lab", life)
	out, _ := holder.StdoutPipe()
	holder.Stderr = os.Stderr
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	lines.Scan()
	dir := lines.Text()
	if _, err := os.Stat(filepath.Join(dir, "h1.sock")); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the sleeper", func() bool { return len(outerPIDs(t, "sleep\x00"+life)) == 1 })
	holder.Process.Kill()
	holder.Wait()
	waitFor(t, "the end of the sleeper and of the lab", func() bool {
		_, err := os.Stat(dir)
		return os.IsNotExist(err) && len(outerPIDs(t, life)) == 0 && len(outerPIDs(t, dir)) == 0
	})

	// A keeper that was killed too leaves its directory; the next lab removes it.
	base := filepath.Dir(dir)
	dead, err := os.MkdirTemp(base, "dead-for-the-test-")
	if err != nil {
		t.Fatal(err)
	}
	Start(t, Config{Rails: 1})
	if _, err := os.Stat(dead); !os.IsNotExist(err) {
		t.Errorf("the next lab left %s", dead)
	}
}

// outerPIDs lists the processes of this machine with a text in their command line.
func outerPIDs(t *testing.T, text string) []string {
	t.Helper()
	paths, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	var found []string
	for _, p := range paths {
		if line, err := os.ReadFile(p); err == nil && strings.Contains(string(line), text) {
			found = append(found, filepath.Base(filepath.Dir(p)))
		}
	}
	return found
}
