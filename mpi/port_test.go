package mpi_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"rainmpi/mpi"
)

func init() {
	programs["server"] = server
	programs["client"] = client
	programs["strangers"] = strangers
	programs["crowded"] = crowded
	programs["joined"] = joined
	programs["deserter"] = deserter
	programs["deserted"] = deserted
}

const envService = "MPI_TEST_SERVICE"

// unique is a name that no other run of these tests takes: names of services are the user's on this host.
func unique(t *testing.T) string {
	return fmt.Sprintf("%s-%d-%d", t.Name(), os.Getpid(), time.Now().UnixNano())
}

// Two jobs that nobody has started together meet by a published name, talk, and
// part. Either may be one process without rainrun.
func TestConnectJobs(t *testing.T) {
	one, two := places["one host"], places["two hosts"]
	for _, c := range [][2][]string{{one, one}, {two, one}, {one, two}, {nil, one}, {one, nil}, {nil, nil}} {
		t.Run(fmt.Sprintf("%d and %d", len(c[0]), len(c[1])), func(t *testing.T) {
			t.Setenv(envService, unique(t))
			s := start(t, "server", c[0]...)
			start(t, "client", c[1]...).wait(0)
			s.wait(0)
		})
	}
}

func server([]string) error {
	if err := mpi.Init(); err != nil {
		return err
	}
	service, port := os.Getenv(envService), ""
	if mpi.World().Rank() == 0 {
		var err error
		if port, err = mpi.OpenPort(); err != nil {
			return err
		}
		if err := mpi.PublishName(service, port); err != nil {
			return err
		}
		if err := mpi.PublishName(service, port); !errors.Is(err, mpi.ErrService) {
			return fmt.Errorf("published twice: %v", err)
		}
	}
	for round := range 2 {
		inter, err := mpi.World().Accept(port, 0)
		if err != nil {
			return err
		}
		if err := talk(inter, round); err != nil {
			return err
		}
	}
	if mpi.World().Rank() == 0 {
		if err := mpi.UnpublishName(service, port); err != nil {
			return err
		}
		if _, err := mpi.LookupName(service); !errors.Is(err, mpi.ErrName) {
			return fmt.Errorf("an unpublished name: %v", err)
		}
		if err := mpi.UnpublishName(service, port); !errors.Is(err, mpi.ErrService) {
			return fmt.Errorf("unpublished twice: %v", err)
		}
		if err := mpi.ClosePort(port); err != nil {
			return err
		}
	}
	return mpi.Finalize()
}

func client([]string) error {
	if err := mpi.Init(); err != nil {
		return err
	}
	port := ""
	for mpi.World().Rank() == 0 && port == "" { // the server may not be there yet
		var err error
		if port, err = mpi.LookupName(os.Getenv(envService)); err != nil && !errors.Is(err, mpi.ErrName) {
			return err
		}
	}
	for round := range 2 {
		inter, err := mpi.World().Connect(port, 0, nil)
		if err != nil {
			return err
		}
		if err := talk(inter, round); err != nil {
			return err
		}
	}
	return mpi.Finalize()
}

// talk sends something small and something large from all to all. The first time it
// disconnects; the second time Finalize must wait for the other job.
func talk(inter *mpi.Comm, round int) error {
	n, err := inter.RemoteSize()
	if err != nil {
		return err
	}
	for _, size := range []int{1, 100000} {
		var rs []*mpi.Request
		got := make([][]int, n)
		for p := range n {
			got[p] = make([]int, size)
			r, err := mpi.Irecv(inter, got[p], p, round)
			if err != nil {
				return err
			}
			s, err := mpi.Isend(inter, filled(size, 10*inter.Rank()+p), p, round)
			if err != nil {
				return err
			}
			rs = append(rs, r, s)
		}
		if _, err := mpi.Waitall(rs); err != nil {
			return err
		}
		for p, g := range got {
			if want := 10*p + inter.Rank(); g[0] != want || g[size-1] != want {
				return fmt.Errorf("rank %d of the other job sent %d … %d, want %d", p, g[0], g[size-1], want)
			}
		}
	}
	if round == 0 {
		return inter.Disconnect()
	}
	return inter.Free()
}

func filled(n, v int) []int {
	s := make([]int, n)
	for i := range s {
		s[i] = v
	}
	return s
}

// Names that are no ports, ports that are closed, keys that are wrong.
func TestWrongPorts(t *testing.T) { start(t, "strangers", "-n", "2").wait(0) }

// A port takes a TCP port of the job's range; when there is none left the error says what to do.
func TestPortsOfRange(t *testing.T) {
	l, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	taken := l.Addr().(*net.TCPAddr).Port
	start(t, "crowded", "-n", "1", "--ports", fmt.Sprintf("%d-%d", taken, taken)).wait(0)
}

func crowded([]string) error {
	if err := mpi.Init(); err != nil {
		return err
	}
	if port, err := mpi.OpenPort(); !errors.Is(err, mpi.ErrPort) || !strings.Contains(err.Error(), "none of the TCP ports ") ||
		!strings.Contains(err.Error(), "is free; widen the range (--ports)") {
		return fmt.Errorf("%s: %v", port, err)
	}
	return mpi.Finalize()
}

