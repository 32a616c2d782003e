package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"rainmpi/bench/lab"
	"rainmpi/internal/alone"
)

// The test binary is rainbench when this variable is set.
const playMain = "RAINBENCH_IS_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(playMain) != "" {
		main()
	}
	alone.Clear()
	os.Exit(m.Run())
}

func rainbench(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, args...)
	cmd.Env = append(os.Environ(), playMain+"=1")
	return cmd
}

// run returns what rainbench printed and its exit status.
func run(t *testing.T, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	cmd := rainbench(t, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// built is where make build puts everything.
const built = "../../build"

func needLab(t *testing.T) {
	t.Helper()
	lab.Start(t, lab.Config{Hosts: 1, Rails: 1}).Close()
}

func TestLabRun(t *testing.T) {
	needLab(t)
	exe, _ := os.Executable()
	script := `
echo hosts %hosts $RAINLAB_HOSTS $RAINLAB_RAILS
$0 lab exec h2 -- hostname
$0 lab rsh -x h1 hostname '&&' exit 3; echo rsh $?
${RAIN_AGENT_COMMAND%%%h*}h1 -- hostname
$0 lab fault rail1@h2 cut behind && $0 lab status --json
$0 lab fault rail1 mend && $0 lab status
exit 5`
	out, errs, status := run(t, "lab", "run", "--rate", "100mbit", "--at", "0s:cut:rail2", "--", "sh", "-c", script, exe)
	if status != 5 || !strings.Contains(errs, "cut:rail2") {
		t.Errorf("status %d, standard error %q", status, errs)
	}
	lines := strings.Split(out, "\n")
	for i, want := range []string{"hosts h1,h2 h1,h2 rail1,rail2", "h2", "h1", "rsh 3", "h1"} {
		if lines[i] != want {
			t.Errorf("line %d is %q, want %q", i, lines[i], want)
		}
	}
	var st lab.Status
	if err := json.Unmarshal([]byte(lines[5]), &st); err != nil {
		t.Fatalf("%v: %s", err, lines[5])
	}
	if got := st.Rails[0].Cables[1].State; got != "cut behind the switch port" || st.Rails[0].Rate != 1e8 {
		t.Errorf("rail1 of h2 is %q at %d bit/s", got, st.Rails[0].Rate)
	}
	if _, err := os.Stat(st.Dir); !os.IsNotExist(err) {
		t.Errorf("%s is left", st.Dir)
	}
}

func TestLabRunEndsWithItsCommand(t *testing.T) {
	needLab(t)
	// What the command leaves in the background ends with the lab, and SIGTERM is passed on.
	sleeper := fmt.Sprintf("sleep 5151.%d", os.Getpid()) // nobody else on this machine does
	cmd := rainbench(t, "lab", "run", "--", "sh", "-c", sleeper+" & trap 'exit 9' TERM; echo ready; wait")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 16)
	if n, _ := out.Read(buf); string(buf[:n]) != "ready\n" {
		t.Fatalf("it said %q", buf[:n])
	}
	cmd.Process.Signal(syscall.SIGTERM)
	stuck := time.AfterFunc(20*time.Second, func() { cmd.Process.Kill() })
	defer stuck.Stop()
	cmd.Wait()
	if cmd.ProcessState.ExitCode() != 9 {
		t.Errorf("status %d, want 9", cmd.ProcessState.ExitCode())
	}
	if text, _ := exec.Command("sh", "-c", `cat /proc/[0-9]*/cmdline | tr '\0' ' '`).Output(); strings.Contains(string(text), sleeper+" ") {
		t.Error("the sleeper is left")
	}
}

func TestBadInput(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"brew", `no command "brew"`},
		{"lab dig", `no command "dig"`},
		{"lab run", "no command given"},
		{"lab run --rate fast -- true", "write it like 1gbit"},
		{"lab run --hosts 0x -- true", "invalid argument"},
		{"lab run --rails 99 -- true", "give 1 to 16"},
		{"lab run --at 5s:burn:rail1 -- true", "one of cut, blackhole, loss, mend"},
		{"lab run --at soon:cut:rail1 -- true", "write it like 5s:cut:rail1"},
		{"lab fault rail1", "give a rail and what to do"},
		{"lab exec h1", "usage"},
		{"lab exec --lab /nowhere h1 -- true", "no lab at /nowhere"},
		{"lab status --lab /nowhere", "no lab at /nowhere"},
		{"pt2pt --peers othermpi", `no implementation "othermpi"`},
		{"pt2pt --peers rainmpi --prefix /nowhere", "make build"},
		{"coll --update", "name one"},
		{"launch --peers othermpi", `no implementation "othermpi"`},
		{"launch --update", "name one"},
		{"heat --few 2 --many 2", "more ranks than few"},
		{"rails --faults cut", "names no rail"},
		{"rails --rails 9", "9 rails: give 1 to 8"},
		{"rails --rails 3 --rate 1gbit,100mbit", "2 rates for 3 rails"},
		{"rails --rails 1 --rate none", "a rail without a rate"},
		{"rails --rails 1 --tests speed", `no test "speed"`},
		{"faults", "name a --scenario: cut, black-hole"},
		{"faults --scenario quake", `no scenario "quake"`},
		{"faults --scenario cut --loss much", "write it like 5%"},
		{"faults --scenario cut --rate fast", "write it like 1gbit"},
		{"faults --scenario cut --trials 0", "give 1 at least"},
		{"faults --scenario cut --peers othermpi --prefix " + built, `no implementation "othermpi"`},
		{"faults --scenario cut --peer othermpi --prefix " + built, `no implementation "othermpi"`},
		{"rails --peer othermpi --prefix " + built, `no implementation "othermpi"`},
		{"rails --rails 1 --sizes 1q", `size "1q": write it like`},
		{"share --rate none", "a rail without a rate has no parts"},
		{"share --duration 1", "give 2 seconds at least"},
		{"share --congestion sunny --duration 2 --prefix " + built + " --src ../c", "iperf3 between h1 and h2"},
		{"cost --runs 0", "give 1 of 1 s at least"},
		{"cost --mtu 100 --prefix " + built + " --src ../c", "MTU 100"},
		{"profile --impl openmpi", "there are rainmpi and insecure"},
		{"demo --mode cloud --prefix /nowhere", "rainmpi is not built"},
	} {
		_, errs, status := run(t, strings.Fields(c.args)...)
		if status == 0 || !strings.Contains(errs, c.want) {
			t.Errorf("rainbench %s: status %d, %q; want %q", c.args, status, errs, c.want)
		}
	}
}
