package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The job's key stands in the arguments and the environment of no process of the job, where other
// users of a host could read it, or programs pass it on.
func TestKeyIsNotShown(t *testing.T) {
	r := start(t, "", append([]string{"-n", "4", "--rails", "127.0.0.1"}, append(twoHosts, self(t), "rank", "init", "key", "hang")...)...)
	if !eventually(20*time.Second, func() bool { return strings.Count(r.outText(), "key ") == 4 }) {
		t.Fatalf("no key of all ranks: %s %s", r.outText(), r.err.String())
	}
	_, word, _ := strings.Cut(r.outText(), "key ")
	key, err := hex.DecodeString(strings.Fields(word)[0])
	if err != nil || len(key) != 32 {
		t.Fatalf("%q: %v", word, err)
	}
	looked := 0
	for _, pid := range r.left() {
		for _, name := range []string{"cmdline", "environ"} {
			text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, name))
			if err != nil {
				continue // it has just ended
			}
			looked++
			for how, form := range map[string][]byte{"as it is": key, "in hexadecimal": []byte(hex.EncodeToString(key)),
				"in base 64": []byte(base64.RawStdEncoding.EncodeToString(key)), "in base 64 for URLs": []byte(base64.RawURLEncoding.EncodeToString(key))} {
				if bytes.Contains(bytes.ToLower(text), bytes.ToLower(form)) {
					t.Errorf("the key stands %s in the %s of process %d", how, name, pid)
				}
			}
		}
	}
	if looked < 2*9 { // rainrun, two guardians, two agents, four ranks
		t.Errorf("%d files looked at", looked)
	}
	_ = r.cmd.Process.Signal(syscall.SIGTERM)
	r.wait()
}
