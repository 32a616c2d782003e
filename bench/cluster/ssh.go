package cluster

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"rainmpi/bench/lab"
)

// ErrNoSSH says that OpenSSH or the rights to serve it are missing here.
var ErrNoSSH = errors.New("needs root, openssh-server and openssh-client")

// SSH is OpenSSH on the hosts of a lab: servers that let root in by a key, on
// SSHPort as in the pods of the MPI operator, and a client with that key. Keys and
// configurations lie in the lab's folder, which goes with it.
type SSH struct {
	lab *lab.Lab
	dir string
}

// SSHPort is where the servers listen.
const SSHPort = 2222

// Keys of Configure: the servers know one of them.
const (
	KeyKnown    = "me"
	KeyStranger = "stranger"
)

// NewSSH makes keys and configurations; Serve starts servers.
func NewSSH(l *lab.Lab) (*SSH, error) {
	for _, name := range []string{"ssh", "ssh-keygen", sbin("sshd")} {
		if _, err := exec.LookPath(name); err != nil || os.Getuid() != 0 {
			return nil, ErrNoSSH
		}
	}
	s := &SSH{lab: l, dir: filepath.Join(l.Dir(), "ssh")}
	if err := os.Mkdir(s.dir, 0o700); err != nil {
		return nil, err
	}
	return s, s.furnish()
}

func (s *SSH) furnish() error {
	for _, key := range []string{"host", KeyKnown, KeyStranger} {
		if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", s.File(key)).CombinedOutput(); err != nil {
			return fmt.Errorf("ssh-keygen: %w: %s", err, out)
		}
	}
	client, err := exec.LookPath("ssh")
	if err != nil {
		return err
	}
	_ = os.MkdirAll("/run/sshd", 0o755) // for the servers' separated privileges
	server := fmt.Sprintf("Port %d\nHostKey %s\nAuthorizedKeysFile %s.pub\nStrictModes no\nPermitRootLogin yes\nPidFile none\nUsePAM %s\nMaxStartups 100\n",
		SSHPort, s.File("host"), s.File(KeyKnown), UsePAM())
	return errors.Join(
		os.WriteFile(s.File("sshd_config"), []byte(server), 0o600),
		os.WriteFile(s.Client(), []byte(fmt.Sprintf("#!/bin/sh\nexec %s -F %s \"$@\"\n", client, s.File("config"))), 0o755),
		s.Configure(KeyKnown, SSHPort))
}

// UsePAM is whether a server has to ask PAM, "yes" or "no": by itself it lets nobody in whose password is locked, as
// root's is where people use sudo, and PAM does not work in every container.
func UsePAM() string {
	shadow, err := os.ReadFile("/etc/shadow")
	if err == nil && regexp.MustCompile(`(?m)^root:!`).Match(shadow) {
		return "yes"
	}
	return "no"
}

// File is the path of a file beside the keys.
func (s *SSH) File(name string) string { return filepath.Join(s.dir, name) }

// Client is a command that is ssh, with the key; its file is called ssh and lies
// in a folder that can stand in PATH.
func (s *SSH) Client() string { return s.File("ssh") }

// Configure writes the client's configuration, where people say port, key and
// user, and more lines of it, which go before.
func (s *SSH) Configure(key string, port int, more ...string) error {
	text := fmt.Sprintf("%s\nHost *\nPort %d\nUser root\nIdentityFile %s\nIdentitiesOnly yes\nUserKnownHostsFile /dev/null\nStrictHostKeyChecking no\nLogLevel ERROR\n",
		strings.Join(more, "\n"), port, s.File(key))
	return os.WriteFile(s.File("config"), []byte(text), 0o600)
}

// Serve starts the servers of hosts. They end with the lab.
func (s *SSH) Serve(hosts ...string) error {
	for _, name := range hosts {
		cmd := s.lab.Host(name).Command(sbin("sshd"), "-D", "-e", "-f", s.File("sshd_config"))
		if err := cmd.Start(); err != nil {
			return err
		}
		go func() { _ = cmd.Wait() }()
	}
	return nil
}

// Await waits until the servers of hosts let the first host of the lab in.
func (s *SSH) Await(hosts ...string) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for _, name := range hosts {
		for end := time.Now().Add(startLimit); ; <-tick.C {
			out, err := s.lab.Hosts[0].Command(s.Client(), name, "true").CombinedOutput()
			if err == nil {
				break
			}
			if time.Now().After(end) {
				return fmt.Errorf("ssh to %s: not after %v: %w: %s", name, startLimit, err, out)
			}
		}
	}
	return nil
}

// Env is an environment in which ssh is this client, and rainrun takes no
// other way to the lab's hosts.
func (s *SSH) Env(env []string) (kept []string) {
	path := os.Getenv("PATH")
	for _, kv := range env {
		switch {
		case strings.HasPrefix(kv, "RAIN_AGENT_COMMAND="):
		case strings.HasPrefix(kv, "PATH="):
			path = kv[len("PATH="):]
		default:
			kept = append(kept, kv)
		}
	}
	return append(kept, "PATH="+s.dir+":"+path)
}
