package mpi

// The blocking calls of chapter 3 are the nonblocking ones and a wait, but for short messages inside the host (short.go).

// Send sends b to rank dest (MPI_Send). It returns when b can be used again,
// which may be before the message has arrived.
func (c *Comm) Send(b Buffer, dest, tag int) error {
	if c.sendShort(b, dest, tag) {
		return nil
	}
	return c.send(Standard, b, dest, tag)
}

// Ssend returns after the receive has been matched (MPI_Ssend).
func (c *Comm) Ssend(b Buffer, dest, tag int) error { return c.send(Synchronous, b, dest, tag) }

// Rsend is Send when the receive is known to be posted (MPI_Rsend).
func (c *Comm) Rsend(b Buffer, dest, tag int) error { return c.send(Ready, b, dest, tag) }

// Bsend copies b to the attached buffer and returns (MPI_Bsend).
func (c *Comm) Bsend(b Buffer, dest, tag int) error { return c.send(Buffered, b, dest, tag) }

func (c *Comm) send(mode Mode, b Buffer, dest, tag int) error {
	r, err := c.IsendMode(mode, b, dest, tag)
	if err != nil {
		return err
	}
	_, err = r.Wait()
	return err
}

// Isend, Issend, Irsend and Ibsend begin a send. b is the library's until the
// request has ended.
func (c *Comm) Isend(b Buffer, dest, tag int) (*Request, error) {
	return c.IsendMode(Standard, b, dest, tag)
}

func (c *Comm) Issend(b Buffer, dest, tag int) (*Request, error) {
	return c.IsendMode(Synchronous, b, dest, tag)
}

func (c *Comm) Irsend(b Buffer, dest, tag int) (*Request, error) {
	return c.IsendMode(Ready, b, dest, tag)
}

func (c *Comm) Ibsend(b Buffer, dest, tag int) (*Request, error) {
	return c.IsendMode(Buffered, b, dest, tag)
}

// Recv waits for a message from source with tag; both may be wildcards
// (MPI_Recv). A message that is longer than b fills b and gives ErrTruncate.
func (c *Comm) Recv(b Buffer, source, tag int) (Status, error) {
	if s, ok := c.recvShort(b, source, tag); ok {
		return s, nil
	}
	r, err := c.BlockingRecv(b, source, tag)
	if err != nil {
		return Status{}, err
	}
	return r.Wait()
}

// Sendrecv sends and receives at the same time, so that a ring of them does
// not deadlock (MPI_Sendrecv). The buffers must not overlap.
func (c *Comm) Sendrecv(send Buffer, dest, sendTag int, recv Buffer, source, recvTag int) (Status, error) {
	if err := c.checkSend(send, dest, sendTag); err != nil {
		return Status{}, err // before the receive can take a message
	}
	r, err := c.BlockingRecv(recv, source, recvTag)
	if err != nil {
		return Status{}, err
	}
	s, err := c.Isend(send, dest, sendTag)
	if err != nil {
		return Status{}, err
	}
	st, err := r.Wait()
	if _, serr := s.Wait(); err == nil {
		err = serr
	}
	return st, err
}

// SendrecvReplace sends what is in b and puts what it receives in its place.
func (c *Comm) SendrecvReplace(b Buffer, dest, sendTag, source, recvTag int) (Status, error) {
	if err := c.checkSend(b, dest, sendTag); err != nil {
		return Status{}, err
	}
	packed := make([]byte, int64(b.Count)*b.Type.t.Size())
	b.Type.t.Pack(packed, b.Addr, int64(b.Count), 0)
	return c.Sendrecv(Buffer{Addr: Slice(packed).Addr, Count: len(packed), Type: PackedType}, dest, sendTag, b, source, recvTag)
}
