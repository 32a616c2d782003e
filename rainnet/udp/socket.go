package udp

import (
	"errors"
	"fmt"
	"net"
	"net/netip"

	"golang.org/x/sys/unix"
)

// defaultBuffer holds 60 ms of a 1 Gbit/s rail: a rank that computes for that long without a look
// at its sockets loses nothing.
const defaultBuffer = 8 << 20

// ErrPorts says that every port that may be used is taken.
var ErrPorts = errors.New("no free UDP port")

func open(cfg Config) (*Conn, error) {
	family := unix.AF_INET6
	if cfg.Addr.Is4() || cfg.Addr.Is4In6() {
		family = unix.AF_INET
	}
	// SOCK_CLOEXEC: a program that a rank starts with system() or popen() must not inherit rails.
	fd, err := unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("socket: %w", err)
	}
	c := &Conn{fd: fd}
	if err := c.setup(cfg, family); err != nil {
		unix.Close(fd)
		return nil, err
	}
	return c, nil
}

func (c *Conn) setup(cfg Config, family int) error {
	if family == unix.AF_INET6 {
		// Without IPV6_V6ONLY an IPv6 socket would also claim the IPv4 port.
		if err := unix.SetsockoptInt(c.fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 1); err != nil {
			return fmt.Errorf("IPV6_V6ONLY: %w", err)
		}
		if cfg.Tentative {
			unix.SetsockoptInt(c.fd, unix.IPPROTO_IPV6, unix.IPV6_FREEBIND, 1)
		}
	}
	if err := c.bindDevice(cfg, family); err != nil {
		return err
	}
	c.setBuffers(cfg.Buffer)
	dontFragment(c.fd, family)
	unix.SetsockoptInt(c.fd, unix.SOL_SOCKET, unix.SO_RXQ_OVFL, 1) // see Overruns
	if cfg.Avoid&Errors == 0 {
		c.hearErrors(family)
	}
	return c.bind(cfg)
}

// bindDevice ties the socket to its card. Since Linux 5.7 anybody may do that to a fresh socket;
// where it is refused (old kernels, sandboxes), every datagram names the card by IP_PKTINFO and
// datagrams that came by another card are left out on reading.
func (c *Conn) bindDevice(cfg Config, family int) error {
	if cfg.Device == "" {
		return nil
	}
	ifi, err := net.InterfaceByName(cfg.Device)
	if err != nil {
		return err
	}
	if cfg.Avoid&Device == 0 && unix.BindToDevice(c.fd, cfg.Device) == nil {
		c.has |= Device
		return nil
	}
	c.ifindex = ifi.Index
	if family == unix.AF_INET6 {
		err = unix.SetsockoptInt(c.fd, unix.IPPROTO_IPV6, unix.IPV6_RECVPKTINFO, 1)
	} else {
		err = unix.SetsockoptInt(c.fd, unix.IPPROTO_IP, unix.IP_PKTINFO, 1)
	}
	if err != nil {
		return fmt.Errorf("neither SO_BINDTODEVICE nor IP_PKTINFO is permitted: %w", err)
	}
	return nil
}

// setBuffers asks for big buffers. The FORCE variants go past net.core.rmem_max for those who may;
// the others get what the machine's owner allows.
func (c *Conn) setBuffers(size int) {
	if size == 0 {
		size = defaultBuffer
	}
	if unix.SetsockoptInt(c.fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, size) != nil {
		unix.SetsockoptInt(c.fd, unix.SOL_SOCKET, unix.SO_RCVBUF, size)
	}
	if unix.SetsockoptInt(c.fd, unix.SOL_SOCKET, unix.SO_SNDBUFFORCE, size) != nil {
		unix.SetsockoptInt(c.fd, unix.SOL_SOCKET, unix.SO_SNDBUF, size)
	}
	c.recvBuf, _ = unix.GetsockoptInt(c.fd, unix.SOL_SOCKET, unix.SO_RCVBUF)
}

// dontFragment sets DF and leaves the size of packets to the prober of RFC 8899: the kernel's own
// idea of the path MTU, which forged ICMP messages can shrink, is not consulted.
func dontFragment(fd, family int) {
	if family == unix.AF_INET6 {
		unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_MTU_DISCOVER, unix.IPV6_PMTUDISC_PROBE)
		return
	}
	unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_MTU_DISCOVER, unix.IP_PMTUDISC_PROBE)
}

// bind takes the first free port of the range. Ports are tried in order so that n endpoints of a
// host need the first n ports of the range open in a firewall, and no others.
func (c *Conn) bind(cfg Config) error {
	low, high := cfg.PortLow, cfg.PortHigh
	if low == 0 {
		low, high = 0, 0
	} else if high < low {
		high = low
	}
	for port := low; port <= high; port++ {
		to := MakeAddr(netip.AddrPortFrom(cfg.Addr, uint16(port)))
		err := bindRaw(c.fd, &to)
		switch {
		case err == nil:
			return c.learnLocal()
		case !errors.Is(err, unix.EADDRINUSE) && !errors.Is(err, unix.EACCES):
			return fmt.Errorf("bind: %w", err)
		}
	}
	if low == 0 {
		return fmt.Errorf("%w: the machine's range is /proc/sys/net/ipv4/ip_local_port_range", ErrPorts)
	}
	return fmt.Errorf("%w: none of %d-%d is free; widen the range, or end the processes that hold them (ss -lunp)", ErrPorts, low, high)
}

func (c *Conn) learnLocal() error {
	sa, err := unix.Getsockname(c.fd)
	if err != nil {
		return fmt.Errorf("getsockname: %w", err)
	}
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		c.local = netip.AddrPortFrom(netip.AddrFrom4(sa.Addr), uint16(sa.Port))
	case *unix.SockaddrInet6:
		c.local = netip.AddrPortFrom(netip.AddrFrom16(sa.Addr), uint16(sa.Port))
	}
	return nil
}

// probe asks the kernel for what saves system calls. Each question changes nothing but the answer.
func (c *Conn) probe(avoid Feature) {
	if avoid&Batch == 0 && knowsBatches(c.fd) {
		c.has |= Batch
	}
	if avoid&Segment == 0 {
		if _, err := unix.GetsockoptInt(c.fd, unix.IPPROTO_UDP, unix.UDP_SEGMENT); err == nil {
			c.has |= Segment
		}
	}
	if avoid&Join == 0 && unix.SetsockoptInt(c.fd, unix.IPPROTO_UDP, unix.UDP_GRO, 1) == nil {
		c.has |= Join
	}
}

// Retire gives the address and port of the socket back, as if it were closed, but keeps the descriptor, at
// which nothing comes: others may be asleep on it.
func (c *Conn) Retire() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("socket: %w", err)
	}
	return c.take(fd)
}

// Succeed has c go on at the descriptor of old, which must not be used any more.
func (c *Conn) Succeed(old *Conn) error {
	fd := c.fd
	c.fd = old.fd
	return c.take(fd)
}

// take moves what fd stands for to the descriptor of c.
func (c *Conn) take(fd int) error {
	err := unix.Dup3(fd, c.fd, unix.O_CLOEXEC)
	unix.Close(fd)
	return err
}

// Close closes the socket.
func (c *Conn) Close() error {
	fd := c.fd
	c.fd = -1
	return unix.Close(fd)
}
