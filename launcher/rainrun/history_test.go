package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rainmpi/bench/lab"
	"rainmpi/rainnet/history"
)

// The agents of two lab hosts, one of whose rails is cut and mended, leave logs that agree; a log that
// somebody has changed does not, and is named.
func TestHistoryInLab(t *testing.T) {
	l := lab.Start(t, lab.Config{Hosts: 2, Rails: 2})
	dir := t.TempDir()
	log, end := filepath.Join(dir, "log"), filepath.Join(dir, "end")
	cmd := l.Hosts[0].Command(self(t), "-n", "2", "--host", "h1:1,h2:1", "--history", log,
		"sh", "-c", "until [ -e "+end+" ]; do sleep 0.02; done")
	job := startAs(t, cmd, "")
	awaitLogs := func(what string, n int) {
		t.Helper()
		if !eventually(20*time.Second, func() bool {
			return strings.Count(textOf(log+".h1"), what) >= n && strings.Count(textOf(log+".h2"), what) >= n
		}) {
			t.Fatalf("no %q in both logs:\n%s\n%s", what, textOf(log+".h1"), textOf(log+".h2"))
		}
	}
	awaitLogs(" up ", 2)
	for i, r := range l.Rails {
		if err := r.Cut("h2", lab.AtSwitch); err != nil {
			t.Fatal(err)
		}
		awaitLogs(" down ", i+1)
		if err := r.Mend(); err != nil {
			t.Fatal(err)
		}
		awaitLogs(" 3 up ", i+1)
	}
	if err := os.WriteFile(end, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	job.wait().want(t, 0)

	res := rainrun(t, "history", log+".h1", log+".h2")
	res.want(t, 0)
	res.wantOut(t, "paths: 2, ", "both ends of all agree within the slack of 2")
	rainrun(t, "history", "--epochs", log+".h1", log+".h2").wantOut(t, "agent on host h1", "the carrier is lost at this end")
	res = rainrun(t, "history", log+".h1")
	res.want(t, 1)
	res.wantOut(t, "not proved: there is no log of")
	var verdicts []history.Verdict
	res = rainrun(t, "history", "--json", log+".h1", log+".h2")
	if err := json.Unmarshal([]byte(res.out), &verdicts); err != nil || len(verdicts) != 2 || !verdicts[0].Agree() {
		t.Errorf("%v: %s", err, res.out)
	}

	text := textOf(log + ".h2")
	forged := writeFile(t, "forged", strings.Replace(text, " 3 up ", " 5 up ", 1), 0o644)
	res = rainrun(t, "history", log+".h1", forged)
	res.want(t, 1)
	res.wantOut(t, "DISPROVED", forged+":", "epoch 5 of path", "follows epoch 2")
}

func textOf(file string) string {
	text, _ := os.ReadFile(file)
	return string(text)
}

// Ranks are told of the file, as an absolute name; a file of an earlier job is replaced.
func TestHistoryOfAJob(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	if err := os.WriteFile("log.a", []byte("of an earlier job\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	job := append([]string{"-n", "4", "--rails", "127.0.0.1", "--history", "log"}, twoHosts...)
	res := rainrun(t, append(job, "--wdir", "/", "sh", "-c", "echo is $RAIN_HISTORY")...)
	res.want(t, 0)
	res.wantOut(t, "is "+filepath.Join(dir, "log"))
	res = rainrun(t, "history", "log.a", "log.b")
	res.want(t, 0)
	res.wantOut(t, "paths: 1, transitions: ")
	res = rainrun(t, append([]string{"-n", "2", "--history", "no/such/log"}, append(twoHosts, "true")...)...)
	res.want(t, 1, "--history: ", "no/such/log.a", "its folder has to be there on every host")
}

func TestHistory_Bad(t *testing.T) {
	bad := writeFile(t, "bad", "# rainnet history 1 3.01020304 slack 2 rank 0 on host a\nnonsense\n", 0o644)
	rainrun(t, "history").want(t, 2, "no file: name the logs of both hosts")
	rainrun(t, "history", "/no/such/log").want(t, 2, "/no/such/log", "no such file")
	rainrun(t, "history", bad).want(t, 2, bad+":2: ", "cut short or not of a log")
	rainrun(t, "history", "--moon", bad).want(t, 2, "moon")
	rainrun(t, "history", "--help").wantOut(t, "--epochs", "usage: rainrun history")
	empty := writeFile(t, "empty", "", 0o644)
	res := rainrun(t, "history", empty)
	res.want(t, 1)
	res.wantOut(t, "nothing is proved")
}
