package mpi

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// A portLink is the connection between two roots that meet at a port. Each side
// sends 32 random bytes; the key of each direction is made of them and the port's
// key. To begin with both send an empty message, which proves that they know the
// port's name; then each its passports, the acceptor when it accepts; then the
// other an empty one, that it has not given up meanwhile.
//
//	length u32, then that many bytes: AES-GCM of the message, the nonce its number
//
// Without keys, on a socket of the program's own (Join), messages are in clear.
type portLink struct {
	fd      int
	patient bool // a socket of the program's, which may be nonblocking
	in, out cipher.AEAD
	got     uint32 // messages so far
	sent    uint32
}

const (
	portKeySize = 16
	nonceSize   = 32
	maxPassport = 64 << 20 // of a group; some hundred bytes a process
	// greetTime is how long the other side of a new connection may take to prove
	// that it knows the port's key.
	greetTime = 5 * time.Second
	// dialTime is how long an address of a port may be silent before the next one is
	// tried.
	dialTime = 2 * time.Second
)

// greet does what makes a link of a new connection, and closes fd if it cannot.
func greet(fd int, key []byte, dialled bool) (*portLink, error) {
	l := &portLink{fd: fd}
	limit := unix.NsecToTimeval(int64(greetTime))
	_ = unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &limit)
	_ = unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_SNDTIMEO, &limit)
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	err := l.keys(key, dialled)
	if err == nil {
		err = l.send(nil)
	}
	if err == nil {
		_, err = l.recv()
	}
	if err != nil {
		l.close()
		return nil, err
	}
	var none unix.Timeval
	_ = unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &none)
	_ = unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_SNDTIMEO, &none)
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1) // hosts may vanish
	return l, nil
}

func (l *portLink) keys(key []byte, dialled bool) error {
	mine, theirs := make([]byte, nonceSize), make([]byte, nonceSize)
	rand.Read(mine)
	if err := l.write(mine); err != nil {
		return err
	}
	if err := l.read(theirs); err != nil {
		return err
	}
	salt, ways := append(append([]byte{}, mine...), theirs...), [2]string{"rain port to opener", "rain port from opener"}
	if !dialled {
		salt, ways = append(append([]byte{}, theirs...), mine...), [2]string{ways[1], ways[0]}
	}
	for i, side := range []*cipher.AEAD{&l.out, &l.in} {
		k, err := hkdf.Key(sha256.New, key, salt, ways[i], 16)
		if err != nil {
			return err
		}
		block, err := aes.NewCipher(k)
		if err != nil {
			return err
		}
		if *side, err = cipher.NewGCM(block); err != nil {
			return err
		}
	}
	return nil
}

func portNonce(n uint32) []byte {
	return binary.LittleEndian.AppendUint32(make([]byte, 8, 12), n)
}

func (l *portLink) send(message []byte) error {
	if l.out != nil {
		message = l.out.Seal(nil, portNonce(l.sent), message, nil)
		l.sent++
	}
	return l.write(append(binary.LittleEndian.AppendUint32(nil, uint32(len(message))), message...))
}

func (l *portLink) recv() ([]byte, error) {
	var head [4]byte
	if err := l.read(head[:]); err != nil {
		return nil, err
	}
	n := binary.LittleEndian.Uint32(head[:])
	if n > maxPassport {
		return nil, fmt.Errorf("a message of %d bytes: the other end is no rainmpi", n)
	}
	b := make([]byte, n)
	if err := l.read(b); err != nil {
		return nil, err
	}
	if l.in == nil {
		return b, nil
	}
	b, err := l.in.Open(b[:0], portNonce(l.got), b, nil)
	l.got++
	if err != nil {
		return nil, errors.New("the other end does not know the key of this port")
	}
	return b, nil
}

// swap gives a message for the other side's. The engine makes progress meanwhile.
// With a limit it waits no longer than that. confirm comes last: who connects says
// that it has not given up, and who accepts hears it.
func (l *portLink) swap(e *engine, mine []byte, limit time.Duration, confirm func() error) (theirs []byte, err error) {
	var done, late atomic.Bool
	if limit > 0 {
		defer time.AfterFunc(limit, func() {
			late.Store(true)
			unix.Shutdown(l.fd, unix.SHUT_RDWR)
		}).Stop()
	}
	go func() {
		sent := make(chan error, 1)
		go func() { sent <- l.send(mine) }()
		theirs, err = l.recv()
		if serr := <-sent; err == nil {
			err = serr
		}
		if err == nil {
			err = confirm()
		}
		done.Store(true)
		e.wait.changed()
	}()
	e.until(done.Load)
	if err != nil && late.Load() {
		err = fmt.Errorf("nobody has accepted the connection for %v", limit)
	}
	return theirs, err
}

func (l *portLink) sendWord() error { return l.send(nil) }
func (l *portLink) recvWord() error { _, err := l.recv(); return err }

func (l *portLink) close() {
	unix.Shutdown(l.fd, unix.SHUT_RDWR)
	unix.Close(l.fd)
}

func (l *portLink) write(b []byte) error {
	for len(b) > 0 {
		n, err := unix.SendmsgN(l.fd, b, nil, nil, unix.MSG_NOSIGNAL)
		if l.again(err, unix.POLLOUT) {
			continue
		}
		if err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

func (l *portLink) read(b []byte) error {
	for len(b) > 0 {
		n, err := unix.Read(l.fd, b)
		if l.again(err, unix.POLLIN) {
			continue
		}
		if err != nil {
			return err
		}
		if n == 0 {
			return fmt.Errorf("the other end has closed the connection, or has ended: %w", io.EOF)
		}
		b = b[n:]
	}
	return nil
}

// again reports whether to try again.
func (l *portLink) again(err error, events int16) bool {
	if err == unix.EAGAIN && l.patient {
		unix.Poll([]unix.PollFd{{Fd: int32(l.fd), Events: events}}, -1)
		return true
	}
	return err == unix.EINTR
}

// dialPort connects to the first of a port's addresses that answers and knows its
// key. It may take a while; the engine makes progress.
func dialPort(e *engine, addrs []netip.AddrPort, key []byte) (l *portLink, err error) {
	var done atomic.Bool
	go func() {
		for _, a := range addrs {
			var fd int
			if fd, err = dialTCP(a); err == nil {
				if l, err = greet(fd, key, true); err == nil {
					break
				}
			}
			err = fmt.Errorf("%v: %w", a, err)
		}
		done.Store(true)
		e.wait.changed()
	}()
	e.until(done.Load)
	return l, err
}

func dialTCP(to netip.AddrPort) (int, error) {
	family, addr := unix.AF_INET6, unix.Sockaddr(&unix.SockaddrInet6{Port: int(to.Port()), Addr: to.Addr().As16()})
	if to.Addr().Is4() {
		family, addr = unix.AF_INET, &unix.SockaddrInet4{Port: int(to.Port()), Addr: to.Addr().As4()}
	}
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	limit := unix.NsecToTimeval(int64(dialTime))
	_ = unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_SNDTIMEO, &limit)
	for {
		if err = unix.Connect(fd, addr); err != unix.EINTR {
			break
		}
	}
	if err == unix.EINPROGRESS || err == unix.EAGAIN {
		err = fmt.Errorf("no answer for %v", dialTime)
	}
	if err != nil {
		unix.Close(fd)
		return 0, err
	}
	return fd, nil
}
