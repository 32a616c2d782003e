package simnet

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"rainmpi/rainnet/history"
)

// logsOf runs a seed and returns the lines of all its ends' logs.
func logsOf(t *testing.T, seed uint64) (lines []string) {
	t.Helper()
	begun := map[history.End]bool{}
	begin := func(e history.End) {
		if !begun[e] {
			begun[e] = true
			lines = append(lines, fmt.Sprintf("# rainnet history 1 %v slack %d host %c", e, Slack(seed), 'a'+rune(e.ID)))
		}
	}
	report(t, Run(seed, Options{History: func(e history.Entry) {
		begin(e.Self)
		begin(e.Peer)
		lines = append(lines, e.String())
	}}))
	return lines
}

// disproofs reads lines as one log and returns what is wrong with it.
func disproofs(t *testing.T, lines []string) (wrong []string, transitions int) {
	t.Helper()
	var l history.Logs
	if err := l.Read(strings.NewReader(strings.Join(lines, "\n")), "log"); err != nil {
		t.Fatal(err)
	}
	for _, v := range l.Compare() {
		wrong = append(wrong, v.Wrong...)
		if !v.Proved() {
			wrong = append(wrong, v.String())
		}
		transitions += len(v.Sides[0].Entries) + len(v.Sides[1].Entries)
	}
	return wrong, transitions
}

// The logs of simulated hosts, whose paths fail in all ways, agree; and of every line that anybody
// takes out of the middle of one, or puts another state in, the comparison says so and where.
func TestLogsAgree(t *testing.T) {
	total, tampered := 0, 0
	for seed := range uint64(16) {
		lines := logsOf(t, seed)
		wrong, n := disproofs(t, lines)
		total += n
		if len(wrong) > 0 {
			t.Fatalf("seed %d: %s", seed, strings.Join(wrong, "\n"))
		}
		tampered += tamper(t, lines, rand.New(rand.NewPCG(seed, 1)))
	}
	t.Logf("%d transitions agree, %d forgeries were found", total, tampered)
	if total < 300 || tampered < 100 {
		t.Errorf("%d transitions and %d forgeries prove little", total, tampered)
	}
}

func tamper(t *testing.T, lines []string, r *rand.Rand) (found int) {
	t.Helper()
	for range 10 {
		i := r.IntN(len(lines))
		if lines[i][0] == '#' || !followed(lines, i) {
			continue
		}
		out := append(append([]string(nil), lines[:i]...), lines[i+1:]...)
		if wrong, _ := disproofs(t, out); len(wrong) == 0 || !strings.Contains(wrong[0], "log:") {
			t.Errorf("line %d was taken out (%s), and it is not found: %v", i+1, lines[i], wrong)
		}
		turned := append([]string(nil), lines...)
		if turned[i] = strings.Replace(lines[i], " up ", " down ", 1); turned[i] == lines[i] {
			turned[i] = strings.Replace(lines[i], " down ", " up ", 1)
		}
		where := fmt.Sprintf("log:%d:", i+1)
		if wrong, _ := disproofs(t, turned); len(wrong) == 0 || !strings.Contains(wrong[0], where) {
			t.Errorf("line %d has another state (%s), and it is not found: %v", i+1, turned[i], wrong)
		}
		found += 2
	}
	return found
}

// followed reports whether a later line is of the same end and path: nobody can know of the last
// line of a log whether it is the last.
func followed(lines []string, i int) bool {
	key := strings.Join(strings.Fields(lines[i])[1:4], " ")
	for _, l := range lines[i+1:] {
		if strings.Contains(l, " "+key+" ") {
			return true
		}
	}
	return false
}
