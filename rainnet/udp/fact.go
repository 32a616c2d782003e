package udp

import "golang.org/x/sys/unix"

// A Fact is what the kernel has to say about a datagram it did not carry. None of them ends a
// socket: every one is what a network does on a bad day, and the protocol above lives with it.
type Fact uint8

const (
	Fine        Fact = iota
	Full             // EAGAIN, ENOBUFS, ENOMEM: no room in the socket or the device now
	TooBig           // EMSGSIZE: larger than the device's MTU, or than the path's as ICMP told it
	Unreachable      // ECONNREFUSED, E{HOST,NET}UNREACH, ENETDOWN, ENODEV…: nobody there now
	Forbidden        // EPERM, EACCES: a packet filter said no
	Broken           // anything else, e.g. EBADF after Close
)

func (f Fact) String() string {
	return [...]string{"fine", "no buffer space", "larger than the MTU", "unreachable",
		"forbidden by a packet filter", "failed"}[f]
}

func factOf(errno unix.Errno) Fact {
	switch errno {
	case 0:
		return Fine
	case unix.EAGAIN, unix.ENOBUFS, unix.ENOMEM:
		return Full
	case unix.EMSGSIZE:
		return TooBig
	case unix.ECONNREFUSED, unix.EHOSTUNREACH, unix.ENETUNREACH, unix.ENETDOWN, unix.EHOSTDOWN,
		unix.ENODEV, unix.ENXIO, unix.EADDRNOTAVAIL, unix.ENONET, unix.ECONNRESET, unix.ETIMEDOUT:
		return Unreachable
	case unix.EPERM, unix.EACCES:
		return Forbidden
	}
	return Broken
}
