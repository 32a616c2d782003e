package rudp

import (
	"rainmpi/rainnet/link"
	"rainmpi/rainnet/wire"
)

// EventKind says what an Event tells.
type EventKind uint8

const (
	// Message: an ordered message of the peer, in Data.
	Message EventKind = iota + 1
	// BulkSent: all of the bulk data of Token is acknowledged; its Source is
	// not read any more.
	BulkSent
	// BulkDone: all of the data expected for Token is in its Sink.
	BulkDone
	// PathUp and PathDown: a transition of Path; Epoch counts them and is
	// equal at both ends.
	PathUp
	PathDown
	// Stalled: no path to the peer is left. Everything waits, nothing is lost.
	Stalled
	// Resumed: a path is there again.
	Resumed
	// Room: Backlog has fallen below half of Config.Window.
	Room
	// Address: an address of the peer, by its Index, is now what Data says, an
	// entry of a card; gone if Data is empty.
	Address
	// Closed: the peer said that it goes; it will answer nothing any more.
	Closed
)

// An Event is something that the owner of a Conn has to know.
type Event struct {
	Kind  EventKind
	Data  []byte      // Message: good until the next call of NextEvent or Recv; may lie in the packet
	Token uint64      // BulkSent, BulkDone
	Path  wire.PathID // PathUp, PathDown
	Epoch uint32
	At    int64 // of paths, Resumed; of Stalled: when the peer was heard last
	Cause link.Cause
	Code  uint32 // Closed: what the peer gave as its reason
	Index uint8  // Address
}

// events is the queue of what NextEvent returns. The messages in it are bounded
// by Config.Window, all else by what causes it.
type events struct {
	q    ring[queued]
	last []byte // pooled buffer of the message returned last
}

type queued struct {
	Event
	pooled []byte // what Data lies in, if it is to go back to the pool
}

func (c *Conn) emit(e Event) { c.events.q.push().Event = e }

// emitMessage queues a message whose data lies in a packet, or in a pooled
// buffer that is given away.
func (c *Conn) emitMessage(data, pooled []byte) {
	q := c.events.q.push()
	q.Kind, q.Data, q.pooled = Message, data, pooled
}

// detach copies the messages that lie in a packet: it was refused half way, and a
// driver may not look for events in what was refused.
func (e *events) detach(pool *pool) {
	for i := range e.q.n {
		if q := e.q.at(i); q.Kind == Message && q.pooled == nil {
			q.pooled = pool.get(len(q.Data))
			copy(q.pooled, q.Data)
			q.Data = q.pooled
		}
	}
}

// Happened reports whether NextEvent has something to tell, or to take back.
func (c *Conn) Happened() bool { return c.events.q.n > 0 || c.events.last != nil }

// NextEvent returns what has happened, oldest first.
func (c *Conn) NextEvent() (Event, bool) {
	if c.events.last != nil {
		c.pool.put(c.events.last)
		c.events.last = nil
	}
	if c.events.q.n == 0 {
		return Event{}, false
	}
	e := c.events.q.pop()
	c.events.last = e.pooled
	return e.Event, true
}
