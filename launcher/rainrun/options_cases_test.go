package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// where prints who a rank is, where it is, and what its variable V holds.
const where = `echo $PMI_RANK $RAINRUN_TEST_HOST $V`

// cpus prints the processors that a rank may use.
const cpus = `awk '/^Cpus_allowed_list/ { print $2 }' /proc/self/status`

// An optionCase is a command line and what comes of it, which is something else
// without the option, in its last place, that the case is about.
type optionCase struct {
	option string // as it is typed; empty: about what happens without one
	args   []string
	out    string // sorted lines with commas, or a pattern of them
	err    string // a pattern of standard error; empty: it is empty
	status int
}

// sameWithout are the options that change nothing here, and why.
var sameWithout = map[string]string{
	"-genvall":            "rainrun does so anyway",
	"--allow-run-as-root": "root always may",
	"-q":                  "rainrun is quiet",
	"--quiet":             "rainrun is quiet",
}

// testedElsewhere are options whose cases take more than a command line.
var testedElsewhere = map[string]func(*testing.T){
	"--history":       TestHistoryInLab,
	"--host-timeout":  TestUnreachableAgent,
	"--start-timeout": TestStartTimeout,
	"--preload":       TestPreload,
}

// whatPeopleType are the options that scripts for other launchers, and the
// standard's mpiexec (MPI 5.0 section 11.5), are known to use.
const whatPeopleType = "-n -host -wdir -path -configfile -np -c -H --host --hostfile --machinefile -f -ppn " +
	"--map-by --bind-to --rank-by --oversubscribe -x -genv -genvlist -env --wdir --tag-output -l --timestamp-output " +
	"--output-filename --timeout --stdin --display --report-bindings --allow-run-as-root"

// Each case fails without the option that it is about, and each option has one.
func TestOptions(t *testing.T) {
	typed := map[string]bool{}
	cases, unseen := optionCases(t)
	for _, c := range cases {
		typed[c.option] = true
		t.Run(strings.Join(append([]string{c.option}, c.args...), " "), func(t *testing.T) {
			if bad := c.judge(rainrun(t, c.args...)); bad != "" {
				t.Error(bad)
			}
			if c.option == "" || sameWithout[c.option] != "" || unseen(c) {
				return
			}
			less := without(t, c.args, c.option)
			if c.judge(rainrun(t, less...)) == "" {
				t.Errorf("it is the same without %s", c.option)
			}
		})
	}
	for _, name := range strings.Fields(whatPeopleType) {
		if !typed[name] && testedElsewhere[name] == nil {
			t.Errorf("people type %s, and it has no case", name)
		}
	}
	for _, o := range page.All() {
		for _, name := range o.Names {
			if !typed[name] && testedElsewhere[name] == nil {
				t.Errorf("%s has no case", name)
			}
		}
	}
	for s := range synonyms {
		if !typed["-"+s] && !typed["--"+s] {
			t.Errorf("-%s has no case", s)
		}
	}
}

// judge says what is not as it should be.
func (c optionCase) judge(res result) string {
	got := strings.Join(sortedLines(res.out), ",")
	switch {
	case res.status != c.status:
		return fmt.Sprintf("status %d, want %d; stderr %s", res.status, c.status, res.err)
	case !matches(c.out, got):
		return fmt.Sprintf("output %q, want %q; stderr %s", got, c.out, res.err)
	case c.err == "" && res.err != "", !regexp.MustCompile(c.err).MatchString(res.err):
		return fmt.Sprintf("stderr %q, want %q", res.err, c.err)
	}
	return ""
}

// without takes the option's last place out of a command line.
func without(t *testing.T, args []string, option string) []string {
	t.Helper()
	at, words := -1, 0
	for i, a := range args {
		name, _, joined := strings.Cut(a, "=")
		if name != option && !(len(option) == 2 && strings.HasPrefix(a, option) && digits(a[2:])) {
			continue
		}
		if at, words = i, 1; name == option && !joined {
			if _, ok := synonyms[strings.TrimLeft(option, "-")]; !ok {
				o, _, _ := optionOf(option)
				words += o.Words()
			}
		}
	}
	if at < 0 {
		t.Fatalf("%q has no %s", args, option)
	}
	return slices.Delete(slices.Clone(args), at, at+words)
}

