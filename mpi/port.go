package mpi

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	stdnet "net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Ports (MPI 5.0 section 11.9): how processes meet that nobody has started
// together. A port is a listening TCP socket, which serves for the meeting alone:
// the two groups tell each other how their endpoints are reached, and talk by those.
//
// Its name is
//
//	rain:KEY:PORT:ADDRESS,ADDRESS,…
//
// KEY, 16 random bytes in hexadecimal digits, was made for this port and is
// forgotten with it. Who has the name can connect; nobody else can (port_link.go).

// maxPortName is MPI_MAX_PORT_NAME without C's final NUL.
const maxPortName = 1023

// A port is one that this process has opened.
type port struct {
	name string
	fd   int

	mu     sync.Mutex
	guests []*portLink // have come and wait to be accepted
	closed bool
}

// ports are those that are open in this process.
var ports struct {
	sync.Mutex
	byName map[string]*port
}

// OpenPort makes a place where this process can be found by Connect
// (MPI_Open_port). The name goes to the others by any way, Publish for example.
func OpenPort() (name string, err error) {
	e, err := running()
	if err != nil {
		return "", err
	}
	fd, number, err := listenTCP(e.self.config.PortLow, e.self.config.PortHigh)
	if err != nil {
		return "", errorf(ErrPort, "a socket for the port: %v", err)
	}
	key := make([]byte, portKeySize)
	rand.Read(key)
	name = fmt.Sprintf("rain:%s:%d:", hex.EncodeToString(key), number)
	for i, a := range portAddrs() {
		more := a.String()
		if i > 0 {
			more = "," + more
		}
		if len(name)+len(more) > maxPortName {
			break
		}
		name += more
	}
	p := &port{name: name, fd: fd}
	ports.Lock()
	if ports.byName == nil {
		ports.byName = make(map[string]*port)
	}
	ports.byName[name] = p
	ports.Unlock()
	go p.listen(e, key)
	return name, nil
}

// listenTCP listens on all addresses, by IPv6 if there is one.
func listenTCP(low, high int) (fd, port int, err error) {
	bind := func(port int) error { return unix.Bind(fd, &unix.SockaddrInet6{Port: port}) }
	if fd, err = unix.Socket(unix.AF_INET6, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0); err == nil {
		err = unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 0)
	} else {
		bind = func(port int) error { return unix.Bind(fd, &unix.SockaddrInet4{Port: port}) }
		fd, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	}
	if err != nil {
		return 0, 0, err
	}
	for port = low; ; port++ {
		if err = bind(port); err == nil || port >= high {
			break
		}
	}
	if err == unix.EADDRINUSE && low > 0 {
		err = fmt.Errorf("none of the TCP ports %d-%d is free; widen the range (--ports), or end the processes that hold them (ss -ltnp)", low, high)
	}
	if err == nil {
		err = unix.Listen(fd, 64)
	}
	if err == nil {
		var own unix.Sockaddr
		own, err = unix.Getsockname(fd)
		switch own := own.(type) {
		case *unix.SockaddrInet6:
			port = own.Port
		case *unix.SockaddrInet4:
			port = own.Port
		}
	}
	if err != nil {
		unix.Close(fd)
		return 0, 0, err
	}
	return fd, port, nil
}

// portAddrs are this host's, those that lead out first.
func portAddrs() []netip.Addr {
	var out, own []netip.Addr
	addrs, _ := stdnet.InterfaceAddrs()
	for _, a := range addrs {
		p, err := netip.ParsePrefix(a.String())
		if err != nil {
			continue
		}
		switch addr := p.Addr().Unmap(); {
		case addr.IsLoopback():
			own = append(own, addr)
		case addr.IsGlobalUnicast():
			out = append(out, addr)
		}
	}
	return slices.Concat(out, own)
}

// listen takes who connects and proves to know the name.
func (p *port) listen(e *engine, key []byte) {
	defer unix.Close(p.fd)
	for {
		fd, _, err := unix.Accept4(p.fd, unix.SOCK_CLOEXEC)
		if err == unix.EINTR || err == unix.ECONNABORTED {
			continue
		}
		if err != nil {
			return // ClosePort
		}
		go func() {
			l, err := greet(fd, key, false)
			if err != nil {
				return
			}
			p.mu.Lock()
			defer p.mu.Unlock()
			if p.closed {
				l.close()
				return
			}
			p.guests = append(p.guests, l)
			e.wait.changed()
		}()
	}
}

// guest takes the next one that waits.
func (p *port) guest() (l *portLink, closed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.guests) > 0 {
		l = p.guests[0]
		p.guests = p.guests[1:]
	}
	return l, p.closed
}

// ClosePort ends a port (MPI_Close_port). Who waits there is turned away.
func ClosePort(name string) error {
	ports.Lock()
	p := ports.byName[name]
	delete(ports.byName, name)
	ports.Unlock()
	if p == nil {
		return errorf(ErrPort, "this process has no open port of that name: %s", shown(name))
	}
	p.close()
	return nil
}

func (p *port) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	unix.Shutdown(p.fd, unix.SHUT_RDWR) // ends listen, which closes it
	for _, l := range p.guests {
		l.close()
	}
	p.guests = nil
	Wake() // who waits in Accept
}

// closePorts ends what the program has left open.
func closePorts() {
	ports.Lock()
	defer ports.Unlock()
	for _, p := range ports.byName {
		p.close()
	}
	ports.byName = nil
}

