package mpi

// The calls that Go programs use most, on slices. T is a scalar, or an array or
// struct of scalars. For other layouts make a Buffer with a Datatype and use
// the methods of Comm.

// Send sends s to rank dest.
func Send[T any](c *Comm, s []T, dest, tag int) error { return c.Send(Slice(s), dest, tag) }

// Recv receives into s; Status.Count(DatatypeOf[T]()) of it is filled.
func Recv[T any](c *Comm, s []T, source, tag int) (Status, error) {
	return c.Recv(Slice(s), source, tag)
}

// Isend and Irecv begin; s is the library's until the request has ended.
func Isend[T any](c *Comm, s []T, dest, tag int) (*Request, error) {
	return c.Isend(Slice(s), dest, tag)
}

func Irecv[T any](c *Comm, s []T, source, tag int) (*Request, error) {
	return c.Irecv(Slice(s), source, tag)
}

// Sendrecv sends one slice and receives into another at the same time.
func Sendrecv[T any](c *Comm, send []T, dest, sendTag int, recv []T, source, recvTag int) (Status, error) {
	return c.Sendrecv(Slice(send), dest, sendTag, Slice(recv), source, recvTag)
}

// Bcast sends the root's s to all.
func Bcast[T any](c *Comm, s []T, root int) error { return c.Bcast(Slice(s), root) }

// Reduce combines send of all ranks into recv at the root; recv may be nil
// elsewhere.
func Reduce[T any](c *Comm, send, recv []T, op *Op, root int) error {
	return c.Reduce(Slice(send), Slice(recv), op, root)
}

// Allreduce combines send of all ranks into recv everywhere. A nil send means
// that this rank's contribution is in recv (MPI_IN_PLACE).
func Allreduce[T any](c *Comm, send, recv []T, op *Op) error {
	return c.Allreduce(orInPlace(send), Slice(recv), op)
}

// Scan gives rank i the combination of ranks 0 to i.
func Scan[T any](c *Comm, send, recv []T, op *Op) error {
	return c.Scan(orInPlace(send), Slice(recv), op)
}

// Gather collects the ranks' slices, all of one length, at the root: recv has
// room for all of them there and may be nil elsewhere.
func Gather[T any](c *Comm, send, recv []T, root int) error {
	b := Slice(recv)
	b.Count = len(send)
	if c.rank == root && len(recv) < len(send)*c.Size() {
		return errorf(ErrCount, "a receive slice of %d elements for %d blocks of %d", len(recv), c.Size(), len(send))
	}
	return c.Gather(Slice(send), b, root)
}

// Scatter deals the root's slice out in blocks of len(recv).
func Scatter[T any](c *Comm, send, recv []T, root int) error {
	b := Slice(send)
	b.Count = len(recv)
	if c.rank == root && len(send) < len(recv)*c.Size() {
		return errorf(ErrCount, "a send slice of %d elements for %d blocks of %d", len(send), c.Size(), len(recv))
	}
	return c.Scatter(b, Slice(recv), root)
}

// Allgather collects the ranks' slices, all of one length, everywhere.
func Allgather[T any](c *Comm, send, recv []T) error {
	b := Slice(recv)
	b.Count = len(send)
	if len(recv) < len(send)*c.Size() {
		return errorf(ErrCount, "a receive slice of %d elements for %d blocks of %d", len(recv), c.Size(), len(send))
	}
	return c.Allgather(Slice(send), b)
}

// Alltoall sends the i-th of equal blocks of send to rank i; recv is as long.
func Alltoall[T any](c *Comm, send, recv []T) error {
	n := c.Size()
	if len(send)%n != 0 || len(recv) != len(send) {
		return errorf(ErrCount, "slices of %d and %d elements do not make %d equal blocks", len(send), len(recv), n)
	}
	s, r := Slice(send), Slice(recv)
	s.Count, r.Count = len(send)/n, len(send)/n
	return c.Alltoall(s, r)
}

func orInPlace[T any](s []T) Buffer {
	if s == nil {
		return InPlace
	}
	return Slice(s)
}
