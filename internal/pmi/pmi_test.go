package pmi

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestParse(t *testing.T) {
	m := Parse("cmd=put kvsname=k key=a value=b c=d\n")
	if m.Cmd() != "put" || m["key"] != "a" || m["value"] != "b c=d" {
		t.Errorf("%v", m)
	}
	for _, line := range []string{"", "\n", "x", "=", "cmd", "cmd=\x00", " cmd=a  b=c "} {
		Parse(line)
	}
	if got := Line("x", "a", "1"); got != "cmd=x a=1\n" {
		t.Errorf("%q", got)
	}
}

// A spawn of several programs has several lines each, and one answer.
func TestServeSpawn(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"mcmd=spawn\nnprocs=2\nexecname=a b\ntotspawns=2\nspawnssofar=1\narg1=x=y z\nargcnt=1\npreput_num=1\npreput_key_0=k\npreput_val_0=v w\ninfo_num=0\nendcmd\n" +
			"mcmd=spawn\nnprocs=1\nexecname=c\ntotspawns=2\nspawnssofar=2\nargcnt=0\npreput_num=0\ninfo_num=1\ninfo_key_0=host\ninfo_val_0=h\nendcmd\n",
			"[{a b [x=y z] 2 map[k:v w] map[]} {c [] 1 map[] map[host:h]}]"},
		{"mcmd=spawn\nnprocs=0\nexecname=a\ntotspawns=1\nspawnssofar=1\nendcmd\n", "[]"},
		{"mcmd=spawn\nnprocs=1\ntotspawns=9\nspawnssofar=1\nendcmd\n", "[]"},
		{"mcmd=spawn\nnprocs=1\nexecname=a\nargcnt=-1\npreput_num=x\nendcmd\n", "[{a [] 1 map[] map[]}]"},
	} {
		here, there := net.Pipe()
		got := make(chan string, 1)
		go Serve(there, func(r Request) {
			if !r.End {
				got <- fmt.Sprint(r.Spawns)
				r.Reply(SpawnResult(3, ""))
			}
		})
		if _, err := here.Write([]byte(c.in)); err != nil {
			t.Fatal(err)
		}
		if g := <-got; g != c.want {
			t.Errorf("%q: %s, want %s", c.in, g, c.want)
		}
		buf := make([]byte, 100)
		if n, _ := here.Read(buf); string(buf[:n]) != "cmd=spawn_result rc=0 errcodes=0,0,0\n" {
			t.Errorf("answer %q", buf[:n])
		}
		here.Close()
	}
	if got := SpawnResult(0, "no slots left"); got != "cmd=spawn_result rc=-1 msg=no_slots_left\n" {
		t.Error(got)
	}
}

func TestMapping(t *testing.T) {
	for _, c := range []struct {
		hostOf []int
		want   string
	}{
		{[]int{0}, "(vector,(0,1,1))"},
		{[]int{0, 0, 1, 1}, "(vector,(0,2,2))"},
		{[]int{0, 1, 0, 1}, "(vector,(0,2,1),(0,2,1))"},
		{[]int{0, 0, 1, 2, 2}, "(vector,(0,1,2),(1,1,1),(2,1,2))"},
		{[]int{1, 0}, "(vector,(1,1,1),(0,1,1))"},
	} {
		if got := Mapping(c.hostOf); got != c.want {
			t.Errorf("%v: %s, want %s", c.hostOf, got, c.want)
		}
	}
	long := make([]int, 4000)
	for i := range long {
		long[i] = i * 7 % 11
	}
	if got := Mapping(long); got != "" {
		t.Errorf("a mapping of %d bytes, more than a value may have", len(got))
	}
}

// server plays a launcher of n ranks on connections.
type server struct {
	job     Job
	n       int
	waiting []Request
	events  chan func()
	ends    int
	abort   string
}

func newServer(n int) *server {
	s := &server{n: n, events: make(chan func()), job: Job{Name: "kvs", Size: n, Universe: 9, HostOf: make([]int, n), Values: map[string]string{}}}
	go func() {
		for f := range s.events {
			f()
		}
	}()
	return s
}

func (s *server) handle(r Request) { s.events <- func() { s.answer(r) } }

func (s *server) answer(r Request) {
	if r.End {
		s.ends++
		return
	}
	switch r.Cmd() {
	case "put":
		s.job.Values[r.Message["key"]] = r.Message["value"]
		r.Reply(Line("put_result", "rc", "0"))
	case "barrier_in":
		s.waiting = append(s.waiting, r)
		if len(s.waiting) == s.n {
			for _, w := range s.waiting {
				w.Reply(Line("barrier_out"))
			}
			s.waiting = nil
		}
	case "finalize":
		r.Reply(Line("finalize_ack"))
	case "abort":
		s.abort = r.Message["exitcode"]
		r.Reply("")
	default:
		r.Reply(s.job.Answer(r.Message, 3))
	}
}

