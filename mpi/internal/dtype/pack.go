package dtype

import (
	"sort"
	"unsafe"
)

// Pack copies the bytes [off, off+len(dst)) of the packed stream of count elements at base to
// dst. It returns the number of bytes copied: less than len(dst) where the stream ends.
//
// base may be Go memory, C memory, or nil with absolute displacements (MPI_BOTTOM).
func (t *Type) Pack(dst []byte, base unsafe.Pointer, count, off int64) int {
	return t.move(dst, base, count, off, pack)
}

// Unpack copies src to the bytes [off, off+len(src)) of the packed stream of count elements at
// base. It returns the number of bytes copied: less than len(src) where the stream ends.
func (t *Type) Unpack(base unsafe.Pointer, count, off int64, src []byte) int {
	return t.move(src, base, count, off, unpack)
}

// direction says which way bytes go between a stream and typed memory.
type direction bool

const (
	pack   direction = false // memory to stream
	unpack direction = true  // stream to memory
)

// move copies between stream and the part of the packed stream of count elements that starts at
// off.
func (t *Type) move(stream []byte, base unsafe.Pointer, count, off int64, dir direction) int {
	n := min(int64(len(stream)), t.size*count-off)
	if n <= 0 {
		return 0
	}
	stream = stream[:n]
	p := unsafe.Add(base, t.shape.disp)
	if count == 1 {
		move(t.shape.n, p, stream, off, dir)
	} else {
		moveLoop(t.shape.n, p, t.Extent(), stream, off, dir)
	}
	return int(n)
}

// move copies between stream, which is not empty, and the bytes of k's stream from off on.
func move(k *node, p unsafe.Pointer, stream []byte, off int64, dir direction) {
	switch k.kind {
	case kindRun:
		moveRun(unsafe.Add(p, off), stream, dir)
	case kindLoop:
		moveLoop(k.kid, p, k.stride, stream, off, dir)
	case kindBlocks:
		moveBlocks(k, p, stream, off, dir)
	case kindRuns:
		moveRuns(k, p, stream, off, dir)
	case kindParts:
		moveParts(k, p, stream, off, dir)
	}
}

// moveLoop is move for kids that lie stride bytes apart from p on.
func moveLoop(kid *node, p unsafe.Pointer, stride int64, stream []byte, off int64, dir direction) {
	if kid.kind == kindRun && kid.size == stride { // an array of a contiguous type
		moveRun(unsafe.Add(p, off), stream, dir)
		return
	}
	var i int64
	size := kid.size
	if off != 0 {
		i = off / size
		if r := off - i*size; r != 0 {
			n := min(size-r, int64(len(stream)))
			move(kid, unsafe.Add(p, i*stride), stream[:n], r, dir)
			stream = stream[n:]
			i++
		}
	}
	whole := int64(len(stream)) / size
	if whole > 0 {
		moveWhole(kid, unsafe.Add(p, i*stride), stride, whole, stream, dir)
		stream = stream[whole*size:]
	}
	if len(stream) > 0 {
		move(kid, unsafe.Add(p, (i+whole)*stride), stream, 0, dir)
	}
}

// moveWhole copies count whole kids.
func moveWhole(kid *node, p unsafe.Pointer, stride, count int64, stream []byte, dir direction) {
	size := kid.size
	switch {
	case kid.kind == kindRun:
		moveStrided(p, stride, count, size, stream, size, dir)
	case kid.kind == kindLoop && kid.kid.kind == kindRun: // a matrix: no need to look again at each row
		row := kid.kid.size
		for i := range count {
			moveStrided(unsafe.Add(p, i*stride), kid.stride, kid.count, row, stream[i*size:], row, dir)
		}
	case kid.kind == kindRuns && count >= 4 && len(kid.disps) <= maxColumns && (dir == pack || kid.disjoint(stride)):
		moveColumns(kid, p, stride, count, stream, dir)
	default:
		for i := range count {
			move(kid, unsafe.Add(p, i*stride), stream[i*size:(i+1)*size], 0, dir)
		}
	}
}

// maxColumns is the number of members up to which an array of structs is moved member by member.
const maxColumns = 16

