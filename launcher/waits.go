package launcher

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"rainmpi/internal/boot"
)

// askTime is how long ranks have to say for whom they wait, before they are ended:
// one that is stopped or does not get the processor says nothing.
const askTime = 60 * time.Millisecond

// concerns reports whether a job ends because of somebody for whom others may wait.
func (c Cause) concerns() bool { return c.Text == "" || c.Dead || c.Fenced || len(c.Away) > 0 }

// askWaits asks the ranks of this host for whom they wait, if that may be of
// interest and this host has the time.
func (a *agent) askWaits(c Cause) bool {
	if !c.concerns() || c.Fenced && c.Host == a.setup.Host {
		return false
	}
	a.asked = map[*rank]bool{}
	for _, r := range a.ranks {
		if r.connOpen && !r.exited {
			conn := r.conn
			a.asked[r] = true
			// A rank that does not read must not stop the agent.
			go func() { _ = conn.Send(boot.Message{Waits: &boot.Waits{}}) }()
		}
	}
	if len(a.asked) > 0 {
		a.after(askTime, askOver{})
	}
	return len(a.asked) > 0
}

// askLook asks a rank of this host to look for messages, as soon as it is there.
func (a *agent) askLook(world int) {
	for _, r := range a.ranks {
		switch {
		case r.world != world:
		case r.connOpen:
			conn := r.conn
			go func() { _ = conn.Send(boot.Message{Look: &boot.Look{}}) }()
		default:
			r.look = r.conn == nil
		}
	}
}

// waitsTold is a rank's answer.
func (a *agent) waitsTold(r *rank, ranks []int) {
	if !a.asked[r] {
		return
	}
	a.out.send(kindWaits, RankWaits{Rank: r.world, For: ranks})
	a.answered(r)
}

// answered: a rank has said what it has to say, or has gone.
func (a *agent) answered(r *rank) {
	if delete(a.asked, r); a.ending && !a.killed && len(a.asked) == 0 {
		a.terminate()
	}
}

// waiting says which ranks were waiting for the culprits, if some were.
func (j *job) waiting(culprits []int, whom string) string {
	var ranks []int
	for r, others := range j.waits {
		if !slices.Contains(culprits, r) && slices.ContainsFunc(others, func(o int) bool { return slices.Contains(culprits, o) }) {
			ranks = append(ranks, r)
		}
	}
	if len(ranks) == 0 {
		return ""
	}
	slices.Sort(ranks)
	verb := "were"
	if len(ranks) == 1 {
		verb = "was"
	}
	return fmt.Sprintf("; %s %s waiting for %s", listRanks(ranks), verb, whom)
}

// lostRanks are those of the hosts that a job has lost.
func (j *job) lostRanks(c Cause) (ranks []int) {
	lost := c.Away
	if c.Dead || c.Fenced {
		lost = []int{c.Host}
	}
	for r, h := range j.place.HostOf {
		if slices.Contains(lost, h) {
			ranks = append(ranks, r)
		}
	}
	return ranks
}

// memoryKillings counts the processes that the kernel of this machine has killed
// because memory was used up, the machine's or a cgroup's.
func memoryKillings() (n int) {
	b, _ := os.ReadFile("/proc/vmstat")
	for _, line := range lines(b) {
		if count, ok := strings.CutPrefix(line, "oom_kill "); ok {
			_, _ = fmt.Sscan(count, &n)
		}
	}
	return n
}
