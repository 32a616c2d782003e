package lab

import (
	"errors"
	"fmt"
	"runtime"
	"syscall"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// A space is a network namespace that the keeper works in from outside: a host's
// or a switch's. The open descriptor keeps it alive.
type space struct {
	ns netns.NsHandle
	nl *netlink.Handle
}

func openSpace(ns netns.NsHandle) (*space, error) {
	nl, err := netlink.NewHandleAt(ns, unix.NETLINK_ROUTE)
	if err != nil {
		ns.Close()
		return nil, fmt.Errorf("netlink: %w", err)
	}
	return &space{ns, nl}, nil
}

// newSpace makes a network namespace.
func newSpace() (*space, error) {
	var ns netns.NsHandle
	err := onOwnThread(func() error {
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("unshare network namespace: %w", err)
		}
		var err error
		ns, err = netns.Get()
		return err
	})
	if err != nil {
		return nil, err
	}
	return openSpace(ns)
}

// within runs f on a thread that is in the namespace, and so are its children.
func (s *space) within(f func() error) error {
	return onOwnThread(func() error {
		if err := netns.Set(s.ns); err != nil {
			return fmt.Errorf("enter network namespace: %w", err)
		}
		return f()
	})
}

// onOwnThread runs f on a thread of its own, which dies afterwards, for its
// namespaces may have been changed.
func onOwnThread(f func() error) error {
	end := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		end <- f()
	}()
	return <-end
}

func errnoIs(err error, errno syscall.Errno) bool {
	var e syscall.Errno
	return errors.As(err, &e) && e == errno
}
