package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// takesAnything are options of whose argument nothing can be said before it is used.
var takesAnything = map[string]string{
	"history":  "a file that agents make",
	"genvlist": "names that are not set are left out",
	"envlist":  "the same",
	"path":     "a folder may be missing on some hosts",
	"mca":      "other launchers' names mean nothing here, except those of rails",
	"prefix":   "a case of TestOptions: it is looked at on each host",
}

// Whatever is wrong gets one line with the remedy, a status that is not 0, and
// starts nothing; and every option that takes something has a case.
func TestBadInput(t *testing.T) {
	dir := t.TempDir()
	flag := filepath.Join(dir, "started")
	file := func(text string) string { return writeFile(t, "file", text, 0o644) }
	ranks := file("rank 0=a\nrank 1=b\n")
	far := []string{"--agent-command", "env RAINRUN_TEST_HOST=%h"}
	on := func(args ...string) []string { return append(args, far...) }
	more := fmt.Sprint(runtime.NumCPU() + 1)
	has := map[string]bool{}
	for _, c := range []struct {
		args   []string // before "touch FLAG"
		status int
		want   string // with the remedy
	}{
		{[]string{"--frobnicate"}, 2, "--frobnicate; rainrun --help lists the options"},
		{[]string{"-frobnicate"}, 2, "--frobnicate; rainrun --help lists the options"},
		{[]string{"-n2x"}, 2, "rainrun --help lists the options"},
		{[]string{"-n", "0"}, 2, "-n 0: at least one rank"},
		{[]string{"-n", "-1"}, 2, "-n -1: at least one rank"},
		{[]string{"-n", "x"}, 2, "-n x: must be an integer"},
		{[]string{"--oversubscribe=maybe"}, 2, "--oversubscribe maybe: must be true or false"},

		{[]string{"--host", ""}, 2, "a host without a name; write a,b or a:2,b"},
		{[]string{"--host", "a,,b"}, 2, "a host without a name; write a,b or a:2,b"},
		{[]string{"--host", "a:0"}, 2, `host a: "0" is no number of slots (1 or more)`},
		{[]string{"--host", "a:x"}, 2, `host a: "x" is no number of slots (1 or more)`},
		{[]string{"--host", "-oProxyCommand=x"}, 2, "starts with a dash"},
		{[]string{"--host", "a;b"}, 2, "a character that no host name has"},
		{[]string{"--host", "[::1"}, 2, "no closing ]"},
		{[]string{"--host", "user@"}, 2, "write user@host"},
		{[]string{"--host", "nosuch.invalid"}, 1, "check the name, and that ssh works without a password"},
		{on("--host", "a:1,b:1", "-n", "3"), 1, "with --oversubscribe, or say how many a host takes: --host a:2"},
		{on("--host", "a:1", "--prefix", "/no"), 1, "--prefix DIR says where else it is"},

		{[]string{"--hostfile", "/no/such"}, 2, "host file: open /no/such: no such file"},
		{[]string{"--hostfile", dir}, 2, "is a directory"},
		{[]string{"--hostfile", file("a slots=1\nb slots=many\n")}, 2, `file:2: host b: "many" is no number of slots`},
		{[]string{"--hostfile", file("a slots\n")}, 2, `file:1: "slots": expected slots=N after the host name (or host:N)`},
		{[]string{"--hostfile", file("a sockets=1\n")}, 2, "file:1: host a: unknown key \"sockets\" (known: slots, max_slots)"},
		{[]string{"--hostfile", file("a:1 slots=2\n")}, 2, "file:1: host a: its slots are given twice"},
		{[]string{"--hostfile", file("a\n:2\n")}, 2, "file:2: a host without a name"},
		{[]string{"--hostfile", file("# none\n")}, 2, "it names no host; write one a line"},

		{[]string{"-ppn", "0"}, 2, "-ppn 0: at least one rank per host"},
		{[]string{"--map-by", "moon"}, 2, "known are slot, node, core"},
		{[]string{"--map-by", "ppr:x:node"}, 2, "known are ppr:N:node"},
		{[]string{"--map-by", "ppr:1:moon"}, 2, "known are ppr:N:node, ppr:N:package"},
		{[]string{"--map-by", "slot:PE=0"}, 2, "PE= takes a number of cores"},
		{[]string{"--map-by", "slot:MOON"}, 2, "modifier moon is not known; PE=N"},
		{[]string{"-n", "1", "--map-by", "slot:PE=9999"}, 127, "PE=9999"},
		{[]string{"--cpus-per-rank", "0"}, 2, "at least one core per rank"},
		{[]string{"--rank-by", "moon"}, 2, "--rank-by moon: known are slot and node"},
		{[]string{"--bind-to", "moon"}, 2, "known are none, core"},
		{[]string{"--bind-to", "core:moon"}, 2, "modifier moon is not known; a number and overload-allowed are"},
		{[]string{"-n", more, "--bind-to", "core"}, 127, "use --bind-to none, --bind-to core:overload-allowed or fewer ranks per host"},
		{on("-rf", ranks, "-n", "3"), 1, "rank 2 has no line; the file has ranks 0 to 1"},
		{on("-rf", ranks, "--host", "b:1,c:1"), 1, "host a is not among those of --host"},
		{on("-rf", file("rank 0=+n1\n"), "--host", "b"), 1, "name them with --host"},
		{[]string{"-rf", "/no/such"}, 2, "no such file"},
		{[]string{"-rf", file("rank 0=a\nrank 2=a\n")}, 2, "rank 1 has no line; ranks count from 0"},
		{[]string{"-rf", file("a slots=1\n")}, 2, "file:1: \"a slots=1\": expected rank N=HOST slot=CORES"},
		{[]string{"-rf", file("rank 0=localhost slot=9999\n")}, 127, "rank 0: slot=9999: there are cores 0 to "},
		{[]string{"--oversubscribe", "--nooversubscribe"}, 2, "contradict each other: give one of them"},
		{[]string{"-n", "9999", "--nooversubscribe"}, 1, "no slots left"},
		{[]string{"--nolocal"}, 1, "name others with --host"},
		{[]string{"--display", "moon"}, 2, "known are map, allocation and bindings"},

		{[]string{"-x", "=1"}, 2, "no name"},
		{[]string{"-genv", "", "1"}, 2, "expected a name and a value"},
		{[]string{"-env", "", "1"}, 2, "expected a name and a value"},
		{[]string{"-wdir", "/no/such"}, 127, "working directory /no/such: stat /no/such: no such file or directory; make it there, or give another with -wdir"},
		{[]string{"-configfile", file("-n 1 true\n")}, 2, "stands alone: no program beside it"},

		{[]string{"--stdin", "moon"}, 2, "expected a rank, ranks such as 0,2-3, all, or none"},
		{[]string{"--stdin", "9"}, 1, "--stdin 9: the job has ranks 0 to 0"},
		{[]string{"--output", "moon"}, 2, "tag, timestamp, merge-stderr-to-stdout and file=PREFIX are"},
		{[]string{"--output-filename", ranks + "/x"}, 1, "name a place where files can be made"},

		{[]string{"--timeout", "soon"}, 2, "write seconds, or 90s, 10m, 2h"},
		{[]string{"--timeout", "-1"}, 2, "write seconds, or 90s, 10m, 2h"},
		{[]string{"--kill-grace", "moon"}, 2, "--kill-grace moon: \"moon\" is no time; write seconds"},
		{[]string{"--kill-grace", "-1s"}, 2, "write seconds"},
		{[]string{"--kill-grace", ""}, 2, "expected a time"},
		{[]string{"--host-timeout", "moon"}, 2, "write seconds"},
		{[]string{"--host-timeout", "0.1"}, 1, "--host-timeout 100ms: at least 500ms"},
		{[]string{"--start-timeout", "moon"}, 2, "write seconds"},
		{on("--on-failure", "shrug"), 2, "--on-failure shrug: abort or continue"},
		{on("--witness", "a", "--host", "a:1,b:1"), 1, "a witness is a host without"},
		{on("--witness", "a b", "--host", "a:1,b:1", "-n", "2"), 1, "a character that no host name has"},

		{[]string{"--agent-command", "a 'b"}, 2, "a quote that is not closed"},
		{[]string{"--launcher", "moon"}, 2, "any other command goes into --agent-command"},
		{[]string{"--launcher", "slurm"}, 2, "run it in sbatch or salloc"},
		{[]string{"--rails", ""}, 2, "write eth1,eth2"},
		{on("--rails", "no-such-rail", "--host", "a:1,b:1", "-n", "2"), 1, "no-such-rail"},
		{[]string{"--ports", "99999"}, 2, "expected a range of UDP ports such as 47000-47999"},
		{[]string{"--ports", "9-1"}, 2, "expected a range of UDP ports such as 47000-47999"},
		{[]string{"--ports", "moon"}, 2, "expected a range of UDP ports such as 47000-47999"},
	} {
		for _, a := range c.args {
			o, _, _ := optionOf(a)
			has[o.Flag] = true
		}
		res := rainrun(t, append(c.args, "touch", flag)...)
		res.wantOneLine(t, c.args, c.status, c.want)
	}
	if _, err := os.Stat(flag); err == nil {
		t.Error("a program was started")
	}
	for _, o := range page.All() {
		if o.Arg != "" && !has[o.Flag] && takesAnything[o.Flag] == "" {
			t.Errorf("%s has no case of something wrong", o.Names[0])
		}
	}
}