// moveColumns copies an array of structs: a batch of elements at a time, that member of all, then
// the next member. A batch stays in the first-level cache.
func moveColumns(kid *node, p unsafe.Pointer, stride, count int64, stream []byte, dir direction) {
	batch := max(copyChunk/max(kid.size, stride, -stride), 4)
	for i := int64(0); i < count; i += batch {
		n := min(batch, count-i)
		for j, disp := range kid.disps {
			size := kid.starts[j+1] - kid.starts[j]
			moveStrided(unsafe.Add(p, i*stride+disp), stride, n, size, stream[i*kid.size+kid.starts[j]:], kid.size, dir)
		}
	}
}

// disjoint reports whether copies of k that lie stride bytes apart do not overlap: only then they
// can be written in another order than that of the stream.
func (k *node) disjoint(stride int64) bool {
	lo, hi := int64(0), int64(0)
	for j, disp := range k.disps {
		lo, hi = min(lo, disp), max(hi, disp+k.starts[j+1]-k.starts[j])
	}
	return max(stride, -stride) >= hi-lo
}

func moveBlocks(k *node, p unsafe.Pointer, stream []byte, off int64, dir direction) {
	size := k.kid.size
	i, r := off/size, off%size
	if whole := int64(len(stream)) / size; r == 0 && k.kid.kind == kindRun &&
		moveScattered(p, k.disps[i:i+whole], size, stream, dir) {
		stream = stream[whole*size:]
		i += whole
	}
	for ; len(stream) > 0; i++ {
		n := min(size-r, int64(len(stream)))
		move(k.kid, unsafe.Add(p, k.disps[i]), stream[:n], r, dir)
		stream = stream[n:]
		r = 0
	}
}

func moveRuns(k *node, p unsafe.Pointer, stream []byte, off int64, dir direction) {
	i := k.seek(off)
	r := off - k.starts[i]
	for ; len(stream) > 0; i++ {
		n := min(k.starts[i+1]-k.starts[i]-r, int64(len(stream)))
		moveRun(unsafe.Add(p, k.disps[i]+r), stream[:n], dir)
		stream = stream[n:]
		r = 0
	}
}

func moveParts(k *node, p unsafe.Pointer, stream []byte, off int64, dir direction) {
	i := k.seek(off)
	r := off - k.starts[i]
	for ; len(stream) > 0; i++ {
		n := min(k.starts[i+1]-k.starts[i]-r, int64(len(stream)))
		move(k.kids[i], unsafe.Add(p, k.disps[i]), stream[:n], r, dir)
		stream = stream[n:]
		r = 0
	}
}

// seek returns the index of the entry that holds stream byte off.
func (k *node) seek(off int64) int {
	if off == 0 {
		return 0
	}
	return sort.Search(len(k.disps), func(i int) bool { return k.starts[i+1] > off })
}

// copyChunk is how many bytes Copy moves at a time between two types that both have gaps: small
// enough to stay in the first-level cache, large enough to make the seeks cheap.
const copyChunk = 8 << 10

// smallCopy is up to how many bytes Copy takes a smaller buffer, which is sooner cleared.
const smallCopy = 256

// Copy copies sn elements of type st at src to dn elements of type dt at dst, in stream order, as
// a message to oneself would. It copies the smaller of the two sizes and returns it in bytes.
// The buffers must not overlap.
func Copy(dst unsafe.Pointer, dt *Type, dn int64, src unsafe.Pointer, st *Type, sn int64) int64 {
	n := min(dt.size*dn, st.size*sn)
	if n <= 0 {
		return 0
	}
	if disp, ok := st.Run(sn); ok {
		dt.Unpack(dst, dn, 0, unsafe.Slice((*byte)(unsafe.Add(src, disp)), n))
		return n
	}
	if disp, ok := dt.Run(dn); ok {
		st.Pack(unsafe.Slice((*byte)(unsafe.Add(dst, disp)), n), src, sn, 0)
		return n
	}
	if n <= smallCopy {
		var buf [smallCopy]byte
		st.Pack(buf[:n], src, sn, 0)
		dt.Unpack(dst, dn, 0, buf[:n])
		return n
	}
	var buf [copyChunk]byte
	for off := int64(0); off < n; {
		chunk := buf[:min(copyChunk, n-off)]
		st.Pack(chunk, src, sn, off)
		dt.Unpack(dst, dn, off, chunk)
		off += int64(len(chunk))
	}
	return n
}
