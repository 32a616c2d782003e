package mpi

// persistent is what a persistent request starts each time (MPI 5.0 section
// 3.9).
type persistent struct {
	send      bool
	mode      Mode
	peer, tag int
	start     func(r *Request) error // collectives and buffered sends
}

// SendInit makes a persistent send; Start starts it.
func (c *Comm) SendInit(mode Mode, b Buffer, dest, tag int) (*Request, error) {
	if err := c.checkSend(b, dest, tag); err != nil {
		return nil, err
	}
	p := &persistent{send: true, mode: mode, peer: dest, tag: tag}
	if mode == Buffered {
		p.start = func(r *Request) error {
			s, err := c.startBuffered(b, dest, tag)
			if err != nil {
				return err
			}
			r.e.mu.Lock()
			r.head, r.to, r.room = s.head, s.to, s.room
			r.e.recycle(s)
			r.e.complete(r, nil)
			r.e.mu.Unlock()
			return nil
		}
	}
	return c.persist(sendRequest, b, p), nil
}

// RecvInit makes a persistent receive.
func (c *Comm) RecvInit(b Buffer, source, tag int) (*Request, error) {
	if err := c.checkRecv(b, source, tag); err != nil {
		return nil, err
	}
	return c.persist(recvRequest, b, &persistent{peer: source, tag: tag}), nil
}

func (c *Comm) persist(kind requestKind, b Buffer, p *persistent) *Request {
	c.e.mu.Lock()
	defer c.e.mu.Unlock()
	r := c.e.newRequest(kind)
	r.persistent = p
	if b.Type != nil {
		r.bind(c, b)
	}
	r.comm = c
	return r
}

// Start starts a persistent request (MPI_Start).
func (r *Request) Start() error {
	if r == nil || r.persistent == nil {
		return errorf(ErrRequest, "the request is null or not persistent")
	}
	if r.active {
		return errorf(ErrRequest, "the persistent request is active; wait for it before it is started again")
	}
	if r.comm.revoked.Load() {
		return errRevoked()
	}
	e, p := r.e, r.persistent
	e.mu.Lock()
	r.active, r.err, r.status = true, nil, emptyStatus()
	r.moved, r.total = 0, 0
	r.done.Store(0)
	switch {
	case p.start != nil:
		e.mu.Unlock()
		return p.start(r)
	case p.send:
		e.startSend(r, p.mode, p.peer, p.tag, r.comm.ctx)
	default:
		e.startRecv(r, p.peer, p.tag, r.comm.ctx)
	}
	e.mu.Unlock()
	return nil
}

// Startall starts them in order (MPI_Startall).
func Startall(rs []*Request) error {
	for _, r := range rs {
		if err := r.Start(); err != nil {
			return err
		}
	}
	return nil
}
