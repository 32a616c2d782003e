package udp

import (
	"encoding/binary"
	"net/netip"
	"unsafe"

	"golang.org/x/sys/unix"
)

// An Addr is a destination in the form the kernel wants. It is made once per path and pointed to by
// every message of the path; the zero Addr goes nowhere.
type Addr struct {
	raw  [unix.SizeofSockaddrInet6]byte
	size uint32
}

// MakeAddr encodes an address and port.
func MakeAddr(ap netip.AddrPort) Addr {
	var a Addr
	ip := ap.Addr().Unmap()
	if ip.Is4() {
		binary.NativeEndian.PutUint16(a.raw[0:], unix.AF_INET)
		binary.BigEndian.PutUint16(a.raw[2:], ap.Port())
		b := ip.As4()
		copy(a.raw[4:], b[:])
		a.size = unix.SizeofSockaddrInet4
		return a
	}
	binary.NativeEndian.PutUint16(a.raw[0:], unix.AF_INET6)
	binary.BigEndian.PutUint16(a.raw[2:], ap.Port())
	b := ip.As16()
	copy(a.raw[8:], b[:])
	a.size = unix.SizeofSockaddrInet6
	return a
}

// AddrPort decodes; the zero AddrPort if a is not an Internet address.
func (a *Addr) AddrPort() netip.AddrPort {
	port := binary.BigEndian.Uint16(a.raw[2:])
	switch binary.NativeEndian.Uint16(a.raw[0:]) {
	case unix.AF_INET:
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte(a.raw[4:8])), port)
	case unix.AF_INET6:
		return netip.AddrPortFrom(netip.AddrFrom16([16]byte(a.raw[8:24])), port)
	}
	return netip.AddrPort{}
}

func bindRaw(fd int, a *Addr) error {
	_, _, errno := unix.RawSyscall(unix.SYS_BIND, uintptr(fd), uintptr(unsafe.Pointer(&a.raw)), uintptr(a.size))
	if errno != 0 {
		return errno
	}
	return nil
}
