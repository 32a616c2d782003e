package cluster

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// Whoever is not root starts jobs as well, and ends them.
func TestAsUser(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("not root: all other tests are this one")
	}
	dir, err := os.MkdirTemp("/var/tmp", "rain-user")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	tools, prog := openBin(t), filepath.Join(dir, "hello")
	if out, err := exec.Command(filepath.Join(tools, "mpicc"), "-o", prog, hello).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	as := func(words ...string) *exec.Cmd {
		cmd := command(words...)
		cmd.Dir = "/"
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		return cmd
	}
	rainrun := filepath.Join(tools, "rainrun")
	run(t, as(rainrun, "-n", "4", prog)).wantHello(t, 4, hostname(t))
	run(t, as(rainrun, "-n", "4", "--host", "a:2,b:2", "--rails", "127.0.0.1", "--agent-command", "env H=%h", prog, "die")).
		want(t, 137, "rank 3 on host b", "signal 9")
	if res := run(t, as(rainrun, "-n", "1", "id", "-u")); res.out != "65534\n" {
		t.Errorf("%+v", res)
	}
	run(t, as(rainrun, "check")).want(t, 0)
}
