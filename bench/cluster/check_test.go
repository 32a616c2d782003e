package cluster

import (
	"path/filepath"
	"strings"
	"testing"

	"rainmpi/bench/lab"
)

// rainrun check on three hosts, with one cable cut, then with no way to one host.
func TestCheckFindsTheCut(t *testing.T) {
	l := lab.Start(t, lab.Config{Hosts: 3, Rails: 2})
	check := func() result {
		return run(t, l.Outside().Command(filepath.Join(bin(t), "rainrun"), "check", "--host", "h1,h2,h3"))
	}
	breakRail := func(rail string) {
		f, err := lab.ParseFault("cut:" + rail + "@h2:behind")
		if err == nil {
			err = l.Fault(f)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	matrix := func(res result, lines ...string) {
		t.Helper()
		text := strings.Join(strings.Fields(res.out), " ")
		for _, line := range lines {
			if !strings.Contains(text, line) {
				t.Errorf("no %q in\n%s", line, res.out)
			}
		}
	}
	res := check()
	res.want(t, 0)
	if !strings.Contains(res.out, "VERSION") || strings.Contains(res.out, " none ") { // of libraries
		t.Errorf("no version or no library in\n%s", res.out)
	}
	matrix(res, "rail1 h1 h2 h3 h1 . ok ok h2 ok . ok h3 ok ok .", "rail2 h1 h2 h3 h1 . ok ok h2 ok . ok h3 ok ok .", "no problem found")
	breakRail("rail2")
	res = check()
	res.want(t, 0)
	matrix(res, "rail1 h1 h2 h3 h1 . ok ok h2 ok . ok h3 ok ok .", "rail2 h1 h2 h3 h1 . - ok h2 - . - h3 ok - .",
		"warning: h1: rail2 answers nothing between h1 and h2", "remedy: look at the cable")
	breakRail("rail1")
	res = check()
	res.want(t, 1)
	matrix(res, "PROBLEM: h1: no pair of addresses answers between h1 and h2", "PROBLEM: h2: no pair of addresses answers between h2 and h3", "remedy: open UDP")
}
