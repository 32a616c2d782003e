package cluster

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rainmpi/bench/lab"
)

const (
	hello = "testdata/hello.c"
	names = "testdata/names.c"
)

// allNames is what names.c says when a launcher knows of names.
const allNames = "another 0\nfound 1 a-port\nfound again 0\npublished 1\ntaken back 1\n"

// wantNames wants that of names.c, in any order.
func (r result) wantNames(t *testing.T, more string) {
	t.Helper()
	if got := sorted(r.out); r.status != 0 || got != sorted(allNames+more) {
		t.Errorf("status %d, stderr %s, output\n%swant\n%s", r.status, r.err, got, allNames+more)
	}
}

// Names that programs of another MPI publish, on one host and on two.
func TestNamesOfOtherMPI(t *testing.T) {
	prog := compile(t, need(t, "mpicc.mpich"), names)
	rainrun := filepath.Join(bin(t), "rainrun")
	run(t, command(rainrun, "-n", "2", prog)).wantNames(t, "")
	run(t, command(rainrun, "-n", "2", "--host", "a:1,b:1", "--rails", "127.0.0.1", "--agent-command", "env H=%h", prog)).wantNames(t, "")
}

// A program of Debian's MPICH starts under rainrun: its transport, our start.
func TestOtherMPIUnderRainrun(t *testing.T) {
	prog := compile(t, need(t, "mpicc.mpich"), hello)
	rainrun := filepath.Join(bin(t), "rainrun")
	here := hostname(t)
	run(t, command(rainrun, "-n", "4", prog)).wantHello(t, 4, here)
	run(t, command(rainrun, "-n", "1", prog)).wantHello(t, 1, here)
	run(t, command(rainrun, "-n", "4", prog, "abort")).want(t, 7, "rank 3 on host", "aborted the job with code 7")
	run(t, command(rainrun, "-n", "4", prog, "exit")).want(t, 5, "rank 3 on host", "status 5")
	run(t, command(rainrun, "-n", "4", prog, "die")).want(t, 137, "rank 3 on host", "signal 9")
	run(t, command(rainrun, "-n", "4", "sh", "-c", prog+" & wait")).wantHello(t, 4, here)
	// One that ends before MPI_Init leaves the others waiting in PMI's barrier.
	run(t, command(rainrun, "-n", "2", "sh", "-c", "test $PMI_RANK = 0 || exit 0; exec "+prog)).
		want(t, 1, "rank 1 on host", "before MPI_Init")
}

// The same on two hosts with nothing in common but their rails.
func TestOtherMPIOnTwoHosts(t *testing.T) {
	prog := compile(t, need(t, "mpicc.mpich"), hello)
	l := lab.Start(t, lab.Config{Hosts: 2, Rails: 2})
	start := func(patience int, args ...string) result {
		args = append(args, "--timeout", fmt.Sprint(patience), "--agent-command", l.AgentCommand(), prog)
		return run(t, l.Outside().Command(filepath.Join(bin(t), "rainrun"), args...))
	}
	// MPICH 4.0.2 itself hangs now and then in MPI_Finalize between hosts, under Hydra as well, the
	// oftener the more connections there are: a rank flushes one that another, which waits in PMI's
	// last barrier, does not look at any more. With one connection a few tries are enough.
	var res result
	for try := range 10 {
		if res = start(5+2*try, "-n", "2", "--host", "h1:1,h2:1"); res.status != 110 {
			break
		}
		t.Log("MPICH hangs in MPI_Finalize; once more")
	}
	res.wantHello(t, 2, "h1", "h2")
	// With four ranks it is enough that all find each other and add up. They have longer for it where they have
	// not said so yet: others may use this machine.
	said := func(hosts []string, args ...string) {
		for patience := 5; ; patience *= 3 {
			res := start(patience, append([]string{"-n", "4", "--host", "h1:2,h2:2"}, args...)...)
			if patience > 20 || strings.Count(res.out, "\n") >= 4 {
				res.wantSaid(t, 4, hosts...)
				return
			}
		}
	}
	said([]string{"h1", "h1", "h2", "h2"})
	said([]string{"h1", "h2", "h1", "h2"}, "--map-by", "node")
}

