package lab

import (
	"fmt"
	"os"
	"runtime"
	"syscall"
)

// The roles a program that imports this package can be started in.
const (
	roleKeeper = "rainlab:keeper" // PID 1 of the lab
	roleHost   = "rainlab:host"   // PID 1 of a host
	roleExec   = "rainlab:exec"   // client: starts a command on a host
)

// Descriptors that a keeper or host init is started with, besides 0, 1 and 2.
const (
	fdLife  = 3 // its settings come here first; end of file means: die
	fdReady = 4 // it writes one message here: ready, or why not
	fdLock  = 5 // keeper only: the lock of the lab's directory, held by holding it
)

// selfExe names the running program whatever happened to its file.
const selfExe = "/proc/self/exe"

func init() {
	if len(os.Args) < 2 {
		return
	}
	switch os.Args[1] {
	case roleKeeper:
		runtime.GOMAXPROCS(2)
		keeperMain()
	case roleHost:
		runtime.GOMAXPROCS(2)
		hostMain()
	case roleExec:
		if len(os.Args) < 5 {
			fmt.Fprintf(os.Stderr, "usage: %s %s LAB HOST -- COMMAND [ARG...]\n", os.Args[0], roleExec)
			os.Exit(2)
		}
		os.Exit(ExecMain(os.Args[2], os.Args[3], os.Args[4:]))
	default:
		return
	}
	os.Exit(1)
}

// dieWithParent waits for the end of the life pipe, then ends this process and,
// since it is PID 1, everything in its PID namespace with it.
func dieWithParent(life *os.File, atEnd func()) {
	var b [1]byte
	for {
		if n, err := life.Read(b[:]); n == 0 || err != nil {
			break
		}
	}
	if atEnd != nil {
		atEnd()
	}
	syscall.Exit(0)
}
