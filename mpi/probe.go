package mpi

// Probes (MPI 5.0 section 3.8): they look at a message before it is received.

// A Message is one that Mprobe has taken out of the queue: only its Recv gets
// it.
type Message struct {
	e    *engine
	comm *Comm
	m    *message // nil: from ProcNull
	got  bool
}

func (m *message) status() Status {
	return Status{Source: int(m.head.src), Tag: int(m.head.tag), bytes: int64(m.head.size)}
}

// find looks for a message once, with some progress. take removes it; what is left may be another's as soon as this returns.
func (c *Comm) find(source, tag int, take bool) (m *message, s Status) {
	e := c.e
	e.mu.Lock()
	waiting := e.space(c.ctx, c.peers())
	a := waiting.Find(int32(source), int32(tag))
	looked := a == nil
	if looked && e.progress() {
		a = waiting.Find(int32(source), int32(tag))
	}
	if a != nil {
		m, s = a.Value, a.Value.status()
	}
	if take && a != nil {
		waiting.Take(a)
	}
	e.unlockAndWork()
	if looked {
		e.handOn()
	}
	return m, s
}

// noHope is why a probe that has found nothing need not go on; nil: it may.
func (c *Comm) noHope(source int) error {
	e := c.e
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case len(e.failed) == 0:
	case source == AnySource:
		return c.unackedError(ErrProcFailed)
	case c.proc(source).failed:
		return c.failedError(c.proc(source))
	}
	return nil
}

// Iprobe reports whether a message from source with tag has arrived.
func (c *Comm) Iprobe(source, tag int) (Status, bool, error) {
	if err := c.checkProbe(source, tag); err != nil {
		return Status{}, false, err
	}
	if source == ProcNull {
		return Status{Source: ProcNull, Tag: AnyTag}, true, nil
	}
	m, s := c.find(source, tag, false)
	if m == nil {
		c.e.runCalls()
		return Status{}, false, c.noHope(source)
	}
	return s, true, nil
}

// Probe waits for such a message. The next receive with the status's source
// and tag gets it, if no other thread is faster.
func (c *Comm) Probe(source, tag int) (Status, error) {
	var s Status
	var ok bool
	if err := c.checkProbe(source, tag); err != nil {
		return s, err
	}
	var err error
	c.e.until(func() bool { s, ok, err = c.Iprobe(source, tag); return ok || err != nil })
	return s, err
}

// Improbe is Iprobe that takes the message out of the queue.
func (c *Comm) Improbe(source, tag int) (*Message, Status, bool, error) {
	if err := c.checkProbe(source, tag); err != nil {
		return nil, Status{}, false, err
	}
	if source == ProcNull {
		return &Message{e: c.e, comm: c}, Status{Source: ProcNull, Tag: AnyTag}, true, nil
	}
	m, s := c.find(source, tag, true)
	if m == nil {
		c.e.runCalls()
		return nil, Status{}, false, c.noHope(source)
	}
	return &Message{e: c.e, comm: c, m: m}, s, true, nil
}

// Mprobe is Probe that takes the message out of the queue.
func (c *Comm) Mprobe(source, tag int) (*Message, Status, error) {
	var m *Message
	var s Status
	var ok bool
	if err := c.checkProbe(source, tag); err != nil {
		return nil, s, err
	}
	var err error
	c.e.until(func() bool { m, s, ok, err = c.Improbe(source, tag); return ok || err != nil })
	return m, s, err
}

// NoProc reports whether the message is MPI_MESSAGE_NO_PROC.
func (m *Message) NoProc() bool { return m != nil && m.m == nil && !m.got }

// Irecv begins to receive the message (MPI_Imrecv).
func (m *Message) Irecv(b Buffer) (*Request, error) {
	if m == nil || m.got {
		return nil, errorf(ErrRequest, "the message is null or was received already")
	}
	if err := b.check(); err != nil {
		return nil, err
	}
	e := m.e
	e.mu.Lock()
	defer e.unlockAndWork()
	r := e.newRequest(recvRequest)
	r.bind(m.comm, b)
	m.got = true
	if m.m == nil {
		r.status = Status{Source: ProcNull, Tag: AnyTag}
		e.complete(r, nil)
		return r, nil
	}
	e.acceptMessage(r, m.m)
	return r, nil
}

// Recv receives the message (MPI_Mrecv).
func (m *Message) Recv(b Buffer) (Status, error) {
	r, err := m.Irecv(b)
	if err != nil {
		return Status{}, err
	}
	return r.Wait()
}
