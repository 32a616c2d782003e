package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rainmpi/bench/cluster"
)

// sshServer runs OpenSSH's server on the loopback, with keys of its own, and
// puts a client that knows them first in PATH: hosts "far1" and "far2" are it.
func sshServer(t *testing.T) {
	t.Helper()
	sshd, err := exec.LookPath("/usr/sbin/sshd")
	if err != nil {
		t.Skip("no OpenSSH server")
	}
	client, err := exec.LookPath("ssh")
	if err != nil {
		t.Skip("no OpenSSH client")
	}
	// sshd looks at who may write the folders above its keys.
	dir, err := os.MkdirTemp("/var/tmp", "rainrun-ssh")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	for _, key := range []string{"host", "me"} {
		if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", filepath.Join(dir, key)).CombinedOutput(); err != nil {
			t.Skipf("ssh-keygen: %v %s", err, out)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	who, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, text string, mode os.FileMode) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	write("sshd_config", fmt.Sprintf("Port %d\nListenAddress 127.0.0.1\nHostKey %s/host\nAuthorizedKeysFile %s/me.pub\nStrictModes no\n"+
		"PermitRootLogin yes\nPidFile none\nUsePAM %s\nAcceptEnv *\n", port, dir, dir, cluster.UsePAM()), 0o600)
	write("config", fmt.Sprintf("Host far1 far2\nHostName 127.0.0.1\nPort %d\nUser %s\nIdentityFile %s/me\nIdentitiesOnly yes\nIdentityAgent none\nUserKnownHostsFile /dev/null\n"+
		"StrictHostKeyChecking no\nLogLevel ERROR\nSendEnv RAINRUN_TEST_*\n", port, who.Username, dir), 0o600)
	write("ssh", fmt.Sprintf("#!/bin/sh\nexec %s -F %s/config \"$@\"\n", client, dir), 0o755)
	_ = os.MkdirAll("/run/sshd", 0o755)
	server := exec.Command(sshd, "-D", "-e", "-f", filepath.Join(dir, "sshd_config"))
	var log syncBuffer
	server.Stderr = &log
	if err := server.Start(); err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { _ = server.Process.Kill(); _ = server.Wait() })
	if !eventually(5*time.Second, func() bool {
		c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			c.Close()
		}
		return err == nil
	}) {
		t.Skip("sshd does not start: ", log.String())
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
}

func TestSSH(t *testing.T) {
	sshServer(t)
	res := rainrun(t, "-n", "4", "--host", "far1:2,far2:2", "-x", "GIVEN=1", "sh", "-c", "echo $PMI_RANK $MPI_LOCALRANKID $GIVEN ${SSH_CONNECTION:+remote}")
	res.want(t, 0)
	if got := strings.Join(sortedLines(res.out), ","); got != "0 0 1 remote,1 1 1 remote,2 0 1 remote,3 1 1 remote" {
		t.Errorf("output: %q", got)
	}
	t.Log(res.took)
	res = rainrun(t, "-n", "2", "--host", "far1:1,far2:1", self(t), "rank", "init", "cards", "1:abort", "hang")
	res.want(t, 7, "aborted the job")
	t.Log(res.took)

	// rainrun is killed: nothing is left on the far side.
	r := start(t, "", "-n", "4", "--host", "far1:2,far2:2", "sleep", "1234")
	r.await(4, "sleep 1234")
	limit := 2*time.Second + 5*time.Since(r.from)
	_ = r.cmd.Process.Kill()
	_ = r.cmd.Wait()
	r.nothingLeft(limit)
}

// ssh itself is killed: the job goes on, through the other host's channel.
func TestSSHDies(t *testing.T) {
	sshServer(t)
	flag := filepath.Join(t.TempDir(), "go")
	r := start(t, "", "-n", "2", "--host", "far1:1,far2:1", "bash", "-c", "until [ -e "+flag+" ]; do sleep 0.05; done; echo $PMI_RANK went on")
	r.await(2, "bash -c until")
	var ssh []int
	for _, pid := range r.left() {
		cmd, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		if strings.Contains(string(cmd), "-F\x00") && strings.Contains(string(cmd), "far2") {
			ssh = append(ssh, pid)
		}
	}
	if len(ssh) != 1 {
		t.Fatalf("ssh processes: %v", ssh)
	}
	p, _ := os.FindProcess(ssh[0])
	_ = p.Kill()
	if err := os.WriteFile(flag, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	res := r.wait()
	if got := strings.Join(sortedLines(res.out), ","); res.status != 0 || got != "0 went on,1 went on" {
		t.Errorf("status %d, output %q, %s", res.status, got, res.err)
	}
}
