package rudp

import (
	"rainmpi/rainnet/link"
	"rainmpi/rainnet/wire"
)

// Recv takes the decrypted frames of packet number pn that came on a path. On an
// error nothing is acknowledged; whatever part was taken does no harm when it
// comes again. Events may point into frames: drain NextEvent before they go.
func (c *Conn) Recv(now int64, id wire.PathID, pn uint64, frames []byte) error {
	p := c.path(id)
	if p == nil || p.gone {
		return ErrPath
	}
	if p.recv.duplicate(pn) {
		return ErrDuplicate
	}
	eliciting, err := c.recvFrames(now, p, frames)
	if err != nil {
		c.events.detach(&c.pool)
		return err
	}
	size := len(frames) + wire.Overhead
	if c.doubt {
		c.judge(now, p)
	}
	c.hear(now)
	p.stats.recvPackets++
	p.stats.recvBytes += uint64(size)
	if c.has(BugAckLost) && p.recv.any && pn == p.recv.largest+2 {
		p.recv.insert(pn - 1)
	}
	p.recv.add(now, pn, size, eliciting, c.cfg.MaxAckDelay)
	if c.hurry {
		c.hurry = false
		for _, q := range c.paths {
			q.recv.hurry(now)
		}
	}
	return nil
}

func (c *Conn) recvFrames(now int64, p *path, b []byte) (eliciting bool, err error) {
	for len(b) > 0 {
		t := wire.FrameType(b[0])
		var n int
		if t == wire.Bulk { // nearly always
			n, err = c.recvBulkFrame(now, b)
		} else {
			n, err = c.recvFrame(now, p, t, b)
		}
		if err != nil {
			return false, err
		}
		if n == 0 {
			return false, ErrFrame
		}
		eliciting = eliciting || t.Eliciting()
		b = b[n:]
	}
	return eliciting, nil
}

// recvFrame takes the frame at the start of b and returns its length.
func (c *Conn) recvFrame(now int64, p *path, t wire.FrameType, b []byte) (n int, err error) {
	switch t {
	case wire.Padding:
		n = wire.ConsumePadding(b)
	case wire.Link:
		var f wire.LinkFrame
		if f, n = wire.ConsumeLink(b); n > 0 {
			p.link.RecvPing(now, linkPing(f))
			c.pollLink(now, p)
		}
	case wire.History:
		var f wire.HistoryFrame
		if f, n = wire.ConsumeHistory(b); n > 0 {
			c.recvHistory(now, f)
		}
	case wire.Ack:
		var f wire.AckFrame
		if f, n = wire.ConsumeAck(b); n > 0 {
			err = c.recvAck(now, p, f)
		}
	case wire.Msg:
		var f wire.MsgFrame
		if f, n = wire.ConsumeMsg(b); n > 0 {
			c.talk(now)
			err = c.recvMsg(now, f)
		}
	case wire.Credit:
		var limit uint64
		if limit, n = wire.ConsumeCredit(b); n > 0 {
			c.recvCredit(limit)
		}
	case wire.Address:
		var f wire.AddressFrame
		if f, n = wire.ConsumeAddress(b); n > 0 {
			c.recvAddress(f)
		}
	case wire.Seen:
		var f wire.SeenFrame
		if f, n = wire.ConsumeSeen(b); n > 0 {
			c.recvSeen(f)
		}
	case wire.Close:
		var code uint32
		if code, n = wire.ConsumeClose(b); n > 0 {
			c.recvClose(code)
		}
	}
	return n, err
}

// recvBulkFrame is recvFrame for BULK.
func (c *Conn) recvBulkFrame(now int64, b []byte) (n int, err error) {
	f, n := wire.ConsumeBulk(b)
	if n > 0 {
		c.talk(now)
		err = c.recvBulk(now, f)
	}
	return n, err
}

func linkPing(f wire.LinkFrame) link.Ping {
	return link.Ping{
		Number: f.Number, Echo: f.Echo, EchoDelay: f.EchoDelay, HasEcho: f.HasEcho, Ask: f.Ask, A: f.A, R: f.R,
	}
}

func (c *Conn) recvHistory(now int64, f wire.HistoryFrame) {
	if p := c.path(f.Path); p != nil {
		p.link.RecvHistory(now, f.A, f.R)
		c.pollLink(now, p)
	}
}

func (c *Conn) recvClose(code uint32) {
	if !c.peerClosed {
		c.peerClosed = true
		c.emit(Event{Kind: Closed, Code: code})
	}
}
