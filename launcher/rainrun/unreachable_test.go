package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rainmpi/launcher"
	"rainmpi/rainnet"
)

// apart wants a job to have ended because host b could not be reached: in bounded time, with one
// line that says so, and the remedy. wait has found that nothing is left.
func (res result) apart(t *testing.T, a, b, remedy string) {
	t.Helper()
	res.want(t, 1, fmt.Sprintf("host %s has been silent on all rails since ", b), "; waiting up to 2s",
		fmt.Sprintf("host %s did not answer host %s", b, a), "; the job was ended: ", remedy)
	if n := strings.Count(res.err, "the job was ended"); n != 1 {
		t.Errorf("%d reasons: %s", n, res.err)
	}
	if res.took > 15*time.Second {
		t.Errorf("it took %v", res.took)
	}
}

// An agent that runs, and whose rails lead nowhere.
func TestUnreachableAgent(t *testing.T) {
	file := filepath.Join(t.TempDir(), "faults")
	if err := os.WriteFile(file, make([]byte, rainnet.FaultsFileSize), 0o600); err != nil {
		t.Fatal(err)
	}
	rails, err := rainnet.FaultsOfFile(file)
	if err != nil {
		t.Fatal(err)
	}
	rails.Drop(0, true)
	t.Setenv(rainnet.FaultsVariable, file)
	cut := `sh -c 'test $0 = b || unset ` + rainnet.FaultsVariable + `; exec "$@"' %h`
	rainrun(t, "-n", "2", "--host", "a:1,b:1", "--agent-command", cut, "--rails", "127.0.0.1", "--host-timeout", "2s",
		self(t), "rank", "init", "hang").apart(t, "a", "b", " (--ports, for a firewall), are the right interfaces used (--rails)?")
}

// An agent that was handed another job's key.
func TestWrongKey(t *testing.T) {
	rainrun(t, "-n", "2", "--host", "a:1,b:1", "--agent-command", self(t)+" wrongsetup key %h", "--rails", "127.0.0.1", "--host-timeout", "2s",
		self(t), "rank", "init", "hang").apart(t, "a", "b", "an agent with another key cannot join")
}

// Agents of another version are not taken into the job, whichever side notices.
func TestOtherVersion(t *testing.T) {
	for what, words := range map[string]string{"version": "rainrun is of another version", "answer": "the agent there is of another version"} {
		rainrun(t, "-n", "2", "--host", "a:1,b:1", "--agent-command", self(t)+" wrongsetup "+what+" %h", "--rails", "127.0.0.1",
			self(t), "rank", "init", "hang").want(t, 1, "host b: "+words, "install the same rainmpi on all hosts")
	}
}

// wrongSetup stands between rainrun and an agent, and gives host b another key or
// version, or changes its answer.
func wrongSetup(what, host string, command []string) error {
	agent := exec.Command(command[0], command[1:]...)
	agent.Stderr = os.Stderr
	in, err := agent.StdinPipe()
	if err != nil {
		return err
	}
	out, err := agent.StdoutPipe()
	if err != nil {
		return err
	}
	if err := agent.Start(); err != nil {
		return err
	}
	other := host == "b" || host == "h2"
	if other && what != "answer" {
		if err := changeFirst(in, os.Stdin, func(s *launcher.Setup) {
			if what == "key" {
				s.Key[0]++
			} else {
				s.Protocol++
			}
		}); err != nil {
			return err
		}
	}
	go func() {
		_, _ = io.Copy(in, os.Stdin)
		in.Close()
	}()
	if other && what == "answer" {
		if err := changeFirst(os.Stdout, out, func(r *launcher.Ready) { r.Protocol++ }); err != nil {
			return err
		}
	}
	_, _ = io.Copy(os.Stdout, out)
	return agent.Wait()
}

// changeFirst copies what comes before the first frame, and that frame with its message changed.
// launcher/channel.go says what a frame is.
func changeFirst[M any](to io.Writer, from io.Reader, change func(*M)) error {
	var b []byte
	next := func() error {
		b = append(b, 0)
		_, err := io.ReadFull(from, b[len(b)-1:])
		return err
	}
	for !bytes.Contains(b, []byte("channel 1\n")) {
		if err := next(); err != nil {
			return err
		}
	}
	for b[len(b)-1] == '\n' { // there may be one before the frame, if that was written later
		if err := next(); err != nil {
			return err
		}
	}
	header := make([]byte, 8)
	header[0], b = b[len(b)-1], b[:len(b)-1]
	if _, err := io.ReadFull(from, header[1:]); err != nil {
		return err
	}
	body := make([]byte, binary.LittleEndian.Uint32(header[4:])+4) // and the sum
	if _, err := io.ReadFull(from, body); err != nil {
		return err
	}
	var m M
	if err := json.Unmarshal(body[:len(body)-4], &m); err != nil {
		return fmt.Errorf("%q: %w", body, err)
	}
	change(&m)
	body, err := json.Marshal(m)
	if err != nil {
		return err
	}
	frame := append(binary.LittleEndian.AppendUint32(header[:4:4], uint32(len(body))), body...)
	frame = binary.LittleEndian.AppendUint32(frame, crc32.ChecksumIEEE(frame))
	_, err = to.Write(append(b, frame...))
	return err
}