// A program of ours starts under another MPI's launcher.
func TestUnderHydra(t *testing.T) {
	prog := compile(t, filepath.Join(bin(t), "mpicc"), hello)
	mpirun := need(t, "mpirun.mpich")
	here := hostname(t)
	run(t, command(mpirun, "-n", "4", prog)).wantHello(t, 4, here)
	run(t, command(mpirun, "-n", "1", prog)).wantHello(t, 1, here)
	run(t, command(mpirun, "-pmi-port", "-n", "4", prog)).wantHello(t, 4, here) // PMI_PORT and PMI_ID
	run(t, command(mpirun, "-n", "4", prog, "abort")).want(t, 7)
	for _, how := range []string{"exit", "die"} {
		if res := run(t, command(mpirun, "-n", "4", prog, how)); res.status <= 0 {
			t.Errorf("%s: status %d, %s", how, res.status, res.err)
		}
	}
	// It keeps names; more processes only rainrun can start, and nobody waits for them.
	publish := compile(t, filepath.Join(bin(t), "mpicc"), names)
	run(t, command(mpirun, "-n", "2", publish)).wantNames(t, "")
	run(t, command(mpirun, "-n", "2", publish, publish)).wantNames(t, "spawn fails\n")
}

// A host that is out of reach under a launcher without agents is no silent hang.
func TestCutUnderHydra(t *testing.T) {
	prog := compile(t, filepath.Join(bin(t), "mpicc"), hello)
	l := lab.Start(t, lab.Config{Hosts: 2, Rails: 2})
	cmd := l.Hosts[0].Command(need(t, "mpirun.mpich"), "-iface", "rail1", "-launcher", "ssh", "-launcher-exec", sshLike(t, l),
		"-hosts", "h1,h2", "-ppn", "1", "-n", "2", prog, "hang")
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	says := func(text string) bool {
		if !eventually(30*time.Second, func() bool { b, _ := os.ReadFile(out.Name()); return strings.Contains(string(b), text) }) {
			b, _ := os.ReadFile(out.Name())
			t.Errorf("nobody says %q: %s", text, b)
			return false
		}
		return true
	}
	if says("1 of 2 on h2 sum 1\n") {
		for _, rail := range l.Rails {
			if err := l.Fault(lab.Fault{Kind: lab.KindBlackHole, Rail: rail.Name, Host: "h2"}); err != nil {
				t.Fatal(err)
			}
		}
		says("rainmpi: rank 1 on host h2 has been silent on all rails since ")
		says(", says rank 0 on host h1; waiting without limit: is it or its host stopped, is the network down, or is UDP blocked between 10.77.1.1:")
		for _, rail := range l.Rails {
			if err := rail.Mend(); err != nil {
				t.Fatal(err)
			}
		}
		says("rainmpi: rank 1 on host h2 answers after ")
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
}

// A launcher that speaks PMIx alone starts singletons. The first says so.
func TestUnderPMIx(t *testing.T) {
	prog := compile(t, filepath.Join(bin(t), "mpicc"), hello)
	for rank, said := range map[string]string{"0": "has started 4 processes by PMIx, which rainmpi does not speak: each is a job of one rank. Start them by rainrun\n", "1": ""} {
		cmd := command(prog)
		cmd.Env = append(os.Environ(), "PMIX_NAMESPACE=prterun-1", "PMIX_RANK="+rank, "OMPI_COMM_WORLD_SIZE=4", "OMPI_COMM_WORLD_RANK="+rank)
		res := run(t, cmd)
		res.wantHello(t, 1, hostname(t))
		if !strings.HasSuffix(res.err, said) || (said == "") != (res.err == "") {
			t.Errorf("rank %s says %q", rank, res.err)
		}
	}
}

// And on two hosts: shared memory inside each, rails between them.
func TestUnderHydraOnTwoHosts(t *testing.T) {
	prog := compile(t, filepath.Join(bin(t), "mpicc"), hello)
	mpirun := need(t, "mpirun.mpich")
	l := lab.Start(t, lab.Config{Hosts: 2, Rails: 2})
	res := run(t, l.Hosts[0].Command(mpirun, "-iface", "rail1", "-launcher", "ssh", "-launcher-exec", sshLike(t, l),
		"-hosts", "h1,h2", "-ppn", "2", "-n", "4", prog))
	res.wantHello(t, 4, "h1", "h1", "h2", "h2")
	run(t, l.Hosts[0].Command(mpirun, "-iface", "rail1", "-launcher", "ssh", "-launcher-exec", sshLike(t, l),
		"-hosts", "h1,h2", "-ppn", "1", "-n", "4", prog)).wantHello(t, 4, "h1", "h2", "h1", "h2")
}
