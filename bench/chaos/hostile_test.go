package chaos

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"rainmpi/bench/lab"
	"rainmpi/mpi"
)

// The parts of TestHostilePackets that this binary plays in other processes.
const (
	checkedRole  = "checked-rank"
	attackerRole = "attacker"
)

// checkedLife is how long the ranks of the attacked job talk.
const checkedLife = 3 * time.Second

// TestHostilePackets attacks every UDP socket of a running job, the agents' and the ranks', from the
// hosts themselves: who has the network but not the key sees all packets, and sends garbage, cut and
// damaged packets, packets for another socket, and each packet once more, at once and later. Every
// message of the job is checked, it ends as if nothing had been, and all of it is counted.
func TestHostilePackets(t *testing.T) {
	rainrun := buildRainrun(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	l := lab.Start(t, lab.Config{Hosts: 2, Rails: 2})
	var attackers []*attackerProcess
	for _, h := range l.Hosts {
		attackers = append(attackers, startAttacker(t, h.Command(self, attackerRole, h.Addr(0).String(), h.Addr(1).String())))
	}
	cmd := l.Hosts[0].CommandContext(t.Context(), rainrun, "-v", "-n", "4", "--host", "h1:2,h2:2", "--bind-to", "none",
		"--agent-command", l.AgentCommand(), self, checkedRole)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Errorf("the job: %v\n%s", err, errs.String())
	}
	for i, a := range attackers {
		text := a.stop(t)
		t.Logf("%s: %s", l.Hosts[i].Name, text)
		// An agent and two ranks, on two rails.
		if n := strings.Count(text, "socket "); n < 6 {
			t.Errorf("%d sockets were attacked from %s, not 6", n, l.Hosts[i].Name)
		}
	}
	t.Logf("%s%s", out.String(), errs.String())
	for rank := range 4 {
		if !regexp.MustCompile(fmt.Sprintf(`(?m)^rank %d: [1-9]\d* rounds, [1-9]\d* packets refused, [1-9]\d* repeated$`, rank)).MatchString(out.String()) {
			t.Errorf("rank %d has not counted what it dropped", rank)
		}
	}
	for _, h := range l.Hosts {
		line := regexp.MustCompile(`host ` + h.Name + `: the agent dropped packets: .*\n`).FindString(errs.String())
		for _, words := range []string{"too short", "of another protocol", "at the wrong socket", "forged or damaged", "that had come before"} {
			if !strings.Contains(line, words) {
				t.Errorf("the agent of host %s counted none %s: %q", h.Name, words, line)
			}
		}
		if strings.Contains(line, "without sense") {
			t.Errorf("bad packets reached the machine of host %s: %s", h.Name, line)
		}
	}
}

func buildRainrun(t *testing.T) string {
	t.Helper()
	rainrun := filepath.Join(t.TempDir(), "rainrun")
	build := exec.Command("go", "build", "-o", rainrun, "rainmpi/launcher/rainrun")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return rainrun
}

// checkedRank talks for a while, with every byte checked, and tells what its sockets dropped.
func checkedRank() error {
	if err := mpi.Init(); err != nil {
		return err
	}
	world := mpi.World()
	start, more, round := time.Now(), []int64{1}, 0
	for ; more[0] > 0; round++ {
		if err := playRound(world, round); err != nil {
			return fmt.Errorf("round %d: %w", round, err)
		}
		if time.Since(start) > checkedLife {
			more[0] = 0
		}
		if err := mpi.Bcast(world, more, 0); err != nil {
			return err
		}
	}
	count := map[string]uint64{}
	for _, c := range mpi.Categories {
		for _, v := range c.Performance {
			count[v.Name] = v.Read()
		}
	}
	fmt.Printf("rank %d: %d rounds, %d packets refused, %d repeated\n", world.Rank(), round, count["rails_packets_refused"], count["rails_packets_repeated"])
	return mpi.Finalize()
}

// An attackerProcess ends when its standard input does.
type attackerProcess struct {
	cmd *exec.Cmd
	end *os.File
	out bytes.Buffer
}

func startAttacker(t *testing.T, cmd *exec.Cmd) *attackerProcess {
	t.Helper()
	in, end, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	a := &attackerProcess{cmd: cmd, end: end}
	ready, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdin, cmd.Stdout = in, &a.out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	in.Close()
	t.Cleanup(func() { end.Close() })
	lines := bufio.NewScanner(ready)
	if !lines.Scan() || lines.Text() != "ready" {
		t.Fatalf("the attacker does not start: %s", lines.Text())
	}
	return a
}

func (a *attackerProcess) stop(t *testing.T) string {
	t.Helper()
	a.end.Close()
	if err := a.cmd.Wait(); err != nil {
		t.Errorf("the attacker: %v", err)
	}
	return a.out.String()
}

// stdinEnded reports whether nobody holds the other end any more.
func stdinEnded() bool {
	fds := []unix.PollFd{{Fd: 0, Events: unix.POLLIN}}
	n, _ := unix.Poll(fds, 0)
	return n > 0 && fds[0].Revents&(unix.POLLHUP|unix.POLLERR) != 0
}
