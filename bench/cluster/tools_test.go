package cluster

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"syscall"
	"testing"
	"time"

	"rainmpi/bench/lab"
)

// bin is the folder of mpicc and rainrun: the one in PATH, or this project's build.
func bin(t *testing.T) string {
	t.Helper()
	if path, err := exec.LookPath("rainrun"); err == nil {
		return filepath.Dir(path)
	}
	dir, err := filepath.Abs("../../build/bin")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "rainrun")); err != nil {
		t.Fatalf("rainrun is neither in PATH nor in %s: run make build first", dir)
	}
	return dir
}

// nobody is a user without rights.
const nobody = 65534

// openBin is bin for all users: a copy of the build, if that lies in somebody's own folder.
func openBin(t *testing.T) string {
	t.Helper()
	look := exec.Command("test", "-x", filepath.Join(bin(t), "rainrun"))
	look.Dir = "/"
	look.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	if look.Run() == nil {
		return bin(t)
	}
	dir, err := os.MkdirTemp("/var/tmp", "rain-build")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"bin", "lib", "include"} {
		if out, err := exec.Command("cp", "-a", filepath.Join(bin(t), "..", name), dir).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	return filepath.Join(dir, "bin")
}

// need returns the path of a command of another package.
func need(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not installed; as root, .ci/deps installs it", name)
	}
	return path
}

// compile makes a program of a C source by some mpicc.
func compile(t *testing.T, mpicc, source string) string {
	t.Helper()
	prog := filepath.Join(t.TempDir(), strings.TrimSuffix(filepath.Base(source), ".c"))
	if out, err := exec.Command(mpicc, "-O2", "-o", prog, source, "-lm").CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v\n%s", mpicc, source, err, out)
	}
	return prog
}

// A result is what a command left.
type result struct {
	out, err string
	status   int
}

// run runs a command, for a minute at most.
func run(t *testing.T, cmd *exec.Cmd) result {
	t.Helper()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	limit := time.AfterFunc(time.Minute, func() {
		errs.WriteString("\n(the test's patience is over)\n")
		_ = cmd.Process.Kill()
	})
	defer limit.Stop()
	_ = cmd.Wait()
	return result{out.String(), errs.String(), cmd.ProcessState.ExitCode()}
}

func command(words ...string) *exec.Cmd {
	return exec.CommandContext(context.Background(), words[0], words[1:]...)
}

func (r result) want(t *testing.T, status int, words ...string) {
	t.Helper()
	if r.status != status {
		t.Errorf("status %d, want %d; output %s; stderr %s", r.status, status, r.out, r.err)
	}
	for _, w := range words {
		if !strings.Contains(r.err, w) {
			t.Errorf("stderr lacks %q: %s", w, r.err)
		}
	}
}

// wantHello wants the lines of hello.c of n ranks, in any order; hosts says
// where each is.
func (r result) wantHello(t *testing.T, n int, hosts ...string) {
	t.Helper()
	r.want(t, 0)
	r.wantSaid(t, n, hosts...)
}

// wantSaid is wantHello for a job that may have ended as it likes.
func (r result) wantSaid(t *testing.T, n int, hosts ...string) {
	t.Helper()
	var want []string
	for i := range n {
		host := hosts[i%len(hosts)]
		if len(hosts) == n {
			host = hosts[i]
		}
		want = append(want, fmt.Sprintf("%d of %d on %s sum %d", i, n, host, n*(n-1)/2))
	}
	got := strings.Split(strings.TrimSpace(r.out), "\n")
	sort.Strings(got)
	sort.Strings(want)
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("output\n%s\nwant\n%s\nstderr %s", strings.Join(got, "\n"), strings.Join(want, "\n"), r.err)
	}
}

func hostname(t *testing.T) string {
	t.Helper()
	name, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// sshLike writes a command that starts another on a host of the lab as ssh
// would: options, the host, words for a shell.
func sshLike(t *testing.T, l *lab.Lab) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "ssh")
	words := strings.ReplaceAll(l.AgentCommand(), "%h", "$h")
	script := "#!/bin/sh\nwhile [ \"${1#-}\" != \"$1\" ]; do shift; done\nh=$1; shift\nexec " + words + " sh -c \"$*\"\n"
	if err := os.WriteFile(file, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return file
}
