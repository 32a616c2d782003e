package shm

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// Whether another process's memory can be read directly.
const (
	unknown = iota
	reachable
	unreachable
)

// Reach reports whether rank i's memory can be read by process_vm_readv. The
// only proof is to read a random word from it: process ids mean nothing across
// PID namespaces, and Yama, user namespaces and seccomp all may forbid it.
func (s *Segment) Reach(i int) bool {
	if s.reach[i].Load() == unknown {
		c := s.Control(i)
		pid, want := c.pid.Load(), c.nonce.Load()
		if pid == 0 {
			return false // not there yet; ask again
		}
		var got uint64
		ok := once(unix.ProcessVMReadv, int(pid), (*byte)(unsafe.Pointer(&got)), uintptr(c.at.Load()), 8) == 8 && got == want
		s.reach[i].Store(unreachable)
		if ok {
			s.reach[i].Store(reachable)
		}
	}
	return s.reach[i].Load() == reachable
}

// Read copies n bytes at address addr of rank i to dst. It reports how many
// bytes came; less than n means that direct reading has ended, for good.
func (s *Segment) Read(i int, dst unsafe.Pointer, addr uintptr, n int) int {
	done := s.through(i, unix.ProcessVMReadv, dst, addr, n)
	if done < n {
		s.reach[i].Store(unreachable)
	}
	return done
}

// Write copies n bytes at src to address addr of rank i. It reports how many were copied; less than n means that rank i
// is not Writable any more.
func (s *Segment) Write(i int, addr uintptr, src unsafe.Pointer, n int) int {
	done := s.through(i, unix.ProcessVMWritev, src, addr, n)
	if done < n {
		s.sealed[i].Store(true)
	}
	return done
}

// Writable reports whether rank i's memory can be read, and has not proved to be closed to process_vm_writev, which may be
// forbidden by itself.
func (s *Segment) Writable(i int) bool { return s.Reach(i) && !s.sealed[i].Load() }

func (s *Segment) through(i int, move mover, mine unsafe.Pointer, addr uintptr, n int) (done int) {
	pid := int(s.Control(i).pid.Load())
	for done < n {
		k := once(move, pid, (*byte)(unsafe.Add(mine, done)), addr+uintptr(done), n-done)
		if k <= 0 {
			break
		}
		done += k
	}
	return done
}

// Move copies between mine and parts of rank i's memory, which have the same length together: to
// there if write. It reports whether all was copied.
func (s *Segment) Move(i int, write bool, mine []byte, parts []unix.RemoteIovec) bool {
	pid := int(s.Control(i).pid.Load())
	for {
		local := [1]unix.Iovec{{Base: unsafe.SliceData(mine), Len: uint64(len(mine))}}
		var n int
		var err error
		if write {
			n, err = unix.ProcessVMWritev(pid, local[:], parts, 0)
		} else {
			n, err = unix.ProcessVMReadv(pid, local[:], parts, 0)
		}
		if err != nil || n <= 0 {
			return false
		}
		if n == len(mine) {
			return true
		}
		// One call copies 2 GiB at most.
		mine = mine[n:]
		for n >= parts[0].Len {
			n -= parts[0].Len
			parts = parts[1:]
		}
		parts[0].Base += uintptr(n)
		parts[0].Len -= n
	}
}

// A mover is one of the two calls of the kernel.
type mover func(pid int, local []unix.Iovec, remote []unix.RemoteIovec, flags uint) (int, error)

func once(move mover, pid int, mine *byte, addr uintptr, n int) int {
	local := []unix.Iovec{{Base: mine, Len: uint64(n)}}
	remote := []unix.RemoteIovec{{Base: addr, Len: n}}
	k, err := move(pid, local, remote, 0)
	if err != nil {
		return -1
	}
	return k
}

// Forbid ends direct reading of all ranks: for tests of what happens without it.
func (s *Segment) Forbid() {
	for i := range s.reach {
		s.reach[i].Store(unreachable)
	}
}
