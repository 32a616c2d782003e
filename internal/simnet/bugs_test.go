package simnet

import (
	"testing"

	"rainmpi/internal/simnet/sim"
	"rainmpi/rainnet/link"
	"rainmpi/rainnet/rudp"
)

// planted are faults that the machines make when they are told to. A simulator
// that finds nothing proves nothing: each has to be found within findWithin
// seeds.
var planted = []struct {
	name string
	Options
}{
	{"a lost piece of bulk data is not sent again", Options{Bugs: rudp.BugForgetLost}},
	{"a lost piece of a message is not sent again", Options{Bugs: rudp.BugForgetLostMsg}},
	{"an acknowledgement is believed twice", Options{Bugs: rudp.BugAckTwice}},
	{"an ACK is taken for the path it came on", Options{Bugs: rudp.BugAckWrongPath}},
	{"a message that comes twice is delivered twice", Options{Bugs: rudp.BugTakeTwice}},
	{"what was in flight on a path that went down stays there", Options{Bugs: rudp.BugNoRequeue}},
	{"bytes that come twice count twice", Options{Bugs: rudp.BugCountRepeats}},
	{"a complete message overtakes an incomplete one", Options{Bugs: rudp.BugSwapMessages}},
	{"the sender ignores the receiver's credit", Options{Bugs: rudp.BugIgnoreCredit}},
	{"a credit that was lost is not sent again", Options{Bugs: rudp.BugLoseCredit}},
	{"a packet number is used twice", Options{Bugs: rudp.BugReusePacket}},
	{"a packet that did not come is acknowledged", Options{Bugs: rudp.BugAckLost}},
	{"the history of a path is told on that path only", Options{Bugs: rudp.BugStaleHistory}},
	{"a history that the peer knows is told again for ever", Options{Bugs: rudp.BugTellForEver}},
	{"a piece that is cut again loses a byte", Options{Bugs: rudp.BugOffByOne}},
	{"BulkSent comes when all is sent", Options{Bugs: rudp.BugSentEarly}},
	{"what comes late for a forgotten token is written", Options{Bugs: rudp.BugWriteForgotten}},
	{"a part of the window is never given back", Options{Bugs: rudp.BugShortCredit}},
	{"the probe time-out is not armed again", Options{Bugs: rudp.BugOneProbe}},
	{"the newest packet of a path that went down is forgotten", Options{Bugs: rudp.BugLoseTail}},
	{"a path that was silent for a moment is not taken back", Options{Bugs: rudp.BugSuspectForEver}},
	{"a peer that is stopped for a moment has lost all its paths", Options{Bugs: rudp.BugNoStall}},
	{"a path is left for a hint alone", Options{Bugs: rudp.BugHintIsProof}},
	{"a change of an address is told once", Options{Bugs: rudp.BugAnnounceOnce}},
	{"a change of an address that was overtaken counts", Options{Bugs: rudp.BugOldAddress}},
	{"data that is sent again from where it lies is the newest", Options{Bugs: rudp.BugRestNewest}},
	{"a path that takes less than it did is sent the same", Options{Bugs: rudp.BugKeepMTU}},
	{"data goes through a relay beside direct paths", Options{Bugs: rudp.BugRelayFirst}},
	{"nobody looks for a relay", Options{NoRelay: true}},
	{"tin acts with the slack used up: N, not N-1", Options{LinkBugs: link.BugTinAtN}},
	{"an echo from before my last transition counts", Options{LinkBugs: link.BugStaleEcho}},
	{"an epoch is skipped", Options{LinkBugs: link.BugSkipEpoch}},
	{"the slack is ignored", Options{LinkBugs: link.BugNoSlack}},
	{"the peer's history is not followed", Options{LinkBugs: link.BugNoHistory}},
}

const findWithin = 500

func TestPlantedBugs(t *testing.T) {
	if len(planted) < 20 {
		t.Errorf("only %d bugs are planted", len(planted))
	}
	seeds := make([]uint64, findWithin)
	for i := range seeds {
		seeds[i] = uint64(i)
	}
	for _, bug := range planted {
		t.Run(bug.name, func(t *testing.T) {
			if r, ok := find(seeds, bug.Options); ok {
				t.Logf("seed %d: %s", r.Seed, r.Failures[0])
			} else {
				t.Errorf("not found within %d seeds", findWithin)
			}
		})
	}
}

// find returns the first failure that turns up.
func find(seeds []uint64, o Options) (found Result, ok bool) {
	sim.Each(seeds, func(seed uint64) Result { return Run(seed, o) }, func(r Result) bool {
		if len(r.Failures) > 0 && !ok {
			found, ok = r, true
		}
		return !ok
	})
	return found, ok
}
