package chaos

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
)

// A role is what a process does in a job, or another thing that faults strike.
type role int

const (
	other role = iota
	aRank
	anAgent
	aGuardian
	theRainrun
	aHost
	aRail
)

// A process is one that belongs to a job, found by the mark in its environment.
type process struct {
	pid  int
	role role
	rank int    // of a rank
	host string // by its hostname's namespace; empty: not on a lab host
	args []string
}

const markVar = "RAIN_CHAOS_MARK"

// find lists the processes that carry the mark.
func (g *gang) find() []process {
	var found []process
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		env, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
		if err != nil || !bytes.Contains(env, []byte(markVar+"="+g.mark+"\x00")) {
			continue
		}
		found = append(found, g.describe(pid, env))
	}
	return found
}

func (g *gang) describe(pid int, env []byte) process {
	p := process{pid: pid, rank: -1}
	line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	p.args = strings.Split(strings.TrimRight(string(line), "\x00"), "\x00")
	if ns, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/uts", pid)); err == nil {
		p.host = g.hosts[ns]
	}
	p.role = roleOf(p.args)
	if p.role == aRank {
		p.rank = number(env, "RAIN_RANK")
	}
	return p
}

// roleOf tells a process by its words.
func roleOf(args []string) role {
	switch line := strings.Join(args, " "); {
	case len(args) > 1 && slices.Contains([]string{RankRole, SurviveRole, ExchangeRole}, args[1]):
		return aRank
	case strings.Contains(line, "agent --guarded"):
		return anAgent
	case len(args) == 2 && args[1] == "agent":
		return aGuardian
	case strings.HasSuffix(args[0], "rainrun") && len(args) > 2 && args[1] == "-n":
		return theRainrun
	}
	return other
}

func number(env []byte, name string) int {
	for _, v := range bytes.Split(env, []byte{0}) {
		if text, ok := strings.CutPrefix(string(v), name+"="); ok {
			if n, err := strconv.Atoi(text); err == nil {
				return n
			}
		}
	}
	return -1
}