func strangers([]string) error {
	if err := mpi.Init(); err != nil {
		return err
	}
	self := mpi.Self()
	port, err := mpi.OpenPort()
	if err != nil {
		return err
	}
	wrong := []byte(port)
	wrong[len("rain:")] ^= 1 // another digit of the key
	for what, name := range map[string]string{
		"no port": "nonsense", "nothing": "", "another key": string(wrong),
		"half a name": port[:20], "nobody there": port[:len("rain:")+32] + ":1:127.0.0.1",
	} {
		if _, err := self.Connect(name, 0, nil); !errors.Is(err, mpi.ErrPort) {
			return fmt.Errorf("%s: %v", what, err)
		} else if strings.Contains(err.Error(), port[len("rain:")+1:len("rain:")+32]) {
			return fmt.Errorf("%s: the message tells the key: %v", what, err)
		}
	}
	if err := mpi.ClosePort("nonsense"); !errors.Is(err, mpi.ErrPort) {
		return fmt.Errorf("closing no port: %v", err)
	}
	if _, err := self.Accept("nonsense", 0); !errors.Is(err, mpi.ErrPort) {
		return fmt.Errorf("accepting at no port: %v", err)
	}
	hurry := mpi.NewInfo()
	hurry.Set("timeout", "1")
	if _, err := self.Connect(port, 0, hurry); !errors.Is(err, mpi.ErrPort) || !strings.Contains(err.Error(), "accepted") {
		return fmt.Errorf("nobody accepts: %v", err)
	}
	hurry.Set("timeout", "soon")
	if _, err := self.Connect(port, 0, hurry); !errors.Is(err, mpi.ErrInfoValue) {
		return fmt.Errorf("a time that is none: %v", err)
	}
	// Who has given up by now is passed over: nobody else comes. A port that is closed turns away who waits there, and who waits for somebody.
	waits := make(chan error)
	go func() { _, err := self.Accept(port, 0); waits <- err }()
	if err := mpi.ClosePort(port); err != nil {
		return err
	}
	if err := <-waits; !errors.Is(err, mpi.ErrPort) {
		return fmt.Errorf("accepting at a port that is closed: %v", err)
	}
	if _, err := self.Connect(port, 0, nil); !errors.Is(err, mpi.ErrPort) {
		return fmt.Errorf("connecting to a port that is closed: %v", err)
	}
	if _, err := mpi.LookupName("a name that nobody has published"); !errors.Is(err, mpi.ErrName) {
		return fmt.Errorf("looking up no name: %v", err)
	}
	return mpi.Finalize()
}

// Two processes that share a socket.
func TestJoin(t *testing.T) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	var jobs []*job
	for _, fd := range fds {
		f := os.NewFile(uintptr(fd), "socket")
		defer f.Close()
		j := &job{t: t, mark: unique(t), began: time.Now()}
		jobs = append(jobs, j)
		j.cmd = command(j, "joined")
		j.cmd.ExtraFiles = []*os.File{f}
		if err := j.cmd.Start(); err != nil {
			t.Fatal(err)
		}
	}
	for _, j := range jobs {
		j.wait(0)
	}
}

func joined([]string) error {
	if err := mpi.Init(); err != nil {
		return err
	}
	inter, err := mpi.Join(3)
	if err != nil {
		return err
	}
	if err := talk(inter, 0); err != nil {
		return err
	}
	if n, err := unix.Read(3, make([]byte, 1)); n > 0 || err != unix.EAGAIN {
		return fmt.Errorf("after MPI_Comm_join the socket has %d bytes (%v)", n, err)
	}
	return mpi.Finalize()
}

// A job whose partner is killed while they are connected ends.
func TestConnectedJobDies(t *testing.T) {
	for _, c := range [][2][]string{{places["one host"], places["one host"]}, {nil, places["one host"]}, {places["one host"], nil}} {
		t.Run(fmt.Sprintf("%d and %d", len(c[0]), len(c[1])), func(t *testing.T) {
			t.Setenv(envService, unique(t))
			s := start(t, "deserted", c[0]...)
			status := 128 + int(syscall.SIGKILL)
			if c[1] == nil {
				status = -1 // a signal, as package exec says it
			}
			start(t, "deserter", c[1]...).wait(status)
			s.wait(1, "a process of another job that this one is connected with has ended")
		})
	}
}

func deserted([]string) error {
	if err := mpi.Init(); err != nil {
		return err
	}
	port := ""
	if mpi.World().Rank() == 0 {
		var err error
		if port, err = mpi.OpenPort(); err != nil {
			return err
		}
		if err := mpi.PublishName(os.Getenv(envService), port); err != nil {
			return err
		}
	}
	inter, err := mpi.World().Accept(port, 0)
	if err != nil {
		return err
	}
	_, err = mpi.Recv(inter, []int{0}, 0, 0) // never comes
	return err
}

func deserter([]string) error {
	if err := mpi.Init(); err != nil {
		return err
	}
	port := ""
	for mpi.World().Rank() == 0 && port == "" {
		port, _ = mpi.LookupName(os.Getenv(envService))
	}
	inter, err := mpi.World().Connect(port, 0, nil)
	if err != nil {
		return err
	}
	if mpi.World().Rank() == 0 {
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}
	_, err = mpi.Recv(inter, []int{0}, 0, 0)
	return err
}
