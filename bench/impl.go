package bench

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"rainmpi/bench/cluster"
	"rainmpi/bench/lab"
)

// An Impl is an MPI implementation that is installed here.
type Impl struct {
	Name string
	cc   []string // nil: the program is Go's
	// launch returns the words that start prog with n ranks.
	launch func(s *Setting, n int) []string
	env    []string // for every run, "K=V"
}

// Names of the implementations, in the order of tables.
const (
	RainMPI  = "rainmpi"
	Insecure = "insecure" // rainmpi with bulk data in clear: rainrun --insecure
	GoAPI    = "go"       // rainmpi by its Go API: bench/gobench
	OpenMPI  = "openmpi"
	MPICH    = "mpich"
)

// Find returns the implementations of the given names. prefix is where rainmpi
// is built or installed: its bin folder has mpicc and rainrun.
func Find(names []string, prefix string) ([]*Impl, error) {
	var found []*Impl
	for _, name := range names {
		i, err := find(name, prefix)
		if err != nil {
			return nil, err
		}
		found = append(found, i)
	}
	return found, nil
}

// Installed returns those of Open MPI and MPICH that are installed.
func Installed() []*Impl {
	var found []*Impl
	for _, name := range []string{OpenMPI, MPICH} {
		if i, err := find(name, ""); err == nil {
			found = append(found, i)
		}
	}
	return found
}

func find(name, prefix string) (*Impl, error) {
	switch name {
	case RainMPI:
		return rainMPI(name, prefix)
	case Insecure:
		return rainMPI(name, prefix, "--insecure")
	case GoAPI:
		i, err := rainMPI(name, prefix)
		if i != nil {
			i.cc = nil
		}
		return i, err
	case OpenMPI:
		return debianPeer(name, "openmpi-bin libopenmpi-dev", openMPIWords, []string{
			"OMPI_ALLOW_RUN_AS_ROOT=1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1",
		})
	case MPICH:
		return debianPeer(name, "mpich libmpich-dev", mpichWords, nil)
	}
	return nil, fmt.Errorf("bench: no implementation %q: there are %s, %s, %s, %s, %s", name, RainMPI, Insecure, GoAPI, OpenMPI, MPICH)
}

// With returns the implementation under another name, with more in its environment.
func (i *Impl) With(name string, env ...string) *Impl {
	variant := *i
	variant.Name, variant.env = name, append(slices.Clone(i.env), env...)
	return &variant
}

func rainMPI(name, prefix string, options ...string) (*Impl, error) {
	cc, rainrun := filepath.Join(prefix, "bin", "mpicc"), filepath.Join(prefix, "bin", "rainrun")
	for _, p := range []string{cc, rainrun} {
		if _, err := os.Stat(p); err != nil {
			return nil, fmt.Errorf("bench: rainmpi is not built: %w: run make build, or name its folder by --prefix", err)
		}
	}
	return &Impl{
		Name: name,
		cc:   []string{cc},
		launch: func(s *Setting, n int) []string {
			words := append([]string{rainrun, "-n", fmt.Sprint(n)}, options...)
			if s.History != "" {
				words = append(words, "--history", s.History)
			}
			switch {
			case s.Lab != nil:
				// All lab hosts number the same cores from 0: pinning would put ranks
				// of two hosts on one.
				return append(words, "--bind-to", "none", "--host", s.hostSlots(n))
			case s.Loopback != nil:
				return append(words, s.Loopback.words(n)...)
			case s.Threads:
				return append(words, "--bind-to", "none")
			}
			return words
		},
	}, nil
}

// debianPeer finds a peer under the names that Debian's alternatives give it.
func debianPeer(name, packages string, words func(*Setting, int) []string, env []string) (*Impl, error) {
	for _, p := range []string{"mpicc." + name, "mpirun." + name} {
		if _, err := exec.LookPath(p); err != nil {
			return nil, fmt.Errorf("bench: %s is not installed: %w: apt-get install %s", name, err, packages)
		}
	}
	return &Impl{Name: name, cc: []string{"mpicc." + name}, launch: words, env: env}, nil
}

func openMPIWords(s *Setting, n int) []string {
	words := []string{"mpirun.openmpi", "-n", fmt.Sprint(n), "--mca", "pml", "ob1"}
	if s.Lab == nil {
		if n > s.Cores {
			return append(words, "--oversubscribe")
		}
		return append(words, "--bind-to", s.binding())
	}
	return append(words, "--bind-to", "none", "--host", s.hostSlots(n),
		"--mca", "btl", "self,vader,tcp",
		"--mca", "btl_tcp_if_include", s.railList(),
		"--mca", "oob_tcp_if_include", "rail1",
		"--mca", "plm_rsh_agent", s.Rsh)
}

