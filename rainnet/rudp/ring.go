package rudp

// A ring is a queue in an array whose length is a power of two. It grows as
// needed; what bounds it stands where it is used. Once it has grown to its
// working size it allocates nothing.
type ring[T any] struct {
	buf  []T
	head int
	n    int
}

// at returns the i-th element from the front. The pointer is good until the
// next push.
func (r *ring[T]) at(i int) *T { return &r.buf[(r.head+i)&(len(r.buf)-1)] }

// push adds a zero element at the end and returns it.
func (r *ring[T]) push() *T {
	if r.n == len(r.buf) {
		r.grow()
	}
	r.n++
	return r.at(r.n - 1)
}

// pushFront adds a zero element at the front and returns it.
func (r *ring[T]) pushFront() *T {
	if r.n == len(r.buf) {
		r.grow()
	}
	r.head = (r.head - 1) & (len(r.buf) - 1)
	r.n++
	return &r.buf[r.head]
}

// pop takes the first element away. Its place is zeroed, so that it holds on
// to nothing and push finds it zero.
func (r *ring[T]) pop() T {
	v := r.buf[r.head]
	var zero T
	r.buf[r.head] = zero
	r.head = (r.head + 1) & (len(r.buf) - 1)
	r.n--
	return v
}

// drop takes the first element away, unseen.
func (r *ring[T]) drop() {
	clear(r.buf[r.head : r.head+1])
	r.head = (r.head + 1) & (len(r.buf) - 1)
	r.n--
}

func (r *ring[T]) grow() {
	bigger := make([]T, max(16, 2*len(r.buf)))
	n := copy(bigger, r.buf[r.head:])
	copy(bigger[n:], r.buf[:r.head])
	r.buf, r.head = bigger, 0
}
