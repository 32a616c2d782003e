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
}
