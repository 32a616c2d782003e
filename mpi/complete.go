package mpi

import (
	"context"
	"errors"
	"sync/atomic"
)

// Ending requests (MPI 5.0 section 3.7.3 and 3.7.5). A nil *Request is
// MPI_REQUEST_NULL; it and an inactive persistent request count as complete
// with an empty status.

// Done reports whether the request has ended, without making progress. Finish
// collects it.
func (r *Request) Done() bool { return r.inactive() || r.done.Load() != 0 }

func (r *Request) inactive() bool { return r == nil || r.persistent != nil && !r.active }

// Wait ends the request and returns what came. The status of a send is empty.
func (r *Request) Wait() (Status, error) {
	if r.inactive() {
		return emptyStatus(), nil
	}
	if r.done.Load() == 0 {
		r.e.until(func() bool { return r.done.Load() != 0 })
	}
	return r.Finish()
}

// WaitContext is Wait that ends early, with ctx's error, when ctx is done. A
// receive that nothing has been matched to is cancelled then and is over; every
// other request goes on and must still be waited for.
func (r *Request) WaitContext(ctx context.Context) (Status, error) {
	if r.inactive() {
		return emptyStatus(), nil
	}
	if r.done.Load() == 0 {
		stop := context.AfterFunc(ctx, r.e.wait.changed)
		r.e.until(func() bool { return r.done.Load() != 0 || ctx.Err() != nil })
		stop()
	}
	if r.done.Load() != 0 {
		return r.Finish()
	}
	if r.kind == recvRequest {
		if err := r.Cancel(); err != nil {
			return Status{}, err
		}
		if r.done.Load() != 0 {
			s, err := r.Finish()
			return s, errors.Join(context.Cause(ctx), err)
		}
	}
	return Status{}, context.Cause(ctx)
}

// Test is Wait if the request has ended; else it makes some progress and
// returns false.
func (r *Request) Test() (Status, bool, error) {
	if r.inactive() {
		return emptyStatus(), true, nil
	}
	if r.done.Load() == 0 {
		r.e.step()
		if r.done.Load() == 0 {
			return Status{}, false, nil
		}
	}
	s, err := r.Finish()
	return s, true, err
}

// Peek is Test without ending the request (MPI_Request_get_status).
func (r *Request) Peek() (Status, bool) {
	if r.inactive() {
		return emptyStatus(), true
	}
	if r.done.Load() == 0 {
		r.e.step()
		if r.done.Load() == 0 {
			return Status{}, false
		}
	}
	if r.Stalled() {
		return Status{}, false
	}
	return r.status, true
}

// Finish collects a request that is Done. A persistent one becomes inactive,
// any other is spent: the engine uses its memory again.
func (r *Request) Finish() (Status, error) {
	if r.inactive() {
		return emptyStatus(), nil
	}
	if r.done.Load() != ended { // stalled: its message may have come
		r.e.step()
	}
	if r.done.Load() != ended {
		s, err := emptyStatus(), r.Pending()
		if err == nil { // another thread has acknowledged the failure just now
			err = errorf(ErrProcFailedPending, "the failure was acknowledged meanwhile; wait again")
		}
		s.Err = err
		return s, err
	}
	s, err := r.status, r.err
	s.Err = err
	if r.persistent != nil {
		r.active = false
		r.err = nil
		return s, err
	}
	r.e.mu.Lock()
	r.e.recycle(r)
	r.e.mu.Unlock()
	return s, err
}

// Pending is what the calls that end requests give for one that is stalled, which is still
// active then and may be waited for again; nil for any other.
func (r *Request) Pending() error {
	if !r.Stalled() {
		return nil
	}
	r.e.mu.Lock()
	defer r.e.mu.Unlock()
	return r.comm.unackedError(ErrProcFailedPending)
}

// step makes progress once, for calls that return at once.
func (e *engine) step() {
	e.advance()
	e.doWork()
	e.runCalls()
}

// The calls that take a list end some of its requests. One that is spent then becomes nil in the list, as
// MPI_REQUEST_NULL in C, so that the same list may be given again.

