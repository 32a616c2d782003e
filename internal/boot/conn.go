package boot

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// maxMessage bounds what a peer can make us allocate. The largest honest
// message is Cards: some 200 bytes a rank.
const maxMessage = 64 << 20

// A Conn is one end of the connection between a rank and its agent. Several
// goroutines may send while another receives.
type Conn struct {
	fd  int
	fds []int // received descriptors that nobody took yet

	sending sync.Mutex
	closed  bool // fd may be another file's by now
}

// Dial connects to the agent's socket as named in EnvAgent.
func Dial(name string) (*Conn, error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("a socket for the agent: %w", err)
	}
	if err := unix.Connect(fd, &unix.SockaddrUnix{Name: name}); err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("the agent at %s does not answer: %w", name, err)
	}
	return &Conn{fd: fd}, nil
}

// Pair returns the two ends of a connection inside one process.
func Pair() (rank, agent *Conn, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("a socket pair: %w", err)
	}
	return &Conn{fd: fds[0]}, &Conn{fd: fds[1]}, nil
}

// A Listener is the agent's side of the socket.
type Listener struct{ fd int }

// Listen opens the socket; a name that starts with "@" is abstract.
func Listen(name string) (*Listener, error) {
	if !strings.HasPrefix(name, "@") {
		return nil, fmt.Errorf("socket name %q: only abstract names (@…) leave nothing behind", name)
	}
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("a socket for the ranks: %w", err)
	}
	if err := unix.Bind(fd, &unix.SockaddrUnix{Name: name}); err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("bind %s: %w", name, err)
	}
	if err := unix.Listen(fd, 1024); err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("listen on %s: %w", name, err)
	}
	return &Listener{fd: fd}, nil
}

// Accept waits for the next process and returns who it is, by the kernel's
// word. It blocks its thread; Close ends it.
func (l *Listener) Accept() (*Conn, *unix.Ucred, error) {
	for {
		fd, _, err := unix.Accept4(l.fd, unix.SOCK_CLOEXEC)
		if err == unix.EINTR || err == unix.ECONNABORTED {
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		cred, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
		if err != nil {
			unix.Close(fd)
			return nil, nil, err
		}
		return &Conn{fd: fd}, cred, nil
	}
}

// Close ends Accept too (shutdown wakes it, close alone would not).
func (l *Listener) Close() error {
	unix.Shutdown(l.fd, unix.SHUT_RDWR)
	return unix.Close(l.fd)
}

// Send writes one message; fds, if any, ride on its first byte.
func (c *Conn) Send(m Message, fds ...int) error {
	body, err := json.Marshal(m)
	if err != nil {
		return err
	}
	b := binary.LittleEndian.AppendUint32(make([]byte, 0, 4+len(body)), uint32(len(body)))
	b = append(b, body...)
	var rights []byte
	if len(fds) > 0 {
		rights = unix.UnixRights(fds...)
	}
	c.sending.Lock()
	defer c.sending.Unlock()
	if c.closed {
		return net.ErrClosed
	}
	for len(b) > 0 {
		n, err := unix.SendmsgN(c.fd, b, rights, nil, unix.MSG_NOSIGNAL)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return err
		}
		b, rights = b[n:], nil
	}
	return nil
}

// Recv waits for the next message. io.EOF means that the other end is gone.
func (c *Conn) Recv() (Message, error) {
	var m Message
	var head [4]byte
	if err := c.read(head[:]); err != nil {
		return m, err
	}
	n := binary.LittleEndian.Uint32(head[:])
	if n > maxMessage {
		return m, fmt.Errorf("a message of %d bytes: the other end is no agent and no rank of rainmpi", n)
	}
	body := make([]byte, n)
	if err := c.read(body); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return m, err
	}
	if err := json.Unmarshal(body, &m); err != nil {
		return m, fmt.Errorf("a message that is no JSON: %w", err)
	}
	return m, nil
}

// FD takes the oldest received descriptor that nobody took yet, or -1.
func (c *Conn) FD() int {
	if len(c.fds) == 0 {
		return -1
	}
	fd := c.fds[0]
	c.fds = c.fds[1:]
	return fd
}

// Close closes the connection and what was received and not taken. The
// shutdown wakes a Recv that blocks in another goroutine.
func (c *Conn) Close() error {
	for _, fd := range c.fds {
		unix.Close(fd)
	}
	c.fds = nil
	unix.Shutdown(c.fd, unix.SHUT_RDWR) // ends a Send that waits for room
	c.sending.Lock()
	defer c.sending.Unlock()
	c.closed = true
	return unix.Close(c.fd)
}

// Drain says that the process at the other end is no more: Recv returns what it has
// sent and then io.EOF, also where a child of it has inherited the connection.
func (c *Conn) Drain() { unix.Shutdown(c.fd, unix.SHUT_RD) }

// Uid is the user of the process at the other end, by the kernel's word: of a
// connection that was dialled, of the one that listens.
func (c *Conn) Uid() (int, error) {
	cred, err := unix.GetsockoptUcred(c.fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return 0, err
	}
	return int(cred.Uid), nil
}

func (c *Conn) read(b []byte) error {
	for got := 0; got < len(b); {
		oob := make([]byte, unix.CmsgSpace(4*4))
		n, oobn, _, _, err := unix.Recvmsg(c.fd, b[got:], oob, unix.MSG_CMSG_CLOEXEC)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return err
		}
		if oobn > 0 {
			c.take(oob[:oobn])
		}
		if n == 0 {
			return io.EOF
		}
		got += n
	}
	return nil
}

func (c *Conn) take(oob []byte) {
	msgs, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return
	}
	for i := range msgs {
		if fds, err := unix.ParseUnixRights(&msgs[i]); err == nil {
			c.fds = append(c.fds, fds...)
		}
	}
}
