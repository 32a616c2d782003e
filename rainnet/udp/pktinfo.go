package udp

import (
	"encoding/binary"
	"net/netip"

	"golang.org/x/sys/unix"
)

// appendPktinfo appends the control message that sends a datagram from an address by a device,
// where the socket itself cannot be bound to the device. See ip(7) and RFC 3542, section 6.
func appendPktinfo(b []byte, from netip.Addr, ifindex int) []byte {
	if from.Is4() {
		b = append(b, make([]byte, unix.CmsgSpace(unix.SizeofInet4Pktinfo))...)
		putCmsg(b, unix.IPPROTO_IP, unix.IP_PKTINFO, unix.SizeofInet4Pktinfo)
		info := b[unix.CmsgLen(0):] // ifindex, address to send from, (unused) destination
		binary.NativeEndian.PutUint32(info, uint32(ifindex))
		a := from.As4()
		copy(info[4:], a[:])
		return b
	}
	b = append(b, make([]byte, unix.CmsgSpace(unix.SizeofInet6Pktinfo))...)
	putCmsg(b, unix.IPPROTO_IPV6, unix.IPV6_PKTINFO, unix.SizeofInet6Pktinfo)
	info := b[unix.CmsgLen(0):] // address to send from, ifindex
	a := from.As16()
	copy(info, a[:])
	binary.NativeEndian.PutUint32(info[16:], uint32(ifindex))
	return b
}

// arrivalDevice reads the interface index of one IP_PKTINFO or IPV6_PKTINFO control message.
func arrivalDevice(level, kind int32, data []byte) (ifindex int, ok bool) {
	switch {
	case level == unix.IPPROTO_IP && kind == unix.IP_PKTINFO && len(data) >= unix.SizeofInet4Pktinfo:
		return int(binary.NativeEndian.Uint32(data)), true
	case level == unix.IPPROTO_IPV6 && kind == unix.IPV6_PKTINFO && len(data) >= unix.SizeofInet6Pktinfo:
		return int(binary.NativeEndian.Uint32(data[16:])), true
	}
	return 0, false
}