// optionCases returns them, and which make no difference that could be seen on this machine: of one core alone, and of
// packages with one, as virtual machines have them, nobody sees to which a rank is bound.
func optionCases(t *testing.T) (cases []optionCase, unseen func(optionCase) bool) {
	t.Setenv("V", "")
	t.Setenv("HOME", "/near") // of those variables that do not travel by themselves
	sh := func(line string, args ...string) []string { return append(slices.Clone(args), "sh", "-c", line) }
	as := []string{"--agent-command", "env HOME=/far RAINRUN_TEST_HOST=%h"}
	on := func(args ...string) []string { return append(slices.Clone(args), as...) }
	two := func(args ...string) []string { return on(append([]string{"--host", "a:2,b:2"}, args...)...) }
	one := func(args ...string) []string { return on(append([]string{"--host", "a:1"}, args...)...) }
	dir, _ := filepath.EvalSymlinks(t.TempDir())
	tool := writeFile(t, "mytool", "#!/bin/sh\necho mytool\n", 0o755)
	hostFile := writeFile(t, "hosts", "a slots=1 # first\n\nb:1\n", 0o644)
	apps := writeFile(t, "apps", "# two programs\n-n 1 -env V one sh -c '"+where+"'\n-n 1 sh -c '"+where+"'\n", 0o644)
	rankFile := writeFile(t, "ranks", "rank 1=a slot=0\nrank 0=b slots=0 # first\n\nrank 2=b\n", 0o644)
	pins := writeFile(t, "ranks", "rank 0=localhost slot=*\nrank 1=localhost slot=0\nrank 2=localhost slot=0:0\n", 0o644)
	relative := writeFile(t, "ranks", "rank 0=+n1\nrank 1=+n0\n", 0o644)
	here := allowed(t)
	thread := here[:strings.IndexAny(here+",", ",-")]
	first, socket := topology(thread, "thread_siblings_list", here), topology(thread, "core_siblings_list", here)
	bound := func(to string) string { return "binding: rank 0 on host .*: " + to + "\n" }
	more := fmt.Sprint(runtime.NumCPU() + 1)
	trapped := filepath.Join(dir, "trapped") // a rank has set its trap
	anything := "(?s).*"
	cases = []optionCase{
		{"", sh(where), "0", "", 0},
		{"-n", sh(where, "-n", "2"), "0,1", "", 0},
		{"-n", sh(where, "-n2"), "0,1", "", 0},
		{"-np", sh(where, "-np", "2"), "0,1", "", 0},
		{"--np", sh(where, "--np=2"), "0,1", "", 0},
		{"-c", sh(where, "-c", "2"), "0,1", "", 0},
		{"", sh(where, append(sh(where, "-n", "1"), ":", "-n", "1")...), "0,1", "", 0},

		{"-host", sh(where, on("-n", "2", "-host", "a:1,b:1")...), "0 a,1 b", "", 0},
		{"-H", sh(where, on("-n", "2", "-H", "a:1,b:1")...), "0 a,1 b", "", 0},
		{"-hosts", sh(where, on("-n", "2", "-hosts", "a:1,b:1")...), "0 a,1 b", "", 0},
		{"--host", sh(where, on("--host", "a:2,b:1")...), "0 a,1 a,2 b", "", 0},
		{"--host", sh(where, on("--host", "a,b")...), "0 a,1 b", "", 0},
		{"--host", sh(where, on("-n", "5", "--host", "a,b")...), "0 a,1 a,2 a,3 b,4 b", "", 0},
		{"--host", sh(where, on("-n", "2", "--host", "a,b,c")...), "0 a,1 b", "", 0},
		{"--hostfile", sh(where, on("--hostfile", hostFile)...), "0 a,1 b", "", 0},
		{"--machinefile", sh(where, on("--machinefile", hostFile)...), "0 a,1 b", "", 0},
		{"-machinefile", sh(where, on("-machinefile", hostFile)...), "0 a,1 b", "", 0},
		{"-f", sh(where, on("-f", hostFile)...), "0 a,1 b", "", 0},
		{"--agent-command", sh(where, two("-n", "1")...), "0 a", "", 0},
		{"--prefix", sh(where, two("-n", "1", "--prefix", "/no/such")...), "", "is rainrun installed there as /no/such/bin/rainrun", 1},
		{"--launcher", sh(where, "--launcher", "slurm"), "", "no Slurm allocation", 2},

		{"-ppn", sh(where, two("-n", "2", "-ppn", "1")...), "0 a,1 b", "", 0},
		{"--npernode", sh(where, two("--npernode", "1")...), "0 a,1 b", "", 0},
		{"-N", sh(where, two("-N", "1")...), "0 a,1 b", "", 0},
		{"-pernode", sh(where, two("-pernode")...), "0 a,1 b", "", 0},
		{"--map-by", sh(where, two("-n", "2", "--map-by", "node", "--map-by", "slot")...), "0 a,1 a", "", 0},
		{"--map-by", sh(where, two("-n", "2", "--map-by", "node")...), "0 a,1 b", "", 0},
		{"--map-by", sh(where, two("-n", "2", "--map-by", "ppr:1:node")...), "0 a,1 b", "", 0},
		{"--map-by", sh(where, two("-n", "5", "--map-by", "ppr:1:package:OVERSUBSCRIBE")...), "0 a(,[1-4] [ab]){4}", "", 0},
		{"--map-by", sh(cpus, "-n", "1", "--map-by", "core"), first, "", 0},
		{"--map-by", sh(cpus, "-n", "1", "--map-by", "slot:PE=1"), first, "", 0},
		{"--map-by", sh(where, two("-n", "5", "--map-by", "node:OVERSUBSCRIBE")...), "0 a,1 b,2 a,3 b,4 a", "", 0},
		{"--map-by", sh(where, on("-n", "2", "--host", "localhost:4,b:4", "--map-by", ":NOLOCAL")...), "0 b,1 b", "", 0},
		{"--bynode", sh(where, two("-n", "2", "--bynode")...), "0 a,1 b", "", 0},
		{"-map-by-node", sh(where, two("-n", "2", "-map-by-node")...), "0 a,1 b", "", 0},
		{"-rr", sh(where, two("-n", "2", "-rr")...), "0 a,1 b", "", 0},
		{"--byslot", sh(where, two("-n", "2", "--bynode", "--byslot")...), "0 a,1 a", "", 0},
		{"--cpus-per-rank", sh(cpus, "-n", "1", "--cpus-per-rank", "1"), first, "", 0},
		{"--rank-by", sh(where, two("-n", "4", "--rank-by", "node")...), "0 a,1 b,2 a,3 b", "", 0},
		{"--rank-by", sh(where, two("-n", "4", "--rank-by", "node", "--rank-by", "slot")...), "0 a,1 a,2 b,3 b", "", 0},
		{"-rf", sh(where, on("-rf", rankFile)...), "0 b,1 a,2 b", "", 0},
		{"--rankfile", sh(where, on("-n", "2", "--rankfile", rankFile)...), "0 b,1 a", "", 0},
		{"--rankfile", sh(cpus, "--rankfile", pins), first + "," + first + "," + here, "", 0},
		{"--rankfile", sh(where, on("--host", "x:1,y:1", "--rankfile", relative)...), "0 y,1 x", "", 0},
		{"--bind-to", sh(cpus, "-n", "1", "--bind-to", "core"), first, "", 0},
		{"--bind-to", sh(cpus, "-n", "1", "--bind-to", "core:1"), first, "", 0},
		{"--bind-to", sh(cpus, "-n", "1", "--bind-to", "hwthread"), thread, "", 0},
		{"--bind-to", sh(cpus, "-n", "1", "--bind-to", "core", "--bind-to", "none"), here, "", 0},
		{"--bind-to", sh(cpus, "-n", "1", "--bind-to", "core", "--bind-to", "package"), socket, "", 0},
		{"--bind-to", sh("echo x", "-n", more, "--bind-to", "core", "--bind-to", "core:overload-allowed"), "x(,x)+", "", 0},
		{"-bind-to-core", sh(cpus, "-n", "1", "-bind-to-core"), first, "", 0},
		{"-bind-to-none", sh(cpus, "-n", "1", "-bind-to-core", "-bind-to-none"), here, "", 0},
		{"-bind-to-socket", sh(cpus, "-n", "1", "-bind-to-core", "-bind-to-socket"), socket, "", 0},
		{"--report-bindings", sh("echo", "-n", "1", "--report-bindings"), "", bound("bound to processors " + here), 0},
		{"--report-bindings", sh("echo", "-n", "1", "--bind-to", "core", "--report-bindings"), "", bound("bound to processors " + first), 0},
		{"", sh("echo", "-n", more, "--report-bindings"), anything, bound("not bound"), 0}, // more ranks than cores
		{"--bind-to", sh("echo", "-n", "1", "--report-bindings", "--bind-to", "none"), "", bound("not bound"), 0},
		{"--oversubscribe", sh(where, two("-n", "5", "--oversubscribe")...), "0 a,1 a,2 a,3 b,4 b", "", 0},
		{"--nooversubscribe", sh("true", "-n", more, "--nooversubscribe"), "", "no slots left", 1},
		{"--nolocal", sh(where, on("-n", "2", "--host", "localhost:4,b:4", "--nolocal")...), "0 b,1 b", "", 0},
		{"--display", sh("echo x", two("-n", "3", "--display", "map")...), "x,x,x", "map: host a \\(2 slots\\): ranks 0 1\nrainrun: map: host b \\(2 slots\\): ranks 2\n", 0},
		{"--display", sh("echo x", two("-n", "3", "--display", "allocation")...), "x,x,x", "allocation: host a: 2 slots\nrainrun: allocation: host b: 2 slots\n", 0},
		{"--display", sh("echo", "-n", "1", "--bind-to", "none", "--display", "bindings"), "", bound("not bound"), 0},
		{"-display-map", sh("echo", "-display-map"), "", "map: host .*: ranks 0\n", 0},
		{"-display-allocation", sh("echo x", two("-n", "1", "-display-allocation")...), "x", "allocation: host a: 2 slots\n", 0},

		{"-x", sh(where, "-x", "V=x"), "0 x", "", 0},
		{"-x", sh("echo $HOME", one("-x", "HOME")...), "/near", "", 0},
		{"-genv", sh(where, "-n", "2", "-genv", "V", "g"), "0 g,1 g", "", 0},
		{"-genvlist", sh("echo $HOME", one("-genvlist", "PATH,HOME")...), "/near", "", 0},
		{"-genvall", sh(where, "-genvall"), "0", "", 0},
		{"-env", sh(where, append(sh(where, "-n", "1", "-env", "V", "e"), ":", "-n", "1")...), "0 e,1", "", 0},
		{"-envlist", sh("echo $HOME", one("-envlist", "HOME")...), "/near", "", 0},
		{"-wdir", sh("pwd", "-wdir", dir), dir, "", 0},
		{"--wdir", sh("pwd", "--wdir="+dir), dir, "", 0},
		{"--wd", sh("pwd", "--wd", dir), dir, "", 0},
		{"-path", []string{"-path", filepath.Dir(tool), "mytool"}, "mytool", "", 0},
		{"-configfile", []string{"-configfile", apps}, "0 one,1", "", 0},

		{"--stdin", sh("wc -c", "--stdin", "moon"), "", "--stdin moon", 2}, // TestStdinChoices has more
		{"-l", sh("echo x", "-n", "2", "-l"), "[0] x,[1] x", "", 0},
		{"--tag-output", sh("echo x", "-n", "2", "--tag-output"), "[0] x,[1] x", "", 0},
		{"-prepend-rank", sh("echo x", "-n", "2", "-prepend-rank"), "[0] x,[1] x", "", 0},
		{"--timestamp-output", sh("echo x", "--timestamp-output"), `\d{4}-\d\d-\d\dT\S+ x`, "", 0},
		{"--output", sh("echo x", "-n", "2", "--output", "tag"), "[0] x,[1] x", "", 0},
		{"--output", sh("echo x >&2", "--output", "merge-stderr-to-stdout"), "x", "", 0},
		{"--output-filename", sh("echo x", "--output-filename", filepath.Join(dir, "out")), "", "", 0},
		{"--merge-stderr-to-stdout", sh("echo x >&2", "--merge-stderr-to-stdout"), "x", "", 0},

		{"--timeout", sh("exec sleep 2", "--timeout", "0.2"), "", "--timeout", 110},
		{"--kill-grace", sh("if [ $PMI_RANK = 1 ]; then until [ -e "+trapped+" ]; do sleep 0.02; done; exit 5; fi; "+
			"trap 'sleep 2; echo cleaned; exit' TERM; touch "+trapped+"; while :; do sleep 0.02; done", "-n", "2", "--kill-grace", "30s"), "cleaned", "status 5", 5},

		{"--rails", sh("echo", two("-n", "4", "--rails", "no-such-rail")...), "", "no-such-rail", 1},
		{"--ports", sh("echo", two("-v", "-n", "4", "--rails", "127.0.0.1", "--ports", "21000-21999")...), anything, `(?s)(agent ready[^\n]*:21\d\d\d\n.*){2}`, 0},
		{"--mca", sh("echo", two("-n", "4", "--mca", "btl_tcp_if_include", "no-such-rail")...), "", "no-such-rail", 1},
		{"--on-failure", sh("test $PMI_RANK = 1 && exit 3; sleep 1; echo on", "-n", "2", "--on-failure", "continue"), "on", "the job goes on without it", 3},
		{"--witness", sh("echo x", two("-v", "-n", "4", "--witness", "c")...), "x,x,x,x", "host c: agent ready", 0},
		{"-v", sh("echo", "-v"), "", "rank 0 is process", 0},
		{"--verbose", sh("echo", "--verbose"), "", "rank 0 is process", 0},
		{"-V", []string{"-V"}, "rain.*", "", 0},
		{"--version", []string{"--version"}, "rain.*", "", 0},
		{"-h", []string{"-h"}, anything + "usage: rainrun" + anything, "", 0},
		{"--help", []string{"--help"}, anything + "usage: rainrun" + anything, "", 0},
		{"-q", sh("echo", "-q"), "", "", 0},
		{"--quiet", sh("echo", "--quiet"), "", "", 0},
		{"--insecure", []string{"-n", "1", "--insecure", self(t), "rank", "init", "options", "finalize"}, `options map\[insecure:1\]`, "", 0},
		{"--allow-run-as-root", sh("echo", "--allow-run-as-root"), "", "", 0},
	}
	unseen = func(c optionCase) bool {
		of := func(words ...string) bool {
			return slices.ContainsFunc(c.args, func(a string) bool { return slices.Contains(words, a) })
		}
		return of(cpus, "--report-bindings") && (first == here || first == socket && of("package", "-bind-to-socket"))
	}
	return cases, unseen
}

