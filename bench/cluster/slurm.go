package cluster

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"rainmpi/bench/lab"
)

// ErrNoSlurm says that Slurm or its rights are missing here.
var ErrNoSlurm = errors.New("needs root, slurm-wlm and munge")

// A Slurm is a controller and nodes n1, n2, ... on one host of a lab. All nodes
// share its host name, its network and its processes: they differ in
// SLURMD_NODENAME. What runs there ends with the lab, and the lab with the process
// that made it, however that ends.
type Slurm struct {
	Nodes   int
	Cgroups bool // jobs are kept in control groups, tasks on cores of their own

	lab   *lab.Lab
	host  *lab.Host
	procs int // daemons started
}

// StartSlurm starts a Slurm with that many nodes of two CPUs each and waits until
// they are idle.
func StartSlurm(nodes int) (*Slurm, error) { return (&Slurm{Nodes: nodes}).open() }

// StartSlurmCgroups is StartSlurm with control groups, as clusters have it.
func StartSlurmCgroups(nodes int) (*Slurm, error) {
	for _, c := range []string{"freezer", "cpuset", "memory"} {
		if unix.Access(filepath.Join(cgroups, c, "cgroup.procs"), unix.W_OK) != nil {
			return nil, fmt.Errorf("%w: control groups of version 1 that may be written to (%s)", ErrNoSlurm, c)
		}
	}
	return (&Slurm{Nodes: nodes, Cgroups: true}).open()
}

const cgroups = "/sys/fs/cgroup"

func (s *Slurm) open() (*Slurm, error) {
	for _, name := range []string{"munged", "slurmctld", "slurmd"} {
		if _, err := exec.LookPath(sbin(name)); err != nil || os.Getuid() != 0 {
			return nil, ErrNoSlurm
		}
	}
	var err error
	if s.lab, err = lab.New(context.Background(), lab.Config{Hosts: 1, Rails: 1}); err != nil {
		return nil, err
	}
	s.host = s.lab.Hosts[0]
	if err := s.start(); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func sbin(name string) string { return filepath.Join("/usr/sbin", name) }

func (s *Slurm) start() error {
	if err := s.configure(); err != nil {
		return err
	}
	if err := s.launch("munged", "--foreground", "--force", "--socket="+s.file("munge"), "--key-file="+s.file("munge.key"),
		"--pid-file="+s.file("munge.pid"), "--log-file="+s.file("munge.log"), "--seed-file="+s.file("munge.seed")); err != nil {
		return err
	}
	if err := s.await("munged", func() bool { _, err := os.Stat(s.file("munge")); return err == nil }); err != nil {
		return err
	}
	if err := s.launch("slurmctld", "-D", "-f", s.file("slurm.conf")); err != nil {
		return err
	}
	for n := range s.Nodes {
		if err := s.launch("slurmd", "-D", "-f", s.file("slurm.conf"), "-N", s.Node(n)); err != nil {
			return err
		}
	}
	return s.AwaitIdle()
}

// AwaitIdle waits until no node is used: what was cancelled takes a while to go.
func (s *Slurm) AwaitIdle() error {
	return s.await("the nodes", func() bool {
		out, err := s.Command("sinfo", "-h", "-N", "-o", "%T").Output()
		return err == nil && strings.Count(string(out), "idle\n") == s.Nodes
	})
}

// file is a path in the lab's own folder, which is removed with it.
func (s *Slurm) file(name string) string { return filepath.Join(s.lab.Dir(), name) }

func (s *Slurm) configure() error {
	const port = 6817 // and on: the host's network is its own
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("ClusterName=rain\nSlurmctldHost=%s(127.0.0.1)\nSlurmctldPort=%d", s.host.Name, port)
	line("AuthType=auth/munge\nAuthInfo=socket=%s\nSlurmUser=root\nSlurmdUser=root", s.file("munge"))
	line("StateSaveLocation=%s\nSlurmdSpoolDir=%s.%%n", s.file("state"), s.file("spool"))
	line("SlurmctldPidFile=%s\nSlurmdPidFile=%s.%%n.pid", s.file("ctld.pid"), s.file("slurmd"))
	line("SlurmctldLogFile=%s\nSlurmdLogFile=%s.%%n.log", s.file("ctld.log"), s.file("slurmd"))
	line("SwitchType=switch/none\nSelectType=select/linear")
	if s.Cgroups {
		line("ProctrackType=proctrack/cgroup\nTaskPlugin=task/affinity,task/cgroup")
	} else {
		line("ProctrackType=proctrack/linuxproc\nTaskPlugin=task/none")
	}
	line("ReturnToService=2\nMpiDefault=none\nSlurmdParameters=config_overrides\nKillWait=3\nMessageTimeout=5")
	for n := range s.Nodes {
		line("NodeName=%s NodeHostname=%s NodeAddr=127.0.0.1 Port=%d CPUs=2", s.Node(n), s.host.Name, port+1+n)
	}
	line("PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP")
	key := make([]byte, 1024)
	for i := range key {
		key[i] = byte(i * 7)
	}
	if err := os.WriteFile(s.file("munge.key"), key, 0o400); err != nil {
		return err
	}
	if err := os.MkdirAll(s.file("state"), 0o700); err != nil {
		return err
	}
	control := "CgroupPlugin=cgroup/v1\nCgroupMountpoint=" + cgroups + "\nConstrainCores=yes\n"
	return errors.Join(
		os.WriteFile(s.file("cgroup.conf"), []byte(control), 0o644),
		os.WriteFile(s.file("slurm.conf"), []byte(b.String()), 0o644))
}

// launch starts a daemon in the foreground; what it says and its process id are
// kept in files.
func (s *Slurm) launch(name string, args ...string) error {
	base := s.file(fmt.Sprintf("%s.%d", name, s.procs))
	log, err := os.Create(base + ".out")
	if err != nil {
		return err
	}
	defer log.Close()
	s.procs++
	script := `echo $$ >"$0"; exec "$@"`
	cmd := s.host.Command("sh", append([]string{"-c", script, base + ".id", sbin(name)}, args...)...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return err
	}
	go func() { _ = cmd.Wait() }()
	return nil
}

// startLimit is how long a daemon may take to be ready.
const startLimit = 40 * time.Second

func (s *Slurm) await(what string, ready func() bool) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(startLimit); time.Now().Before(end); <-tick.C {
		if ready() {
			return nil
		}
	}
	return fmt.Errorf("Slurm: %s: not ready after %v: %s", what, startLimit, s.logs())
}

