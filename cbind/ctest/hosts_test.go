package ctest

import "testing"

// TestBetweenHosts runs programs whose messages take other ways between hosts: the agents run here,
// and are told apart by name.
func TestBetweenHosts(t *testing.T) {
	for _, source := range []string{"truncate.c", "disagree.c"} {
		t.Run(source, func(t *testing.T) {
			exe := compile(t, source)
			out, err := run(t, prefix+"/bin/rainrun", "-n", "4", "--host", "a:2,b:2", "--agent-command", "env TEST_HOST=%h", "--rails", "127.0.0.1", exe)
			if err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}
