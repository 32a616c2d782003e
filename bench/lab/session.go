package lab

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// The first byte on a connection to a keeper or host init says what follows.
const (
	callExec    = 'x' // with three descriptors in its control message; then an execRequest
	callControl = 'c' // a controlRequest, keeper only
)

// An execRequest asks PID 1 of a host to start a command. The caller's standard
// descriptors came with the byte before it.
type execRequest struct {
	Args []string
	Env  []string
	Dir  string
}

// An execSignal is what the caller sends afterwards, as often as it likes.
type execSignal struct{ Signal int }

// An execReply ends the session: the command's end, or why it did not start.
type execReply struct {
	Error  string `json:",omitempty"`
	Status int    // exit status as a shell reports it: 128 + signal, 127 not found, 126 not executable
}

// serve accepts connections until the process ends.
func serve(l *net.UnixListener, r *reaper, control func(*net.UnixConn)) {
	for {
		c, err := l.AcceptUnix()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // out of descriptors, or the caller was gone: the next may do
		}
		go func() {
			defer c.Close()
			kind, files, err := readCall(c)
			defer closeFiles(files)
			switch {
			case err != nil:
			case kind == callExec && len(files) == 3:
				runSession(c, r, files)
			case kind == callControl && control != nil:
				control(c)
			}
		}()
	}
}

func readCall(c *net.UnixConn) (byte, []*os.File, error) {
	var b [1]byte
	oob := make([]byte, unix.CmsgSpace(3*4))
	n, oobn, _, _, err := c.ReadMsgUnix(b[:], oob)
	if err != nil || n != 1 {
		return 0, nil, errors.Join(err, io.ErrUnexpectedEOF)
	}
	msgs, err := unix.ParseSocketControlMessage(oob[:oobn])
	if err != nil {
		return 0, nil, err
	}
	var files []*os.File
	for i := range msgs {
		fds, err := unix.ParseUnixRights(&msgs[i])
		if err != nil {
			continue
		}
		for _, fd := range fds {
			files = append(files, os.NewFile(uintptr(fd), "passed"))
		}
	}
	return b[0], files, nil
}

func closeFiles(files []*os.File) {
	for _, f := range files {
		f.Close()
	}
}

// runSession starts the command and stays with it: signals go in, its end goes
// out, and when the caller is gone first the command's whole session is killed.
func runSession(c *net.UnixConn, r *reaper, files []*os.File) {
	var req execRequest
	if readMessage(c, &req) != nil || len(req.Args) == 0 {
		return
	}
	pid, end, err := startSession(r, req, files)
	closeFiles(files) // so that the reader of a pipe sees its end when the command ends
	if err != nil {
		writeMessage(c, execReply{Error: err.Error(), Status: startStatus(err)})
		return
	}
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		var s execSignal
		for readMessage(c, &s) == nil {
			deliver(pid, syscall.Signal(s.Signal))
		}
	}()
	select {
	case ws := <-end:
		writeMessage(c, execReply{Status: shellStatus(ws)})
	case <-gone:
		killSession(pid)
	}
}

func startSession(r *reaper, req execRequest, files []*os.File) (int, <-chan syscall.WaitStatus, error) {
	path, err := lookPath(req.Args[0], req.Dir, req.Env)
	if err != nil {
		return 0, nil, err
	}
	pid, end, err := r.start(path, req.Args, &syscall.ProcAttr{
		Dir:   req.Dir,
		Env:   req.Env,
		Files: []uintptr{files[0].Fd(), files[1].Fd(), files[2].Fd()},
		Sys:   &syscall.SysProcAttr{Setsid: true},
	})
	if err != nil {
		return 0, nil, &fs.PathError{Op: "start", Path: path, Err: err}
	}
	return pid, end, nil
}

// deliver sends what a terminal would send to the whole process group to the
// group, and everything else to the command alone, as kill does.
func deliver(pid int, s syscall.Signal) {
	switch s {
	case syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTSTP, syscall.SIGHUP, syscall.SIGCONT, syscall.SIGWINCH:
		pid = -pid
	}
	syscall.Kill(pid, s)
}

// killSession kills every process of the command's session, that is, all that
// did not make a session of their own.
func killSession(sid int) {
	syscall.Kill(-sid, syscall.SIGKILL)
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return
	}
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil && sessionOf(pid) == sid {
			syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

func sessionOf(pid int) int {
	sid, err := unix.Getsid(pid)
	if err != nil {
		return -1
	}
	return sid
}

// lookPath finds the command as exec.LookPath does, by the PATH of env and from
// the folder dir.
func lookPath(name, dir string, env []string) (string, error) {
	if strings.Contains(name, "/") {
		path := name
		if !filepath.IsAbs(path) {
			path = filepath.Join(dir, path)
		}
		return path, executable(path)
	}
	var list string
	for _, kv := range env {
		if v, ok := strings.CutPrefix(kv, "PATH="); ok {
			list = v
		}
	}
	var denied error
	for _, d := range filepath.SplitList(list) {
		path := filepath.Join(d, name)
		err := executable(path)
		if err == nil {
			return path, nil
		}
		if errors.Is(err, fs.ErrPermission) {
			denied = err
		}
	}
	if denied != nil {
		return "", denied
	}
	return "", fmt.Errorf("%s: %w in PATH", name, fs.ErrNotExist)
}

func executable(path string) error {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return err
	case info.IsDir() || info.Mode()&0o111 == 0:
		return &fs.PathError{Op: "execute", Path: path, Err: fs.ErrPermission}
	}
	return nil
}

// startStatus is what shells return for a command that did not start.
func startStatus(err error) int {
	if errors.Is(err, fs.ErrNotExist) {
		return 127
	}
	return 126
}

func shellStatus(ws syscall.WaitStatus) int {
	if ws.Signaled() {
		return 128 + int(ws.Signal())
	}
	return ws.ExitStatus()
}
