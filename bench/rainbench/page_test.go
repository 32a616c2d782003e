package main

import (
	"strings"
	"testing"
)

// The manual tells every command and its flags.
func TestPage(t *testing.T) {
	man := page().Man()
	for _, want := range []string{"rainbench lab run", "\\-\\-rails", "rainbench chaos", "\\-\\-jobs", "rainbench completion"} {
		if !strings.Contains(man, want) {
			t.Errorf("the manual lacks %q", want)
		}
	}
	for name := range commands {
		if !strings.Contains(man, ".SS rainbench "+name+"\n") {
			t.Errorf("the manual lacks the command %s", name)
		}
	}
	if collect != nil {
		t.Error("commands would not run any more")
	}
	if strings.Contains(man, "\\-\\-peer ") || strings.Contains(man, "\\-\\-peer\\") {
		t.Error("the manual tells --peer beside --peers")
	}
	if strings.Contains(man, "default /") {
		t.Error("the manual names a folder of the machine on which it was made")
	}
}

// --help of every command runs nothing, and is on standard output, for less and grep.
func TestHelp(t *testing.T) {
	var words []string
	for name := range commands {
		words = append(words, name)
	}
	for name := range labCommands {
		if name != "rsh" { // it takes options of ssh
			words = append(words, "lab "+name)
		}
	}
	for _, w := range words {
		out, errs, status := run(t, append(strings.Fields(w), "--help")...)
		if status != 0 || errs != "" || !strings.HasPrefix(out, "usage: rainbench "+w+" ") && !strings.HasPrefix(out, "usage: rainbench "+w+"\n") {
			t.Errorf("rainbench %s --help: status %d, %q, standard error %q", w, status, out, errs)
		}
	}
}
