package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"rainmpi/bench/lab"
	"rainmpi/rainnet"
)

// A Loopback is what is left where namespaces are forbidden: two agents on this
// machine that play the hosts h1 and h2, rails on addresses of the loopback
// interface, and faults that agents and ranks inject themselves. It shows the
// protocol at work, and no real network.
type Loopback struct {
	rails  int
	path   string
	faults *rainnet.Faults
}

// NewLoopback makes rails; the file that breaks them lies in dir.
func NewLoopback(dir string, rails int) (*Loopback, error) {
	path := filepath.Join(dir, "faults")
	if err := os.WriteFile(path, make([]byte, rainnet.FaultsFileSize), 0o600); err != nil {
		return nil, err
	}
	faults, err := rainnet.FaultsOfFile(path)
	if err != nil {
		return nil, err
	}
	return &Loopback{rails: rails, path: path, faults: faults}, nil
}

// Environ is what rainrun needs in its environment.
func (l *Loopback) Environ() []string { return []string{rainnet.FaultsVariable + "=" + l.path} }

// words are rainrun's for n ranks on the two hosts.
func (l *Loopback) words(n int) []string {
	var rails []string
	for r := range l.rails {
		rails = append(rails, fmt.Sprintf("127.77.%d.1", r+1))
	}
	return []string{"--bind-to", "none", "--host", spread(n, []string{"h1", "h2"}), "--rails", strings.Join(rails, ","),
		"--agent-command", "env RAIN_PLAYS=%h " + rainnet.FaultsVariable + "=" + l.path}
}

// Fault black-holes the rail for a cut or a black hole, and mends it; there is no
// carrier to lose.
func (l *Loopback) Fault(f lab.Fault) error {
	n, err := strconv.Atoi(strings.TrimPrefix(f.Rail, "rail"))
	if err != nil || n < 1 || n > l.rails {
		return fmt.Errorf("bench: no rail %q: there are rail1 to rail%d", f.Rail, l.rails)
	}
	switch f.Kind {
	case lab.KindCut, lab.KindBlackHole:
		l.faults.Drop(n-1, true)
	case lab.KindMend:
		l.faults.Drop(n-1, false)
	default:
		return fmt.Errorf("bench: %s: loopback rails can be cut and mended only", f)
	}
	return nil
}
