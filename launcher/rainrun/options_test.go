package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"golang.org/x/sys/unix"
)

// Every option that the table names is read, and every option that is read
// stands in the table.
func TestOptionTable(t *testing.T) {
	set := newSettings().set
	known := map[string]bool{}
	for _, o := range page.All() {
		known[o.Flag] = true
		f := set.Lookup(o.Flag)
		if f == nil {
			t.Errorf("--%s is in the table, and nobody reads it", o.Flag)
		} else if isSwitch := f.NoOptDefVal != ""; isSwitch != (o.Arg == "") {
			t.Errorf("--%s: the table says that %q follows", o.Flag, o.Arg)
		}
		for _, name := range append(o.Names, o.Also...) {
			got, _, _ := optionOf(name)
			if got.Flag != o.Flag {
				t.Errorf("%s is read as --%s, want --%s", name, got.Flag, o.Flag)
			}
			if long, ok := strings.CutPrefix(name, "--"); ok { // which may have one dash
				if got, _, _ := optionOf("-" + long); got.Flag != o.Flag {
					t.Errorf("-%s is read as --%s, want --%s", long, got.Flag, o.Flag)
				}
			}
		}
	}
	set.VisitAll(func(f *pflag.Flag) {
		if !known[f.Name] {
			t.Errorf("--%s is read, and not in the table", f.Name)
		}
	})
	for s, means := range synonyms {
		flag, _, _ := strings.Cut(means, "=")
		if !known[flag] {
			t.Errorf("-%s stands for --%s, which is not there", s, flag)
		}
	}
}

// A variable that is set in rainrun's environment reaches the ranks by its name alone.
func TestVariablesByName(t *testing.T) {
	t.Setenv("V", "from outside")
	for _, args := range [][]string{{"-x", "V"}, {"-genvlist", "A,V"}, {"-envlist", "A,V"}, {}} {
		res := rainrun(t, append(args, "sh", "-c", "echo $V")...)
		res.want(t, 0)
		if res.out != "from outside\n" {
			t.Errorf("%q: %q", args, res.out)
		}
	}
}

// What a rank finds in its environment.
func TestEnvironmentOfARank(t *testing.T) {
	t.Setenv("OMPI_COMM_WORLD_RANK", "77") // of another launcher around us
	t.Setenv("PMI_FD", "77")
	var names []string
	for _, n := range []string{"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK", "OMPI_COMM_WORLD_LOCAL_SIZE",
		"OMPI_COMM_WORLD_NODE_RANK", "PMI_RANK", "PMI_SIZE", "MPI_LOCALRANKID", "MPI_LOCALNRANKS", "RAIN_RANK", "RAIN_SIZE", "RAIN_LOCAL_RANK"} {
		names = append(names, "$"+n)
	}
	res := rainrun(t, onTwo("-n", "3", "--map-by", "node", "sh", "-c", "echo "+strings.Join(names, " "))...)
	res.want(t, 0)
	if got := strings.Join(sortedLines(res.out), ","); got != "0 3 0 2 0 0 3 0 2 0 3 0,1 3 0 1 0 1 3 0 1 1 3 0,2 3 1 2 1 2 3 1 2 2 3 1" {
		t.Errorf("got %q", got)
	}
}

func TestTimestamps(t *testing.T) {
	for _, args := range [][]string{{"--timestamp-output"}, {"--output", "timestamp"}} {
		res := rainrun(t, append(args, "-n", "1", "printf", `a\nb\n`)...)
		res.want(t, 0)
		if !regexp.MustCompile(`^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6} [ab]\n){2}$`).MatchString(res.out) {
			t.Errorf("%q: %q", args, res.out)
		}
	}
}

func TestOutputFiles(t *testing.T) {
	for _, option := range []string{"--output-filename=%s", "--output=tag,file=%s"} {
		prefix := filepath.Join(t.TempDir(), "sub", "out")
		res := rainrun(t, "-n", "11", fmt.Sprintf(option, prefix), "sh", "-c", "echo $PMI_RANK; echo bad >&2")
		res.want(t, 0)
		if res.out != "" {
			t.Errorf("%s: output %q beside the files", option, res.out)
		}
		for name, want := range map[string]string{".00.out": "0\n", ".10.out": "10\n", ".07.err": "bad\n"} {
			if b, err := os.ReadFile(prefix + name); string(b) != want {
				t.Errorf("%s: %s: %q, %v", option, name, b, err)
			}
		}
	}
}

