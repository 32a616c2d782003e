package cluster

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rainmpi/bench/lab"
)

// sshHosts is a lab whose hosts run OpenSSH's server.
type sshHosts struct {
	*lab.Lab
	*SSH
	t *testing.T
}

func newSSHHosts(t *testing.T, n int) *sshHosts {
	t.Helper()
	l := lab.Start(t, lab.Config{Hosts: n, Rails: 2})
	ssh, err := NewSSH(l)
	if errors.Is(err, ErrNoSSH) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return &sshHosts{l, ssh, t}
}

func (s *sshHosts) write(name, text string) string {
	if err := os.WriteFile(s.File(name), []byte(text), 0o644); err != nil {
		s.t.Fatal(err)
	}
	return s.File(name)
}

// configure writes the client's configuration.
func (s *sshHosts) configure(key string, port int, more ...string) {
	if err := s.Configure(key, port, more...); err != nil {
		s.t.Fatal(err)
	}
}

// serve starts the servers of hosts.
func (s *sshHosts) serve(hosts ...string) {
	if err := s.Serve(hosts...); err != nil {
		s.t.Error(err)
	}
}

// rainrun runs on the first host, with ssh as its way to all others.
func (s *sshHosts) rainrun(env []string, args ...string) *exec.Cmd {
	cmd := s.Hosts[0].Command(filepath.Join(bin(s.t), "rainrun"), args...)
	cmd.Env = append(s.Env(cmd.Env), env...)
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
	s.configure(KeyStranger, SSHPort)
	in("-n", "2", "--host", "h2:1,h3:1", "touch", flag).want(t, 1, "on host h2", "on host h3", "Permission denied", "without a password")
	s.configure(KeyKnown, 2223)
	in("-n", "2", "--host", "h1:1,h3:1", "touch", flag).want(t, 1, "on host h3", "port 2223", "refused")
	s.configure(KeyKnown, SSHPort)
	in("-n", "2", "--host", "h1:1,nosuchuser@h3:1", "touch", flag).want(t, 1, "on host nosuchuser@h3", "Permission denied", "without a password")
	in("-n", "2", "--host", "h1:1,nobody@@h3:1", "touch", flag).want(t, 1, "h3")
	in("-n", "2", "--host", "h1:1,h3:1", "--prefix", "/no/such", "touch", flag).
		want(t, 1, "on host h3", "exit status 127", "is rainrun installed there as /no/such/bin/rainrun? --prefix DIR")

	// A host behind another one.
	s.configure(KeyKnown, SSHPort, "Host h3", "ProxyJump h2")
	res = in("-n", "2", "--host", "h2:1,h3:1", "sh", "-c", "echo $PMI_RANK ${SSH_CONNECTION%% *}")
	if want := fmt.Sprintf("0 %s\n1 %s\n", s.Hosts[0].Addr(0), s.Hosts[1].Addr(0)); res.status != 0 || sorted(res.out) != want {
		t.Errorf("%+v, want %q", res, want)
	}
	s.configure(KeyKnown, SSHPort)

	// A host that does not answer at all.
	for _, rail := range []string{"rail1", "rail2"} {
		if err := s.Fault(lab.Fault{Kind: lab.KindBlackHole, Rail: rail, Host: "h4"}); err != nil {
			t.Fatal(err)
		}
	}
	res = in("-n", "8", "--host", spec, "--start-timeout", "4s", "touch", flag)
	res.want(t, 1, "host h4 has not started its agent within 4s (--start-timeout)", "is the host up")
	if strings.Count(res.err, "\n") != 1 {
		t.Errorf("more than one line: %s", res.err)
	}
	if _, err := os.Stat(flag); err == nil {
		t.Error("a rank was started although a host was missing")
	}
}

func sorted(s string) string {
	lines := strings.SplitAfter(s, "\n")
	slices.Sort(lines)
	return strings.Join(lines, "")
}