// shown is a port's name without its key, for messages.
func shown(name string) string {
	if f := strings.SplitN(name, ":", 4); len(f) == 4 && f[0] == "rain" {
		return "rain:…:" + f[2] + ":" + f[3]
	}
	return strconv.Quote(name[:min(len(name), 80)])
}

// parsePort takes a port's name apart.
func parsePort(name string) (key []byte, addrs []netip.AddrPort, err error) {
	bad := errorf(ErrPort, "%s is no name that MPI_Open_port gave", shown(name))
	f := strings.SplitN(name, ":", 4)
	if len(f) != 4 || f[0] != "rain" {
		return nil, nil, bad
	}
	key, err = hex.DecodeString(f[1])
	number, nerr := strconv.ParseUint(f[2], 10, 16)
	if err != nil || nerr != nil || len(key) != portKeySize {
		return nil, nil, bad
	}
	for _, s := range strings.Split(f[3], ",") {
		a, err := netip.ParseAddr(s)
		if err != nil {
			return nil, nil, bad
		}
		addrs = append(addrs, netip.AddrPortFrom(a, uint16(number)))
	}
	return key, addrs, nil
}

// Accept waits for a group that connects to a port of the root's and returns an
// intercommunicator with it (MPI_Comm_accept). Collective; the name is looked at in
// the root only.
func (c *Comm) Accept(name string, root int) (*Comm, error) {
	return c.meetAt(root, func(mine []byte) (*portLink, []byte, error) {
		ports.Lock()
		p := ports.byName[name]
		ports.Unlock()
		if p == nil {
			return nil, nil, errorf(ErrPort, "this process has no open port of that name: %s", shown(name))
		}
		for {
			var l *portLink
			var closed bool
			c.e.until(func() bool { l, closed = p.guest(); return l != nil || closed })
			if l == nil {
				return nil, nil, errorf(ErrPort, "the port was closed while it was waited for a connection")
			}
			theirs, err := l.swap(c.e, mine, 0, l.recvWord)
			if err == nil {
				return l, theirs, nil
			}
			l.close() // a guest that is gone by now is no concern of ours: the next one
		}
	})
}

// connectTime is how long Connect waits to be accepted. "The connection attempt will
// eventually time out after an implementation-defined time, or succeed when the
// server calls MPI_COMM_ACCEPT. In the case of a time out, MPI_COMM_CONNECT raises an
// error of class MPI_ERR_PORT" (section 11.9.3).
const connectTime = 2 * time.Minute

// Connect connects this group with one that accepts at a port, and returns an
// intercommunicator with it (MPI_Comm_connect). Collective; the name and the hints
// are looked at in the root only. The hint timeout is how many seconds it waits to
// be accepted, if two minutes are not right.
func (c *Comm) Connect(name string, root int, info *Info) (*Comm, error) {
	return c.meetAt(root, func(mine []byte) (*portLink, []byte, error) {
		key, addrs, err := parsePort(name)
		if err != nil {
			return nil, nil, err
		}
		limit := connectTime
		if text, ok := info.Get("timeout"); ok {
			n, err := strconv.Atoi(text)
			if err != nil || n < 1 {
				return nil, nil, errorf(ErrInfoValue, "the info key timeout: %q is no number of seconds, 1 or more", text)
			}
			limit = time.Duration(n) * time.Second
		}
		l, err := dialPort(c.e, addrs, key)
		if err != nil {
			return nil, nil, errorf(ErrPort, "%s: %v", shown(name), err)
		}
		theirs, err := l.swap(c.e, mine, limit, l.sendWord)
		if err != nil {
			l.close()
			return nil, nil, errorf(ErrPort, "%s: %v", shown(name), err)
		}
		return l, theirs, nil
	})
}

func (c *Comm) meetAt(root int, swap func(mine []byte) (*portLink, []byte, error)) (*Comm, error) {
	if err := c.checkIntra(); err != nil {
		return nil, err
	}
	if root < 0 || root >= c.Size() {
		return nil, errorf(ErrRoot, "the root is rank %d; the communicator has ranks 0 to %d", root, c.Size()-1)
	}
	var link *portLink // of the root
	made, err := c.connected(root, func(mine []byte) (theirs []byte, err error) {
		link, theirs, err = swap(mine)
		return theirs, err
	})
	switch {
	case link == nil:
	case err != nil:
		link.close()
	default:
		c.e.bound(link, made.remote.ranks)
	}
	return made, err
}

// Join makes an intercommunicator of this process and the one at the other end of a
// connected socket, which calls Join as well (MPI_Comm_join). Nothing else may be
// under way on the socket, and nothing is left there. Who can write to the socket
// can pretend to be the other process.
func Join(fd int) (*Comm, error) {
	e, err := running()
	if err != nil {
		return nil, err
	}
	if life.self == nil {
		return nil, errorf(ErrOther, "MPI_Comm_join needs MPI_COMM_SELF: call MPI_Init first")
	}
	if kind, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TYPE); err != nil || kind != unix.SOCK_STREAM {
		return nil, errorf(ErrArg, "descriptor %d is no connected stream socket", fd)
	}
	return life.self.connected(0, func(mine []byte) ([]byte, error) {
		theirs, err := (&portLink{fd: fd, patient: true}).swap(e, mine, 0, func() error { return nil })
		if err != nil {
			return nil, errorf(ErrOther, "the socket %d: %v", fd, err)
		}
		return theirs, nil
	})
}