// client is a rank on a socket pair.
func client(t *testing.T, s *server, rank int) *Client {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		f := os.NewFile(uintptr(fds[1]), "rank")
		Serve(f, s.handle)
		f.Close()
	}()
	t.Setenv(EnvFD, fmt.Sprint(fds[0]))
	t.Setenv(EnvRank, fmt.Sprint(rank))
	t.Setenv(EnvSize, fmt.Sprint(s.n))
	c, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestConversation(t *testing.T) {
	s := newServer(2)
	a, b := client(t, s, 0), client(t, s, 1)
	if n, err := b.AppNum(); n != 3 || err != nil {
		t.Errorf("appnum %d, %v", n, err)
	}
	if n, err := b.UniverseSize(); n != 9 || err != nil {
		t.Errorf("universe size %d, %v", n, err)
	}
	big := bytes.Repeat([]byte("a card of many rails "), 300)
	if err := a.Put("card", big); err != nil {
		t.Fatal(err)
	}
	if err := a.Put("none", nil); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() { done <- a.Barrier() }()
	if err := b.Barrier(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if got, err := b.Get("card"); err != nil || !bytes.Equal(got, big) {
		t.Errorf("%d bytes of %d came, %v", len(got), len(big), err)
	}
	if got, err := b.Get("none"); err != nil || len(got) != 0 {
		t.Errorf("%q %v", got, err)
	}
	if _, err := b.Get("nobody"); err == nil || !strings.Contains(err.Error(), "nobody") {
		t.Errorf("a key that nobody has put: %v", err)
	}
	if err := a.Finalize(); err != nil {
		t.Error(err)
	}
	if err := b.Abort(7); err != nil {
		t.Error(err)
	}
}

// Each request has an answer, also those that are refused.
func TestAnswers(t *testing.T) {
	j := Job{Name: "kvs", HostOf: []int{0, 0}, Values: map[string]string{}}
	for _, c := range []struct{ line, want string }{
		{"cmd=init pmi_version=1 pmi_subversion=1", "cmd=response_to_init rc=0 pmi_version=1 pmi_subversion=1\n"},
		{"cmd=init pmi_version=2 pmi_subversion=0", "cmd=response_to_init rc=-1 pmi_version=1 pmi_subversion=1\n"},
		{"cmd=get kvsname=kvs key=PMI_process_mapping", "cmd=get_result rc=0 msg=success value=(vector,(0,1,2))\n"},
		{"cmd=moon", "cmd=unknown rc=-1"},
		{"nonsense", "cmd=unknown rc=-1"},
		{"cmd=barrier_in", ""},
		{"cmd=spawn", ""},
		{"cmd=lookup_name service=x", ""},
	} {
		if got := j.Answer(Parse(c.line), 0); !strings.HasPrefix(got, c.want) || c.want == "" && got != "" {
			t.Errorf("%s: %q", c.line, got)
		}
	}
}

// spawn's lines are one request.
func TestSpawnIsOneRequest(t *testing.T) {
	a, b := net.Pipe()
	var cmds []string
	done := make(chan bool)
	go func() {
		Serve(b, func(r Request) {
			if !r.End {
				cmds = append(cmds, r.Cmd())
				r.Reply("cmd=x\n")
			}
		})
		close(done)
	}()
	buf := make([]byte, 100)
	for _, text := range []string{"mcmd=spawn\nnprocs=2\nexecname=x\nendcmd\n", "cmd=finalize\n"} {
		if _, err := a.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Read(buf); err != nil {
			t.Fatal(err)
		}
	}
	a.Close()
	<-done
	if fmt.Sprint(cmds) != "[spawn finalize]" {
		t.Errorf("%v", cmds)
	}
}

// Variables without their descriptor: a child of a rank.
func TestInherited(t *testing.T) {
	t.Setenv(EnvRank, "0")
	t.Setenv(EnvSize, "1")
	file, err := os.Open("/dev/null")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, fd := range []string{"9999", "-1", "moon", "", fmt.Sprint(file.Fd())} {
		t.Setenv(EnvFD, fd)
		if _, err := Open(); err != ErrNone {
			t.Errorf("PMI_FD=%s: %v", fd, err)
		}
	}
}

// PMI_PORT: the launcher says who we are.
func TestPort(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s := newServer(1)
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		buf := make([]byte, 100)
		n, _ := c.Read(buf)
		if string(buf[:n]) != "cmd=initack pmiid=5\n" {
			c.Close()
			return
		}
		fmt.Fprint(c, "cmd=initack rc=0\ncmd=set size=1\ncmd=set rank=0\ncmd=set debug=0\n")
		Serve(c, s.handle)
	}()
	t.Setenv(EnvFD, "")
	t.Setenv(EnvPort, l.Addr().String())
	t.Setenv(EnvID, "5")
	c, err := Open()
	if err != nil || c.Size != 1 {
		t.Fatalf("%+v %v", c, err)
	}
	if err := c.Barrier(); err != nil {
		t.Error(err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("cmd=put kvsname=k key=a value=b")
	f.Fuzz(func(t *testing.T, line string) {
		j := Job{Values: map[string]string{}}
		if out := j.Answer(Parse(line), 0); strings.Count(out, "\n") > 1 {
			t.Errorf("%q is answered by more than a line: %q", line, out)
		}
	})
}
