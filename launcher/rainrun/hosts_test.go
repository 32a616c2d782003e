package main

import (
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

func onTwo(args ...string) []string { return append(append([]string{}, twoHosts...), args...) }

func TestTwoHosts(t *testing.T) {
	res := rainrun(t, onTwo("-n", "4", "sh", "-c", "echo $PMI_RANK $RAINRUN_TEST_HOST $MPI_LOCALRANKID")...)
	res.want(t, 0)
	if got := strings.Join(sortedLines(res.out), ","); got != "0 a 0,1 a 1,2 b 0,3 b 1" {
		t.Errorf("by slot: %q", got)
	}
	res = rainrun(t, onTwo("-n", "4", "--map-by", "node", "sh", "-c", "echo $PMI_RANK $RAINRUN_TEST_HOST")...)
	if got := strings.Join(sortedLines(res.out), ","); got != "0 a,1 b,2 a,3 b" {
		t.Errorf("by node: %q", got)
	}
	res = rainrun(t, onTwo("-n", "3", self(t), "rank", "init", "size", "cards", "finalize")...)
	res.want(t, 0)
	if strings.Count(res.out, "cards of all") != 3 || strings.Count(res.out, "hosts 2") != 3 {
		t.Errorf("cards: %s", res.out)
	}
	rainrun(t, onTwo("-n", "4", self(t), "rank", "init", "3:abort", "hang")...).want(t, 7, "rank 3 on host b", "aborted the job")
	rainrun(t, onTwo("-n", "4", self(t), "rank", "init", "3:die", "hang")...).want(t, 137, "rank 3 on host b", "signal 9")
	rainrun(t, onTwo("-n", "4", "./no-such-program")...).want(t, 127, "host ", "does not exist")
}

func TestSlots(t *testing.T) {
	rainrun(t, onTwo("-n", "5", "true")...).want(t, 1, "no slots left", "a:2, b:2", "--oversubscribe", "--host a:3")
	res := rainrun(t, onTwo("-n", "5", "--oversubscribe", "-l", "echo")...)
	res.want(t, 0)
	if n := strings.Count(res.out, "\n"); n != 5 {
		t.Errorf("%d ranks, want 5", n)
	}
	file := writeFile(t, "hosts", "# mine\na slots=1\nb:1\n", 0o644)
	res = rainrun(t, "--hostfile", file, twoHosts[2], twoHosts[3], "sh", "-c", "echo $RAINRUN_TEST_HOST")
	res.want(t, 0)
	if got := strings.Join(sortedLines(res.out), ","); got != "a,b" {
		t.Errorf("one rank per slot: %q", got)
	}
	bad := writeFile(t, "hosts", "a slots=1\nb slots=many\n", 0o644)
	rainrun(t, "-f", bad, "true").want(t, 2, bad+":2:", "many")
	t.Setenv("HYDRA_HOST_FILE", bad)
	rainrun(t, "true").want(t, 2, "HYDRA_HOST_FILE", bad+":2:")
}

func TestHostsThatDoNotStart(t *testing.T) {
	// Through ssh itself; .invalid never resolves (RFC 2606).
	rainrun(t, "--host", "nosuch.invalid:1", "true").want(t, 1, "host nosuch.invalid", "ssh ", "nosuch.invalid")
	rainrun(t, "--host", "a,b", "--agent-command", "/no/such/command %h", "true").
		want(t, 1, "host a", "/no/such/command a", "no such file")
	rainrun(t, "-n", "2", "--host", "a:1,b:1", "--agent-command", "sh -c 'echo on %h: no route >&2; exit 3' --", "true").
		want(t, 1, "host ", "no route", "exit status 3")
	// A login shell that prints is no reason to fail; one that only prints is.
	rainrun(t, "--host", "a:1", "--agent-command", `sh -c 'echo Welcome to %h!; exec "$@"' --`, "true").want(t, 0)
	rainrun(t, "--host", "a:1", "--agent-command", "sh -c 'echo Account expired' --", "true").
		want(t, 1, "host a", "Account expired")
}

func TestAgentByHand(t *testing.T) {
	r := start(t, "hello\n", "agent")
	r.wait().want(t, 2, "started by rainrun, not by hand", "hello")
	// A channel that turns into garbage ends the agent.
	r = start(t, "\nrainrun start channel 1\nxxxxxxxxxxxxxxxx", "agent")
	r.wait().want(t, 2, "garbage")
}

func TestUnusableRail(t *testing.T) {
	args := onTwo("-n", "4", "--host-timeout", "1s", "sleep", "1000")
	r := start(t, "", append([]string{"--rails", "no-such-rail"}, args...)...)
	r.wait().want(t, 1, "no-such-rail")
}

// An agent whose start channel is lost goes on through another agent.
func TestLostChannel(t *testing.T) {
	dir := t.TempDir()
	// ssh's exit status for its own failures is 255, which proves nothing of the
	// agent. This "ssh" is a shell between two pipes that can be killed alone.
	fake := dir + "/ssh"
	script := "#!/bin/bash\nwhile [ $# -gt 0 ] && [ \"$1\" != -- ]; do shift; done; shift 2\n" +
		"trap 'exit 255' TERM\n" +
		"exec 3<&0\nmkfifo " + dir + "/in.$$ " + dir + "/out.$$\n" +
		"RAINRUN_TEST_MARK=$RAINRUN_TEST_MARK setsid \"$@\" < " + dir + "/in.$$ > " + dir + "/out.$$ 2>/dev/null &\n" +
		"cat <&3 > " + dir + "/in.$$ &\na=$!\ncat < " + dir + "/out.$$ &\nb=$!\n" +
		"trap 'kill $a $b; exit 255' TERM\nwait $b\nwait\n"
	if err := os.WriteFile(fake, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	go0 := dir + "/go"
	r := start(t, "", "-n", "2", "--host", "a.invalid:1,b.invalid:1", "bash", "-c",
		"echo $PMI_RANK begins; until [ -e "+go0+" ]; do sleep 0.05; done; for i in 1 2 3; do echo $PMI_RANK line $i; done")
	r.await(2, "bash -c echo $PMI_RANK begins")
	ssh := r.await(2, "/bin/bash "+fake)
	if err := syscall.Kill(ssh[1], syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if !eventually(5*time.Second, func() bool { return len(r.find("/bin/bash "+fake)) == 1 }) {
		t.Fatal("the shell between is not gone")
	}
	if err := os.WriteFile(go0, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	res := r.wait()
	res.want(t, 0)
	if got := strings.Join(sortedLines(res.out), ","); got != "0 begins,0 line 1,0 line 2,0 line 3,1 begins,1 line 1,1 line 2,1 line 3" {
		t.Errorf("output: %q", got)
	}
}