// What the MPI operator of Kubernetes promises and wants: a host file in either
// syntax that a variable names, ssh on a port that its configuration names, its
// arguments for ssh, and hosts that come up after the launcher.
func TestKubernetes(t *testing.T) {
	s := newSSHHosts(t, 3)
	prog := compile(t, filepath.Join(bin(t), "mpicc"), hello)
	openmpi := []string{"K_MPI_JOB_ROLE=launcher", "OMPI_MCA_orte_default_hostfile=" + s.write("openmpi", "h2 slots=2\nh3 slots=2\n"),
		"OMPI_MCA_orte_keep_fqdn_hostnames=true", "OMPI_MCA_plm_rsh_args=-o ConnectionAttempts=10"}
	mpich := []string{"K_MPI_JOB_ROLE=launcher", "HYDRA_HOST_FILE=" + s.write("mpich", "h2:2\nh3:2\n"), "HYDRA_LAUNCH_EXTRA_ARGS=-o ConnectionAttempts=10"}

	// The workers come up three seconds after the launcher.
	late := time.AfterFunc(3*time.Second, func() { s.serve("h2", "h3") })
	defer late.Stop()
	run(t, s.rainrun(openmpi, prog)).wantHello(t, 4, "h2", "h2", "h3", "h3")
	run(t, s.rainrun(mpich, "-n", "4", prog)).wantHello(t, 4, "h2", "h2", "h3", "h3")
	run(t, s.rainrun(mpich, "-v", "-n", "4", prog)).want(t, 0, "ssh -o ConnectionAttempts=10")

	// A name that the launcher's resolver learns two seconds later.
	hosts := func(script string) {
		if out, err := s.Hosts[0].Command("sh", "-c", script).CombinedOutput(); err != nil {
			t.Errorf("%s: %v %s", script, err, out)
		}
	}
	known := s.File("known-hosts")
	hosts("cp /etc/hosts " + known + "; grep -v -w h3 " + known + " >/etc/hosts; ! getent hosts h3")
	late = time.AfterFunc(2*time.Second, func() { hosts("cat " + known + " >/etc/hosts") })
	defer late.Stop()
	run(t, s.rainrun(openmpi, prog)).wantHello(t, 4, "h2", "h2", "h3", "h3")

	// Its file is found without a variable, too.
	etc := "mount -t tmpfs none " + s.File("upper") + " && cd " + s.File("upper") + " && mkdir -p up/mpi work && cp /etc/hosts up/hosts && cp " + s.File("mpich") +
		" up/mpi/hostfile && mount -t overlay none -o lowerdir=/etc,upperdir=up,workdir=work /etc && cd / && exec \"$@\""
	hosts("mkdir " + s.File("upper"))
	cmd := s.rainrun([]string{"K_MPI_JOB_ROLE=launcher"}, prog)
	words := append([]string{"unshare", "-m", "sh", "-c", etc, "sh"}, cmd.Args[5:]...)
	inside := s.Hosts[0].Command(words[0], words[1:]...)
	inside.Env = cmd.Env
	run(t, inside).wantHello(t, 4, "h2", "h2", "h3", "h3")
}

// The key is in an ssh-agent alone.
func TestSSHAgent(t *testing.T) {
	s := newSSHHosts(t, 2)
	prog := compile(t, filepath.Join(bin(t), "mpicc"), hello)
	s.serve("h1", "h2")
	if err := s.Await("h2"); err != nil {
		t.Fatal(err)
	}
	public, err := os.ReadFile(s.File(KeyKnown + ".pub"))
	if err != nil {
		t.Fatal(err)
	}
	s.write("held.pub", string(public)) // and no file "held"
	s.configure("held", SSHPort)
	run(t, s.rainrun(nil, "-n", "2", "--host", "h1:1,h2:1", prog)).want(t, 1, "on host h2", "Permission denied", "without a password")
	socket := s.File("agent")
	keeper := s.Hosts[0].Command("ssh-agent", "-D", "-a", socket)
	if err := keeper.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = keeper.Wait() }() // it ends with the lab
	env := []string{"SSH_AUTH_SOCK=" + socket}
	if !eventually(10*time.Second, func() bool { _, err := os.Stat(socket); return err == nil }) {
		t.Fatal("no ssh-agent")
	}
	add := s.Hosts[0].Command("ssh-add", "-q", s.File(KeyKnown))
	add.Env = append(add.Env, env...)
	if out, err := add.CombinedOutput(); err != nil {
		t.Fatalf("ssh-add: %v %s", err, out)
	}
	run(t, s.rainrun(env, "-n", "2", "--host", "h1:1,h2:1", prog)).wantHello(t, 2, "h1", "h2")
}

