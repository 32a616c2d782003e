package launcher

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"rainmpi/internal/cpulist"
)

// FuzzHosts: the names of hosts, in a list, a file or Slurm's variables, are taken or refused. What is taken is what a
// start command can be given, and reads the same when it is written again.
func FuzzHosts(f *testing.F) {
	f.Add("a:2,b", "2(x3),1")
	f.Add("[::1]:2,fe::2,user@host:3,a,a", "")
	f.Add("a slots=4 # two\n\nb:2\nc max_slots=3\n", "4")
	f.Add("n[1-2,7],m[09-11]x,r[1-2]n[1-2]", "8(x9)")
	f.Add("n[0-9223372036854775807]", "1(x9223372036854775807)")
	f.Add("n[1-65536,1-65536,1-65536]", "1(x65536),1(x65536)")
	f.Add("a:9223372036854775807,a:9223372036854775807", "9223372036854775807")
	f.Fuzz(func(t *testing.T, list, counts string) {
		if hosts, err := ParseHosts(list); err == nil {
			taken(t, list, hosts)
			if again, err := ParseHosts(written(hosts, ",")); err != nil || text(again) != text(hosts) {
				t.Fatalf("%q is %s, which reads as %s, %v", list, text(hosts), text(again), err)
			}
		}
		if hosts, err := parseHostFile("f", strings.NewReader(list)); err == nil {
			taken(t, list, hosts)
			if again, err := parseHostFile("f", strings.NewReader(written(hosts, "\n"))); err != nil || text(again) != text(hosts) {
				t.Fatalf("%q is %s, which reads as %s, %v", list, text(hosts), text(again), err)
			}
		}
		env := map[string]string{"SLURM_JOB_ID": "1", "SLURM_JOB_NODELIST": list, "SLURM_TASKS_PER_NODE": counts}
		if hosts, err := SlurmHosts(func(name string) string { return env[name] }); err == nil && list != "" {
			taken(t, list, hosts)
		}
	})
}

// taken looks at hosts that were not refused.
func taken(t *testing.T, from string, hosts []Host) {
	t.Helper()
	if len(hosts) == 0 || len(hosts) > 2*maxNodes {
		t.Fatalf("%q: %d hosts", from, len(hosts))
	}
	for _, h := range hosts[:min(len(hosts), 1000)] {
		if err := checkHostName(h.Name); err != nil || h.Slots < 0 {
			t.Fatalf("%q: host %q with %d slots, %v", from, h.Name, h.Slots, err)
		}
	}
}

func written(hosts []Host, between string) string {
	var list []string
	for _, h := range hosts {
		item := h.Name
		if strings.Contains(item, ":") {
			item = "[" + item + "]"
		}
		if h.Slots > 0 {
			item += fmt.Sprintf(":%d", h.Slots)
		}
		list = append(list, item)
	}
	return strings.Join(list, between)
}

// FuzzRankFile: a rank file is read or refused, and what it says of cores fits a host or does not.
func FuzzRankFile(f *testing.F) {
	f.Add("# mine\nrank 1=b slot=1:0-2\nrank 0=a slot=0,2-3 # two\n\nrank 2=+n0 slots=*\nrank 3=a\n")
	f.Add("rank 0=a slot=0-9223372036854775807\n")
	f.Add("rank 0=a slot=9223372036854775807:*\nrank 9223372036854775807=a")
	cores := []core{{[]int{0, 4}, 0, 0}, {[]int{1, 5}, 0, 0}, {[]int{2, 6}, 1, 1}, {[]int{3, 7}, 1, 1}}
	f.Fuzz(func(t *testing.T, text string) {
		ranks, err := parseRankFile("f", strings.NewReader(text))
		if err != nil {
			return
		}
		if len(ranks) == 0 || len(ranks) > 1+strings.Count(text, "\n") {
			t.Fatalf("%q: %d ranks", text, len(ranks))
		}
		for i, p := range ranks {
			if err := checkHostName(p.Host); err != nil && !strings.HasPrefix(p.Host, "+n") {
				t.Fatalf("%q: rank %d: %v", text, i, err)
			}
			cpus, err := pinned(cores, p.Cores)
			if err == nil && p.Cores != "" && len(cpus) == 0 {
				t.Fatalf("%q: rank %d is pinned to nothing", text, i)
			}
			for _, c := range cpus {
				if c < 0 || c > 7 {
					t.Fatalf("%q: rank %d on processor %d, %s", text, i, c, cpulist.Format(cpus))
				}
			}
		}
	})
}

// FuzzPreamble: whatever a login shell prints first, and whatever a killed agent has left behind, frames are found
// where they are, and a guardian's last word at the end.
func FuzzPreamble(f *testing.F) {
	bye := encode(kindGoodbye, Goodbye{Text: "killed"})
	last := appendFrame(nil, bye.kind, bye.body)
	f.Add([]byte("Welcome!"+preamble), []byte("R\x01\x00\x00\x03\x00\x00\x00ab"))
	f.Add([]byte(preamble), appendFrame([]byte("\n\n"), kindOut, packOut(0, 1, []byte("x\n"))))
	f.Add([]byte(preamble), append(appendFrame(nil, 0, nil), appendFrame(nil, kindLast, nil)...))
	f.Add([]byte("no such command\n"), last[:len(last)-1])
	f.Fuzz(func(t *testing.T, banner, frames []byte) {
		whole := bytes.Contains(append([]byte(nil), banner...), []byte(preamble))
		in := newFrameReader(bytes.NewReader(append(append(append([]byte(nil), banner...), frames...), last...)))
		garbage, err := in.preamble()
		if whole && len(banner) < maxPreface && err != nil {
			t.Fatalf("%q has a preamble that is not found: %v", banner, err)
		}
		if err != nil {
			if len(garbage) > maxPreface {
				t.Fatalf("%d bytes are kept of what is no agent's", len(garbage))
			}
			return
		}
		for {
			fr, err := in.next()
			if err != nil {
				return
			}
			if fr.kind == 0 || fr.kind >= kindLast {
				t.Fatalf("a frame of kind %d", fr.kind)
			}
			var g Goodbye
			if fr.kind == kindGoodbye && string(fr.body) == string(bye.body) && (fr.decode(&g) != nil || g.Text != "killed") {
				t.Fatalf("the last word is %+v", g)
			}
		}
	})
}
