package rainnet

import (
	"encoding/binary"
	"iter"

	"golang.org/x/sys/unix"

	"rainmpi/rainnet/wire"
)

// carrier listens to the kernel's news of network cards and addresses (rtnetlink(7)), so that the loss of
// one's own carrier takes a path down at once instead of after a time-out. Where there is none to be had
// (a sandbox), pings find out. Of cards only bad news is passed on: that a card has its carrier back
// proves nothing about the path, and pings find out.
type carrier struct {
	fd   int // -1: none
	next int64
	buf  []byte
}

// carrierPeriod bounds how often the descriptor is read while nobody waits in ppoll for it.
const carrierPeriod = 200_000

func (c *carrier) open() {
	c.fd = -1
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		return
	}
	if unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: unix.RTMGRP_LINK | unix.RTMGRP_IPV4_IFADDR | unix.RTMGRP_IPV6_IFADDR}) != nil {
		unix.Close(fd)
		return
	}
	c.fd = fd
	c.buf = make([]byte, 16<<10)
}

func (c *carrier) close() {
	if c.fd >= 0 {
		unix.Close(c.fd)
		c.fd = -1
	}
}

// poll reads the news and takes the paths of dead cards down.
func (c *carrier) poll(e *Endpoint, now int64) (worked bool) {
	if c.fd < 0 || now < c.next {
		return false
	}
	c.next = now + carrierPeriod
	for {
		// Only the kernel (and root) can write to this socket: rtnetlink takes no unicast from others.
		n, err := unix.Read(c.fd, c.buf)
		if err == unix.ENOBUFS { // news was lost: pings find out about carriers
			e.stats.NewsLost++
			e.changes.heard(now)
		}
		if err != nil || n <= 0 {
			return worked
		}
		worked = true
		for ifindex := range linkLosses(c.buf[:n]) {
			e.deviceDown(ifindex, now)
		}
		e.changes.heard(now)
	}
}

// linkLosses yields the interface index of each message that says that a card is gone, down, or
// without carrier.
func linkLosses(b []byte) iter.Seq[int] {
	return func(yield func(int) bool) {
		for len(b) >= unix.SizeofNlMsghdr {
			size := int(binary.NativeEndian.Uint32(b))
			if size < unix.SizeofNlMsghdr || size > len(b) {
				return
			}
			kind := binary.NativeEndian.Uint16(b[4:])
			if ifindex, lost := linkLost(kind, b[unix.SizeofNlMsghdr:size]); lost && !yield(ifindex) {
				return
			}
			b = b[min(len(b), (size+3)&^3):]
		}
	}
}

// linkLost reads a struct ifinfomsg: family u8, pad u8, type u16, index s32, flags u32, change u32.
func linkLost(kind uint16, info []byte) (ifindex int, lost bool) {
	if len(info) < unix.SizeofIfInfomsg || kind != unix.RTM_NEWLINK && kind != unix.RTM_DELLINK {
		return 0, false
	}
	flags := binary.NativeEndian.Uint32(info[8:])
	working := kind == unix.RTM_NEWLINK && flags&unix.IFF_UP != 0 && flags&unix.IFF_RUNNING != 0
	return int(int32(binary.NativeEndian.Uint32(info[4:]))), !working
}

// deviceDown takes down every path that begins at the card.
func (e *Endpoint) deviceDown(ifindex int, now int64) {
	for i := range e.rails {
		if e.rails[i].ifindex != ifindex {
			continue
		}
		for _, p := range e.peers {
			if p.conn == nil {
				continue
			}
			for j := range p.card.Addrs {
				p.conn.LinkDown(now, wire.MakePathID(e.self.id, p.card.ID, uint8(i), uint8(j)))
			}
			p.drain()
			e.mark(p)
		}
	}
}