// Whoever is not root, through servers that let only users in.
func TestSSHAsUser(t *testing.T) {
	s := newSSHHosts(t, 2)
	home, err := os.MkdirTemp("/var/tmp", "rain-user")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(home) })
	tools, prog := openBin(t), filepath.Join(home, "hello")
	if out, err := exec.Command(filepath.Join(tools, "mpicc"), "-o", prog, hello).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	copyTo := func(name, text string) {
		file := filepath.Join(home, name)
		if err := errors.Join(os.WriteFile(file, []byte(text), 0o600), os.Chown(file, nobody, nobody)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{KeyKnown, KeyKnown + ".pub"} {
		text, err := os.ReadFile(s.File(name))
		if err != nil {
			t.Fatal(err)
		}
		copyTo(name, string(text))
	}
	server := fmt.Sprintf("Port %d\nHostKey %s\nAuthorizedKeysFile %s/%s.pub\nStrictModes no\nPermitRootLogin no\nPidFile none\nUsePAM no\n", SSHPort, s.File("host"), home, KeyKnown)
	copyTo("config", fmt.Sprintf("Port %d\nIdentityFile %s/%s\nUserKnownHostsFile /dev/null\nStrictHostKeyChecking no\nLogLevel ERROR\n", SSHPort, home, KeyKnown))
	client, err := exec.LookPath("ssh")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.WriteFile(s.File("sshd_config"), []byte(server), 0o600), os.Chown(home, nobody, nobody), os.Chmod(home, 0o755),
		os.WriteFile(filepath.Join(home, "ssh"), []byte("#!/bin/sh\nexec "+client+" -F "+home+"/config \"$@\"\n"), 0o755)); err != nil {
		t.Fatal(err)
	}
	// The account has a shell and a home on the lab's hosts.
	passwd := s.write("passwd", fmt.Sprintf("root:x:0:0:root:/root:/bin/sh\nsshd:x:100:%d::/run/sshd:/usr/sbin/nologin\nnobody:x:%d:%d::%s:/bin/sh\n", nobody, nobody, nobody, home))
	for _, h := range s.Hosts {
		if out, err := h.Command("mount", "--bind", passwd, "/etc/passwd").CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	s.serve("h1", "h2")
	as := func(args ...string) result {
		words := append([]string{"--reuid", fmt.Sprint(nobody), "--regid", fmt.Sprint(nobody), "--clear-groups", "env", "-u", "RAIN_AGENT_COMMAND",
			"HOME=" + home, "PATH=" + home + ":" + os.Getenv("PATH")}, args...)
		cmd := s.Hosts[0].Command("setpriv", words...)
		cmd.Dir = "/"
		return run(t, cmd)
	}
	rainrun := filepath.Join(tools, "rainrun")
	as(rainrun, "-n", "4", "--host", "h1:2,h2:2", prog).wantHello(t, 4, "h1", "h1", "h2", "h2")
	res := as(rainrun, "--host", "h2:1", "sh", "-c", "id -u; pwd; echo $HOME")
	if want := "65534\n/\n" + home + "\n"; res.status != 0 || res.out != want {
		t.Errorf("%+v, want %q", res, want)
	}
	as(rainrun, "-n", "2", "--host", "h1:1,root@h2:1", prog).want(t, 1, "on host root@h2", "Permission denied")
	as(rainrun, "-n", "4", "--host", "h1:2,h2:2", prog, "die").want(t, 137, "rank 3 on host h2", "signal 9")
}

// A host that lacks what the others have: the program, the working directory, a library.
func TestSSHMissing(t *testing.T) {
	s := newSSHHosts(t, 3)
	dir := t.TempDir()
	prog := filepath.Join(dir, "hello")
	if out, err := exec.Command(filepath.Join(bin(t), "mpicc"), "-o", prog, hello).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if out, err := s.Host("h3").Command("mount", "-t", "tmpfs", "none", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	s.serve("h1", "h2", "h3")
	on := func(args ...string) result {
		return run(t, s.rainrun(nil, append([]string{"-n", "3", "--host", "h1:1,h2:1,h3:1"}, args...)...))
	}
	flag := filepath.Join(dir, "started")
	on(prog).want(t, 127, "host h3: program "+prog+" does not exist", "put it there, or send it with --preload")
	on("--preload", prog).wantHello(t, 3, "h1", "h2", "h3")
	on("-wdir", filepath.Join(dir, "."), "true").want(t, 0)
	if err := os.Mkdir(filepath.Join(dir, "work"), 0o755); err != nil {
		t.Fatal(err)
	}
	on("-wdir", filepath.Join(dir, "work"), "touch", flag).want(t, 127, "host h3: working directory "+dir+"/work", "make it there, or give another with -wdir")
	if _, err := os.Stat(flag); err == nil {
		t.Error("a rank was started although a host lacks something")
	}

	part := filepath.Join(t.TempDir(), "part.c")
	whole := filepath.Join(filepath.Dir(part), "whole")
	if err := errors.Join(os.WriteFile(part, []byte("int part(void) { return 0; }\n"), 0o644),
		os.WriteFile(whole+".c", []byte("int part(void);\nint main(void) { return part(); }\n"), 0o644)); err != nil {
		t.Fatal(err)
	}
	for _, words := range [][]string{{"-shared", "-fPIC", "-o", dir + "/libpart.so", part}, {"-o", whole, whole + ".c", "-L" + dir, "-lpart"}} {
		if out, err := exec.Command("gcc", words...).CombinedOutput(); err != nil {
			t.Fatalf("gcc: %v: %s", err, out)
		}
	}
	path := []string{"LD_LIBRARY_PATH=" + dir}
	run(t, s.rainrun(path, "-n", "2", "--host", "h1:1,h2:1", whole)).want(t, 0)
	run(t, s.rainrun(path, "-n", "3", "--host", "h1:1,h2:1,h3:1", whole)).want(t, 127, "libpart.so", "rank 2 on host h3", "status 127")

	// Rainmpi itself is elsewhere on h3.
	build, prefix := filepath.Dir(bin(t)), t.TempDir()
	for _, name := range []string{"bin", "lib"} {
		if out, err := exec.Command("cp", "-a", filepath.Join(build, name), prefix).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	if out, err := s.Host("h3").Command("mount", "-t", "tmpfs", "none", build).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	run(t, s.rainrun(nil, "-n", "1", "--host", "h3:1", "--preload", prog)).want(t, 1, "is rainrun installed there as "+build+"/bin/rainrun? --prefix DIR says where else it is")
	run(t, s.rainrun(nil, "-n", "2", "--host", "h1:1,h3:1", "--prefix", prefix, "--preload", prog)).wantHello(t, 2, "h1", "h3")
}
