package lab

import (
	"net/netip"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

const sigterm = syscall.SIGTERM

// carrier reads whether a host's interface is up and has carrier.
func carrier(t *testing.T, h *Host, dev string) string {
	t.Helper()
	return shell(t, h, "cat /sys/class/net/"+dev+"/carrier 2>/dev/null || echo down")
}

func TestCuts(t *testing.T) {
	t.Parallel()
	l := Start(t, Config{Rails: 2, Rate: 1e9, IPv6: true})
	h1, h2, rail := l.Hosts[0], l.Hosts[1], l.Rails[0]
	for _, c := range []struct {
		at   End
		seen string // by the host whose cable it is
	}{{AtSwitch, "0"}, {AtHost, "down"}, {Behind, "1"}} {
		if err := rail.Cut("h2", c.at); err != nil {
			t.Fatal(err)
		}
		if got := carrier(t, h2, "rail1"); got != c.seen {
			t.Errorf("cut at %s: h2 sees carrier %q, want %q", c.at, got, c.seen)
		}
		if got := carrier(t, h1, "rail1"); got != "1" {
			t.Errorf("cut at %s of h2: h1 sees carrier %q", c.at, got)
		}
		if got := arrived(t, h1, h2, 1, 10); got != 10 {
			t.Errorf("cut at %s: %d of 10 datagrams over the other rail", c.at, got)
		}
		if c.at != AtHost { // without the interface the sink has no address to listen on
			if got := arrived(t, h1, h2, 0, 10); got != 0 {
				t.Errorf("cut at %s: %d datagrams came through", c.at, got)
			}
		}
		if err := rail.MendHost("h2"); err != nil {
			t.Fatal(err)
		}
		// ARP asks again after a second only, as on any network.
		waitFor(t, "datagrams over the mended rail", func() bool { return arrived(t, h1, h2, 0, 10) == 10 })
		if got := shell(t, h2, "ip -6 addr show dev rail1 2>/dev/null || cat /proc/net/if_inet6"); !strings.Contains(got, "fd77") {
			t.Errorf("mended after a cut at %s: no IPv6 address:\n%s", c.at, got)
		}
	}
}

func TestBlackHoles(t *testing.T) {
	t.Parallel()
	needNFT(t)
	l := Start(t, Config{Rails: 1})
	h1, h2, rail := l.Hosts[0], l.Hosts[1], l.Rails[0]
	steps := []struct {
		host     string
		dir      Dir
		to2, to1 int // of 10 datagrams each way
	}{
		{"h1", Out, 0, 10}, {"h1", In, 10, 0}, {"h1", Both, 0, 0}, {"h2", Out, 10, 0}, {"", Both, 0, 0},
	}
	// Neighbours must be known: without ARP one direction cannot work alone.
	arrived(t, h1, h2, 0, 1)
	for _, s := range steps {
		if err := rail.BlackHole(s.host, s.dir); err != nil {
			t.Fatal(err)
		}
		if got := arrived(t, h1, h2, 0, 10); got != s.to2 {
			t.Errorf("black hole %s %s: %d from h1 to h2, want %d", s.host, s.dir, got, s.to2)
		}
		if got := arrived(t, h2, h1, 0, 10); got != s.to1 {
			t.Errorf("black hole %s %s: %d from h2 to h1, want %d", s.host, s.dir, got, s.to1)
		}
		if got := carrier(t, h1, "rail1"); got != "1" {
			t.Errorf("black hole %s %s: carrier %q", s.host, s.dir, got)
		}
		if err := rail.Mend(); err != nil {
			t.Fatal(err)
		}
		waitFor(t, "datagrams over the mended rail", func() bool {
			return arrived(t, h1, h2, 0, 10)+arrived(t, h2, h1, 0, 10) == 20
		})
	}
}

func TestLossDrawsForEachFrame(t *testing.T) {
	needNFT(t)
	l := Start(t, Config{Rails: 2})
	h1, h2 := l.Hosts[0], l.Hosts[1]
	arrived(t, h1, h2, 0, 1) // neighbours must be known before their questions get lost
	if err := l.Rails[0].Loss(0.2); err != nil {
		t.Fatal(err)
	}
	const n = 4000 // 800 lost, standard deviation 25
	if got := arrived(t, h1, h2, 0, n); got < n*0.8-150 || got > n*0.8+150 {
		t.Errorf("%d of %d datagrams came over a rail that loses 20 %%", got, n)
	}
	if got := arrived(t, h1, h2, 1, 100); got != 100 {
		t.Errorf("%d of 100 datagrams over the other rail", got)
	}
	// A TCP stream must meet the draws frame by frame: with super-packets of 64 KiB
	// the switch would count one packet for 45.
	before, _ := l.Rails[0].Counters()
	l.Rails[0].Loss(0.001)
	done := make(chan string, 1)
	go func() { done <- flow(t, "tcp", h1, h2, addrPort(h2, 7005), 2<<20) }()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		t.Fatal("2 MiB did not get through 0.1 % loss in 20 s")
	}
	after, _ := l.Rails[0].Counters()
	if n := after["h2"].Sub(before["h2"]); n.RxPackets < 1400 {
		t.Errorf("2 MiB came in %d packets: super-packets", n.RxPackets)
	}
	if err := l.Rails[0].Mend(); err != nil {
		t.Fatal(err)
	}
	if got := arrived(t, h1, h2, 0, 1000); got != 1000 {
		t.Errorf("mended: %d of 1000", got)
	}
}

