package udp

import (
	"encoding/binary"
	"net/netip"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	joinedSize  = 64 << 10 // the largest run of datagrams UDP_GRO delivers
	joinedBatch = 8
	singleBatch = joinedBatch * joinedSize / MaxDatagram
)

// An Inbox is the memory a ReadBatch reads into, shared by all sockets of one driver: what was read
// is good until the next ReadBatch on any of them. Half a megabyte, so that it stays in the
// second-level cache between the kernel's copy and the decryption.
type Inbox struct {
	joined, single headers
	cur            *headers
}

// headers lays messages of one size over the memory of the Inbox.
type headers struct {
	size  int
	mem   []byte
	hdrs  []unix.Mmsghdr
	iovs  []unix.Iovec
	names []Addr
	ctrl  []byte
	segs  []int
}

// NewInbox allocates an Inbox, once per driver.
func NewInbox() *Inbox {
	in := &Inbox{}
	mem := make([]byte, joinedBatch*joinedSize)
	in.joined.init(mem, joinedSize)
	in.single.init(mem, MaxDatagram)
	in.cur = &in.single
	return in
}

func (h *headers) init(mem []byte, size int) {
	n := len(mem) / size
	*h = headers{size: size, mem: mem, hdrs: make([]unix.Mmsghdr, n), iovs: make([]unix.Iovec, n),
		names: make([]Addr, n), ctrl: make([]byte, n*controlSize), segs: make([]int, n)}
	for i := range h.hdrs {
		h.iovs[i].Base = &mem[i*size]
		h.iovs[i].SetLen(size)
		m := &h.hdrs[i].Hdr
		m.Name = &h.names[i].raw[0]
		m.Iov = &h.iovs[i]
		m.SetIovlen(1)
		m.Control = &h.ctrl[i*controlSize]
	}
}

// rearm undoes what the kernel wrote into the headers of the last batch.
func (h *headers) rearm(n int) {
	for i := range h.hdrs[:n] {
		m := &h.hdrs[i].Hdr
		m.Namelen = unix.SizeofSockaddrInet6
		m.SetControllen(controlSize)
		m.Flags = 0
	}
}

// Message is the i-th message of the last ReadBatch: one datagram or a run of datagrams of segment
// bytes each, of which the last may be shorter. What must not be read (longer than MaxDatagram, or from
// another device than the socket's) is nil, in segments of 0.
func (in *Inbox) Message(i int) (data []byte, segment int) {
	h := in.cur
	n := int(h.hdrs[i].Len)
	if h.segs[i] == 0 {
		return nil, 0
	}
	return h.mem[i*h.size : i*h.size+n : i*h.size+n], h.segs[i]
}

// From is the source address of the i-th message: good for a log line, proof of nothing.
func (in *Inbox) From(i int) netip.AddrPort { return in.cur.names[i].AddrPort() }

// ReadBatch reads what has arrived into in and returns how many messages that is; more tells that
// the batch was full, so that another ReadBatch is worth its while. It never blocks: when nothing
// has arrived n is 0.
func (c *Conn) ReadBatch(in *Inbox) (n int, more bool) {
	room := len(c.headers(in).hdrs)
	if c.has&Batch == 0 {
		room = 1
	}
	n = c.read(in, room)
	return n, n == room
}

// ReadOne is ReadBatch for a socket at which more than one message is not likely to be, and returns whether there
// was one. It is half a microsecond cheaper, as recvmmsg looks for the second one.
func (c *Conn) ReadOne(in *Inbox) bool { return c.read(in, 1) == 1 }

// headers is where this socket reads to.
func (c *Conn) headers(in *Inbox) *headers {
	if c.has&Join != 0 {
		return &in.joined
	}
	return &in.single
}

// read reads as many messages as there are, room at most.
func (c *Conn) read(in *Inbox, room int) (n int) {
	h := c.headers(in)
	in.cur = h
	h.rearm(room)
	for range 8 { // a pending error takes the place of one read
		var errno unix.Errno
		if room == 1 {
			n, errno = recvOne(c.fd, h.hdrs)
		} else {
			n, errno = recvMany(c.fd, h.hdrs)
		}
		if errno == 0 || errno == unix.EAGAIN || errno == unix.EBADF {
			break
		}
		c.hear()
	}
	for i := range n {
		h.segs[i] = c.segmentOf(h, i)
	}
	return n
}

// segmentOf reads the control messages of the i-th message: the size of its datagrams, or 0 if it
// must not be looked at.
func (c *Conn) segmentOf(h *headers, i int) int {
	m := &h.hdrs[i]
	segment := max(1, int(m.Len))
	ctrl := h.ctrl[i*controlSize:][:m.Hdr.Controllen]
	for len(ctrl) >= unix.SizeofCmsghdr {
		ch := (*unix.Cmsghdr)(unsafe.Pointer(&ctrl[0]))
		if int(ch.Len) < unix.SizeofCmsghdr || int(ch.Len) > len(ctrl) {
			break
		}
		data := ctrl[unix.SizeofCmsghdr:ch.Len]
		if ch.Level == unix.IPPROTO_UDP && ch.Type == unix.UDP_GRO && len(data) >= 4 {
			segment = int(binary.NativeEndian.Uint32(data))
		} else if ch.Level == unix.SOL_SOCKET && ch.Type == unix.SO_RXQ_OVFL && len(data) >= 4 {
			c.hasOverrun(binary.NativeEndian.Uint32(data))
		} else if dev, ok := arrivalDevice(ch.Level, ch.Type, data); ok && c.ifindex != 0 && dev != c.ifindex {
			return 0
		}
		ctrl = ctrl[min(len(ctrl), unix.CmsgSpace(len(data))):]
	}
	if m.Hdr.Flags&unix.MSG_TRUNC != 0 || segment > MaxDatagram { // the latter fits where the kernel joins datagrams, and only there
		return 0
	}
	return segment
}

// hasOverrun takes note of the kernel's count.
func (c *Conn) hasOverrun(count uint32) {
	c.overruns += int64(count - c.overrun)
	c.overrun = count
}

// Overruns returns how many datagrams came and were dropped, since it was called last: the receive buffer was
// full, as a rule. The kernel tells with the next datagram that finds room, and says nothing while its count is
// 0; a run that it had joined before counts as one.
func (c *Conn) Overruns() int64 {
	n := c.overruns
	c.overruns = 0
	return n
}