// logs is what the daemons have written last.
func (s *Slurm) logs() string {
	var b strings.Builder
	files, _ := filepath.Glob(s.file("*.log"))
	out, _ := filepath.Glob(s.file("*.out"))
	for _, f := range append(files, out...) {
		text, _ := os.ReadFile(f)
		fmt.Fprintf(&b, "\n%s: %s", filepath.Base(f), text[max(0, len(text)-1000):])
	}
	return b.String()
}

// Command is a command for a person who uses this Slurm: srun, salloc, scancel.
func (s *Slurm) Command(words ...string) *exec.Cmd {
	cmd := s.host.Command(words[0], words[1:]...)
	cmd.Env = slices.DeleteFunc(cmd.Env, func(kv string) bool { return strings.HasPrefix(kv, "RAIN_AGENT_COMMAND=") })
	cmd.Env = append(cmd.Env, "SLURM_CONF="+s.file("slurm.conf"))
	return cmd
}

// Silence stops a node's daemon: it does not answer, and is not known to be down.
func (s *Slurm) Silence(n int) error { return s.signal(n, "-STOP") }

// Wake lets it go on.
func (s *Slurm) Wake(n int) error { return s.signal(n, "-CONT") }

func (s *Slurm) signal(n int, sig string) error {
	id, err := os.ReadFile(s.file(fmt.Sprintf("slurmd.%d.id", 2+n)))
	if err != nil {
		return err
	}
	return s.host.Command("kill", sig, strings.TrimSpace(string(id))).Run()
}

// Close ends everything that runs there.
func (s *Slurm) Close() {
	s.lab.Close()
	if s.Cgroups {
		removeCgroups()
	}
}

// Node is the name of node n, from 0. Control groups are named after nodes and
// are the machine's: there the names are this process's own.
func (s *Slurm) Node(n int) string {
	if s.Cgroups {
		return fmt.Sprintf("g%dn%d", os.Getpid(), n+1)
	}
	return fmt.Sprintf("n%d", n+1)
}

// removeCgroups removes the control groups that are left of this Slurm, and of
// those whose process is gone.
func removeCgroups() {
	tops, _ := filepath.Glob(filepath.Join(cgroups, "*", "slurm_g*n*"))
	for _, top := range tops {
		pid := 0
		_, _ = fmt.Sscanf(filepath.Base(top), "slurm_g%dn", &pid)
		if pid == 0 || pid != os.Getpid() && unix.Kill(pid, 0) != unix.ESRCH {
			continue
		}
		var dirs []string
		_ = filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.IsDir() {
				dirs = append(dirs, path)
			}
			return nil
		})
		slices.Reverse(dirs) // a group goes when it has no more below it
		for _, d := range dirs {
			_ = unix.Rmdir(d)
		}
	}
}
