package launcher

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// healthy is a report of two hosts with nothing wrong.
func healthy() *Report {
	r := &Report{Ports: "47000-47009", LastPort: 47009}
	for i, name := range []string{"a", "b"} {
		r.Hosts = append(r.Hosts, HostReport{Name: name, Start: "ssh", Facts: HostFacts{
			Version: "v1", Binary: "b1", File: "/opt/bin/rainrun", Library: "l1", LibFile: "/opt/lib/libmpi_abi.so.1",
			Cores: 4, Files: 1024, Ptrace: 1, PortsFree: 10, LastPort: true, Rails: []RailFacts{{Name: "eth0", MTU: 1500}, {Name: "eth1", MTU: 1500}}},
			Paths: []ProbedPath{{1 - i, "10.0.0.1 eth0", "10.0.0.2 eth0"}, {1 - i, "10.0.1.1 eth1", "10.0.1.2 eth1"}},
			Last:  []ProbedPath{{1 - i, "10.0.0.1 eth0", "10.0.0.2 eth0"}}})
	}
	return r
}

// Every problem is found, has a remedy, and is fatal where a job could not run.
func TestJudge(t *testing.T) {
	for _, c := range []struct {
		about  string
		spoil  func(r *Report, b *HostReport)
		fatal  bool
		text   string // empty: nothing is wrong
		remedy string
	}{
		{"nothing", func(*Report, *HostReport) {}, false, "", ""},
		{"no host reached", func(_ *Report, b *HostReport) { b.Error = "no route" }, true, "b: no route", "`ssh` reaches it without a password"},
		{"another build", func(_ *Report, b *HostReport) { b.Facts.Binary = "b2" }, true, "b: /opt/bin/rainrun is another build (v1, b2; elsewhere b1)", "install the same"},
		{"another library", func(_ *Report, b *HostReport) { b.Facts.Library = "l2" }, true, "b: /opt/lib/libmpi_abi.so.1 is another build (l2, elsewhere l1)", "install the same"},
		{"no library", func(_ *Report, b *HostReport) { b.Facts.Library = "" }, true, "b: /opt/lib/libmpi_abi.so.1 is missing", "install the same"},
		{"none anywhere", func(r *Report, b *HostReport) { b.Facts.Library, r.Hosts[0].Facts.Library = "", "" }, false, "", ""},
		{"no port", func(_ *Report, b *HostReport) { b.Facts.PortError = "none is free" }, true, "b: none is free", "--ports"},
		{"few ports", func(_ *Report, b *HostReport) { b.Facts.PortsFree = 4 }, false, "b: of the UDP ports 47000-47009 it has 4 free, and 4 cores", "widen the range"},
		{"a firewall stops the range's end", func(r *Report, b *HostReport) { b.Last, r.Hosts[0].Last = nil, nil }, true,
			"a: UDP port 47009, the last of the range, answers nothing between a and b", "open all of UDP 47000-47009"},
		{"the last port is somebody's", func(r *Report, b *HostReport) { b.Last, b.Facts.LastPort, r.Hosts[0].Last = nil, false, nil }, false, "", ""},
		{"no shared memory", func(_ *Report, b *HostReport) { b.Facts.Memory = "memfd_create: not permitted" }, true, "b: ranks cannot share memory", "seccomp"},
		{"no ptrace", func(_ *Report, b *HostReport) { b.Facts.Ptrace = 2 }, false, "b: kernel.yama.ptrace_scope is 2", "sysctl kernel.yama.ptrace_scope=1"},
		{"few files", func(_ *Report, b *HostReport) { b.Facts.Files = 1023 }, false, "b: a process may open 1023 files only", "ulimit -n"},
		{"a clock that is off", func(_ *Report, b *HostReport) { b.Skew = -90 * time.Second }, false, "b: its clock is -1m30s off", "chrony"},
		{"a clock of which nothing is known", func(_ *Report, b *HostReport) { b.Skew, b.Blur = 3*time.Second, 3*time.Second }, false, "", ""},
		{"no path", func(r *Report, b *HostReport) { b.Paths, r.Hosts[0].Paths = nil, nil }, true, "a: no pair of addresses answers between a and b", "open UDP 47000-47009"},
		{"a rail is cut", func(r *Report, b *HostReport) { b.Paths, r.Hosts[0].Paths = b.Paths[:1], r.Hosts[0].Paths[:1] }, false,
			"a: eth1 answers nothing between a and b", "look at the cable"},
		{"an MTU of its own", func(_ *Report, b *HostReport) { b.Facts.Rails[1].MTU = 9000 }, false, "a: eth1 has MTU 1500 on a and 9000 on b", "set the same MTU"},
	} {
		r := healthy()
		c.spoil(r, &r.Hosts[1])
		r.judge()
		if c.text == "" {
			if len(r.Problems) > 0 {
				t.Errorf("%s: %+v", c.about, r.Problems)
			}
			continue
		}
		if len(r.Problems) != 1 || r.Fatal() != c.fatal {
			t.Errorf("%s: %+v", c.about, r.Problems)
			continue
		}
		if p := r.Problems[0]; !strings.HasPrefix(fmt.Sprintf("%s: %s", p.Host, p.Text), c.text) || !strings.Contains(p.Remedy, c.remedy) {
			t.Errorf("%s: %+v, want %s, %s", c.about, p, c.text, c.remedy)
		}
	}
}
