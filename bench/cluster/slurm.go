package cluster

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// ErrNoSlurm says that Slurm or its rights are missing here.
var ErrNoSlurm = errors.New("needs root, slurm-wlm and munge")

// A Slurm is a controller and nodes n1, n2, ... on this machine. All nodes share
// its host name, its network and its processes: they differ in SLURMD_NODENAME.
type Slurm struct {
	Nodes int
	dir   string
	procs []*exec.Cmd // munged, slurmctld, slurmd of each node
}

// StartSlurm starts a Slurm with that many nodes of two CPUs each and waits until
// they are idle.
func StartSlurm(nodes int) (*Slurm, error) {
	for _, name := range []string{"munged", "slurmctld", "slurmd"} {
		if _, err := exec.LookPath(sbin(name)); err != nil || os.Getuid() != 0 {
			return nil, ErrNoSlurm
		}
	}
	dir, err := os.MkdirTemp("/var/tmp", "rain-slurm")
	if err != nil {
		return nil, err
	}
	s := &Slurm{Nodes: nodes, dir: dir}
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
		if err := s.launch("slurmd", "-D", "-f", s.file("slurm.conf"), "-N", node(n)); err != nil {
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

func node(n int) string { return fmt.Sprintf("n%d", n+1) }

func (s *Slurm) file(name string) string { return filepath.Join(s.dir, name) }

func (s *Slurm) configure() error {
	host, err := os.Hostname()
	if err != nil {
		return err
	}
	ports, err := freePorts(s.Nodes + 1)
	if err != nil {
		return err
	}
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("ClusterName=rain\nSlurmctldHost=%s(127.0.0.1)\nSlurmctldPort=%d", host, ports[s.Nodes])
	line("AuthType=auth/munge\nAuthInfo=socket=%s\nSlurmUser=root\nSlurmdUser=root", s.file("munge"))
	line("StateSaveLocation=%s\nSlurmdSpoolDir=%s.%%n", s.file("state"), s.file("spool"))
	line("SlurmctldPidFile=%s\nSlurmdPidFile=%s.%%n.pid", s.file("ctld.pid"), s.file("slurmd"))
	line("SlurmctldLogFile=%s\nSlurmdLogFile=%s.%%n.log", s.file("ctld.log"), s.file("slurmd"))
	line("ProctrackType=proctrack/linuxproc\nTaskPlugin=task/none\nSwitchType=switch/none\nSelectType=select/linear")
	line("ReturnToService=2\nMpiDefault=none\nSlurmdParameters=config_overrides\nKillWait=3\nMessageTimeout=5")
	for n := range s.Nodes {
		line("NodeName=%s NodeHostname=%s NodeAddr=127.0.0.1 Port=%d CPUs=2", node(n), host, ports[n])
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
	return os.WriteFile(s.file("slurm.conf"), []byte(b.String()), 0o644)
}

// freePorts returns TCP ports that nobody listens on.
func freePorts(n int) (ports []int, err error) {
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}

// launch starts a daemon in the foreground, as our child.
func (s *Slurm) launch(name string, args ...string) error {
	cmd := exec.Command(sbin(name), args...)
	log, err := os.Create(s.file(fmt.Sprintf("%s.%d.out", name, len(s.procs))))
	if err != nil {
		return err
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGTERM}
	if err := cmd.Start(); err != nil {
		return err
	}
	s.procs = append(s.procs, cmd)
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
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Env = append(os.Environ(), "SLURM_CONF="+s.file("slurm.conf"))
	return cmd
}

// Silence stops a node's daemon: it does not answer, and is not known to be down.
func (s *Slurm) Silence(n int) error { return s.procs[2+n].Process.Signal(syscall.SIGSTOP) }

// Wake lets it go on.
func (s *Slurm) Wake(n int) error { return s.procs[2+n].Process.Signal(syscall.SIGCONT) }

// Close ends all daemons and removes their files.
func (s *Slurm) Close() {
	for i := len(s.procs) - 1; i >= 0; i-- {
		p := s.procs[i]
		_ = p.Process.Signal(syscall.SIGCONT)
		_ = p.Process.Signal(syscall.SIGTERM)
		limit := time.AfterFunc(2*time.Second, func() { _ = p.Process.Kill() })
		_ = p.Wait()
		limit.Stop()
	}
	_ = os.RemoveAll(s.dir)
	nodes, _ := filepath.Glob(s.dir + ".*")
	for _, d := range nodes {
		_ = os.RemoveAll(d)
	}

}
