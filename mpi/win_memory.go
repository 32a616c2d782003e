package mpi

import (
	"fmt"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The memory of a window on one host is one memfd that all its ranks there map:
//
//	a winControl per rank | from the next page on, what MPI allocates, rank by rank
//
// The lowest rank makes it and sends the descriptor to a socket of each other.
// A window whose memory is the user's has the controls alone.

// winControl is what all ranks of a host share about one rank's memory.
type winControl struct {
	lock atomic.Uint32 // see win_lock.go
	busy atomic.Uint32 // 1 + the id of who changes what is too large for processor atomics
	_    [64 - 8]byte
}

type winMemory struct {
	ranks []int // of the window on this host
	fd    int   // socket for the descriptor, or the descriptor itself; -1
	mem   []byte
}

// find finds the ranks of this host.
func (m *winMemory) find(w *Win) {
	m.fd = -1
	here := w.e.at(int32(w.e.rank)).host
	for i, r := range w.comm.group.ranks {
		if w.e.at(r).host == here {
			m.ranks = append(m.ranks, i)
		}
	}
}

func (m *winMemory) leads(w *Win) bool { return m.ranks[0] == w.comm.rank }

// open makes the socket to which the descriptor comes. All ranks do, as leads
// is not known to the others' cards; the leader's has no use.
func (m *winMemory) open(card *winCard) error {
	if len(m.ranks) == 1 {
		return nil
	}
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return errorf(ErrOther, "a socket for the memory of a window: %v", err)
	}
	name := random()
	if err := unix.Bind(fd, windowSocket(name)); err != nil {
		unix.Close(fd)
		return errorf(ErrOther, "a socket for the memory of a window: %v", err)
	}
	m.fd, card.name = fd, name
	return nil
}

func windowSocket(name uint64) *unix.SockaddrUnix {
	return &unix.SockaddrUnix{Name: fmt.Sprintf("@rain-win-%016x", name)}
}

// layout is the length of the whole, and where the memory of each rank of this
// host begins. "The allocated memory is contiguous across process ranks unless
// the info key alloc_shared_noncontig is specified" (section 12.2.3); memory that
// others do not see as one begins at pages.
func (m *winMemory) layout(w *Win, cards []winCard) (total int64, at []int64) {
	const page = 4096
	total = int64(len(m.ranks)) * int64(unsafe.Sizeof(winControl{}))
	total = (total + page - 1) &^ (page - 1)
	apart := w.flavor == FlavorAllocate
	if v, _ := w.info.Get("alloc_shared_noncontig"); v == "true" {
		apart = true
	}
	for _, r := range m.ranks {
		if apart {
			total = (total + page - 1) &^ (page - 1)
		}
		at = append(at, total)
		if w.allocated() {
			total += cards[r].size
		}
	}
	return total, at
}

// make makes the memory at the leader and sends it to the others.
func (m *winMemory) make(w *Win, cards []winCard) error {
	if len(m.ranks) == 1 || !m.leads(w) {
		return nil
	}
	total, _ := m.layout(w, cards)
	fd, err := unix.MemfdCreate("rainmpi-window", unix.MFD_CLOEXEC)
	if err != nil {
		return errorf(ErrNoMem, "memory for a window: %v", err)
	}
	if err := unix.Ftruncate(fd, total); err != nil {
		unix.Close(fd)
		return errorf(ErrNoMem, "%d bytes of memory for a window: %v", total, err)
	}
	var token [8]byte
	*(*uint64)(unsafe.Pointer(&token)) = cards[w.comm.rank].token
	for _, r := range m.ranks[1:] {
		if err := unix.Sendmsg(m.fd, token[:], unix.UnixRights(fd), windowSocket(cards[r].name), 0); err != nil {
			unix.Close(fd)
			return errorf(ErrOther, "the memory of a window to rank %d: %v", r, err)
		}
	}
	unix.Close(m.fd)
	m.fd = fd
	return nil
}

// take maps the memory.
func (m *winMemory) take(w *Win, cards []winCard) error {
	if len(m.ranks) == 1 {
		return m.alone(w)
	}
	if !m.leads(w) {
		fd, err := m.receive(cards[m.ranks[0]].token)
		if err != nil {
			return err
		}
		unix.Close(m.fd)
		m.fd = fd
	}
	total, at := m.layout(w, cards)
	mem, err := unix.Mmap(m.fd, 0, int(total), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_NORESERVE)
	unix.Close(m.fd)
	m.fd = -1
	if err != nil {
		return errorf(ErrNoMem, "%d bytes of memory for a window: %v", total, err)
	}
	m.mem = mem
	start := unsafe.Pointer(&mem[0])
	for i, r := range m.ranks {
		t := &w.peers[r]
		t.control = (*winControl)(unsafe.Add(start, uintptr(i)*unsafe.Sizeof(winControl{})))
		if w.allocated() {
			t.base, t.mapped = unsafe.Add(start, at[i]), true
		}
	}
	me := &w.peers[w.comm.rank]
	w.control = me.control
	if w.allocated() {
		w.base = me.base
	}
	return nil
}

// alone is take for the only rank of its host.
func (m *winMemory) alone(w *Win) error {
	w.control = &winControl{}
	if !w.allocated() {
		return nil
	}
	mem, err := unix.Mmap(-1, 0, int(max(w.size, 1)), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON|unix.MAP_NORESERVE)
	if err != nil {
		return errorf(ErrNoMem, "%d bytes of memory for a window: %v", w.size, err)
	}
	m.mem, w.base = mem, unsafe.Pointer(&mem[0])
	return nil
}

// receive takes the descriptor that the leader has sent, by its token.
func (m *winMemory) receive(token uint64) (int, error) {
	var text [8]byte
	rights := make([]byte, unix.CmsgSpace(4))
	for {
		n, oobn, _, _, err := unix.Recvmsg(m.fd, text[:], rights, unix.MSG_CMSG_CLOEXEC)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return -1, errorf(ErrNoMem, "the memory of a window did not come: %v", err)
		}
		fd := descriptor(rights[:oobn])
		if n == 8 && *(*uint64)(unsafe.Pointer(&text)) == token && fd >= 0 {
			return fd, nil
		}
		if fd >= 0 {
			unix.Close(fd)
		}
	}
}

func descriptor(rights []byte) int {
	msgs, err := unix.ParseSocketControlMessage(rights)
	if err != nil || len(msgs) != 1 {
		return -1
	}
	fds, err := unix.ParseUnixRights(&msgs[0])
	if err != nil || len(fds) != 1 {
		return -1
	}
	return fds[0]
}

func (m *winMemory) close() {
	if m.fd >= 0 {
		unix.Close(m.fd)
		m.fd = -1
	}
	if m.mem != nil {
		unix.Munmap(m.mem)
		m.mem = nil
	}
}
