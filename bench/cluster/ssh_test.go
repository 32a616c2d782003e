package cluster

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rainmpi/bench/lab"
)

// sshHosts is a lab whose hosts run OpenSSH's server, on port 2222 as in the pods
// of the MPI operator.
type sshHosts struct {
	*lab.Lab
	t       *testing.T
	dir     string
	servers map[string]*exec.Cmd
}

func newSSHHosts(t *testing.T, n int) *sshHosts {
	t.Helper()
	need(t, "ssh-keygen")
	if _, err := os.Stat("/usr/sbin/sshd"); err != nil {
		t.Skip("no OpenSSH server; as root, .ci/deps installs it")
	}
	if os.Getuid() != 0 {
		t.Skip("needs root: sshd wants to log users in")
	}
	// sshd looks at who may write the folders above its keys.
	dir, err := os.MkdirTemp("/var/tmp", "rain-ssh")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	s := &sshHosts{Lab: lab.Start(t, lab.Config{Hosts: n, Rails: 2}), t: t, dir: dir, servers: map[string]*exec.Cmd{}}
	for _, key := range []string{"host", "me", "stranger"} {
		if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", s.file(key)).CombinedOutput(); err != nil {
			t.Fatalf("ssh-keygen: %v %s", err, out)
		}
	}
	s.write("sshd_config", fmt.Sprintf("Port 2222\nHostKey %s\nAuthorizedKeysFile %s\nStrictModes no\nPermitRootLogin yes\nPidFile none\nUsePAM no\nMaxStartups 100\n",
		s.file("host"), s.file("me.pub")), 0o600)
	s.configure("me", 2222)
	s.write("ssh", fmt.Sprintf("#!/bin/sh\nexec %s -F %s \"$@\"\n", need(t, "ssh"), s.file("config")), 0o755)
	_ = os.MkdirAll("/run/sshd", 0o755)
	return s
}

func (s *sshHosts) file(name string) string { return filepath.Join(s.dir, name) }

func (s *sshHosts) write(name, text string, mode os.FileMode) {
	if err := os.WriteFile(s.file(name), []byte(text), mode); err != nil {
		s.t.Fatal(err)
	}
}

// configure writes the client's configuration: that is where people say port, key and user.
func (s *sshHosts) configure(key string, port int) {
	s.write("config", fmt.Sprintf("Host *\nPort %d\nUser root\nIdentityFile %s\nIdentitiesOnly yes\nUserKnownHostsFile /dev/null\nStrictHostKeyChecking no\nLogLevel ERROR\n",
		port, s.file(key)), 0o600)
}

// serve starts the server of a host.
func (s *sshHosts) serve(hosts ...string) {
	for _, name := range hosts {
		cmd := s.Host(name).Command("/usr/sbin/sshd", "-D", "-e", "-f", s.file("sshd_config"))
		if err := cmd.Start(); err != nil {
			s.t.Fatal(err)
		}
		s.t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	}
}

// rainrun runs on the first host, with ssh as its way to all others.
func (s *sshHosts) rainrun(env []string, args ...string) *exec.Cmd {
	cmd := s.Hosts[0].Command(filepath.Join(bin(s.t), "rainrun"), args...)
	var kept []string
	for _, kv := range cmd.Env {
		if !strings.HasPrefix(kv, "RAIN_AGENT_COMMAND=") && !strings.HasPrefix(kv, "PATH=") {
			kept = append(kept, kv)
		}
	}
	cmd.Env = append(append(kept, "PATH="+s.dir+":"+os.Getenv("PATH")), env...)
	return cmd
}

