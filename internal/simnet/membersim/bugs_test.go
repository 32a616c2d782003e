package membersim

import (
	"testing"

	"rainmpi/rainnet/member"
)

// planted are faults that the machine makes when it is told to. A simulator that
// finds nothing proves nothing: each has to be found within the fixed share of
// seeds.
var planted = []struct {
	name string
	bugs member.Bugs
}{
	{"the way round a silent host keeps the ballot", member.BugSameBallot},
	{"a token of a lower ballot is taken", member.BugTakeOld},
	{"fencing comes later than removal", member.BugFenceLate},
	{"nobody waits for the removal deadline", member.BugRemoveAtOnce},
	{"any ring has the majority", member.BugMinority},
	{"either half of a tie is enough", member.BugTieBoth},
	{"an entry is confirmed when it is appended", member.BugConfirmEarly},
	{"a copy does not keep its member from another ballot", member.BugNoPromise},
	{"only the confirmed view is asked for a majority", member.BugIgnorePending},
	{"groups do not merge", member.BugNoMerge},
	{"a message is delivered before it is confirmed", member.BugDeliverEarly},
	{"a message that is on the token is appended again", member.BugSendAgain},
	{"the newest copy counts, not the newest log", member.BugNewestCopy},
	{"nobody regenerates", member.BugNoRegenerate},
	{"times count from the return of the token", member.BugLeaseOnReturn},
	{"a fenced member stays", member.BugStayFenced},
	{"what is confirmed leaves the token, whoever is missing", member.BugTrimEarly},
	{"a host that does not answer is tried for ever", member.BugNoDetection},
}

func TestPlantedBugs(t *testing.T) {
	for _, bug := range planted {
		t.Run(bug.name, func(t *testing.T) {
			var found Result
			each(share, Options{Bugs: bug.bugs}, func(r Result) bool {
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
