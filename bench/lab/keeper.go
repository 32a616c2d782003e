package lab

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"syscall"

	"github.com/vishvananda/netns"
)

// keeperSettings come to the keeper on its life pipe.
type keeperSettings struct {
	Dir    string
	Config Config
	Mode   string
}

// A keeper is PID 1 of a lab: it owns the hosts, the switches and the cables.
type keeper struct {
	keeperSettings
	reaper  *reaper
	hosts   []*hostNode
	rails   []*railNode
	routers []*space

	mu sync.Mutex // over faults and status: one change at a time
}

// A hostNode is a host as its keeper sees it.
type hostNode struct {
	name  string
	pid   int // of its init process
	life  *os.File
	space *space
}

func keeperMain() {
	life := os.NewFile(fdLife, "life")
	ready := os.NewFile(fdReady, "ready")
	syscall.CloseOnExec(fdLock)
	var s keeperSettings
	if err := readMessage(life, &s); err != nil {
		os.Exit(1)
	}
	go dieWithParent(life, func() { os.RemoveAll(s.Dir) })
	debug.SetGCPercent(400) // a lab is a guest on its machine
	k := &keeper{keeperSettings: s, reaper: newReaper()}
	l, err := k.build()
	if err != nil {
		writeMessage(ready, verdict{Error: err.Error(), Forbidden: forbidden(err)})
		os.Exit(1)
	}
	writeMessage(ready, verdict{})
	ready.Close()
	serve(l, k.reaper, k.control)
}

func (k *keeper) build() (*net.UnixListener, error) {
	if err := keeperMounts(); err != nil {
		return nil, err
	}
	for host := range k.Config.Hosts {
		h, err := k.startHost(hostName(host))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", hostName(host), err)
		}
		k.hosts = append(k.hosts, h)
	}
	for rail := range k.Config.Rails {
		r, err := k.buildRail(rail)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", railName(rail), err)
		}
		k.rails = append(k.rails, r)
	}
	if err := k.wire(); err != nil {
		return nil, err
	}
	for _, r := range k.rails {
		for _, c := range r.cables {
			if err := c.awaitUp(); err != nil {
				return nil, err
			}
		}
	}
	return net.ListenUnix("unix", &net.UnixAddr{Name: socketPath(k.Dir, Outside), Net: "unix"})
}

func socketPath(dir, host string) string { return filepath.Join(dir, host+".sock") }

// startHost starts the init process of a host in new namespaces and waits until
// it has furnished them.
func (k *keeper) startHost(name string) (*hostNode, error) {
	lifeR, lifeW, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer lifeR.Close()
	readyR, readyW, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer readyR.Close()
	pid, _, err := k.reaper.start(selfExe, []string{"rainlab", roleHost, name}, &syscall.ProcAttr{
		Env:   os.Environ(),
		Files: []uintptr{0, 1, 2, lifeR.Fd(), readyW.Fd()},
		Sys: &syscall.SysProcAttr{
			Setsid: true,
			Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWUTS | syscall.CLONE_NEWNS |
				syscall.CLONE_NEWIPC | syscall.CLONE_NEWPID,
		},
	})
	readyW.Close()
	if err != nil {
		return nil, fmt.Errorf("new namespaces: %w", err)
	}
	s := hostSettings{Name: name, Socket: socketPath(k.Dir, name), Hosts: k.Config.hostsFile(),
		IPv6: k.Config.IPv6 || k.Config.IPv6Only, RPFilter: k.Config.RPFilter}
	if err := writeMessage(lifeW, s); err != nil {
		return nil, err
	}
	if err := awaitVerdict(readyR); err != nil {
		return nil, err
	}
	ns, err := netns.GetFromPid(pid)
	if err != nil {
		return nil, err
	}
	sp, err := openSpace(ns)
	if err != nil {
		return nil, err
	}
	return &hostNode{name: name, pid: pid, life: lifeW, space: sp}, nil
}

// awaitVerdict reads what a keeper or host init says once it stands.
func awaitVerdict(ready *os.File) error {
	var v verdict
	if err := readMessage(ready, &v); err != nil {
		return fmt.Errorf("it ended before it was ready: %w", err)
	}
	return v.err()
}

// A controlRequest changes or asks the lab.
type controlRequest struct {
	Fault *Fault `json:",omitempty"` // nil asks for the status
}

func (k *keeper) control(c *net.UnixConn) {
	var req controlRequest
	if readMessage(c, &req) != nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	var v verdict
	var err error
	if req.Fault != nil {
		err = k.fault(*req.Fault)
	} else {
		v.Status, err = k.status()
	}
	if err != nil {
		v.Error = err.Error()
	}
	writeMessage(c, v)
}
