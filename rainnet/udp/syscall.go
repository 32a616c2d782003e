package udp

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// The calls are raw: they never block (MSG_DONTWAIT), so telling Go's scheduler about them would
// only give it the chance to take the processor away in the middle of a transfer and to hand it
// back up to a scheduling tick later.

func sendMany(fd int, hdrs []unix.Mmsghdr) (int, unix.Errno) {
	n, _, errno := unix.RawSyscall6(unix.SYS_SENDMMSG, uintptr(fd), uintptr(unsafe.Pointer(&hdrs[0])),
		uintptr(len(hdrs)), unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), 0
}

func recvMany(fd int, hdrs []unix.Mmsghdr) (int, unix.Errno) {
	n, _, errno := unix.RawSyscall6(unix.SYS_RECVMMSG, uintptr(fd), uintptr(unsafe.Pointer(&hdrs[0])),
		uintptr(len(hdrs)), unix.MSG_DONTWAIT, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), 0
}

// sendOne and recvOne take the same headers, one message a call. Where there is no more than one they cost less.

func sendOne(fd int, hdrs []unix.Mmsghdr) (int, unix.Errno) {
	_, _, errno := unix.RawSyscall(unix.SYS_SENDMSG, uintptr(fd), uintptr(unsafe.Pointer(&hdrs[0].Hdr)),
		unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
	if errno != 0 {
		return 0, errno
	}
	return 1, 0
}

func recvOne(fd int, hdrs []unix.Mmsghdr) (int, unix.Errno) {
	n, _, errno := unix.RawSyscall(unix.SYS_RECVMSG, uintptr(fd), uintptr(unsafe.Pointer(&hdrs[0].Hdr)),
		unix.MSG_DONTWAIT)
	if errno != 0 {
		return 0, errno
	}
	hdrs[0].Len = uint32(n)
	return 1, 0
}

// knowsBatches asks for both calls to be done with no messages: the kernel does nothing, and says
// ENOSYS if it does not know them (or a sandbox hides them).
func knowsBatches(fd int) bool {
	_, _, errno := unix.RawSyscall6(unix.SYS_SENDMMSG, uintptr(fd), 0, 0, unix.MSG_DONTWAIT, 0, 0)
	if errno == unix.ENOSYS || errno == unix.EPERM {
		return false
	}
	_, _, errno = unix.RawSyscall6(unix.SYS_RECVMMSG, uintptr(fd), 0, 0, unix.MSG_DONTWAIT, 0, 0)
	return errno != unix.ENOSYS && errno != unix.EPERM
}
