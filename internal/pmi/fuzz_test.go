package pmi

import (
	"io"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// FuzzServe: whatever a rank writes, each of its requests is handed over once and answered by a line, and the end of
// what it writes is one.
func FuzzServe(f *testing.F) {
	f.Add("cmd=init pmi_version=1 pmi_subversion=1\ncmd=get kvsname=k key=a\ncmd=finalize\n")
	f.Add("mcmd=spawn\nnprocs=2\nexecname=x\ntotspawns=2\nspawnssofar=1\narg1=a\nargcnt=1\nendcmd\n" +
		"mcmd=spawn\nnprocs=1\nexecname=y\ntotspawns=2\nspawnssofar=2\ninfo_num=1\ninfo_key_0=host\ninfo_val_0=a b\nendcmd\n")
	f.Add("mcmd=spawn\nnprocs=2\nargcnt=9223372036854775807\nexecname=x\npreput_num=-1\nendcmd")
	f.Fuzz(func(t *testing.T, text string) {
		j := Job{Name: "k", Size: 2, HostOf: []int{0, 1}, Values: map[string]string{}}
		var out strings.Builder
		lines, ends := 0, 0
		Serve(struct {
			io.Reader
			io.Writer
		}{strings.NewReader(text), &out}, func(r Request) {
			if r.End {
				ends++
				return
			}
			for _, s := range r.Spawns {
				if s.Program == "" || s.N < 1 || len(s.Args) > maxSpawnLines {
					t.Fatalf("%+v is to be started", s)
				}
			}
			lines++
			answer := j.Answer(r.Message, 0)
			if answer == "" {
				answer = Line("done")
			}
			r.Reply(answer)
		})
		if ends != 1 || strings.Count(out.String(), "\n") != lines || lines > strings.Count(text, "\n")+1 {
			t.Fatalf("%q: %d requests, %d ends, answered by %q", text, lines, ends, out.String())
		}
	})
}

// FuzzClient: whatever a launcher answers, a rank gets a value or an error.
func FuzzClient(f *testing.F) {
	f.Add("cmd=response_to_init rc=0 pmi_version=1 pmi_subversion=1\ncmd=maxes kvsname_max=256 keylen_max=64 vallen_max=100\n" +
		"cmd=my_kvsname kvsname=k\ncmd=put_result rc=0\ncmd=put_result rc=0\ncmd=get_result rc=0 value=2.YWJj\ncmd=get_result rc=0 value=ZGVm\n" +
		"cmd=barrier_out\ncmd=lookup_result info=ok port=p rc=0\ncmd=appnum appnum=0\n")
	f.Add("cmd=response_to_init rc=0\ncmd=maxes vallen_max=-5\ncmd=my_kvsname\ncmd=get_result value=9223372036854775807.x\n")
	f.Fuzz(func(t *testing.T, answers string) {
		if len(answers) > 64<<10 { // what a socket holds
			return
		}
		fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(fds[0])
		defer unix.Close(fds[1])
		if n, err := unix.Write(fds[1], []byte(answers)); err != nil && len(answers) > 0 || n != len(answers) {
			t.Fatal(n, err)
		}
		unix.Shutdown(fds[1], unix.SHUT_WR)
		c := &Client{fd: fds[0], Size: 2, maxValue: MaxValue}
		if c.introduce() != nil {
			return
		}
		if c.maxValue <= 64 || c.maxValue > MaxValue {
			t.Fatalf("values have up to %d bytes", c.maxValue)
		}
		if c.Put("key", []byte(strings.Repeat("x", 100))) != nil {
			return
		}
		if b, err := c.Get("key"); err == nil && len(b) > len(answers) {
			t.Fatalf("%d bytes come of %d", len(b), len(answers))
		}
		_ = c.Barrier()
		if port, err := c.Lookup("name"); err == nil && strings.ContainsAny(port, " \n") {
			t.Fatalf("the port is %q", port)
		}
		_, _ = c.AppNum()
	})
}
