// Package udp is the door between an Endpoint and the kernel: UDP sockets that read and write in
// batches, never block and never allocate.
//
// A socket is bound to one address and one network device, so that of two cards in one subnet each
// carries exactly its own traffic. It stays out of Go's netpoller: whoever drives an Endpoint waits
// with one ppoll for all of its descriptors, or does not wait at all.
//
// What costs time at high rates is the path through the kernel, not the bytes, so one system call
// moves many datagrams whenever the kernel knows how to:
//
//	write   sendmmsg of messages, each cut into datagrams by UDP_SEGMENT     (Linux 4.18)
//	        sendmmsg of datagrams                                           (Linux 3.0)
//	        sendmsg, one datagram a call
//	read    recvmmsg of messages, each a run of datagrams joined by UDP_GRO  (Linux 5.0)
//	        recvmmsg of datagrams                                           (Linux 2.6.33)
//	        recvmsg, one datagram a call
//
// Open finds out by trying what this kernel, device and sandbox offer; Config.Avoid takes away any
// of it, which is how the tests cover every combination on one machine. Callers see the same
// messages in every case.
//
// A network that loses, refuses or cannot take a datagram is not an error of the socket. Such news
// comes back as a Fact, or later as a Note, and the caller goes on.
package udp

import (
	"fmt"
	"net/netip"
)

// MaxDatagram is the largest UDP payload a Conn reads. It leaves room for jumbo frames
// (9000) and keeps a datagram that is being decrypted inside a first-level cache of 32 KiB.
const MaxDatagram = 16 << 10

// A Feature is something a kernel may or may not offer.
type Feature uint8

const (
	Batch   Feature = 1 << iota // sendmmsg and recvmmsg
	Segment                     // UDP_SEGMENT on writing
	Join                        // UDP_GRO on reading
	Device                      // SO_BINDTODEVICE; without it IP_PKTINFO names the device
	Errors                      // IP_RECVERR: see Notes
)

// String lists the features, as a person would name them.
func (f Feature) String() string {
	names := []string{"mmsg", "UDP_SEGMENT", "UDP_GRO", "SO_BINDTODEVICE", "IP_RECVERR"}
	s := ""
	for i, name := range names {
		if f&(1<<i) != 0 {
			s += "+" + name
		}
	}
	if s == "" {
		return "plain"
	}
	return s[1:]
}

// Config says what to bind.
type Config struct {
	Addr      netip.Addr // local address
	PortLow   int        // first port to try; 0: the kernel chooses
	PortHigh  int        // last port to try
	Device    string     // name of the network device; empty: any
	Buffer    int        // bytes of SO_RCVBUF and SO_SNDBUF asked for; 0: 8 MiB
	Tentative bool       // bind even if duplicate address detection has not finished (IPv6)
	Avoid     Feature    // do without these (tests)
}

// A Conn is one bound socket. It belongs to whoever drives it: no two calls at a time.
type Conn struct {
	fd      int
	local   netip.AddrPort
	ifindex int // of Device; 0: any
	has     Feature
	recvBuf int

	out   outbox
	notes notes
	drops int64 // see QueueDrops

	overrun  uint32 // what the kernel has counted since the socket was made, modulo 2³², when it told last
	overruns int64  // see Overruns
}

// Open makes and binds a socket and finds out what the kernel offers for it.
func Open(cfg Config) (*Conn, error) {
	c, err := open(cfg)
	if err != nil {
		return nil, fmt.Errorf("UDP socket on %v%s: %w", cfg.Addr, onDevice(cfg.Device), err)
	}
	c.probe(cfg.Avoid)
	c.out.init(c)
	return c, nil
}

func onDevice(name string) string {
	if name == "" {
		return ""
	}
	return " (" + name + ")"
}

// FD is the descriptor, for ppoll. Nothing else may be done with it.
func (c *Conn) FD() int { return c.fd }

// LocalAddr is the address and port the socket is bound to.
func (c *Conn) LocalAddr() netip.AddrPort { return c.local }

// Features tells what the kernel does for this socket.
func (c *Conn) Features() Feature { return c.has }

// RecvBuffer is the size of the kernel's receive buffer in bytes, as granted.
func (c *Conn) RecvBuffer() int { return c.recvBuf }
