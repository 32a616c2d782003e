package launcher

import (
	"fmt"
	"strings"
	"testing"
)

func text(hosts []Host) string {
	var s []string
	for _, h := range hosts {
		s = append(s, fmt.Sprintf("%s/%d", h.Name, h.Slots))
	}
	return strings.Join(s, " ")
}

func TestParseHosts(t *testing.T) {
	for in, want := range map[string]string{
		"a":             "a/0",
		"a:2,b":         "a/2 b/0",
		"a,a,b":         "a/2 b/0",
		"a:2,b:1,a:3":   "a/5 b/1",
		"10.0.0.1:3":    "10.0.0.1/3",
		"[::1]:2,fe::2": "::1/2 fe::2/0",
		"user@host:2":   "user@host/2",
	} {
		if got, err := ParseHosts(in); err != nil || text(got) != want {
			t.Errorf("%s: %s %v", in, text(got), err)
		}
	}
	for _, in := range []string{"", "a,,b", "a:x", "a:0", "a:-1", "-x", "a b", "[::1", "[::1]x", "$(id)", "a:1:2,;"} {
		if got, err := ParseHosts(in); err == nil {
			t.Errorf("%q was taken as %s", in, text(got))
		}
	}
}

func TestHostFile(t *testing.T) {
	good := "# all\n\na slots=4\nb:2   # two\nc\na slots=1\nd slots=2 max_slots=4\n"
	got, err := parseHostFile("hosts", strings.NewReader(good))
	if err != nil || text(got) != "a/5 b/2 c/0 d/2" {
		t.Errorf("%s %v", text(got), err)
	}
	for in, want := range map[string]string{
		"a\nb slots=x":           "hosts:2: host b: \"x\" is no number of slots",
		"a slots":                "hosts:1: \"slots\": expected slots=N",
		"a:2 slots=2":            "hosts:1: host a: its slots are given twice",
		"a\n\nb sockets=2":       "hosts:3: host b: unknown key \"sockets\"",
		"a\n:3":                  "hosts:2: a host without a name",
		"# nothing\n":            "names no host",
		strings.Repeat("x", 1e6): "hosts:1:",
	} {
		if _, err := parseHostFile("hosts", strings.NewReader(in)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.30q: %v, want %s", in, err, want)
		}
	}
}

func TestWords(t *testing.T) {
	start, err := CommandStart(`ip netns  exec %h env 'A=x y' B=100%% "c\"d"`, "/bin/rainrun")
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprintf("%q", start("n1")); got != `["ip" "netns" "exec" "n1" "env" "A=x y" "B=100%" "c\"d" "/bin/rainrun" "agent"]` {
		t.Error(got)
	}
	for _, bad := range []string{"", "  ", "a 'b", `a\`} {
		if _, err := CommandStart(bad, "x"); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
	if got := strings.Join(SSHStart("/my dir/rainrun")("h"), " "); !strings.HasSuffix(got, "-- h '/my dir/rainrun' agent") {
		t.Error(got)
	}
}

func TestEnvironment(t *testing.T) {
	got := mergeEnv([]string{"A=1", "B=2"}, []string{"B=3", "C=4"})
	if strings.Join(got, " ") != "A=1 B=3 C=4" {
		t.Error(got)
	}
	in := []string{"PATH=/bin", "HOME=/root", "PMI_FD=3", "OMP_NUM_THREADS=2", "RAIN_AGENT=@x", "RAIN_COLL=bcast:ring", "SSH_TTY=x"}
	if got := strings.Join(TravellingEnv(in), " "); got != "PATH=/bin OMP_NUM_THREADS=2 RAIN_COLL=bcast:ring" {
		t.Error(got)
	}
	if got := strings.Join(withoutForeign(in), " "); strings.Contains(got, "PMI_FD") || !strings.Contains(got, "HOME") {
		t.Error(got)
	}
}

func TestIsLocal(t *testing.T) {
	for name, want := range map[string]bool{"localhost": true, "127.0.0.1": true, "::1": true, localName(): true, "192.0.2.200": false, "nosuch": false} {
		if IsLocal(name) != want {
			t.Errorf("IsLocal(%s) is %v", name, !want)
		}
	}
}
