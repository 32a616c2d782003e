package udp

import (
	"encoding/binary"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A Message is what one WriteBatch entry sends to one destination: a datagram or, when Segment is
// positive, a run of datagrams of Segment bytes each, of which the last may be shorter. The bytes are those
// of Parts, one after another, which the kernel gathers; Size of them.
type Message struct {
	To      *Addr
	Parts   [][]byte
	Size    int
	Segment int
}

const (
	// MaxSegments is the kernel's UDP_MAX_SEGMENTS of all versions.
	MaxSegments = 64
	// MaxRun is the largest Data of a Message: 65535 less the headers of IPv6 and UDP, and a
	// little for options.
	MaxRun = 65535 - 40 - 8 - 64

	// MaxParts is the most Parts of a Message: more than a run whose datagrams have two each needs.
	MaxParts = 2*MaxSegments + 2

	writeBatch  = 32
	batchParts  = 4 * MaxParts
	controlSize = 88 // SO_RXQ_OVFL, UDP_GRO and IPV6_PKTINFO with their headers need 24 + 24 + 40
)

// The outbox holds the headers of one sendmmsg. They are filled for each call and never allocated.
type outbox struct {
	hdrs  []unix.Mmsghdr
	iovs  []unix.Iovec // of all headers
	ctrl  []byte
	after []cursor // where the data stands once the i-th header has been sent
	info  []byte   // the IP_PKTINFO control message of this socket; empty with Device
	doubt bool     // a run has just been refused, and cut here for the first time
}

// A cursor is a place in a []Message.
type cursor struct{ msg, off int }

func (o *outbox) init(c *Conn) {
	o.hdrs = make([]unix.Mmsghdr, writeBatch)
	o.iovs = make([]unix.Iovec, 0, batchParts)
	o.ctrl = make([]byte, writeBatch*controlSize)
	o.after = make([]cursor, writeBatch)
	if c.ifindex != 0 {
		o.info = appendPktinfo(nil, c.local.Addr(), c.ifindex)
	}
}

// WriteBatch sends messages in order until all are sent or one meets a Fact. It returns how many
// were sent whole; the Fact is about msgs[n]. The caller drops that message or keeps it, and goes
// on after it: nothing here is fatal. Of a run of datagrams some may have left before the Fact.
func (c *Conn) WriteBatch(msgs []Message) (n int, fact Fact) {
	at, misled := cursor{}, 0
	defer c.out.forget()
	for at.msg < len(msgs) {
		filled := c.fill(msgs, at)
		sent, errno := c.send(c.out.hdrs[:filled])
		switch {
		case errno == 0:
			c.out.doubt = false
			at = c.out.after[sent-1]
			if sent < filled && c.has&Batch != 0 {
				c.hear() // sendmmsg has kept an error to itself, which may have been a note's
			}
		case errno == unix.EINTR:
		case errno == unix.ENOBUFS && c.has&Errors != 0:
			// No room in the queue of the card: gone, as a switch would have dropped it. Without
			// IP_RECVERR the kernel would not even say so.
			c.drops += c.datagrams(&msgs[at.msg], at.off)
			at = c.out.after[0]
		case errno != unix.EAGAIN && c.hear() && misled < maxMisled:
			misled++ // it was about a datagram of before
		case c.refusesRun(errno, &msgs[at.msg]):
			// Not the network but the device's lack of checksum or segmentation offload: cut
			// runs here from now on.
			c.has &^= Segment
			c.out.doubt = true
		default:
			fact := factOf(errno)
			if fact == TooBig && c.out.doubt {
				// A datagram by itself is refused as well, for its size, which kernels
				// before 6.14 say of a run by EINVAL.
				c.has |= Segment
			}
			c.out.doubt = false
			return at.msg, fact
		}
	}
	return at.msg, Fine
}

// maxMisled bounds how often one WriteBatch tries again because of notes.
const maxMisled = 16

// datagrams is how many the first header of a batch stands for.
func (c *Conn) datagrams(m *Message, off int) int64 {
	if !m.isRun() || c.has&Segment == 0 {
		return 1
	}
	return int64((m.Size - off + m.Segment - 1) / m.Segment)
}

// refusesRun tells whether the kernel turned a run down because it is a run: EIO where the device
// cannot checksum, EINVAL where the segments and the device do not go together.
func (c *Conn) refusesRun(errno unix.Errno, m *Message) bool {
	return c.has&Segment != 0 && m.isRun() && (errno == unix.EIO || errno == unix.EINVAL)
}

func (m *Message) isRun() bool { return m.Segment > 0 && m.Size > m.Segment }

func (c *Conn) send(hdrs []unix.Mmsghdr) (int, unix.Errno) {
	if c.has&Batch == 0 || len(hdrs) == 1 {
		return sendOne(c.fd, hdrs)
	}
	return sendMany(c.fd, hdrs)
}

// fill writes headers for the messages from at on, as many as there is room for. A run is one
// header if the kernel cuts it, else one header per datagram.
func (c *Conn) fill(msgs []Message, at cursor) int {
	o := &c.out
	o.forget()
	n := 0
	for at.msg < len(msgs) && n < writeBatch {
		m := &msgs[at.msg]
		if n > 0 && len(o.iovs)+len(m.Parts) > batchParts {
			break
		}
		to, segment := m.Size, 0
		next := cursor{msg: at.msg + 1}
		if m.isRun() && to-at.off > m.Segment {
			if c.has&Segment != 0 {
				segment = m.Segment
			} else {
				to = at.off + m.Segment
				next = cursor{at.msg, to}
			}
		}
		o.set(n, m.To, o.gather(m, at.off, to), segment)
		o.after[n] = next
		at = next
		n++
	}
	return n
}

// gather lists the bytes of m between two places of it.
func (o *outbox) gather(m *Message, from, to int) []unix.Iovec {
	start, at := len(o.iovs), 0
	for _, part := range m.Parts {
		if lo, hi := max(from-at, 0), min(to-at, len(part)); lo < hi {
			o.iovs = append(o.iovs, unix.Iovec{Base: &part[lo], Len: uint64(hi - lo)})
		}
		at += len(part)
	}
	return o.iovs[start:]
}

// forget lets go of what was sent: it is other people's memory.
func (o *outbox) forget() {
	clear(o.iovs)
	o.iovs = o.iovs[:0]
}

func (o *outbox) set(i int, to *Addr, data []unix.Iovec, segment int) {
	h := &o.hdrs[i].Hdr
	h.Iov = unsafe.SliceData(data)
	h.SetIovlen(len(data))
	h.Name = &to.raw[0]
	h.Namelen = to.size
	h.Flags = 0
	if segment == 0 && len(o.info) == 0 {
		h.Control = nil
		h.SetControllen(0)
		return
	}
	ctrl := o.ctrl[i*controlSize : (i+1)*controlSize]
	n := copy(ctrl, o.info)
	if segment != 0 {
		n += putSegment(ctrl[n:], segment)
	}
	h.Control = &ctrl[0]
	h.SetControllen(n)
}

// putSegment writes the control message that has the kernel cut a run.
func putSegment(b []byte, segment int) int {
	putCmsg(b, unix.IPPROTO_UDP, unix.UDP_SEGMENT, 2)
	binary.NativeEndian.PutUint16(b[unix.CmsgLen(0):], uint16(segment))
	return unix.CmsgSpace(2)
}

func putCmsg(b []byte, level, kind int32, size int) {
	h := (*unix.Cmsghdr)(unsafe.Pointer(&b[0]))
	h.Level = level
	h.Type = kind
	h.SetLen(unix.CmsgLen(size))
}
