package launcher

import (
	"os"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// A spawner forks ranks from one thread that never ends, because
// PR_SET_PDEATHSIG fires when the forking *thread* ends, not the process.
type spawner struct{ requests chan spawnRequest }

type spawnRequest struct {
	path  string
	argv  []string
	env   []string
	dir   string
	files [4]int // standard input, output, error, pmiFD
	cpus  []int  // empty: every processor that the agent may use
	reply chan<- spawnReply
}

type spawnReply struct {
	pid int
	err error
}

func newSpawner() *spawner {
	s := &spawner{requests: make(chan spawnRequest)}
	go s.run()
	return s
}

// spawn starts one process in a session of its own.
func (s *spawner) spawn(r spawnRequest) (pid int, err error) {
	reply := make(chan spawnReply, 1)
	r.reply = reply
	s.requests <- r
	got := <-reply
	return got.pid, got.err
}

func (s *spawner) run() {
	runtime.LockOSThread() // and never unlocked: the thread lives as long as the agent
	var all unix.CPUSet
	haveAll := unix.SchedGetaffinity(0, &all) == nil
	for r := range s.requests {
		// A child inherits its thread's affinity. The runtime makes its own
		// threads from an unlocked one, so this binds nobody else.
		if len(r.cpus) > 0 && haveAll {
			var set unix.CPUSet
			for _, c := range r.cpus {
				set.Set(c)
			}
			_ = unix.SchedSetaffinity(0, &set)
		}
		pid, err := syscall.ForkExec(r.path, r.argv, &syscall.ProcAttr{
			Dir:   r.dir,
			Env:   r.env,
			Files: []uintptr{uintptr(r.files[0]), uintptr(r.files[1]), uintptr(r.files[2]), uintptr(r.files[3])},
			Sys:   &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL},
		})
		if len(r.cpus) > 0 && haveAll {
			_ = unix.SchedSetaffinity(0, &all)
		}
		r.reply <- spawnReply{pid, err}
	}
}

// devNull opens /dev/null for a rank's standard input.
func devNull() (int, error) {
	return unix.Open(os.DevNull, unix.O_RDONLY|unix.O_CLOEXEC, 0)
}
