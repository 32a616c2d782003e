package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// The ways a lab is built.
const (
	ModeRoot = "network namespaces"
	ModeUser = "network namespaces in a user namespace"
)

// A Lab is hosts and rails. It is safe for use by several goroutines.
type Lab struct {
	Hosts []*Host // h1, h2, ...
	Rails []*Rail // rail1, rail2, ...

	dir  string
	mode string
	cfg  Config

	// Of the maker only:
	keeper *exec.Cmd
	life   *os.File // closing it ends the lab
	lock   *os.File
	ended  chan struct{} // closed when the keeper has been waited for
	close  sync.Once
}

// New makes a lab, after it has removed what dead ones left behind. The lab ends
// with Close, when ctx is done, or with this process. Errors are ErrForbidden
// where the machine forbids namespaces.
func New(ctx context.Context, cfg Config) (*Lab, error) {
	cfg = cfg.withDefaults()
	if err := cfg.check(); err != nil {
		return nil, err
	}
	Clean()
	mode := ModeUser
	if privileged() && !cfg.UserNamespace {
		mode = ModeRoot
	}
	dir, lock, err := makeDir()
	if err != nil {
		return nil, err
	}
	l := attach(dir, mode, cfg)
	l.lock = lock
	if err := l.startKeeper(); err != nil {
		l.Close()
		if errors.Is(err, ErrForbidden) {
			return nil, fmt.Errorf("lab: %w (tried %s)", err, mode)
		}
		return nil, fmt.Errorf("lab: %w", err)
	}
	context.AfterFunc(ctx, func() { l.Close() })
	return l, nil
}

// Attach returns the running lab whose directory is dir, to use but not to own.
func Attach(dir string) (*Lab, error) {
	st, err := control(dir, controlRequest{})
	if err != nil {
		return nil, err
	}
	return attach(dir, st.Mode, st.Config), nil
}

func attach(dir, mode string, cfg Config) *Lab {
	l := &Lab{dir: dir, mode: mode, cfg: cfg}
	for i, name := range cfg.hostNames() {
		l.Hosts = append(l.Hosts, &Host{Name: name, lab: l, index: i})
	}
	for _, name := range cfg.railNames() {
		l.Rails = append(l.Rails, &Rail{Name: name, lab: l})
	}
	return l
}

// privileged says whether this process may make and enter namespaces as it is.
func privileged() bool {
	hdr := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if os.Geteuid() != 0 || unix.Capget(&hdr, &data[0]) != nil {
		return false
	}
	const need = 1<<unix.CAP_SYS_ADMIN | 1<<unix.CAP_NET_ADMIN
	return data[0].Effective&need == need
}

func (l *Lab) startKeeper() error {
	lifeR, lifeW, err := os.Pipe()
	if err != nil {
		return err
	}
	defer lifeR.Close()
	l.life = lifeW
	readyR, readyW, err := os.Pipe()
	if err != nil {
		return err
	}
	defer readyR.Close()
	cmd := exec.Command(selfExe)
	cmd.Args = []string{"rainlab", roleKeeper, l.dir}
	cmd.Stderr = os.Stderr // for the last words of a crash only
	cmd.ExtraFiles = []*os.File{lifeR, readyW, l.lock}
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Setsid:     true, // a terminal's signals are for its maker, who ends it
		Cloneflags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNS,
	}
	if l.mode == ModeUser {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}}
	}
	err = cmd.Start()
	readyW.Close()
	if err != nil {
		if forbidden(err) {
			return fmt.Errorf("%w: %w", ErrForbidden, err)
		}
		return err
	}
	l.keeper, l.ended = cmd, make(chan struct{})
	go func() {
		cmd.Wait()
		close(l.ended)
	}()
	if err := writeMessage(lifeW, keeperSettings{Dir: l.dir, Config: l.cfg, Mode: l.mode}); err != nil {
		return err
	}
	return awaitVerdict(readyR)
}

// Close ends everything that runs in the lab, drops its namespaces and removes
// its directory. It may be called more than once; on an attached lab it does nothing.
func (l *Lab) Close() error {
	var err error
	l.close.Do(func() {
		if l.lock == nil {
			return
		}
		if l.life != nil {
			l.life.Close()
		}
		if l.keeper != nil {
			<-l.ended // with PID 1 the kernel has ended the whole PID namespace
		}
		err = os.RemoveAll(l.dir)
		l.lock.Close()
	})
	return err
}

// Dir is the lab's directory, which names it: RAINLAB in the environment.
func (l *Lab) Dir() string { return l.dir }

// Mode says how the lab is built, ModeRoot or ModeUser.
func (l *Lab) Mode() string { return l.mode }

// Config is what the lab was made from, defaults filled in.
func (l *Lab) Config() Config { return l.cfg }

// HostList is the hosts' names as rainrun's --host takes them: "h1,h2".
func (l *Lab) HostList() string { return strings.Join(l.cfg.hostNames(), ",") }

// AgentCommand is the words for rainrun's --agent-command that start an agent on
// host %h: this very program, in its role as a command's stand-in.
func (l *Lab) AgentCommand() string {
	exe, err := os.Executable()
	if err != nil {
		exe = os.Args[0]
	}
	return fmt.Sprintf("%s %s %s %%h --", quoteWord(exe), roleExec, quoteWord(l.dir))
}

// quoteWord protects a path with blanks or quotes for rainrun, and its percent
// signs from being placeholders.
func quoteWord(s string) string {
	s = strings.ReplaceAll(s, "%", "%%")
	if strings.ContainsAny(s, " \t'\"\\") {
		s = "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
	}
	return s
}

// Environ is what commands of the lab find in their environment besides their own:
// the lab, its hosts and rails, and the words that start something on a host,
// which rainrun takes as its default.
func (l *Lab) Environ() []string {
	return []string{
		"RAINLAB=" + l.dir,
		"RAINLAB_HOSTS=" + l.HostList(),
		"RAINLAB_RAILS=" + strings.Join(l.cfg.railNames(), ","),
		"RAIN_AGENT_COMMAND=" + l.AgentCommand(),
	}
}

// TB is the part of testing.TB that Start uses.
type TB interface {
	Helper()
	Skipf(format string, args ...any)
	Fatalf(format string, args ...any)
	Cleanup(func())
}

// Start makes a lab for a test and ends it with the test. Where the machine
// forbids namespaces the test is skipped, and says so.
func Start(t TB, cfg Config) *Lab {
	t.Helper()
	l, err := New(context.Background(), cfg)
	switch {
	case errors.Is(err, ErrForbidden):
		t.Skipf("needs root or user namespaces: %v", err)
	case err != nil:
		t.Fatalf("%v", err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}
