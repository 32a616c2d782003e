package rainnet

import "errors"

const (
	// closeLinger bounds how long Close waits for what was sent to be acknowledged.
	closeLinger = 3_000_000_000
	// closeStall is how long a peer may have been silent and still be waited for. Whether its paths are
	// Up does not matter: a link that has used its slack up stays so for as long as it hears nothing.
	closeStall = 1_000_000_000
	// closeGrace is how long even such a peer is waited for: of one that has had nothing to say, nothing
	// may have come for a second either, and it answers within some probe time-outs. One that has never
	// answered is not waited for any longer: it may not be there yet, or not any more.
	closeGrace = 250_000_000
	// closeAcks is how long the acknowledgements that the peers wait for may be held back: the
	// machines' largest delay, twice.
	closeAcks = 2_000_000
)

// Close waits until everything that was sent is acknowledged, but at most three seconds and not for peers
// of whom nothing has come for a second, or ever, and does not now; the Handler is still called meanwhile. Then it
// tells the peers, and closes the sockets. The peers of the Endpoint must not be used afterwards.
func (e *Endpoint) Close() error {
	if e.closed || e.polling {
		return nil
	}
	began := Now()
	end := began + closeLinger
	for e.unfinished(began) && Now() < end {
		if !e.Poll() {
			e.Wait(end)
		}
	}
	for end = Now() + closeAcks; Now() < end; {
		if !e.Poll() {
			e.Wait(end)
		}
	}
	e.farewell()
	e.closed = true
	e.carrier.close()
	e.changes.close()
	e.wait.close()
	return e.closeRails()
}

// unfinished tells whether a peer that may still answer has not acknowledged everything.
func (e *Endpoint) unfinished(began int64) bool {
	now := Now()
	for _, p := range e.peers {
		silent := (!p.met || now-p.heardAt >= closeStall) && now-began >= closeGrace
		if p.conn != nil && !p.left && !silent && (p.conn.Backlog() > 0 || p.bulk > 0) {
			return true
		}
	}
	return false
}

// farewell lets every machine say that it goes.
func (e *Endpoint) farewell() {
	now := Now()
	for _, p := range e.peers {
		if p.conn != nil {
			p.conn.Close(now, 0)
			e.mark(p)
		}
	}
	e.flush()
	for _, p := range e.peers {
		p.gone = true
	}
}

func (e *Endpoint) closeRails() (err error) {
	for i := range e.rails {
		err = errors.Join(err, e.rails[i].conn.Close())
	}
	return err
}