func addrPort(h *Host, port uint16) netip.AddrPort { return netip.AddrPortFrom(h.Addr(0), port) }

func needNFT(t *testing.T) {
	t.Helper()
	if _, err := findNFT(); err != nil {
		t.Skip(err)
	}
}

func TestTimeline(t *testing.T) {
	t.Parallel()
	l := Start(t, Config{Rails: 1})
	var events []Event
	for _, s := range []string{"50ms:mend:rail1", "20ms:cut:rail1@h2:behind", "10ms:mend:rail1"} {
		e, err := ParseEvent(s)
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, e)
	}
	var told []string
	var times []time.Time
	err := l.Play(t.Context(), events, func(e Event, at time.Time) {
		times = append(times, at)
		if len(times) == 1 {
			time.Sleep(100 * time.Millisecond) // the cut is late, as on a busy machine
		}
		st, err := l.Status()
		if err != nil {
			t.Fatal(err)
		}
		told = append(told, e.Fault.String()+" "+st.Rails[0].Cables[1].State)
	})
	want := "mend:rail1 ok; cut:rail1@h2:behind cut behind the switch port; mend:rail1 ok"
	if got := strings.Join(told, "; "); err != nil || got != want {
		t.Fatalf("%q, %v; want %q", got, err, want)
	}
	if d := times[2].Sub(times[1]); d < 30*time.Millisecond {
		t.Errorf("the fault lasted for %v, want at least 30 ms", d)
	}
}

func TestFaultsThatCannotBe(t *testing.T) {
	for _, s := range []string{
		"", "cut", "cut:", "burn:rail1", "cut:rail1:middle", "blackhole:rail1:out", "blackhole:rail1@h1:up",
		"loss:rail1", "loss:rail1:120%", "loss:rail1:-1%", "loss:rail1:NaN", "mend:rail1:now",
	} {
		if f, err := ParseFault(s); err == nil {
			t.Errorf("ParseFault(%q) = %+v", s, f)
		}
	}
	for _, s := range []string{"cut:rail1", "x:cut:rail1", "-1s:cut:rail1"} {
		if e, err := ParseEvent(s); err == nil {
			t.Errorf("ParseEvent(%q) = %+v", s, e)
		}
	}
	for _, s := range []string{"cut:rail1", "cut:rail2@h1:host", "blackhole:rail1@h2:in", "loss:rail1@h1:2.5%", "mend:rail3"} {
		if f, err := ParseFault(s); err != nil || f.String() != s {
			t.Errorf("ParseFault(%q) = %v, %v", s, f, err)
		}
	}
	l := Start(t, Config{Hosts: 1, Rails: 1})
	for _, s := range []string{"cut:rail2", "cut:rail1@h9"} {
		f, _ := ParseFault(s)
		if err := l.Fault(f); err == nil || !strings.Contains(err.Error(), "there are") {
			t.Errorf("%s: %v", s, err)
		}
	}
	if out, err := l.Outside().Command("true").CombinedOutput(); err != nil {
		t.Errorf("outside: %v: %s", err, out)
	}
	cmd := exec.Command(selfExe, roleExec, l.Dir(), "h9", "--", "true")
	if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), `no host "h9"`) {
		t.Errorf("exec on h9: %v: %s", err, out)
	}
}
