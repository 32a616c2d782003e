package lab

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Outside names the place that is in the lab but on no host: the keeper's, with
// the network of whoever made the lab. What is started there ends with the lab.
const Outside = "outside"

// passedOn are the signals that a command's stand-in hands to the command.
// Others act on the stand-in itself; its end then kills the command.
var passedOn = []os.Signal{
	syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGUSR1,
	syscall.SIGUSR2, syscall.SIGCONT, syscall.SIGTSTP, syscall.SIGWINCH,
}

// ExecMain runs a command on a host of the lab whose directory is dir (Lab.Dir),
// with this process's descriptors, folder and environment, and returns the exit
// status that this process should end with: the command's own, 128 + signal,
// 127 and 126 as shells use them, 255 if the lab could not be asked.
// A leading "--" in args is skipped.
func ExecMain(dir, host string, args []string) int {
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 {
		fmt.Fprintln(os.Stderr, "lab exec: no command given")
		return 2
	}
	c, err := dialHost(dir, host)
	if err != nil {
		fmt.Fprintln(os.Stderr, "lab exec:", err)
		return 255
	}
	defer c.Close()
	status, err := execOn(c, execRequest{Args: args, Env: hostEnv(os.Environ(), dir, host), Dir: workDir()})
	if err != nil {
		fmt.Fprintf(os.Stderr, "lab exec: %s: %v\n", host, err)
	}
	return status
}

// dialHost connects to the init process of a host, or to the keeper.
func dialHost(dir, host string) (*net.UnixConn, error) {
	path := filepath.Join(dir, host+".sock")
	c, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: path, Net: "unix"})
	switch {
	case err == nil:
		return c, nil
	case errors.Is(err, os.ErrNotExist):
		if _, statErr := os.Stat(dir); statErr != nil {
			return nil, fmt.Errorf("no lab at %s (any more): start one with rainbench lab run", dir)
		}
		return nil, fmt.Errorf("no host %q in the lab: it has %s", host, strings.Join(socketNames(dir), ", "))
	case errors.Is(err, syscall.ECONNREFUSED):
		return nil, fmt.Errorf("the lab at %s has ended: rainbench lab clean removes its leftovers", dir)
	}
	return nil, err
}

// socketNames lists the hosts of a lab by their sockets.
func socketNames(dir string) []string {
	paths, _ := filepath.Glob(filepath.Join(dir, "h*.sock"))
	names := make([]string, len(paths))
	for i, p := range paths {
		names[i] = strings.TrimSuffix(filepath.Base(p), ".sock")
	}
	return names
}

func execOn(c *net.UnixConn, req execRequest) (int, error) {
	signals := make(chan os.Signal, 16)
	signal.Notify(signals, passedOn...)
	defer signal.Stop(signals)

	rights := unix.UnixRights(0, 1, 2)
	if _, _, err := c.WriteMsgUnix([]byte{callExec}, rights, nil); err != nil {
		return 255, err
	}
	if err := writeMessage(c, req); err != nil {
		return 255, err
	}
	go func() {
		for s := range signals {
			if s, ok := s.(syscall.Signal); ok {
				writeMessage(c, execSignal{int(s)})
			}
		}
	}()
	var reply execReply
	if err := readMessage(c, &reply); err != nil {
		return 255, fmt.Errorf("the lab ended while the command ran: %w", err)
	}
	if reply.Error != "" {
		return reply.Status, errors.New(reply.Error)
	}
	return reply.Status, nil
}

// hostEnv is env with the lab and the host named in it.
func hostEnv(env []string, dir, host string) []string {
	out := make([]string, 0, len(env)+3)
	for _, kv := range env {
		if !strings.HasPrefix(kv, "RAINLAB=") && !strings.HasPrefix(kv, "RAINLAB_HOST=") && !strings.HasPrefix(kv, "HOSTNAME=") {
			out = append(out, kv)
		}
	}
	out = append(out, "RAINLAB="+dir)
	if host != Outside {
		out = append(out, "RAINLAB_HOST="+host, "HOSTNAME="+host)
	}
	return out
}

func workDir() string {
	if dir, err := os.Getwd(); err == nil {
		return dir
	}
	return "/"
}