func TestSSHHosts(t *testing.T) {
	s := newSSHHosts(t, 4)
	prog := compile(t, filepath.Join(bin(t), "mpicc"), hello)
	s.serve("h1", "h2", "h3", "h4")
	in := func(args ...string) result {
		began := time.Now()
		defer func() { t.Log(time.Since(began), args) }()
		return run(t, s.rainrun(nil, args...))
	}
	// The servers may take a moment; rainrun tries again.
	where := []string{"h1", "h1", "h2", "h2", "h3", "h3", "h4", "h4"}
	spec := "h1:2,h2:2,h3:2,h4:2"
	res := in("-n", "8", "--host", spec, prog)
	res.wantHello(t, 8, where...)
	if res.err != "" {
		t.Errorf("all went well, but stderr says %s", res.err)
	}
	heat := compile(t, filepath.Join(bin(t), "mpicc"), "../../examples/heat/heat.c")
	if res := in("-n", "8", "--host", spec, heat, "--size", "96", "--steps", "200"); res.status != 0 || !strings.Contains(res.out, "200 steps") {
		t.Errorf("%+v", res)
	}
	in("-n", "8", "--host", spec, prog, "exit").want(t, 5, "rank 7 on host h4", "status 5")
	in("-n", "8", "--host", spec, prog, "die").want(t, 137, "rank 7 on host h4", "signal 9")
	in("-n", "8", "--host", spec, prog, "abort").want(t, 7, "rank 7 on host h4", "MPI_Abort")
	in("-n", "8", "--host", spec, "./no-such").want(t, 127, "host h", "program ./no-such does not exist")
	in("-n", "8", "--host", spec, "-wdir", "/no/such", prog).want(t, 127, "host h", "working directory /no/such")
	in("check", "--host", "h1,h2,h3,h4").want(t, 0)
	in("-n", "4", "--host", "h1:1,h2:1,h3:1,nosuch:1", prog).want(t, 1, "host nosuch", "Could not resolve hostname nosuch")

	flag := filepath.Join(t.TempDir(), "started")
	s.configure("stranger", 2222)
	in("-n", "2", "--host", "h2:1,h3:1", "touch", flag).want(t, 1, "on host h2", "on host h3", "Permission denied", "without a password")
	s.configure("me", 2223)
	in("-n", "2", "--host", "h1:1,h3:1", "touch", flag).want(t, 1, "on host h3", "port 2223", "refused")
	s.configure("me", 2222)
	in("-n", "2", "--host", "h1:1,nobody@@h3:1", "touch", flag).want(t, 1, "h3")
	if _, err := os.Stat(flag); err == nil {
		t.Error("a rank was started although a host was missing")
	}
}

// What the MPI operator of Kubernetes promises and wants: a host file in either
// syntax that a variable names, ssh on a port that its configuration names, its
// arguments for ssh, and hosts that come up after the launcher.
func TestKubernetes(t *testing.T) {
	s := newSSHHosts(t, 3)
	prog := compile(t, filepath.Join(bin(t), "mpicc"), hello)
	s.write("openmpi", "h2 slots=2\nh3 slots=2\n", 0o644)
	s.write("mpich", "h2:2\nh3:2\n", 0o644)
	openmpi := []string{"K_MPI_JOB_ROLE=launcher", "OMPI_MCA_orte_default_hostfile=" + s.file("openmpi"),
		"OMPI_MCA_orte_keep_fqdn_hostnames=true", "OMPI_MCA_plm_rsh_args=-o ConnectionAttempts=10"}
	mpich := []string{"K_MPI_JOB_ROLE=launcher", "HYDRA_HOST_FILE=" + s.file("mpich"), "HYDRA_LAUNCH_EXTRA_ARGS=-o ConnectionAttempts=10"}

	// The workers come up three seconds after the launcher.
	late := time.AfterFunc(3*time.Second, func() { s.serve("h2", "h3") })
	defer late.Stop()
	run(t, s.rainrun(openmpi, prog)).wantHello(t, 4, "h2", "h2", "h3", "h3")
	run(t, s.rainrun(mpich, "-n", "4", prog)).wantHello(t, 4, "h2", "h2", "h3", "h3")
	run(t, s.rainrun(mpich, "-v", "-n", "4", prog)).want(t, 0, "ssh -o ConnectionAttempts=10")
}
