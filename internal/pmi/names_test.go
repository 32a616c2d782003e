package pmi

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// Names as launchers answer: this one, Hydra, and Slurm, which says less.
func TestNames(t *testing.T) {
	for _, c := range []struct {
		answer string // of any launcher; empty: that of NameResult
		failed string
		want   string
	}{
		{"", "", ""},
		{"", "nobody has published the name", "the launcher refuses the name: nobody has published the name"},
		{"cmd=%s_result info=ok rc=1 msg=key_already_present\n", "", "the launcher refuses the name: key already present"},
		{"cmd=%s_result info=ok port=p\n", "", ""},
		{"cmd=%s_result info=fail\n", "", "the launcher refuses the name: "},
		{"cmd=moon\n", "", "the launcher answers %s_name with map[cmd:moon]"},
	} {
		fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		there := os.NewFile(uintptr(fds[1]), "launcher")
		asked := make(chan Message, 1)
		go Serve(there, func(r Request) {
			if r.End {
				return
			}
			asked <- r.Message
			if verb := strings.TrimSuffix(r.Cmd(), "_name"); c.answer == "" {
				r.Reply(NameResult(r.Message, "p", c.failed))
			} else {
				r.Reply(strings.ReplaceAll(c.answer, "%s", verb))
			}
		})
		client := &Client{fd: fds[0]}
		port := ""
		for verb, ask := range map[string]func() error{
			"publish":   func() error { return client.Publish("a b", "p") },
			"unpublish": func() error { return client.Unpublish("a b") },
			"lookup":    func() (err error) { port, err = client.Lookup("a b"); return err },
		} {
			err := ask()
			want := strings.ReplaceAll(c.want, "%s", verb)
			if got := fmt.Sprint(err); got != want && (want != "" || err != nil) || strings.Contains(want, "refuses") != errors.Is(err, ErrName) {
				t.Errorf("%s: %q, want %q", verb, got, want)
			}
			if m := <-asked; m.Cmd() != verb+"_name" || m["service"] == "" || strings.Contains(m["service"], " ") || (m["port"] == "p") != (verb == "publish") {
				t.Errorf("asked %v", m)
			}
		}
		if c.want == "" && port != "p" {
			t.Errorf("the port is %q", port)
		}
		there.Close()
		unix.Close(fds[0])
	}
}
