package membersim

import (
	"testing"

	"rainmpi/internal/simnet/sim"
	"rainmpi/rainnet/member"
)

// planted are faults that the machine makes when it is told to. A simulator that
// finds nothing proves nothing: each has to be found within the fixed share of
// seeds.
var planted = []struct {
	name  string
	bugs  member.Bugs
	hosts int // 0: as the seeds say. Some faults need few.
}{
	{"the way round a silent host keeps the ballot", member.BugSameBallot, 0},
	{"a token of a lower ballot is taken", member.BugTakeOld, 0},
	{"fencing comes later than removal", member.BugFenceLate, 0},
	{"nobody waits for the removal deadline", member.BugRemoveAtOnce, 0},
	{"any ring has the majority", member.BugMinority, 0},
	{"either half of a tie is enough", member.BugTieBoth, 0},
	{"an entry is confirmed when it is appended", member.BugConfirmEarly, 0},
	{"a copy does not keep its member from another ballot", member.BugNoPromise, 0},
	{"only the confirmed view is asked for a majority", member.BugIgnorePending, 3},
	{"groups do not merge", member.BugNoMerge, 0},
	{"a message is delivered before it is confirmed", member.BugDeliverEarly, 0},
	{"a message that is on the token is appended again", member.BugSendAgain, 0},
	{"the newest copy counts, not the newest log", member.BugNewestCopy, 0},
	{"nobody regenerates", member.BugNoRegenerate, 0},
	{"times count from the return of the token", member.BugLeaseOnReturn, 0},
	{"a fenced member stays", member.BugStayFenced, 0},
	{"what is confirmed leaves the token, whoever is missing", member.BugTrimEarly, 0},
	{"a host that does not answer is tried for ever", member.BugNoDetection, 0},
	{"all hosts go on though members of a lost majority are among them", member.BugFoundEarly, 2},
}

func TestPlantedBugs(t *testing.T) {
	for _, bug := range planted {
		t.Run(bug.name, func(t *testing.T) {
			var found Result
			o := Options{Bugs: bug.bugs, Hosts: bug.hosts}
			sim.Each(first(share), func(seed uint64) Result { return Run(seed, o) }, func(r Result) bool {
				if len(r.Failures) == 0 {
					return true
				}
				found = r
				return false
			})
			if len(found.Failures) == 0 {
				t.Errorf("not found within %d seeds", share)
				return
			}
			t.Logf("seed %d: %s", found.Seed, found.Failures[0])
		})
	}
}
