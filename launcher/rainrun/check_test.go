package main

import (
	"encoding/json"
	"strings"
	"testing"

	"rainmpi/launcher"
)

func (res result) wantOut(t *testing.T, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(res.out, w) {
			t.Errorf("output lacks %q: %s", w, res.out)
		}
	}
}

func TestCheck(t *testing.T) {
	res := rainrun(t, "check")
	res.want(t, 0)
	res.wantOut(t, "HOST", "fork", "no problem found", "UDP ports: any")
	res = rainrun(t, append([]string{"check", "--rails", "127.0.0.1", "--ports", "42000-42999"}, twoHosts...)...)
	res.want(t, 0)
	res.wantOut(t, "a   .   ok", "b   ok  .", "UDP ports: 42000-42999", "127.0.0.1:42")
}

// What is wrong is named, with what to do, and the rest is still looked at.
func TestCheckFindsProblems(t *testing.T) {
	half := `sh -c 'test $0 = a || { echo no route >&2; exit 3; }; exec "$@"' %h`
	res := rainrun(t, "check", "--host", "a,b", "--agent-command", half, "--rails", "127.0.0.1")
	res.want(t, 1)
	res.wantOut(t, "not reached", "PROBLEM: b: ", "no route", "remedy: ", "127.0.0.1")
	res = rainrun(t, "check", "--rails", "no-such-rail", "--host", "a,b", "--agent-command", "env H=%h")
	res.want(t, 1)
	res.wantOut(t, "no-such-rail", "--rails")
	res = rainrun(t, "check", "--host", "nosuch.invalid")
	res.want(t, 1)
	res.wantOut(t, "PROBLEM: nosuch.invalid", "remedy: see that `ssh` reaches it")
	res = rainrun(t, "check", "--host", "a", "--agent-command", "sh -c 'sleep 1000' %h", "--start-timeout", "300ms")
	res.want(t, 1)
	res.wantOut(t, "no answer within 300ms")
	other := `sh -c 'if [ $0 = b ]; then cp "$1" $TMPDIR/rainrun; echo >> $TMPDIR/rainrun; $TMPDIR/rainrun "$2"; s=$?; rm $TMPDIR/rainrun; exit $s; fi; exec "$@"' %h`
	res = rainrun(t, "check", "--host", "a,b", "--agent-command", other, "--rails", "127.0.0.1")
	res.want(t, 1)
	res.wantOut(t, "PROBLEM: b: ", "another build", "install the same rainmpi on all hosts")
}

func TestCheckJSON(t *testing.T) {
	res := rainrun(t, append([]string{"check", "--json", "--rails", "127.0.0.1"}, twoHosts...)...)
	res.want(t, 0)
	var r launcher.Report
	if err := json.Unmarshal([]byte(res.out), &r); err != nil {
		t.Fatalf("%v: %s", err, res.out)
	}
	if len(r.Hosts) != 2 || r.Hosts[1].Name != "b" || r.Hosts[0].Facts.Cores < 1 || len(r.Hosts[0].Paths) != 1 || len(r.Problems) != 0 {
		t.Errorf("%+v", r)
	}
	for _, field := range []string{`"Problems": []`, `"Version": "`, `"Binary": "`, `"Kernel": "`, `"Locked": `, `"Ptrace": `, `"Memory": ""`, `"MTU": `, `"Mbps": `, `"Skew": `} {
		if !strings.Contains(res.out, field) {
			t.Errorf("no %s in %s", field, res.out)
		}
	}
}

// Commands say what is wrong with their arguments as a job does.
func TestBadCommands(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{"check --moon", "unknown flag: --moon; rainrun --help lists the options"},
		{"check --host", "-H needs an argument: -H HOSTS"},
		{"check ./prog", "no program is started here; name hosts with --host or --hostfile"},
		{"check --host a:0", "no number of slots"},
		{"check -n 4 --host a", "-n is for starting programs; rainrun check --help lists what it takes"},
		{"check --ports moon", "expected a range of UDP ports"},
		{"check --hostfile /no/such", "no such file"},
		{"check --launcher slurm", "run it in sbatch or salloc"},
		{"history", "name the logs of both hosts"},
		{"history --moon", "--moon; rainrun history --help lists the options"},
		{"info --moon", "unknown argument --moon; it takes --unsupported or nothing"},
		{"completion", "completion: name a shell: bash, zsh, fish"},
		{"completion moon", "completion moon: name a shell: bash, zsh, fish"},
		{"manual moon", "unknown argument moon; it takes none"},
	} {
		rainrun(t, strings.Fields(c.line)...).wantOneLine(t, strings.Fields(c.line), 2, c.want)
	}
	for _, c := range []string{"check", "history", "info", "completion", "manual"} {
		rainrun(t, c, "--help").wantOut(t, "usage: rainrun "+c)
	}
}
