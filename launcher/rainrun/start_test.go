package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A host that does not answer is named in time, and nothing is started elsewhere.
func TestStartTimeout(t *testing.T) {
	flag := filepath.Join(t.TempDir(), "started")
	slow := `sh -c 'test $0 = a || sleep 1000; exec "$@"' %h`
	res := rainrun(t, "-n", "2", "--host", "a:1,b:1", "--agent-command", slow, "--start-timeout", "3s", "touch", flag) // which a has, too
	res.want(t, 1, "host b has not started its agent within 3s (--start-timeout)")
	if _, err := os.Stat(flag); err == nil {
		t.Error("a rank was started although a host was missing")
	}
	if res.took > 20*time.Second {
		t.Errorf("it took %v", res.took)
	}
}

// gate returns a line of shell that holds the commands which start agents until n of
// them are there: what they say then comes at one time, however slow the machine is.
// came counts them.
func gate(t *testing.T, n int) (hold string, came func() int) {
	t.Helper()
	there, fifo := t.TempDir(), filepath.Join(t.TempDir(), "gate")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(fifo, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	came = func() int { return len(listDir(there)) }
	go func() {
		if eventually(50*time.Second, func() bool { return came() >= n }) {
			_, _ = f.WriteString(strings.Repeat("\n", 1000)) // a line for each, and for those who should not be there
		}
	}()
	return "touch " + there + "/$0; read line <" + fifo + "; ", came
}

// The first error of each host is kept, whole.
func TestAllFailuresAreNamed(t *testing.T) {
	hold, _ := gate(t, 2)
	bad := `sh -c 'test $0 != b || exec "$@"; ` + hold + `echo $0: first line >&2; echo second of $0 >&2; exit 3' %h`
	res := rainrun(t, "-n", "3", "--host", "a:1,b:1,c:1", "--agent-command", bad, "true")
	res.want(t, 1, "on host a:", "a: first line\nsecond of a", "on host c:", "c: first line\nsecond of c")
	if strings.Contains(res.err, "on host b") {
		t.Errorf("host b had nothing wrong: %s", res.err)
	}
}

// sshScript puts a command called ssh first in PATH.
func sshScript(t *testing.T, script string) {
	t.Helper()
	dir := t.TempDir()
	text := "#!/bin/sh\nwhile [ \"$1\" != -- ]; do shift; done; h=$2; shift 2\n" + script
	if err := os.WriteFile(filepath.Join(dir, "ssh"), []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
}

// Names that resolve late are tried again: for a moment anywhere, for the whole
// of --start-timeout under the MPI operator.
func TestLateNames(t *testing.T) {
	tries := filepath.Join(t.TempDir(), "tries")
	late := "echo x >> " + tries + "\nif [ $(wc -l < " + tries + ") -lt $LATE ]; then echo \"${SAYS:-ssh: Could not resolve hostname $h: Name or service not known}\" >&2; exit 255; fi\nexec \"$@\"\n"
	sshScript(t, late)
	run := func(args ...string) result {
		_ = os.Remove(tries)
		return rainrun(t, append(args, "--host", "late.invalid:1", "echo", "hello")...)
	}
	t.Setenv("LATE", "2") // of two seconds that there are for it, a slow machine needs some for the first try
	res := run()
	res.want(t, 0)
	if res.out != "hello\n" {
		t.Errorf("%q", res.out)
	}
	t.Setenv("LATE", "8")
	run().want(t, 1, "Could not resolve hostname late.invalid")
	t.Setenv("LATE", "2")
	t.Setenv("SAYS", "kex_exchange_identification: Connection closed by remote host") // MaxStartups of a jump host
	run().want(t, 0)
	t.Setenv("SAYS", "Permission denied (publickey)")
	run().want(t, 1, "Permission denied")
	t.Setenv("SAYS", "")
	t.Setenv("LATE", "8")
	t.Setenv("K_MPI_JOB_ROLE", "launcher")
	run().want(t, 0)
	t.Setenv("LATE", "9999")
	run("--start-timeout", "3s").want(t, 1, "late.invalid")
}

// More hosts than are started at one time: 64 of them are, and no more, and all fail.
func TestManyHosts(t *testing.T) {
	var list []string
	for i := range 80 {
		list = append(list, "h"+strings.Repeat("x", i)+":1")
	}
	hold, came := gate(t, 64)
	res := rainrun(t, "--host", strings.Join(list, ","), "--agent-command", "sh -c '"+hold+"echo no >&2; exit 3' %h", "--start-timeout", "55s", "true")
	res.want(t, 1, "cannot start the agent on host h", "exit status 3: no", "56 more hosts could not be started: h", "; --verbose says why")
	if n := came(); n != 64 {
		t.Errorf("%d hosts were tried, want 64", n)
	}
	if n := strings.Count(res.err, "\n"); n != maxNamed+1 {
		t.Errorf("%d lines: %s", n, res.err)
	}
	hold, _ = gate(t, 20)
	res = rainrun(t, "-v", "--host", strings.Join(list[:20], ","), "--agent-command", "sh -c '"+hold+"echo no from $0 >&2; exit 3' %h", "true")
	for i := range 20 {
		res.want(t, 1, "exit status 3: no from h"+strings.Repeat("x", i)+"\n")
	}
}

const maxNamed = 8

// A login that begins with a long banner ends with what is wrong.
func TestLongBanner(t *testing.T) {
	res := rainrun(t, "--host", "a:1", "--agent-command", `sh -c 'i=0; while [ $i -lt 300 ]; do echo "banner line $i of a host" >&2; i=$((i+1)); done; echo quota exceeded >&2; exit 3' %h`, "true")
	res.want(t, 1, "banner line 0 of a host", "banner line 299 of a host", "quota exceeded")
}

// At a terminal one line says how far the start is, and goes away.
func TestProgress(t *testing.T) {
	script, err := exec.LookPath("script")
	if err != nil {
		t.Skip("no script(1) to make a terminal")
	}
	seen := filepath.Join(t.TempDir(), "seen") // host b comes when the line has been
	slow := `sh -c "test \$0 = a || until [ -e ` + seen + ` ]; do sleep 0.05; done; exec \"\$@\"" %h`
	line := self(t) + " -n 2 --host a:1,b:1 --rails 127.0.0.1 --agent-command '" + slow + "' true"
	cmd := exec.Command(script, "-qec", line, "/dev/null")
	cmd.Env = append(os.Environ(), envMain+"=1")
	var out syncBuffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if !eventually(20*time.Second, func() bool { return strings.Contains(out.String(), "1 of 2 hosts are ready; waiting for b") }) {
		t.Error("nobody says how far it is")
	}
	if err := os.WriteFile(seen, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil || !strings.HasSuffix(strings.TrimSpace(out.String()), "\x1b[K") {
		t.Errorf("%v: %q", err, out.String())
	}
}

// A program that one host lacks starts nothing on the others.
func TestAllOrNone(t *testing.T) {
	dir := t.TempDir()
	flag := filepath.Join(dir, "started")
	prog := filepath.Join(dir, "prog")
	if err := os.WriteFile(prog, []byte("#!/bin/sh\necho $PMI_RANK >> "+flag+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if os.Getuid() != 0 {
		t.Skip("needs root: host b gets a mount namespace without the program")
	}
	hide := `sh -c 'if [ $0 = b ]; then exec unshare -m sh -c "mount -t tmpfs none ` + dir + ` && exec \"\$@\"" sh "$@"; fi; exec "$@"' %h`
	for range 5 {
		res := rainrun(t, "-n", "3", "--host", "a:1,b:1,c:1", "--agent-command", hide, prog)
		res.want(t, 127, "host b: program "+prog+" does not exist")
		res = rainrun(t, "-n", "3", "--host", "a:1,b:1,c:1", "--agent-command", hide, "-wdir", dir+"/.", "./prog")
		res.want(t, 127, "host b: program ./prog does not exist")
	}
	// One that lacks what the program needs, or may not execute it there.
	script := writeFile(t, "script", "#!"+dir+"/interpreter -x\n", 0o755)
	if err := os.Symlink("/bin/touch", filepath.Join(dir, "interpreter")); err != nil {
		t.Fatal(err)
	}
	for _, preload := range []string{"--mca=a=b", "--preload"} {
		rainrun(t, "-n", "3", "--host", "a:1,b:1,c:1", "--agent-command", hide, preload, script, flag).
			want(t, 127, "host b: program "+script+" cannot be executed: the interpreter or loader that it names, "+dir+"/interpreter, does not exist")
	}
	noexec := `sh -c 'if [ $0 = b ]; then exec unshare -m sh -c "mount --bind ` + dir + ` ` + dir + ` && mount -o remount,bind,noexec ` + dir + ` && exec \"\$@\"" sh "$@"; fi; exec "$@"' %h`
	rainrun(t, "-n", "3", "--host", "a:1,b:1,c:1", "--agent-command", noexec, prog).
		want(t, 127, "host b: program "+prog+" may not be executed by user 0", "mounted noexec")
	if _, err := os.Stat(flag); err == nil {
		t.Error("a rank was started")
	}
	rainrun(t, onTwo("-n", "4", "-wdir", "/no/such", "true")...).want(t, 127, "host ", "working directory /no/such")
	// More ranks than cores on one host.
	rainrun(t, onTwo("-n", "4", "--bind-to", "core", "--map-by", "slot:PE=999", "touch", flag)...).want(t, 127, "PE=999")
	if _, err := os.Stat(flag); err == nil {
		t.Error("a rank was started")
	}
}

// --preload: the program runs where its file is not.
func TestPreload(t *testing.T) {
	dir := t.TempDir()
	gone := filepath.Join(dir, "gone")
	script := writeFile(t, "script", "#!/bin/sh\necho script $PMI_RANK \"$@\"\n", 0o755)
	// The agents start after the file has been read and moved away.
	for _, c := range []struct {
		prog, want string
		args       []string
	}{
		{"/bin/sh", "hi,hi", []string{"-c", "echo hi"}}, // echo may be one of many programs in a file that looks at its name
		{script, "script 0 a b,script 1 a b", []string{"a", "b"}},
	} {
		prog := filepath.Join(dir, "prog")
		data, err := os.ReadFile(c.prog)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(prog, data, 0o755); err != nil {
			t.Fatal(err)
		}
		move := `sh -c 'mv ` + prog + ` ` + gone + ` 2>/dev/null; exec "$@"' %h`
		args := []string{"-n", "2", "--host", "a:1,b:1", "--rails", "127.0.0.1", "--agent-command", move}
		res := rainrun(t, append(append(append(args, "--preload"), prog), c.args...)...)
		res.want(t, 0)
		if got := strings.Join(sortedLines(res.out), ","); got != c.want {
			t.Errorf("%s: %q", c.prog, got)
		}
		_ = os.WriteFile(prog, data, 0o755)
		rainrun(t, append(append(args, prog), c.args...)...).want(t, 127, "does not exist")
	}
	rainrun(t, "--preload", "--host", "a:1", "--agent-command", "env H=%h", "/no/such").want(t, 1, "--preload: on this host: program /no/such does not exist")
}