// --stdin: one rank, some, all, none. More input than any window holds.
func TestStdinChoices(t *testing.T) {
	big := strings.Repeat("0123456789abcdef", 1<<16)
	n := fmt.Sprint(len(big))
	for _, c := range []struct{ stdin, want string }{
		{"2", "0 0,1 0,2 " + n + ",3 0"},
		{"all", "0 " + n + ",1 " + n + ",2 " + n + ",3 " + n},
		{"0,2-3", "0 " + n + ",1 0,2 " + n + ",3 " + n},
		{"none", "0 0,1 0,2 0,3 0"},
	} {
		res := start(t, big, onTwo("-n", "4", "--stdin", c.stdin, "sh", "-c", "echo $PMI_RANK $(wc -c)")...).wait()
		res.want(t, 0)
		if got := strings.Join(sortedLines(res.out), ","); got != c.want {
			t.Errorf("--stdin %s: %q, want %q", c.stdin, got, c.want)
		}
	}
	// One that does not read does not keep it from another.
	res := start(t, big, "-n", "2", "--stdin", "all", "sh", "-c", "if [ $PMI_RANK = 1 ]; then wc -c; fi").wait()
	res.want(t, 0)
	if strings.TrimSpace(res.out) != n {
		t.Errorf("rank 1 read %q of %s", res.out, n)
	}
	start(t, "", "-n", "2", "--stdin", "0,2", "true").wait().want(t, 1, "--stdin 2: the job has ranks 0 to 1")
}

// --ports: a socket of each rank and agent is in the range; when it is used up,
// the message names the range and what to do.
func TestPorts(t *testing.T) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	sa, _ := unix.Getsockname(fd)
	port := sa.(*unix.SockaddrInet4).Port
	taken := fmt.Sprintf("%d-%d", port, port)
	rail := []string{"--rails", "127.0.0.1"}
	for _, args := range [][]string{{"--ports", taken}, {"-ports", fmt.Sprint(port)}} {
		rainrun(t, append(append(args, rail...), onTwo("-n", "4", "true")...)...).
			want(t, 1, "none of "+taken+" is free", "widen the range", "ss -lunp")
	}
	t.Setenv("RAIN_PORTS", taken)
	rainrun(t, append(rail, onTwo("-n", "4", "true")...)...).want(t, 1, "none of "+taken+" is free")
	// The command line goes before the environment.
	res := rainrun(t, append(append(rail, "-v", "--ports", "41000-41999"), onTwo("-n", "4", "true")...)...)
	if res.status != 0 || len(regexp.MustCompile(`rails 127\.0\.0\.1:41\d\d\d\n`).FindAllString(res.err, -1)) != 2 {
		t.Errorf("status %d, %s", res.status, res.err)
	}
	t.Setenv("RAIN_PORTS", "moon")
	rainrun(t, "true").want(t, 2, "RAIN_PORTS moon")
}

// RAIN_RAILS names rails, unless the command line does.
func TestRailsVariable(t *testing.T) {
	t.Setenv("RAIN_RAILS", "no-such-rail")
	rainrun(t, onTwo("-n", "4", "true")...).want(t, 1, "no-such-rail")
	rainrun(t, append([]string{"--rails", "127.0.0.1"}, onTwo("-n", "4", "true")...)...).want(t, 0)
}

// The host files of other launchers' variables.
func TestHostFileVariables(t *testing.T) {
	for _, name := range hostFileVariables {
		t.Run(name, func(t *testing.T) {
			t.Setenv(name, writeFile(t, "hosts", "a:1\nb slots=1\n", 0o644))
			res := rainrun(t, append(twoHosts[2:], "sh", "-c", where)...)
			res.want(t, 0)
			if got := strings.Join(sortedLines(res.out), ","); got != "0 a,1 b" {
				t.Errorf("got %q", got)
			}
			// Hosts on the command line go before.
			res = rainrun(t, append(append([]string{}, twoHosts[2:]...), "--host", "c:1", "sh", "-c", where)...)
			if res.out != "0 c\n" {
				t.Errorf("got %q", res.out)
			}
		})
	}
}
