package lab

import (
	"context"
	"net/netip"
	"os"
	"os/exec"
)

// A Host is one host of a lab.
type Host struct {
	Name  string
	lab   *Lab
	index int
}

// Outside returns the place that is in the lab but on no host: it has the
// network of the lab's maker, and what runs there ends with the lab.
func (l *Lab) Outside() *Host { return &Host{Name: Outside, lab: l, index: -1} }

// Host returns the host of that name, nil if there is none.
func (l *Lab) Host(name string) *Host {
	for _, h := range l.Hosts {
		if h.Name == name {
			return h
		}
	}
	return nil
}

// Command returns a command that will run on the host. The exec.Cmd is that of
// its stand-in on this side: its descriptors, folder and environment become the
// command's, its exit status is the command's (128 + signal, as in a shell), and
// killing it kills the command. Its Env is set to this process's and Lab.Environ.
func (h *Host) Command(name string, args ...string) *exec.Cmd {
	return h.CommandContext(context.Background(), name, args...)
}

// CommandContext is Command, killed when ctx is done.
func (h *Host) CommandContext(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, selfExe)
	cmd.Args = append([]string{"rainlab", roleExec, h.lab.dir, h.Name, "--", name}, args...)
	cmd.Env = append(os.Environ(), h.lab.Environ()...)
	return cmd
}

// Addr is the host's IPv4 address on rail number rail, counted from 0.
func (h *Host) Addr(rail int) netip.Addr { return h.lab.cfg.addr4(rail, h.index).Addr() }

// Addr6 is the host's IPv6 address on that rail, in a lab made with Config.IPv6.
func (h *Host) Addr6(rail int) netip.Addr { return addr6(rail, h.index).Addr() }
