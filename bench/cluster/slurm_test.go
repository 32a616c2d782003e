package cluster

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rainmpi/internal/alone"
)

func slurm(t *testing.T) *Slurm { return started(t, StartSlurm, 4) }

func started(t *testing.T, start func(int) (*Slurm, error), nodes int) *Slurm {
	t.Helper()
	s, err := start(nodes)
	if errors.Is(err, ErrNoSlurm) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

var byNodes = []string{"n1", "n1", "n2", "n2", "n3", "n3", "n4", "n4"}

// In an allocation, eight ranks on four nodes.
func TestSlurm(t *testing.T) {
	s := slurm(t)
	rainrun := filepath.Join(bin(t), "rainrun")
	prog := compile(t, filepath.Join(bin(t), "mpicc"), hello)
	in := func(words ...string) result {
		return run(t, s.Command(append([]string{"salloc", "--quiet", "-N4", "-n8", rainrun}, words...)...))
	}
	t.Run("hello", func(t *testing.T) {
		res := in(prog)
		res.wantHello(t, 8, byNodes...)
		if res.err != "" {
			t.Errorf("all went well, but stderr says %s", res.err)
		}
	})
	t.Run("how agents are started", func(t *testing.T) {
		res := in("-v", "true")
		res.want(t, 0, "--no-kill", "--overlap", "--kill-on-bad-exit=0", "--mpi=none", "--ntasks-per-node=1")
		if n := strings.Count(res.err, ": srun --quiet --no-kill"); n != 4 {
			t.Errorf("%d agents were started by srun: %s", n, res.err)
		}
	})
	t.Run("nodes, tasks and processors of the allocation", func(t *testing.T) {
		alloc := func(flags ...string) result {
			words := append(append([]string{"salloc", "--quiet"}, flags...), rainrun, "--display", "allocation", "sh", "-c", "echo $SLURMD_NODENAME")
			return run(t, s.Command(words...))
		}
		for _, c := range []struct{ flags, out, hosts string }{
			{"-w n[1-2] --ntasks-per-node=2", "n1 n1 n2 n2", "n1: 2 n2: 2"},
			{"-w n[1-2] -n3", "n1 n1 n2", "n1: 2 n2: 1"},
			{"-w n[1-2] -n2 -c2", "n1 n2", "n1: 1 n2: 1"}, // two processors for each task
			{"-w n3", "n3 n3", "n3: 2"},                   // nothing is said of tasks
		} {
			res := alloc(strings.Fields(c.flags)...)
			hosts := strings.NewReplacer("rainrun: allocation: host ", "", " slots\n", " ").Replace(res.err)
			if got := strings.Join(strings.Fields(sorted(res.out)), " "); res.status != 0 || got != c.out || strings.TrimSpace(hosts) != c.hosts {
				t.Errorf("%s: status %d, ranks on %q, want %q; stderr %q, want %q", c.flags, res.status, got, c.out, hosts, c.hosts)
			}
		}
	})
	t.Run("check", func(t *testing.T) {
		res := in("check")
		res.want(t, 0)
		for n := range s.Nodes {
			if !strings.Contains(strings.Join(strings.Fields(res.out), " "), s.Node(n)+" srun go") {
				t.Errorf("node %s is not reached by srun:\n%s", s.Node(n), res.out)
			}
		}
	})
	t.Run("heat", func(t *testing.T) {
		heat := compile(t, filepath.Join(bin(t), "mpicc"), "../../examples/heat/heat.c")
		if res := in(heat, "--size", "96", "--steps", "200"); res.status != 0 || !strings.Contains(res.out, "200 steps") {
			t.Errorf("%+v", res)
		}
	})
	t.Run("some nodes", func(t *testing.T) {
		in("-n", "2", "--map-by", "node", prog).wantHello(t, 2, "n1", "n2")
		in("--host", "n3:1,n2:1", prog).wantHello(t, 2, "n3", "n2")
	})
	t.Run("a rank's variables", func(t *testing.T) {
		res := in("-n", "2", "--map-by", "node", "sh", "-c", "echo $SLURMD_NODENAME:$SLURM_PROCID:$SLURM_JOB_NUM_NODES")
		if res.status != 0 || !strings.Contains(res.out, "n1::4\n") || !strings.Contains(res.out, "n2::4\n") {
			t.Errorf("%+v", res)
		}
	})
	t.Run("failing ranks", func(t *testing.T) {
		in(prog, "exit").want(t, 5, "rank 7 on host n4", "status 5")
		in(prog, "die").want(t, 137, "rank 7 on host n4", "signal 9")
		in(prog, "abort").want(t, 7, "rank 7 on host n4", "aborted the job with code 7")
		in("./no-such-program").want(t, 127, "does not exist")
		in("-n", "9", prog).want(t, 1, "no slots left", "n1:2, n2:2, n3:2, n4:2")
		in("--host", "n9", "--launcher", "slurm", prog).want(t, 2, "host n9 is not in the allocation n[1-4]")
	})
	t.Run("in a batch script", func(t *testing.T) {
		out := filepath.Join(t.TempDir(), "out")
		script := filepath.Join(t.TempDir(), "job")
		if err := os.WriteFile(script, []byte("#!/bin/sh\nexec "+rainrun+" "+prog+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		run(t, s.Command("sbatch", "--quiet", "--wait", "-N4", "-n8", "-o", out, script)).want(t, 0)
		text, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		result{out: string(text)}.wantHello(t, 8, byNodes...)
	})
	t.Run("scancel", func(t *testing.T) { scancel(t, s, rainrun+" sleep 98765", "sleep 98765", 4) })
	t.Run("a node that does not answer", func(t *testing.T) {
		if err := s.AwaitIdle(); err != nil {
			t.Fatal(err)
		}
		if err := s.Silence(3); err != nil {
			t.Fatal(err)
		}
		defer s.Wake(3)
		began := time.Now()
		res := in("--start-timeout", "8s", prog)
		res.want(t, 1, "host n4", "--start-timeout")
		if res.out != "" || strings.Count(res.err, "\n") > 3 {
			t.Errorf("output %q, stderr %s", res.out, res.err)
		}
		if took := time.Since(began); took > 30*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

// With control groups, as clusters have it: Slurm counts the ranks among the job's
// processes, and they may use all processors of their node's share although srun
// binds the one task of an agent to one of them.
func TestSlurmCgroups(t *testing.T) {
	s := started(t, StartSlurmCgroups, 2)
	rainrun := filepath.Join(bin(t), "rainrun")
	prog := compile(t, filepath.Join(bin(t), "mpicc"), hello)
	in := func(words ...string) result {
		return run(t, s.Command(append([]string{"salloc", "--quiet", "-N2", "-n4", rainrun}, words...)...))
	}
	nodes := []string{s.Node(0), s.Node(0), s.Node(1), s.Node(1)}
	in(prog).wantHello(t, 4, nodes...)
	in(prog, "die").want(t, 137, "rank 3 on host "+s.Node(1), "signal 9")
	res := in("--bind-to", "none", "sh", "-c", "echo $(grep -o 'freezer:/slurm_[^/]*/uid_0/job_[0-9]*/step_' /proc/self/cgroup) $(nproc) $SLURM_CPUS_ON_NODE")
	res.want(t, 0)
	for _, line := range strings.Split(strings.TrimSpace(res.out), "\n") {
		f := strings.Fields(line)
		if len(f) != 3 || !strings.HasPrefix(f[0], "freezer:/slurm_"+s.Node(0)[:len(s.Node(0))-1]) || f[1] != f[2] {
			t.Errorf("a rank is in %q", line)
		}
	}
	run(t, s.Command("srun", "--quiet", "--mpi=pmi2", "-N2", "-n4", prog)).wantHello(t, 4, nodes...)
	scancel(t, s, rainrun+" sleep 98765", "sleep 98765", 2)
	s.Close()
	if left, _ := filepath.Glob("/sys/fs/cgroup/*/slurm_" + s.Node(0)); len(left) > 0 {
		t.Errorf("left: %q", left)
	}
}

// Who starts a Slurm and is killed leaves nothing of it.
func TestSlurmEndsWithItsMaker(t *testing.T) {
	slurm(t).Close() // there is one to be had
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	mark := fmt.Sprintf("RAIN_SLURM_MAKER=%d", os.Getpid())
	cmd.Env = append(os.Environ(), envMaker+"=1", mark)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	dir, err := bufio.NewReader(out).ReadString('\n')
	if dir = strings.TrimSpace(dir); err != nil || len(processes(mark)) < 5 {
		t.Errorf("%q, %v: %q", dir, err, processes(mark))
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	if !eventually(10*time.Second, func() bool { return len(processes(mark)) == 0 }) {
		t.Errorf("left: %q", processes(mark))
	}
	if _, err := os.Stat(dir); err == nil {
		t.Errorf("%s is left", dir)
	}
}

// envMaker makes the test binary a process that starts a Slurm, says where its
// files are, and runs a job on it without end.
const envMaker = "RAIN_TEST_SLURM_MAKER"

func TestMain(m *testing.M) {
	if os.Getenv(envMaker) != "" {
		s, err := StartSlurm(2)
		if err == nil {
			fmt.Println(s.lab.Dir())
			err = s.Command("srun", "-N2", "sleep", "98764").Run()
		}
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	alone.Clear()
	os.Exit(m.Run())
}

// scancel ends everything that a line of a batch script starts: two processes per node.
func scancel(t *testing.T, s *Slurm, line, process string, nodes int) {
	t.Helper()
	mark := fmt.Sprintf("RAIN_SCANCEL=%d", os.Getpid())
	cmd := s.Command("sbatch", "--parsable", fmt.Sprint("-N", nodes), fmt.Sprint("-n", 2*nodes), "-o", "/dev/null", "--wrap", line)
	cmd.Env = append(cmd.Env, mark)
	id, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	ranks := func() (n int) {
		for _, p := range processes(mark) {
			if p == process {
				n++
			}
		}
		return n
	}
	if !eventually(30*time.Second, func() bool { return ranks() == 2*nodes }) {
		t.Fatalf("%d ranks run, want %d", ranks(), 2*nodes)
	}
	run(t, s.Command("scancel", strings.TrimSpace(strings.Split(string(id), ";")[0]))).want(t, 0)
	if !eventually(15*time.Second, func() bool { return len(processes(mark)) == 0 }) {
		t.Errorf("left: %q", processes(mark))
	}
}

// Ranks that srun itself starts, without rainrun.
func TestSrun(t *testing.T) {
	s := slurm(t)
	prog := compile(t, filepath.Join(bin(t), "mpicc"), hello)
	srun := func(nodes, n int, words ...string) result {
		return run(t, s.Command(append([]string{"srun", "--quiet", "--mpi=pmi2", fmt.Sprint("-N", nodes), fmt.Sprint("-n", n)}, words...)...))
	}
	srun(4, 8, prog).wantHello(t, 8, byNodes...)
	srun(1, 2, prog).wantHello(t, 2, "n1")
	heat := compile(t, filepath.Join(bin(t), "mpicc"), "../../examples/heat/heat.c")
	if res := srun(4, 8, heat, "--size", "96", "--steps", "200"); res.status != 0 || !strings.Contains(res.out, "200 steps") {
		t.Errorf("%+v", res)
	}
	// Without PMI each task is alone, and that is said once.
	res := run(t, s.Command("srun", "--quiet", "--mpi=none", "-N2", "-n4", prog))
	if res.status != 0 || strings.Count(res.out, "0 of 1 on ") != 4 ||
		res.err != "rainmpi: srun has started 4 tasks without PMI: each is a job of one rank. Start them by srun --mpi=pmi2 or by rainrun\n" {
		t.Errorf("srun --mpi=none: %+v", res)
	}
	if res := run(t, s.Command("srun", "--quiet", "--mpi=none", "-n1", prog)); res.status != 0 || res.err != "" {
		t.Errorf("one task: %+v", res)
	}
	scancel(t, s, "srun --mpi=pmi2 "+prog+" hang", prog+" hang", 4)
	publish := compile(t, filepath.Join(bin(t), "mpicc"), names)
	srun(2, 4, publish, publish).wantNames(t, "spawn fails\n")
	for _, how := range []string{"abort", "exit", "die"} {
		for _, n := range []int{8, 4} { // with a mate on its host, and alone
			began := time.Now()
			if res := srun(4, n, prog, how); res.status <= 0 || time.Since(began) > 30*time.Second {
				t.Errorf("%s of %d: status %d after %v, %s", how, n, res.status, time.Since(began), res.err)
			}
		}
	}
}

// processes are the command lines of the processes that have the mark in their
// environment.
func processes(mark string) (found []string) {
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, d := range dirs {
		env, _ := os.ReadFile(d + "/environ")
		if strings.Contains(string(env), mark+"\x00") {
			line, _ := os.ReadFile(d + "/cmdline")
			found = append(found, strings.ReplaceAll(strings.TrimRight(string(line), "\x00"), "\x00", " "))
		}
	}
	return found
}

// eventually waits for a condition of the outside world, which has no channel to
// wait on.
func eventually(limit time.Duration, ok func() bool) bool {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(limit); !ok(); <-tick.C {
		if time.Now().After(end) {
			return false
		}
	}
	return true
}
