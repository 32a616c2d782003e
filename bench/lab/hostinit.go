package lab

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// hostSettings come to a host's init process on its life pipe.
type hostSettings struct {
	Name   string
	Socket string // path of the socket that commands are asked for on
	Hosts  string // contents of /etc/hosts
	IPv6   bool

	RPFilter int
}

// hostMain is PID 1 of a host: it furnishes the host's namespaces, then starts
// commands in them until the lab ends.
func hostMain() {
	life := os.NewFile(fdLife, "life")
	ready := os.NewFile(fdReady, "ready")
	var s hostSettings
	if err := readMessage(life, &s); err != nil {
		os.Exit(1)
	}
	go dieWithParent(life, nil)
	l, err := furnishHost(s)
	if err != nil {
		writeMessage(ready, verdict{Error: err.Error(), Forbidden: forbidden(err)})
		os.Exit(1)
	}
	r := newReaper()
	writeMessage(ready, verdict{})
	ready.Close()
	serve(l, r, nil)
}

func furnishHost(s hostSettings) (*net.UnixListener, error) {
	if err := unix.Sethostname([]byte(s.Name)); err != nil {
		return nil, fmt.Errorf("host name: %w", err)
	}
	if !s.IPv6 {
		// Interfaces made later inherit it: no link-local addresses, no chatter.
		os.WriteFile("/proc/sys/net/ipv6/conf/default/disable_ipv6", []byte("1"), 0)
	}
	// The larger one of "all" and an interface's own counts (Documentation/networking/ip-sysctl.rst);
	// interfaces made later inherit the default.
	for _, which := range []string{"all", "default"} {
		err := os.WriteFile("/proc/sys/net/ipv4/conf/"+which+"/rp_filter", []byte(strconv.Itoa(s.RPFilter)), 0)
		if err != nil && s.RPFilter > 0 {
			return nil, fmt.Errorf("rp_filter: %w", err)
		}
	}
	if err := privateMounts(); err != nil {
		return nil, err
	}
	if err := replaceFile("/etc/hosts", s.Hosts); err != nil {
		return nil, err
	}
	replaceFile("/etc/hostname", s.Name+"\n") // a courtesy: not every machine has one
	return net.ListenUnix("unix", &net.UnixAddr{Name: s.Socket, Net: "unix"})
}

// privateMounts gives this mount namespace its own /proc, /dev/shm and, where it
// is allowed, /sys, so that /sys/class/net shows the host's interfaces.
func privateMounts() error {
	if err := keeperMounts(); err != nil {
		return err
	}
	if err := unix.Mount("shm", "/dev/shm", "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=1777"); err != nil {
		return fmt.Errorf("mount /dev/shm: %w", err)
	}
	mountSys()
	return nil
}

// keeperMounts detaches this mount namespace and shows its PID namespace in /proc.
func keeperMounts() error {
	if err := unix.Mount("none", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("private mounts: %w", err)
	}
	if err := unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return fmt.Errorf("mount /proc: %w", err)
	}
	return nil
}

// mountSys replaces /sys and keeps what is mounted at /sys/fs/cgroup. A machine
// that forbids it keeps the outer /sys; nothing but tools that look there minds.
func mountSys() {
	cgroup, cgroupErr := unix.OpenTree(unix.AT_FDCWD, "/sys/fs/cgroup",
		unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_RECURSIVE)
	if err := unix.Mount("sysfs", "/sys", "sysfs", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		if cgroupErr == nil {
			unix.Close(cgroup)
		}
		return
	}
	if cgroupErr == nil {
		unix.MoveMount(cgroup, "", unix.AT_FDCWD, "/sys/fs/cgroup", unix.MOVE_MOUNT_F_EMPTY_PATH)
		unix.Close(cgroup)
	}
}

// replaceFile shows other contents under a path in this mount namespace. The
// contents live in an unlinked file of the private /dev/shm.
func replaceFile(path, contents string) error {
	const tmp = "/dev/shm/.rainlab"
	if err := os.WriteFile(tmp, []byte(contents), 0o644); err != nil {
		return err
	}
	defer os.Remove(tmp)
	if err := unix.Mount(tmp, path, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("replace %s: %w", path, err)
	}
	return nil
}

// forbidden tells refusals of the machine from everything else that may fail.
func forbidden(err error) bool {
	if errors.Is(err, ErrForbidden) {
		return true
	}
	for _, errno := range []syscall.Errno{syscall.EPERM, syscall.EACCES, syscall.ENOSPC, syscall.ENOSYS, syscall.EUSERS} {
		if errnoIs(err, errno) {
			return true
		}
	}
	return false
}