func (res result) wantOneLine(t *testing.T, args []string, status int, want string) {
	t.Helper()
	if res.status != status || !strings.Contains(res.err, want) || strings.Count(res.err, "\n") != 1 || res.out != "" {
		t.Errorf("%q: status %d, output %q, stderr %q; want status %d and one line with %q", args, res.status, res.out, res.err, status, want)
	}
}

// Command lines that are wrong as a whole.
func TestBadCommandLines(t *testing.T) {
	file := func(text string) string { return writeFile(t, "file", text, 0o644) }
	for _, c := range []struct {
		args   []string
		status int
		want   string
	}{
		{[]string{"-n", "2"}, 2, "no program to run; rainrun --help shows examples"},
		{[]string{"-n"}, 2, "-n needs an argument: -n N"},
		{[]string{"-genv", "A"}, 2, "-genv needs an argument: -genv NAME VALUE"},
		{[]string{"-n", "1", "true", ":"}, 2, "no program after the colon number 1"},
		{[]string{":", "true"}, 2, "no program to run"},
		{[]string{"-configfile", "/no/such"}, 2, "/no/such"},
		{[]string{"-configfile", file("\n# none\n")}, 2, "the file names no program"},
		{[]string{"-configfile", file("true\n-n x true\n")}, 2, "file:2: -n x: must be an integer"},
		{[]string{"-configfile", file("echo 'x\n")}, 2, "a quote that is not closed"},
		{[]string{"./no-such-program"}, 127, "put it there, or send it with --preload"},
		{[]string{"no-such-program"}, 127, "not found in PATH; give its path, or search more folders with -path"},
		{[]string{"--preload", "--host", "a.invalid", "./no-such"}, 1, "--preload: on this host: program ./no-such does not exist"},
		{[]string{file("x")}, 127, "chmod +x"},
		{[]string{"/"}, 127, "is a directory"},
	} {
		rainrun(t, c.args...).wantOneLine(t, c.args, c.status, c.want)
	}
	rainrun(t).want(t, 2, "usage")
}

