package rudp

// Bugs is a set of faults that internal/simnet plants to prove that its
// checkers find them. None costs more than the test of a field in production.
type Bugs uint32

const (
	BugForgetLost     Bugs = 1 << iota // a lost piece of bulk data is not sent again
	BugForgetLostMsg                   // a lost piece of a message is not sent again
	BugAckTwice                        // an acknowledgement of a packet already acknowledged counts again
	BugAckWrongPath                    // an ACK is taken for the path it came on, not the path it names
	BugTakeTwice                       // a message that comes twice is delivered twice
	BugNoRequeue                       // what was in flight on a path that went down is left there
	BugCountRepeats                    // bytes that come twice count twice for the end of bulk data
	BugSwapMessages                    // a message that waited for its predecessors is delivered before it
	BugIgnoreCredit                    // the sender ignores the receiver's credit
	BugLoseCredit                      // a CREDIT that was lost is not sent again
	BugReusePacket                     // a packet number is used twice
	BugAckLost                         // the packet before the newest is acknowledged though it did not come
	BugStaleHistory                    // the history of other paths is not told
	BugOffByOne                        // a piece that is cut again loses a byte
	BugSentEarly                       // BulkSent comes when all is sent, not acknowledged
	BugWriteForgotten                  // what comes late for a forgotten token is written all the same
	BugShortCredit                     // what a message costs beside its bytes is never given back
	BugOneProbe                        // the probe time-out is not armed again
	BugLoseTail                        // the newest packet in flight on a path that went down is forgotten
	BugAnnounceOnce                    // a change of an address is told once
	BugOldAddress                      // a change of an address that is overtaken counts
	BugSuspectForEver                  // a path that was silent is not taken back before its link has gone Down
	BugNoStall                         // a peer that is stopped has lost all its paths at once
	BugHintIsProof                     // a path is left for a hint alone
	BugRelayFirst                      // the relayed path carries data beside direct ones
	BugTellForEver                     // that the peer knows a history is not noted
	BugRestNewest                      // data that is sent again from where it lies is that which was sent last
	BugKeepMTU                         // a path that takes less than it did is sent the same
)

func (c *Conn) has(b Bugs) bool { return c.cfg.Bugs&b != 0 }