func mpichWords(s *Setting, n int) []string {
	words := []string{"mpirun.mpich", "-n", fmt.Sprint(n)}
	if s.Lab == nil {
		if n > s.Cores {
			return words
		}
		return append(words, "-bind-to", s.binding())
	}
	how := "rsh"
	if s.SSH != nil {
		how = "ssh"
	}
	return append(words, "-launcher", how, "-launcher-exec", s.Rsh, "-iface", "rail1",
		"-hosts", s.hostSlots(n))
}

// A Setting is where programs run: on this machine, or between a lab's hosts.
type Setting struct {
	Cores int
	Lab   *lab.Lab // nil: this machine
	Rsh   string   // a program that starts words on a lab's host as rsh does

	Threads bool // ranks have several threads, and may use all cores

	SSH      *cluster.SSH // not nil: launchers go to the lab's hosts by it, and Rsh is its client
	Loopback *Loopback    // rainmpi only: two hosts that are one, on loopback rails
	History  string       // rainmpi only: file for the history of paths; empty: none
}

// pinned are the words that start prog in a lab's job of n ranks, each on a core of its own if there are as many: a
// lab's hosts share this machine's, where real ones have their own, and the scheduler puts threads of one host's rank
// beside those of another's. All implementations name a rank to its program in one of two ways.
func (s *Setting) pinned(n int, prog string) []string {
	if s.Lab == nil || n > s.Cores || s.Threads {
		return []string{prog}
	}
	return []string{"sh", "-c", `exec taskset -c "${OMPI_COMM_WORLD_RANK:-$PMI_RANK}" "$0" "$@"`, prog}
}

// binding is what a rank on this machine is pinned to.
func (s *Setting) binding() string {
	if s.Threads {
		return "none"
	}
	return "core"
}

// hostSlots spreads n ranks evenly over the lab's hosts: "h1:2,h2:2".
func (s *Setting) hostSlots(n int) string {
	var hosts []string
	for _, h := range s.Lab.Hosts {
		hosts = append(hosts, h.Name)
	}
	return spread(n, hosts)
}

func spread(n int, hosts []string) string {
	var words []string
	for i, h := range hosts {
		if slots := (n + len(hosts) - 1 - i) / len(hosts); slots > 0 {
			words = append(words, fmt.Sprintf("%s:%d", h, slots))
		}
	}
	return strings.Join(words, ",")
}

func (s *Setting) railList() string {
	var names []string
	for _, r := range s.Lab.Rails {
		names = append(names, r.Name)
	}
	return strings.Join(names, ",")
}

// Compile builds the C program of the folder src with the implementation's
// compiler and returns its path in dir.
func (i *Impl) Compile(src, dir string) (string, error) {
	if i.cc == nil {
		return GoBuild(filepath.Join(filepath.Dir(src), "gobench"), filepath.Join(dir, "gobench"))
	}
	files, err := filepath.Glob(filepath.Join(src, "*.c"))
	if err != nil || len(files) == 0 {
		return "", fmt.Errorf("bench: no C files in %s: run from the project's folder or name it by --src", src)
	}
	prog := filepath.Join(dir, filepath.Base(src)+"."+i.Name)
	args := append(append([]string{}, i.cc[1:]...), "-O2", "-o", prog)
	out, err := exec.Command(i.cc[0], append(append(args, files...), "-lm")...).CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return "", fmt.Errorf("bench: %s does not compile %s:\n%s", i.cc[0], src, out)
	}
	return prog, err
}

// GoBuild builds the Go program of the folder src and returns its absolute path.
func GoBuild(src, prog string) (string, error) {
	if _, err := os.Stat(filepath.Join(src, "main.go")); err != nil {
		return "", fmt.Errorf("bench: %w: run from the project's folder", err)
	}
	prog, err := filepath.Abs(prog)
	if err != nil {
		return "", err
	}
	cmd := exec.Command("go", "build", "-o", prog, ".")
	cmd.Dir, cmd.Env = src, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("bench: go build in %s: %w\n%s", src, err, out)
	}
	return prog, nil
}

// Command returns the command that starts prog with n ranks in the setting. In a
// lab a peer is started on the first host; rainmpi too, so that they compare.
func (i *Impl) Command(s *Setting, n int, prog string, args ...string) *exec.Cmd {
	words := append(append(i.launch(s, n), s.pinned(n, prog)...), args...)
	var cmd *exec.Cmd
	if s.Lab != nil {
		cmd = s.Lab.Hosts[0].Command(words[0], words[1:]...)
	} else {
		cmd = exec.Command(words[0], words[1:]...)
		cmd.Env = os.Environ()
	}
	if s.SSH != nil {
		cmd.Env = s.SSH.Env(cmd.Env)
	}
	cmd.Env = append(cmd.Env, i.env...)
	if s.Loopback != nil {
		cmd.Env = append(cmd.Env, s.Loopback.Environ()...)
	}
	if i.Name == MPICH && s.Lab != nil {
		cmd.Env = append(cmd.Env, "UCX_NET_DEVICES="+s.railList())
	}
	return cmd
}
