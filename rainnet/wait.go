package rainnet

import "golang.org/x/sys/unix"

// waitSet is what Wait hands to ppoll, kept so that waiting allocates nothing.
type waitSet struct{ fds []unix.PollFd }

// FDs are the descriptors whose readability is a reason to Poll: the sockets and, where there is
// one, that which stands for the kernel's news of network cards and for sockets opened later. The list
// does not change until Close.
func (e *Endpoint) FDs() []int { return e.fds }

func (e *Endpoint) listFDs() {
	for i := range e.rails {
		e.fds = append(e.fds, e.rails[i].conn.FD())
	}
	if e.changes.epoll >= 0 {
		e.fds = append(e.fds, e.changes.epoll)
	}
	for _, fd := range e.fds {
		e.wait.fds = append(e.wait.fds, unix.PollFd{Fd: int32(fd), Events: unix.POLLIN})
	}
}

// Wait blocks until Poll has something to do, one of extra is readable, or the clock says until. It
// is for drivers that live in goroutines of their own; a spurious return does no harm.
func (e *Endpoint) Wait(until int64, extra ...int) {
	if e.closed {
		return
	}
	fds := e.wait.fds[:len(e.fds)]
	for _, fd := range extra {
		fds = append(fds, unix.PollFd{Fd: int32(fd), Events: unix.POLLIN})
	}
	e.wait.fds = fds
	until = min(until, e.Deadline())
	if until == never {
		unix.Ppoll(fds, nil, nil)
		return
	}
	ts := unix.NsecToTimespec(max(0, until-Now()))
	unix.Ppoll(fds, &ts, nil)
}
