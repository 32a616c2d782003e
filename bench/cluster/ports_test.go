package cluster

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"rainmpi/bench/lab"
)

// firewall lets no UDP into a host but that to some ports.
func firewall(t *testing.T, h *lab.Host, low, high int) {
	t.Helper()
	rules := fmt.Sprintf("add table inet wall; flush table inet wall; add chain inet wall in { type filter hook input priority 0; }; "+
		"add rule inet wall in udp dport %d-%d accept; add rule inet wall in meta l4proto udp drop", low, high)
	if out, err := h.Command("nft", rules).CombinedOutput(); err != nil {
		t.Skipf("nft: %v %s", err, out)
	}
}

// A range of UDP ports is all that a firewall has to let through: one for the agent
// of a host and one for each of its ranks. Where it lets less through, whoever is not
// reached is named, with the ports and what to do, and the job ends.
func TestFirewall(t *testing.T) {
	l := lab.Start(t, lab.Config{Hosts: 2, Rails: 2})
	prog := compile(t, filepath.Join(bin(t), "mpicc"), hello)
	run2 := func(args ...string) result {
		args = append([]string{"-n", "4", "--host", "h1:2,h2:2", "--host-timeout", "4s"}, args...)
		return run(t, l.Outside().Command(filepath.Join(bin(t), "rainrun"), append(args, prog)...))
	}
	for _, h := range l.Hosts {
		firewall(t, h, 47000, 47002)
	}
	run2("--ports", "47000-47002").wantHello(t, 4, "h1", "h1", "h2", "h2")
	run2("--ports", "47000-47001").want(t, 1, "host h1: 2 ranks and their agent take 3 UDP ports, and the range 47000-47001 has 2; widen it (--ports)")

	run2("--ports", "47003-47010").want(t, 1, "host h2 did not answer host h1", "is UDP blocked between 10.77.1.", "10.77.1.1:47003, 10.77.2.1:47003", "10.77.1.2:47003, 10.77.2.2:47003", " (--ports, for a firewall)")
	firewall(t, l.Hosts[1], 47000, 47000) // for the agent alone
	res := run2("--ports", "47000-47010")
	res.want(t, 1, " did not answer rank ", " on any rail for 4s (--host-timeout), though their hosts reach each other", // either of the other
		"is UDP blocked between 10.77.1.", ":4700", " and 10.77.1.", "(--ports, for a firewall)")
	if n := strings.Count(res.err, "\n"); n != 2 { // that it is waited for, and the end
		t.Errorf("%d lines: %s", n, res.err)
	}

	// rainrun check finds it before.
	check := func(ports string) result {
		return run(t, l.Outside().Command(filepath.Join(bin(t), "rainrun"), "check", "--host", "h1,h2", "--ports", ports))
	}
	if res := check("47000-47010"); res.status != 1 || !strings.Contains(res.out, "PROBLEM: h1: UDP port 47010, the last of the range, answers nothing between h1 and h2") ||
		!strings.Contains(res.out, "remedy: open all of UDP 47000-47010") {
		t.Errorf("check: %+v", res)
	}

	// Under a launcher that has no agents the ranks say it themselves.
	mpirun := need(t, "mpirun.mpich")
	firewall(t, l.Hosts[1], 47000, 47002)
	hydra := func(ports string) result {
		return run(t, l.Hosts[0].Command(mpirun, "-iface", "rail1", "-launcher", "ssh", "-launcher-exec", sshLike(t, l),
			"-genv", "RAIN_PORTS", ports, "-hosts", "h1,h2", "-ppn", "1", "-n", "2", prog))
	}
	if res := check("47000-47002"); res.status != 0 || !strings.Contains(res.out, "UDP ports: 47000-47002") || strings.Contains(res.out, "PROBLEM") {
		t.Errorf("check: %+v", res)
	}
	hydra("47000-47002").wantHello(t, 2, "h1", "h2")
	if res := hydra("47003"); res.status <= 0 || !strings.Contains(res.err, " for 3s; is UDP blocked between 10.77.1.1:47003, 10.77.2.1:47003 and 10.77.1.2:47003, 10.77.2.2:47003? RAIN_PORTS=LOW-HIGH") ||
		!strings.Contains(res.err, "the job ends") {
		t.Errorf("%+v", res)
	}
}