// matches: the text, or a pattern of it.
func matches(want, got string) bool {
	if want == got {
		return true
	}
	re, err := regexp.Compile("^(" + want + ")$")
	return err == nil && re.MatchString(got)
}

// topology reads the processors that share something with one, of those that are allowed.
func topology(cpu, what, allowed string) string {
	text, err := os.ReadFile("/sys/devices/system/cpu/cpu" + cpu + "/topology/" + what)
	if err != nil {
		return cpu
	}
	may := processors(allowed)
	return listOf(slices.DeleteFunc(processors(string(text)), func(n int) bool { return !slices.Contains(may, n) }))
}

// processors reads a list as the kernel writes it: 0-2,5.
func processors(list string) (all []int) {
	for _, part := range strings.Split(strings.TrimSpace(list), ",") {
		var first, last int
		if n, _ := fmt.Sscanf(part, "%d-%d", &first, &last); n < 2 {
			last = first
		}
		for ; first <= last; first++ {
			all = append(all, first)
		}
	}
	return all
}

// listOf writes one.
func listOf(all []int) string {
	var parts []string
	for i := 0; i < len(all); i++ {
		first := all[i]
		for i+1 < len(all) && all[i+1] == all[i]+1 {
			i++
		}
		if part := fmt.Sprint(first); first == all[i] {
			parts = append(parts, part)
		} else {
			parts = append(parts, fmt.Sprintf("%s-%d", part, all[i]))
		}
	}
	return strings.Join(parts, ",")
}

// allowed are the processors of this process, as the kernel writes them.
func allowed(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile(`(?m)^Cpus_allowed_list:\s*(\S+)`).FindStringSubmatch(string(b))[1]
}
