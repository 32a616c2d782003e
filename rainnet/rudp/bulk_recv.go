package rudp

import "rainmpi/rainnet/wire"

// bulkRecv is the bulk transfers that are expected. What comes for a token that
// is not among them is acknowledged and dropped: it is done, or was forgotten.
type bulkRecv struct {
	expected map[uint64]*inBulk // bounded by the caller
	free     []*inBulk
	latest   *inBulk // where the last piece went; the next mostly goes there too
}

type inBulk struct {
	token uint64
	n     int64
	got   int64
	have  intervals
	dst   Sink
}

func (r *bulkRecv) init() { r.expected = make(map[uint64]*inBulk) }

// Expect says where to put the n bytes of token. It is called before the peer is
// told the token, and once. dst is written until BulkDone or Forget.
func (c *Conn) Expect(token uint64, n int64, dst Sink) {
	r := &c.bulkRecv
	var in *inBulk
	if k := len(r.free); k > 0 {
		in, r.free = r.free[k-1], r.free[:k-1]
	} else {
		in = new(inBulk)
	}
	in.token, in.n, in.dst = token, n, dst
	r.expected[token] = in
}

// Forget ends an expectation. What comes for the token from now on is dropped.
func (c *Conn) Forget(token uint64) {
	if in := c.bulkRecv.expected[token]; in != nil && !c.has(BugWriteForgotten) {
		c.bulkRecv.remove(in)
	}
}

func (r *bulkRecv) remove(in *inBulk) {
	delete(r.expected, in.token)
	if r.latest == in {
		r.latest = nil
	}
	*in = inBulk{have: in.have[:0]}
	if len(r.free) < keepOutgoings {
		r.free = append(r.free, in)
	}
}

func (r *bulkRecv) find(token uint64) *inBulk {
	if r.latest == nil || r.latest.token != token {
		r.latest = r.expected[token]
	}
	return r.latest
}

// recvBulk takes a piece of bulk data.
func (c *Conn) recvBulk(now int64, f wire.BulkFrame) error {
	in := c.bulkRecv.find(f.Token)
	if in == nil {
		return nil
	}
	lo, hi := int64(f.Offset), int64(f.Offset)+int64(len(f.Data))
	if hi > in.n {
		return ErrBulk
	}
	if len(in.have) >= maxIntervals {
		return ErrHoles
	}
	in.place(lo, hi, f.Data)
	in.got += in.have.add(lo, hi)
	if c.has(BugCountRepeats) && lo < hi {
		in.got = min(in.n, in.got+1)
	}
	if in.got < in.n {
		return nil
	}
	c.bulkRecv.remove(in)
	c.emit(Event{Kind: BulkDone, Token: f.Token})
	// The sender waits for nothing but this acknowledgement.
	c.hurry = true
	return nil
}

// place writes those bytes of [lo, hi) that have not been written before.
func (in *inBulk) place(lo, hi int64, data []byte) {
	for at := lo; at < hi; {
		from, to := in.have.missing(at, hi)
		if from == to {
			return
		}
		in.dst.WriteAt(data[from-lo:to-lo], from)
		at = to
	}
}