// What batch systems and users say in the environment may be wrong as well.
func TestBadEnvironment(t *testing.T) {
	bad := writeFile(t, "hosts", "a slots=1\nb slots=many\n", 0o644)
	for _, c := range []struct {
		variables string
		want      string
	}{
		{"MPIEXEC_TIMEOUT=moon", "MPIEXEC_TIMEOUT: \"moon\" is no time; write seconds"},
		{"RAIN_RAILS=a,,b", "RAIN_RAILS \"a,,b\": a rail without a name; write eth1,eth2"},
		{"RAIN_PORTS=moon", "RAIN_PORTS moon: expected a range of UDP ports"},
		{"HYDRA_HOST_FILE=" + bad, "HYDRA_HOST_FILE: " + bad + ":2: host b"},
		{"OMPI_MCA_orte_default_hostfile=/no/such", "OMPI_MCA_orte_default_hostfile: host file: open /no/such"},
		{"RAIN_AGENT_COMMAND=a 'b\nHYDRA_HOST_FILE=" + writeFile(t, "hosts", "a:1\n", 0o644), "a quote that is not closed"},
		{"SLURM_JOB_ID=1\nSLURM_JOB_NODELIST=n[1-", "SLURM_JOB_NODELIST=n[1-: \"n[1-\": no closing ]"},
		{"SLURM_JOB_ID=1\nSLURM_JOB_NODELIST=n[x]", "is no range of numbers"},
		{"SLURM_JOB_ID=1\nSLURM_JOB_NODELIST=n1\nSLURM_TASKS_PER_NODE=two", "SLURM_TASKS_PER_NODE=two: \"two\" is no count such as 2 or 2(x3)"},
	} {
		t.Run(c.variables, func(t *testing.T) {
			for _, kv := range strings.Split(c.variables, "\n") {
				name, value, _ := strings.Cut(kv, "=")
				t.Setenv(name, value)
			}
			rainrun(t, "true").wantOneLine(t, []string{c.variables}, 2, c.want)
		})
	}
}

// Output that has nowhere to go is no success.
func TestLostOutput(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("no /dev/full")
	}
	dir := t.TempDir()
	if err := os.Symlink("/dev/full", filepath.Join(dir, "x.0.out")); err != nil {
		t.Fatal(err)
	}
	rainrun(t, "--output-filename", filepath.Join(dir, "x"), "echo", "hi").want(t, 1, "no space left on device; output is lost")
	for _, how := range []string{"", "-l", "--merge-stderr-to-stdout"} {
		line := self(t) + " -n 2 " + how + " sh -c 'echo hi; echo there >&2' >/dev/full"
		res := startAs(t, exec.Command("sh", "-c", line), "").wait()
		res.want(t, 1, "rainrun: standard output: write /dev/stdout: no space left on device; output is lost")
		if n := strings.Count(res.err, "no space left"); n != 1 {
			t.Errorf("%s: said %d times: %s", how, n, res.err)
		}
	}
}
