package rainnet

import (
	"fmt"

	"rainmpi/rainnet/link"
	"rainmpi/rainnet/rudp"
	"rainmpi/rainnet/wire"
)

// EventKind is what happened to the paths of a peer.
type EventKind uint8

const (
	PathUp   EventKind = iota // a path answers in both directions
	PathDown                  // a path does not
	Stalled                   // no path to the peer answers
	Resumed                   // one does again
	Closed                    // the peer has said that it goes, and will answer nothing any more
)

// A PathEvent tells people what happened to the network. Peer, Path, Epoch and Kind are the same at
// both ends of a path, so that two logs can be compared line by line.
type PathEvent struct {
	Kind  EventKind
	Peer  wire.PeerID
	Path  wire.PathID // PathUp, PathDown
	Epoch uint32      // of the path: the number of its transitions
	At    int64       // in the clock of Now; of Stalled: when the peer was heard last
	Cause string

	Local, Remote string      // address and interface of each end
	Through       wire.PeerID // who relays, if Path is wire.Relayed
	Active        int         // paths that carry data now; others that are up are in reserve
	Code          uint32      // Closed: the reason the peer gave
}

// String is one line: who, which path, why, what was done.
func (ev PathEvent) String() string {
	switch ev.Kind {
	case Stalled:
		return fmt.Sprintf("%v: no path answers; its messages wait until one does", ev.Peer)
	case Resumed:
		return fmt.Sprintf("%v: answers again; its messages go on", ev.Peer)
	case Closed:
		return fmt.Sprintf("%v: has said goodbye (code %d); nothing more is sent to it", ev.Peer, ev.Code)
	}
	state, done := "up", "is used or kept in reserve"
	if ev.Kind == PathDown {
		state, done = "down", "what it carried moves to the others"
		if ev.Active == 0 {
			done = "what it carried waits"
		}
	}
	way := ev.Local + " → " + ev.Remote
	if ev.Path == wire.Relayed {
		way = "through " + ev.Through.String()
	}
	return fmt.Sprintf("%v: path %v %s (%s, epoch %d): %s; %s (%d in use)",
		ev.Peer, ev.Path, state, way, ev.Epoch, ev.Cause, done, ev.Active)
}

// describe fills in what the machine does not know: addresses and names.
func (p *Peer) describe(ev PathEvent) PathEvent {
	ev.Peer = p.card.ID
	for _, info := range p.conn.Paths() {
		if info.Active {
			ev.Active++
		}
	}
	if ev.Kind != PathUp && ev.Kind != PathDown {
		return ev
	}
	if ev.Path == wire.Relayed {
		ev.Through = p.through
		return ev
	}
	mine, theirs := ev.Path.Addrs(p.e.self.id, p.card.ID)
	ev.Local = end(p.e.card, int(mine))
	ev.Remote = end(p.card, int(theirs))
	return ev
}

func end(c Card, i int) string {
	if i >= len(c.Addrs) {
		return "?"
	}
	return fmt.Sprintf("%v %s", c.Addrs[i].Addr(), c.Rails[i].Name)
}

var kindOf = map[rudp.EventKind]EventKind{rudp.PathUp: PathUp, rudp.PathDown: PathDown,
	rudp.Stalled: Stalled, rudp.Resumed: Resumed, rudp.Closed: Closed}

// causes says why a link changed, for people.
var causes = map[link.Cause]string{
	link.CauseSilent:  "no answer for its time-out",
	link.CauseEchoes:  "it answers in both directions",
	link.CausePeer:    "the peer says so",
	link.CauseCarrier: "the carrier is lost at this end",
	link.CauseRemoved: "this end does not use it any more",
}

// drain hands the machine's events to the Handler.
func (p *Peer) drain() {
	h := p.e.handler
	for {
		ev, ok := p.conn.NextEvent()
		if !ok {
			return
		}
		switch ev.Kind {
		case rudp.Message:
			h.Message(p, ev.Data)
		case rudp.BulkSent:
			p.bulk--
			h.BulkSent(p, ev.Token)
		case rudp.BulkDone:
			h.BulkDone(p, ev.Token)
		case rudp.Room:
			h.Room(p)
		case rudp.Address:
			p.changed(int(ev.Index), ev.Data)
		default:
			p.note(ev)
			told := p.describe(PathEvent{Kind: kindOf[ev.Kind], Path: ev.Path, Epoch: ev.Epoch,
				At: ev.At, Cause: causes[ev.Cause], Code: ev.Code})
			p.e.remember(p, told)
			h.Path(p, told)
		}
		if p.gone {
			return // the handler has removed it
		}
	}
}

// note keeps what the Endpoint itself has to know.
func (p *Peer) note(ev rudp.Event) {
	p.left = p.left || ev.Kind == rudp.Closed
	p.met = p.met || ev.Kind == rudp.PathUp
	if ev.Kind != rudp.PathUp && ev.Kind != rudp.PathDown {
		return
	}
	if ev.Path == wire.Relayed {
		p.seeker.Relayed(ev.At, ev.Kind == rudp.PathUp)
	} else {
		p.seeker.Direct(ev.At, p.conn.Direct())
	}
}
