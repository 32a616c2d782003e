package boot

import (
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func pair(t *testing.T) (rank, agent *Conn, cred *unix.Ucred) {
	t.Helper()
	name := fmt.Sprintf("@rain-boot-test-%d-%s", os.Getpid(), t.Name())
	l, err := Listen(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	if rank, err = Dial(name); err != nil {
		t.Fatal(err)
	}
	if agent, cred, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { rank.Close(); agent.Close() })
	return rank, agent, cred
}

func TestConversation(t *testing.T) {
	rank, agent, cred := pair(t)
	if int(cred.Pid) != os.Getpid() {
		t.Errorf("the kernel says pid %d, want %d", cred.Pid, os.Getpid())
	}
	if err := rank.Send(Message{Hello: &Hello{Rank: 3, Pid: 7}}); err != nil {
		t.Fatal(err)
	}
	m, err := agent.Recv()
	if err != nil || m.Hello == nil || m.Hello.Rank != 3 {
		t.Fatalf("got %+v, %v; want Hello of rank 3", m, err)
	}
	memory, err := unix.MemfdCreate("boot-test", unix.MFD_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(memory)
	if _, err := unix.Write(memory, []byte("shared")); err != nil {
		t.Fatal(err)
	}
	if err := agent.Send(Message{Welcome: &Welcome{Size: 4, Memory: true}}, memory); err != nil {
		t.Fatal(err)
	}
	if m, err = rank.Recv(); err != nil || m.Welcome == nil || m.Welcome.Size != 4 {
		t.Fatalf("got %+v, %v; want Welcome to 4", m, err)
	}
	fd := rank.FD()
	defer unix.Close(fd)
	b := make([]byte, 6)
	if _, err := unix.Pread(fd, b, 0); err != nil || string(b) != "shared" {
		t.Errorf("the descriptor holds %q, %v", b, err)
	}
	agent.Close()
	if _, err := rank.Recv(); err != io.EOF {
		t.Errorf("after the agent's end: %v, want EOF", err)
	}
}

// TestDrain: what was sent comes, and then the end, though somebody holds the connection.
func TestDrain(t *testing.T) {
	rank, agent, _ := pair(t)
	for i := range 3 {
		if err := rank.Send(Message{Hello: &Hello{Rank: i}}); err != nil {
			t.Fatal(err)
		}
	}
	agent.Drain()
	for i := range 3 {
		if m, err := agent.Recv(); err != nil || m.Hello == nil || m.Hello.Rank != i {
			t.Fatalf("message %d: %+v, %v", i, m, err)
		}
	}
	if m, err := agent.Recv(); err != io.EOF {
		t.Errorf("%+v, %v after all that was sent", m, err)
	}
	if err := rank.Send(Message{Hello: &Hello{}}); err == nil {
		t.Error("a child that goes on to talk is not refused")
	}
}

func TestGarbage(t *testing.T) {
	rank, agent, _ := pair(t)
	unix.Write(rank.fd, []byte("GET / HTTP/1.1\r\n"))
	if _, err := agent.Recv(); err == nil || !strings.Contains(err.Error(), "no rank of rainmpi") {
		t.Errorf("garbage was answered by %v", err)
	}
}
