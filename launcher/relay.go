package launcher

import (
	"errors"
	"fmt"
	"time"
)

// When an agent's start channel is lost (ssh has died, its connection was cut),
// the agent goes on. It tells the others, and what it has for rainrun goes
// through one that still has its channel:
//
//	agent 2 ── kindRelayed over rainnet ──► agent 0 ── kindRelayed ──► rainrun
//
// and back the same way. When all have lost rainrun, it is dead, and so is the
// job.

// Lost says that an agent has lost its start channel.
type Lost struct{ Host int }

// lostRainrun: this agent's start channel has ended, or rainrun says that it
// has (a dead connection is not noticed by both ends).
func (a *agent) lostRainrun() {
	if a.lost[a.setup.Host] {
		return
	}
	a.lost[a.setup.Host] = true
	if a.mesh != nil {
		a.mesh.flood(kindLost, Lost{Host: a.setup.Host})
	}
	a.after(meetTime, meetOver{})
	a.findRelay()
}

// peerGone: another agent is out of reach or has left. Whatever it had of
// rainrun, it is no way there.
func (a *agent) peerGone(host int) {
	a.gone[host] = true
	if a.finished && a.outOfReach() {
		a.after(lingerTime, lingerOver{})
	}
	a.peerLost(host)
}

// peerLost: another agent has lost its channel.
func (a *agent) peerLost(host int) {
	a.lost[host] = true
	if a.lost[a.setup.Host] && (a.relay == host || len(a.lost) == len(a.setup.Hosts)) {
		a.findRelay()
	}
}

// findRelay chooses the way to rainrun, or ends the job if there is none.
func (a *agent) findRelay() {
	for h := range a.setup.Hosts {
		if !a.lost[h] {
			a.relay = h
			a.out.divert(func(seq uint64, f frame) {
				a.mesh.sendWait(h, kindRelayed, packRelayed(a.setup.Host, seq, f))
			})
			return
		}
	}
	a.orphan()
}

// meetTime is how long the agents have to find each other once rainrun is lost
// while the job starts: one that waited for another to lead on, which was never
// told of it, would wait for ever. An agent whose guardian was killed waits so long
// as well, for somebody to pass on what it has to say.
const meetTime = 600 * time.Millisecond

func (a *agent) meetOver() {
	if len(a.met) < len(a.setup.Hosts)-1 && !a.orphaned {
		a.orphan()
	}
}

func (a *agent) orphan() {
	a.orphaned = true
	a.out.drop()
	a.end(Cause{Host: a.setup.Host, Code: ExitError, Text: "rainrun is gone"})
}

// relayFromRainrun passes a frame of rainrun's on to the agent that has lost
// its channel.
func (a *agent) relayFromRainrun(b []byte) error {
	host, _, f, err := unpackRelayed(b)
	if err != nil {
		return err
	}
	if a.mesh == nil || host < 0 || host >= len(a.setup.Hosts) || host == a.setup.Host {
		return fmt.Errorf("a frame to relay to host number %d", host)
	}
	a.mesh.send(host, kindFromRainrun, append([]byte{f.kind}, f.body...))
	return nil
}

// relayedToUs is a frame of rainrun's that came through another agent.
func (a *agent) relayedToUs(b []byte) error {
	if len(b) < 1 {
		return errors.New("an empty relayed frame")
	}
	if b[0] == kindLost {
		a.lostRainrun()
		return nil
	}
	return a.handleFrame(frame{b[0], b[1:]})
}

// relayForPeer passes a frame of another agent on to rainrun. The waiting for
// room in the channel must not stop this agent; what is on its way here is
// bounded by what the other keeps unacknowledged.
func (a *agent) relayForPeer(b []byte) {
	a.out.sendFrame(frame{kindRelayed, b})
}
