package rainnet

import (
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

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
}

// Wait blocks until Poll has something to do, one of extra is readable, or the clock says until. It
// is for drivers that live in goroutines of their own; a spurious return does no harm. It ends within a quarter of a
// millisecond of its time, unless goroutines that compute occupy all of GOMAXPROCS: Go takes a processor from them after
// 10 ms only, and what this endpoint has to answer is as late. Leave it one.
func (e *Endpoint) Wait(until int64, extra ...int) {
	if e.closed {
		return
	}
	until = min(until, e.Deadline())
	left := int64(never)
	if until != never {
		if left = until - Now(); left <= 0 {
			return
		}
	}
	if !e.wait.wait(left, e.fds, extra) {
		sleepOn(left, e.fds, extra)
	}
}

// A waitSet is what Wait waits for: all descriptors, and a timer, in one epoll that Go's own poller watches.
//
// A goroutine that sleeps in a system call keeps its slot of Go's scheduler, for up to 10 ms, and Go's monitor
// thread looks every 20 us whether somebody needs it; it does so too while one of Go's timers is due, and those
// are as late as the poller's millisecond. That took a seventh of a processor on which ranks compute. Here
// nothing is kept and no timer is Go's.
type waitSet struct {
	tried bool
	epoll *os.File // nil where the kernel or Go's poller has none
	conn  syscall.RawConn
	timer int
	ready func(epoll uintptr) bool
}

// wait waits for left nanoseconds at most. It reports false where that is not possible.
func (w *waitSet) wait(left int64, own, extra []int) bool {
	if !w.tried {
		w.tried = true
		w.open(own)
	}
	if w.epoll == nil || !w.add(extra) {
		return false
	}
	var at unix.ItimerSpec // zero: never
	if left != never {
		at.Value = unix.NsecToTimespec(left)
	}
	if unix.TimerfdSettime(w.timer, 0, &at, nil) != nil {
		return false
	}
	return w.conn.Read(w.ready) == nil
}

func (w *waitSet) open(own []int) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return
	}
	if w.timer, err = unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_CLOEXEC|unix.TFD_NONBLOCK); err != nil {
		unix.Close(fd)
		return
	}
	_ = unix.SetNonblock(fd, true) // else NewFile does not give it to the poller
	w.epoll, w.ready = os.NewFile(uintptr(fd), "epoll"), someReady
	if w.conn, err = w.epoll.SyscallConn(); err != nil || !w.add(own) || !w.add([]int{w.timer}) {
		w.close()
	}
}

// add adds descriptors, those too that are there: one that was closed is not, though its number may be back.
func (w *waitSet) add(fds []int) bool {
	ok := true
	_ = w.conn.Control(func(epoll uintptr) {
		for _, fd := range fds {
			err := unix.EpollCtl(int(epoll), unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)})
			ok = ok && (err == nil || err == unix.EEXIST)
		}
	})
	return ok
}

// someReady asks without a slot to be kept: the answer comes at once.
func someReady(epoll uintptr) bool {
	var one [1]unix.EpollEvent
	n, _, err := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, epoll, uintptr(unsafe.Pointer(&one)), uintptr(len(one)), 0, 0, 0)
	return n > 0 || err != 0
}

func (w *waitSet) close() {
	if w.epoll != nil {
		_ = w.epoll.Close()
		_ = unix.Close(w.timer)
		w.epoll = nil
	}
}

// sleepOn waits in a system call.
func sleepOn(left int64, own, extra []int) {
	var fds []unix.PollFd
	for _, list := range [][]int{own, extra} {
		for _, fd := range list {
			fds = append(fds, unix.PollFd{Fd: int32(fd), Events: unix.POLLIN})
		}
	}
	if left == never {
		_, _ = unix.Ppoll(fds, nil, nil)
		return
	}
	ts := unix.NsecToTimespec(left)
	_, _ = unix.Ppoll(fds, &ts, nil)
}
