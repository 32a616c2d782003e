package udp

import (
	"encoding/binary"
	"net/netip"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A Note is what somebody on the way, or the kernel later on, had to say about a datagram that was sent
// (ICMP; ip(7), IP_RECVERR). It may be forged: it is good for a hint and proves nothing.
type Note struct {
	To   netip.AddrPort // where the datagram went
	Fact Fact           // Unreachable or Forbidden
}

// maxNotes bounds what waits in a Conn to be taken; more say nothing new.
const maxNotes = 16

// notes is what a Conn has heard.
type notes struct {
	list []Note
	hdr  unix.Msghdr
	from Addr
	ctrl [128]byte // sock_extended_err, the address of who said it, IP_PKTINFO
}

// hearErrors asks the kernel for such notes, and to say of each datagram for which the card's queue has
// no room that it is lost.
func (c *Conn) hearErrors(family int) {
	level, option := unix.IPPROTO_IP, unix.IP_RECVERR
	if family == unix.AF_INET6 {
		level, option = unix.IPPROTO_IPV6, unix.IPV6_RECVERR
	}
	if unix.SetsockoptInt(c.fd, level, option, 1) == nil {
		c.has |= Errors
		c.notes.list = make([]Note, 0, maxNotes)
	}
}

// Notes returns what has been heard since it was called last. It is good until the next call of any method.
func (c *Conn) Notes() []Note {
	list := c.notes.list
	c.notes.list = list[:0]
	return list
}

// QueueDrops returns how many datagrams the card's queue has had no room for since it was called last.
func (c *Conn) QueueDrops() int64 {
	n := c.drops
	c.drops = 0
	return n
}

// maxHear bounds what is taken out of the queue of errors at a time. While there is more, the kernel says so
// again.
const maxHear = 256

// hear empties the socket's queue of errors, as the socket is readable for poll(2) until it is empty. It
// reports whether there were notes in it: an error of a call may have been theirs.
func (c *Conn) hear() (noted bool) {
	if c.has&Errors == 0 {
		return false
	}
	n := &c.notes
	for range maxHear {
		n.hdr = unix.Msghdr{Name: &n.from.raw[0], Namelen: uint32(len(n.from.raw)), Control: &n.ctrl[0]}
		n.hdr.SetControllen(len(n.ctrl))
		_, _, errno := unix.RawSyscall(unix.SYS_RECVMSG, uintptr(c.fd), uintptr(unsafe.Pointer(&n.hdr)),
			unix.MSG_ERRQUEUE|unix.MSG_DONTWAIT)
		if errno != 0 {
			return noted
		}
		err, origin := extendedError(n.ctrl[:n.hdr.Controllen])
		if origin != unix.SO_EE_ORIGIN_ICMP && origin != unix.SO_EE_ORIGIN_ICMP6 {
			continue
		}
		noted = true
		// "Too big" of somebody on the way is not believed: see dontFragment.
		if fact := factOf(err); (fact == Unreachable || fact == Forbidden) && len(n.list) < maxNotes {
			n.list = append(n.list, Note{n.from.AddrPort(), fact})
		}
	}
	return noted
}

// extendedError reads the struct sock_extended_err in control messages: errno u32, origin u8, type u8, code
// u8, pad u8, info u32, data u32.
func extendedError(ctrl []byte) (errno unix.Errno, origin uint8) {
	for len(ctrl) >= unix.SizeofCmsghdr {
		h := (*unix.Cmsghdr)(unsafe.Pointer(&ctrl[0]))
		if int(h.Len) < unix.SizeofCmsghdr || int(h.Len) > len(ctrl) {
			break
		}
		data := ctrl[unix.SizeofCmsghdr:h.Len]
		mine := h.Level == unix.IPPROTO_IP && h.Type == unix.IP_RECVERR || h.Level == unix.IPPROTO_IPV6 && h.Type == unix.IPV6_RECVERR
		if mine && len(data) >= 16 {
			return unix.Errno(binary.NativeEndian.Uint32(data)), data[4]
		}
		ctrl = ctrl[min(len(ctrl), unix.CmsgSpace(len(data))):]
	}
	return 0, 0
}
