package launcher

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// --preload: the program's file goes to every agent over the start channel and
// into memory there, so that nothing has to be installed and nothing is left
// behind. Shared libraries do not go with it.

// preloadPiece is how much of a file goes in one frame.
const preloadPiece = 1 << 20

// readPrograms reads what is preloaded, before any agent is started.
func (j *job) readPrograms() error {
	j.programs = map[int][]byte{}
	for i, a := range j.o.Apps {
		if !a.Preload {
			continue
		}
		p, err := findProgram(a, os.Getenv("PATH"))
		if err == nil {
			j.programs[i], err = os.ReadFile(p.path)
		}
		if err != nil {
			return fmt.Errorf("--preload: on this host: %w", err)
		}
	}
	return nil
}

// sendPrograms goes before the plan.
func (j *job) sendPrograms(r *remote) {
	for app, data := range j.programs {
		for first := true; first || len(data) > 0; first = false {
			piece := data[:min(len(data), preloadPiece)]
			data = data[len(piece):]
			r.out.sendFrame(frame{kindFile, append(binary.LittleEndian.AppendUint32(nil, uint32(app)), piece...)})
		}
	}
}

// takeFile adds a piece to a preloaded program.
func (a *agent) takeFile(b []byte) error {
	if len(b) < 4 {
		return errors.New("start channel: a piece of a file without a head")
	}
	app := int(binary.LittleEndian.Uint32(b))
	f := a.files[app]
	if f == nil {
		fd, err := unix.MemfdCreate("rain-program", unix.MFD_CLOEXEC)
		if err != nil {
			return fmt.Errorf("--preload: memory for the program (memfd_create): %w", err)
		}
		f = os.NewFile(uintptr(fd), "preloaded program")
		a.files[app] = f
	}
	if _, err := f.Write(b[4:]); err != nil {
		return fmt.Errorf("--preload: %w", err)
	}
	return nil
}

// preloaded is the program of app if it was sent. It is executed through a
// descriptor of its own that cannot be written to: the kernel refuses others.
func (a *agent) preloaded(app int, of App) (p program, ok bool, err error) {
	f := a.files[app]
	if f == nil {
		return p, false, nil
	}
	if p.dir, err = workDir(of); err != nil {
		return p, false, err
	}
	r, err := os.Open(fmt.Sprintf("/proc/self/fd/%d", f.Fd()))
	if err != nil {
		return p, false, fmt.Errorf("--preload: %w", err)
	}
	f.Close()
	a.files[app] = r
	p.path = fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), r.Fd())
	return p, true, checkInterpreter(of.Argv[0], p.path)
}
