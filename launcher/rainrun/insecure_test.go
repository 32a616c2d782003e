package main

import "testing"

// TestInsecure: ranks on all hosts are told, in whichever part of the command line it stands.
func TestInsecure(t *testing.T) {
	res := rainrun(t, onTwo("-n", "2", "--insecure", self(t), "rank", "init", "options", "finalize")...)
	res.want(t, 0, "")
	if want := "options map[insecure:1]\noptions map[insecure:1]\n"; res.out != want {
		t.Errorf("ranks say %q, want %q", res.out, want)
	}
	res = rainrun(t, "-n", "1", self(t), "rank", "init", "options", "finalize")
	if res.out != "options map[]\n" {
		t.Errorf("without the option a rank says %q", res.out)
	}
}
