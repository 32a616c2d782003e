package mpi

import (
	"fmt"

	"golang.org/x/sys/unix"

	"rainmpi/mpi/internal/shm"
)

// A doorbell wakes the parked ranks of this host: a futex in the shared memory
// in a job on one host; where ranks park on rails' sockets, a datagram socket
// beside them.
type doorbell struct {
	fd  int // -1: futexes only
	job string
	me  *unix.SockaddrUnix
}

func newDoorbell(job string, rank int, rails bool) (doorbell, error) {
	d := doorbell{fd: -1, job: job}
	if !rails {
		return d, nil
	}
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return d, errorf(ErrOther, "a socket for the doorbell: %v", err)
	}
	d.fd, d.me = fd, d.address(rank)
	if err := unix.Bind(fd, d.me); err != nil {
		return d, errorf(ErrOther, "the doorbell of rank %d: %v", rank, err)
	}
	return d, nil
}

func (d *doorbell) address(rank int) *unix.SockaddrUnix {
	return &unix.SockaddrUnix{Name: fmt.Sprintf("@rain-bell-%s-%d", d.job, rank)}
}

var ding = []byte{1}

// ring wakes a rank of this host that has said that it sleeps.
func (d *doorbell) ring(p *proc, c *shm.Control) {
	if d.fd < 0 {
		c.Bell.Add(1)
		futexWake(&c.Bell)
		return
	}
	unix.Sendto(d.fd, ding, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, d.address(p.world))
}

// drain forgets the rings so far.
func (d *doorbell) drain() {
	var b [16]byte
	for d.fd >= 0 {
		if n, _, err := unix.Recvfrom(d.fd, b[:], unix.MSG_DONTWAIT); n <= 0 || err != nil {
			return
		}
	}
}