// Waitall ends all requests. If any failed the error has class ErrInStatus and
// every status its own.
func Waitall(rs []*Request) ([]Status, error) {
	out := make([]Status, len(rs))
	failed := 0
	for i, r := range rs {
		if !r.Done() {
			r.e.until(func() bool { return r.done.Load() != 0 })
		}
		var err error
		if out[i], err = end(rs, i); err != nil {
			failed++
		}
	}
	if failed > 0 {
		return out, errorf(ErrInStatus, "%d of %d requests failed; the statuses say how", failed, len(rs))
	}
	return out, nil
}

// end collects a request that is Done.
func end(rs []*Request, i int) (Status, error) {
	r := rs[i]
	stays := r.inactive() || r.persistent != nil
	s, err := r.Finish()
	if !stays && !errors.Is(err, ErrProcFailedPending) {
		rs[i] = nil
	}
	return s, err
}

// Testall is Waitall if all have ended; else it ends none and returns false.
func Testall(rs []*Request) ([]Status, bool, error) {
	if e := engineOf(rs); e != nil && !allDone(rs) {
		e.step()
		if !allDone(rs) {
			return nil, false, nil
		}
	}
	s, err := Waitall(rs)
	return s, true, err
}

func allDone(rs []*Request) bool {
	for _, r := range rs {
		if !r.Done() {
			return false
		}
	}
	return true
}

// Waitany ends one request and returns its index, Undefined if there is none
// to end.
func Waitany(rs []*Request) (int, Status, error) {
	e := engineOf(rs)
	if e == nil {
		return Undefined, emptyStatus(), nil
	}
	i := -1
	e.until(func() bool { i = anyDone(rs); return i >= 0 })
	s, err := end(rs, i)
	return i, s, err
}

// Testany is Waitany if one has ended, else ok is false.
func Testany(rs []*Request) (i int, s Status, ok bool, err error) {
	e := engineOf(rs)
	if e == nil {
		return Undefined, emptyStatus(), true, nil
	}
	if i = anyDone(rs); i < 0 {
		e.step()
		if i = anyDone(rs); i < 0 {
			return Undefined, Status{}, false, nil
		}
	}
	s, err = end(rs, i)
	return i, s, true, err
}

// anyDone prefers a different request each time, so that none starves.
func anyDone(rs []*Request) int {
	n := len(rs)
	from := int(turn.Add(1) % uint32(n))
	for k := range n {
		i := (from + k) % n
		if r := rs[i]; !r.inactive() && r.done.Load() != 0 {
			return i
		}
	}
	return -1
}

var turn atomic.Uint32

// Waitsome ends at least one request and all others that have ended; the
// indices are nil if there is none to end.
func Waitsome(rs []*Request) ([]int, []Status, error) {
	e := engineOf(rs)
	if e == nil {
		return nil, nil, nil
	}
	e.until(func() bool { return anyDone(rs) >= 0 })
	return finishSome(rs)
}

// Testsome is Waitsome without waiting; ok is false if there is none to end.
func Testsome(rs []*Request) (indices []int, s []Status, ok bool, err error) {
	e := engineOf(rs)
	if e == nil {
		return nil, nil, false, nil
	}
	e.step()
	indices, s, err = finishSome(rs)
	return indices, s, true, err
}

func finishSome(rs []*Request) ([]int, []Status, error) {
	indices, statuses, failed := []int{}, []Status{}, 0
	for i, r := range rs {
		if r.inactive() || r.done.Load() == 0 {
			continue
		}
		s, err := end(rs, i)
		if err != nil {
			failed++
		}
		indices, statuses = append(indices, i), append(statuses, s)
	}
	if failed > 0 {
		return indices, statuses, errorf(ErrInStatus, "%d of %d requests failed; the statuses say how", failed, len(indices))
	}
	return indices, statuses, nil
}

// engineOf returns nil if no request is active.
func engineOf(rs []*Request) *engine {
	for _, r := range rs {
		if !r.inactive() {
			return r.e
		}
	}
	return nil
}

// Free gives up a request without waiting (MPI_Request_free). Communication
// under way goes on to its end.
func (r *Request) Free() error {
	if r == nil {
		return errorf(ErrRequest, "the request is null")
	}
	e := r.e
	e.mu.Lock()
	defer e.mu.Unlock()
	idle := r.inactive()
	r.persistent = nil
	if !idle && r.done.Load() != ended {
		r.detached = true
		r.own()
		return nil
	}
	e.recycle(r)
	return nil
}
