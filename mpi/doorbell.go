package mpi

import (
	"fmt"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"rainmpi/mpi/internal/shm"
)

// A doorbell wakes the parked threads of a rank, its own and those that another
// rank of this host has given work: a futex in the shared memory while the rank
// has no other sockets to park on, and a datagram socket beside those once it has.
// Each rank says in the shared memory which of the two it listens to.
type doorbell struct {
	fd   atomic.Int32 // where this rank listens, and sends from; 0: nowhere
	out  atomic.Int32 // where it sends from as long as it listens nowhere; 0: it has not
	job  string
	rank int
}

func newDoorbell(job string, rank int) *doorbell {
	return &doorbell{job: job, rank: rank}
}

// me is this rank's own address. Each caller needs one of its own: a system call
// writes into it.
func (d *doorbell) me() *unix.SockaddrUnix { return d.address(d.rank) }

// listen makes the socket. Who rings looks at shm.Control.Socket first, which
// the caller sets.
func (d *doorbell) listen() error {
	fd, err := bellSocket()
	if err != nil {
		return errorf(ErrOther, "a socket for the doorbell: %v", err)
	}
	if err := unix.Bind(fd, d.me()); err != nil {
		unix.Close(fd)
		return errorf(ErrOther, "the doorbell of rank %d: %v", d.rank, err)
	}
	d.fd.Store(int32(fd))
	return nil
}

func bellSocket() (int, error) {
	return unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
}

func (d *doorbell) address(rank int) *unix.SockaddrUnix {
	return &unix.SockaddrUnix{Name: fmt.Sprintf("@rain-bell-%s-%d", d.job, rank)}
}

var ding = []byte{1}

// ring wakes a rank of this host that has said that it sleeps. mu is held.
func (d *doorbell) ring(p *proc, c *shm.Control) {
	if c.Socket.Load() == 0 {
		c.Bell.Add(1)
		futexWake(&c.Bell)
		return
	}
	d.send(d.address(p.index))
}

func (d *doorbell) send(to *unix.SockaddrUnix) {
	fd := d.fd.Load()
	if fd == 0 {
		fd = d.out.Load()
	}
	if fd == 0 {
		made, err := bellSocket()
		if err != nil {
			return // no descriptor is left; the other's deadline wakes it
		}
		fd = int32(made)
		d.out.Store(fd)
	}
	unix.Sendto(int(fd), ding, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, to)
}

// drain forgets the rings so far.
func (d *doorbell) drain() {
	var b [16]byte
	for fd := int(d.fd.Load()); fd > 0; {
		if n, _, err := unix.Recvfrom(fd, b[:], unix.MSG_DONTWAIT); n <= 0 || err != nil {
			return
		}
	}
}
