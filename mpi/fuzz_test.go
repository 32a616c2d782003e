package mpi

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"rainmpi/mpi/internal/dtype"
	"rainmpi/mpi/internal/redop"
	"rainmpi/mpi/internal/shm"
	"rainmpi/rainnet"
)

// FuzzPacket: what is taken for a packet, in a ring or over rails, writes back to the same bytes.
func FuzzPacket(f *testing.F) {
	for k := kindEager; k <= kindLast; k++ {
		b := bytes.Repeat([]byte{byte(k)}, headerSize+accessSize+16)
		(&header{kind: k, ctx: 5, src: 1, tag: 16, size: accessSize + 16, sign: 3, id: 7}).encode(b)
		f.Add(b[:headerSize])
		f.Add(b[:headerSize+addressSize])
		f.Add(b[:headerSize+accessSize])
		f.Add(b)
	}
	brief := binary.LittleEndian.AppendUint64(nil, 9<<(64-contextBits)|kindBrief)
	f.Add(append(brief, "\x01\x00\x00\x00\x02\x00\x00\x00abc"...))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, payload, ok := decodeRecord(b)
		r, over := decodeHeader(b)
		if ok && over && h != r || over && len(b) < headerSize {
			t.Fatalf("%x is %+v in a ring, and %+v over rails", b, h, r)
		}
		if !ok {
			h, payload, ok = r, b[min(len(b), headerSize):], over
		}
		if !ok {
			return
		}
		again := make([]byte, headerSize)
		if h.encode(again); len(payload) == len(b)-briefSize { // it has no words of size and id
			again = again[:briefSize]
			again[0] = again[0]&^kindMask | kindBrief
		}
		if h.src < 0 || h.kind > kindLast || h.kind == kindEager && h.size != uint64(len(payload)) || !bytes.Equal(append(again, payload...), b) {
			t.Fatalf("%x is %+v, which is written as %x", b, h, again)
		}
		if h.kind.accesses() {
			a := decodeAccess(payload)
			var access [accessSize]byte
			if a.encode(access[:]); !bytes.Equal(access[:22], payload[:22]) { // the last two have no meaning
				t.Fatalf("%x is %+v, which is written as %x", payload, a, access)
			}
		}
	})
}

// FuzzDeliver hands an engine in the middle of its work packets of any content, from a rank of its host or of another
// one. It goes on, or says that what has come is no engine's; it writes where it was told to receive and nowhere else,
// and what it answers are packets.
func FuzzDeliver(f *testing.F) {
	for _, rails := range []bool{false, true} {
		v := newVictim(f, rails)
		list := v.honest()
		described := list[len(list)-1]
		for i, rec := range list {
			one := append([]byte{byte(len(rec))}, rec...)
			before := list[max(i-1, 0)]
			f.Add(rails, one)
			f.Add(rails, append(bytes.Clone(one), one...))
			f.Add(rails, append(append([]byte{byte(len(described))}, described...), one...))
			f.Add(rails, append(append([]byte{byte(len(before))}, before...), one...))
		}
		v.close()
	}
	f.Fuzz(func(t *testing.T, rails bool, b []byte) {
		v := newVictim(t, rails)
		defer v.close()
		for len(b) > 0 && !v.over {
			n := min(int(b[0]), len(b)-1)
			v.take(b[1 : 1+n])
			b = b[1+n:]
		}
		v.look()
	})
}

// TestNonsense: packets that no engine sends are told from those that one does.
func TestNonsense(t *testing.T) {
	text := []byte("sixteen bytes...")
	create := contextID(3 * contextsPerComm)
	long, real := uint32(dtype.Int64), uint32(dtype.Double)
	at := func(a access, more []byte) []byte {
		b := make([]byte, accessSize)
		a.encode(b)
		return append(b, more...)
	}
	for _, rails := range []bool{false, true} {
		// The requests of newVictim, by their place: what waits for an answer there.
		const rendezvous, synchronous, recalled, put, get = 0, 1, 2, 3, 4
		for _, c := range []struct {
			what    string
			h       header
			payload []byte
			id      int
		}{
			{"a leave of a rank of this job", header{kind: kindLeave}, nil, -1},
			{"a description with a gap", header{kind: kindType, tag: 1000, size: 2000}, text, -1},
			{"a description that is none", header{kind: kindType, size: 16}, text, -1},
			{"no such type", header{kind: kindPut, ctx: create, tag: 16}, at(accessOf(1, 5000, 0), text), -1},
			{"an undescribed type", header{kind: kindPut, ctx: create, tag: 16}, at(accessOf(1, typeSlot, 0), text), -1},
			{"a negative count", header{kind: kindGet, ctx: create, id: 5}, at(accessOf(-1, long, 0), nil), -1},
			{"a count that overflows", header{kind: kindGet, ctx: create, id: 5}, at(accessOf(1<<61+1, long, 0), nil), -1},
			{"a place that overflows", header{kind: kindGet, ctx: create, id: 5}, at(access{disp: -1 << 63, count: 1, t: long}, nil), -1},
			{"data before its place", header{kind: kindPut, ctx: create, size: 1<<64 - 8, tag: 16}, at(accessOf(2, long, 0), text), -1},
			{"data behind its place", header{kind: kindPut, ctx: create, size: 8, tag: 16}, at(accessOf(2, long, 0), text), -1},
			{"an rts of another size", header{kind: kindPutRTS, ctx: create, size: 99, id: 5}, at(accessOf(2, long, 0), nil), -1},
			{"an operation that the type has not", header{kind: kindAcc, ctx: create, tag: 16}, at(accessOf(2, real, redop.Band), text), -1},
			{"no operation", header{kind: kindFetch, ctx: create, tag: 16, id: 5}, at(accessOf(2, long, 99), text), -1},
			{"half an element", header{kind: kindAcc, ctx: create, tag: 12}, at(accessOf(2, long, redop.Sum), text[:12]), -1},
			{"a fetch of nothing", header{kind: kindFetch, ctx: create, id: 5}, at(accessOf(2, long, redop.Sum), nil), -1},
			{"a fetch without operands", header{kind: kindFetch, ctx: create, tag: 16, id: 5}, at(accessOf(2, long, redop.Sum), nil), -1},
			{"a swap of two", header{kind: kindSwap, ctx: create, id: 5}, at(access{count: 2, t: long, basic: dtype.Int64}, text), -1},
			{"a swap of another type", header{kind: kindSwap, ctx: create, id: 5}, at(access{count: 1, t: real, basic: dtype.Int64}, text), -1},
			{"a swap of half a value", header{kind: kindSwap, ctx: create, id: 5}, at(access{count: 1, t: long, basic: dtype.Int64}, text[:8]), -1},
			{"a rank that the window has not", header{kind: kindPost, ctx: create, src: 2}, nil, -1},
			{"an access of such a rank", header{kind: kindPut, ctx: create, src: 2, tag: 16}, at(accessOf(2, long, 0), text), -1},
			{"a lock of no type", header{kind: kindLock, ctx: create, tag: 7}, nil, -1},
			{"an unlock of no type", header{kind: kindUnlock, ctx: create, tag: 7}, nil, -1},
			{"a flush that nobody asked for", header{kind: kindFlushed, ctx: create, id: 2}, nil, -1},
			{"leave to send beyond the end", header{kind: kindCTS, tag: 1, size: 5}, nil, rendezvous},
			{"leave to send what has been sent", header{kind: kindCTS, size: 5}, nil, synchronous},
			{"leave to send what is received", header{kind: kindCTS, size: 5}, nil, get},
			{"an end of what was not read", header{kind: kindFin}, nil, get},
			{"an end of what has an ack", header{kind: kindFin}, nil, synchronous},
			{"an ack of what waits to be read", header{kind: kindAck}, nil, rendezvous},
			{"data for a send", header{kind: kindData, tag: 16}, text, rendezvous},
			{"data for a put", header{kind: kindData, tag: 16}, text, put},
			{"data out of order", header{kind: kindData, size: 8, tag: 16}, text, get},
			{"too much data", header{kind: kindData, tag: 80}, make([]byte, 80), get},
			{"a get that was taken back", header{kind: kindCancelled}, nil, get},
			{"an ack of what was asked back", header{kind: kindAck}, nil, recalled},
		} {
			v := newVictim(t, rails)
			if c.id >= 0 {
				row := v.e.requests.rows[c.id]
				c.h.id = uint64(row.generation)<<32 | uint64(c.id)
			}
			if c.h.kind == kindPutRTS && !rails {
				c.payload = append(c.payload, make([]byte, addressSize)...)
			}
			if v.take(packetOf(c.h, c.payload)); !v.over {
				t.Errorf("rails %v: %s is believed", rails, c.what)
			}
			v.close()
		}
	}
}

// A victim is an engine of rank 0 of two, and what it waits for.
type victim struct {
	t     testing.TB
	e     *engine
	c     *Comm
	peer  *proc // rank 1, which sends the packets
	seg   [2]*shm.Segment
	ring  *shm.Reader // what rank 1 reads
	arena []byte      // what it may write to lies here, with room between,
	owned []byte      // 1: it may
	used  int
	wins  []*Win
	reqs  []*Request
	over  bool // it has said that a packet was nonsense
}

// What outlives an engine: it lies outside Go's heap, or has sockets.
var outlives struct {
	sync.Once
	wait  *waiting
	table *EngineTable
	mem   *memory
	wins  [3]*WinTable
	rails *rainnet.Endpoint
	lives uint64
}

func newVictim(t testing.TB, rails bool) *victim {
	o := &outlives
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	fd, err := unix.MemfdCreate("mpi-fuzz", unix.MFD_CLOEXEC)
	must(err)
	defer unix.Close(fd)
	v := &victim{t: t, arena: bytes.Repeat([]byte{0xaa}, 256<<10)}
	v.owned = make([]byte, len(v.arena))
	for i := range v.seg {
		v.seg[i], err = shm.Map(fd, 2, i)
		must(err)
	}
	o.Do(func() {
		o.wait, err = newWaiting()
		must(err)
		o.table, err = allocate[EngineTable](1)
		must(err)
		o.mem, err = newMemory(v.seg[0], o.wait)
		must(err)
		for i := range o.wins {
			o.wins[i], err = newTable(2)
			must(err)
		}
		o.rails, err = rainnet.Open(rainnet.Config{ID: 1, Key: make([]byte, 32), Rails: []string{"127.0.0.1"}}, &net{})
		must(err)
	})
	e := &engine{wait: o.wait, soon: make(chan struct{}, 1), nextContext: 64 * contextsPerComm, hosts: []string{"a", "b"}, table: o.table}
	v.e = e
	*e.table = EngineTable{}
	e.bsends.e = e
	e.mu.word, e.mu.e, e.traffic = &e.table.lock, e, &e.table.traffic
	e.shown = map[contextID]*Comm{}
	e.wait.set.watch(v.seg[0].Control(0))
	e.wait.set.N = 0
	mem := *o.mem
	mem.seg, mem.self, mem.procs = v.seg[0], v.seg[0].Control(0), nil
	e.mem = &mem
	e.setOptions(defaultOptions())
	e.procs = []*proc{{index: 0, local: 0}, {index: 1, id: 1, host: 0, local: 1}}
	v.peer = e.procs[1]
	if rails {
		o.lives++
		card := rainnet.Card{ID: 2, Addrs: []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:9")}, Rails: []rainnet.Rail{{MTU: 1472, Name: "lo"}}}
		binary.LittleEndian.PutUint64(card.Salt[:], o.lives)
		v.peer.peer, err = o.rails.AddPeer(card)
		must(err)
		v.peer.peer.User, v.peer.host, v.peer.local = v.peer, 1, -1
		e.net = &net{e: e, bulks: map[bulk]*Request{}}
	} else {
		e.mem.add(e, v.peer)
		v.ring = v.seg[1].In(0)
	}
	v.c = e.newComm(worldContext, e.group(worldRanks(2)))
	v.work(must)
	return v
}

// close leaves the engine as it is: what it holds is forgotten.
func (v *victim) close() {
	if v.peer.peer != nil {
		outlives.rails.RemovePeer(v.peer.peer)
	}
	for _, s := range v.seg {
		s.Close()
	}
}

// buffer is memory of the program's; what comes may be written to it or not.
func (v *victim) buffer(n int, write bool) []byte {
	at := v.used + 256
	v.used = at + n
	if write {
		copy(v.owned[at:], bytes.Repeat([]byte{1}, n))
	}
	return v.arena[at : at+n : at+n]
}

// work begins something of every kind that an answer may come to.
func (v *victim) work(must func(error)) {
	c, e := v.c, v.e
	add := func(r *Request, err error) *Request {
		must(err)
		v.reqs = append(v.reqs, r)
		return r
	}
	gaps, err := NewVector(8, 4, 8, Byte)
	must(err)
	must(gaps.Commit())
	add(c.Irecv(Slice(v.buffer(64, true)), 1, 1))
	b := v.buffer(60, false)
	for i := range 60 {
		if i%8 < 4 {
			v.owned[v.used-60+i] = 1
		}
	}
	add(c.Irecv(Buffer{Addr: unsafe.Pointer(&b[0]), Count: 1, Type: gaps}, 1, 2))
	add(c.Irecv(Slice(v.buffer(40<<10, true)), 1, 3))
	add(c.IsendMode(Standard, Slice(v.buffer(40<<10, false)), 1, 4))
	add(c.IsendMode(Synchronous, Slice(v.buffer(32, false)), 1, 5))
	sent := add(c.IsendMode(Standard, Slice(v.buffer(32, false)), 1, 6))
	must(sent.Cancel())
	d := e.newComm(2*contextsPerComm, e.group(worldRanks(2)))
	add(d.Irecv(Slice(v.buffer(64, true)), AnySource, AnyTag))
	in, sum := make([]int64, 8), unsafe.Slice((*int64)(unsafe.Pointer(&v.buffer(64, true)[0])), 8)
	add(d.Iallreduce(Slice(in), Slice(sum), Sum))

	for i, flavor := range []int{FlavorCreate, FlavorAllocate, FlavorDynamic} {
		w := &Win{e: e, comm: e.newComm(contextID(3+i)*contextsPerComm, e.group(worldRanks(2))), flavor: flavor, unit: 1, control: &winControl{}, table: outlives.wins[i]}
		w.access = &w.table.access
		mem := v.buffer(64, true)
		if w.base, w.size = unsafe.Pointer(&mem[0]), 64; flavor == FlavorDynamic {
			w.regions = []region{{w.base, 64}}
			w.base, w.size = nil, 0
		}
		w.peers = make([]target, 2)
		for r := range w.peers {
			w.peers[r] = target{win: w, rank: r, p: e.procs[r], size: 1 << 20, unit: 1, epoch: &w.table.target(r).epoch}
		}
		if e.wins == nil {
			e.wins = map[contextID]*Win{}
		}
		e.wins[w.comm.ctx] = w
		w.access.Store(allLocked)
		v.wins = append(v.wins, w)
	}
	w := v.wins[0]
	at := Place{Rank: 1}
	add(w.Rput(Slice(v.buffer(100<<10, false)), at))
	add(w.Rget(Slice(v.buffer(64, true)), at))
	result := unsafe.Slice((*int64)(unsafe.Pointer(&v.buffer(64, true)[0])), 8)
	add(w.RgetAccumulate(Slice(in), Slice(result), at, Sum))
	one := int64(1)
	must(w.CompareAndSwap(unsafe.Pointer(&one), unsafe.Pointer(&one), unsafe.Pointer(&v.buffer(8, true)[0]), Int64, 1, 0))
	must(w.Put(Slice(v.buffer(32, false)), at))
	e.mu.Lock()
	w.peers[1].flush()
	e.mu.Unlock()
	w.peers[1].lock(LockShared, 0)
	if v.used > len(v.arena)-256 {
		v.t.Fatalf("the arena has %d bytes, and %d are needed", len(v.arena), v.used)
	}
}

// honest are packets as rank 1 could send them.
func (v *victim) honest() (list [][]byte) {
	add := func(h header, payload []byte) {
		b := make([]byte, headerSize)
		h.src = 1
		h.encode(b)
		list = append(list, append(b, payload...))
	}
	var address []byte
	if v.peer.peer == nil {
		there := unsafe.Pointer(&v.arena[0])
		address = binary.LittleEndian.AppendUint64(nil, uint64(uintptr(there)))
	}
	text := []byte("sixteen bytes...")
	for tag := int32(1); tag < 4; tag++ {
		add(header{kind: kindEager, sync: tag == 2, tag: tag, size: 16, id: 5}, text)
		add(header{kind: kindRTS, tag: tag, size: 100, id: 5}, address)
	}
	add(header{kind: kindEager, sign: 3, ctx: 2*contextsPerComm + collContext, size: 16}, text)
	add(header{kind: kindCancel, tag: 9, size: 1, id: 5}, nil)
	if address != nil { // brief, and an rts whose data can only be sent
		b := binary.LittleEndian.AppendUint64(nil, kindBrief)
		list = append(list, append(binary.LittleEndian.AppendUint32(b, 1), "\x01\x00\x00\x00abc"...))
		add(header{kind: kindRTS, tag: 3, size: 40 << 10, id: 5}, make([]byte, addressSize))
		add(header{kind: kindData, id: 1<<32 | uint64(len(v.e.requests.rows)), tag: 16}, text)
	}
	for i := range v.e.requests.rows {
		id := uint64(v.e.requests.rows[i].generation)<<32 | uint64(i)
		for _, k := range []packetKind{kindCTS, kindFin, kindAck, kindCancelled, kindFault} {
			add(header{kind: k, id: id, size: 3, tag: 1 & int32(k)}, nil)
		}
		add(header{kind: kindData, id: id, tag: 16}, text)
	}
	for _, w := range v.wins {
		ctx := w.comm.ctx
		access := func(a access, more []byte) []byte {
			if a.disp == 0 && w.flavor == FlavorDynamic {
				a.disp = int64(uintptr(w.regions[0].base))
			}
			b := make([]byte, accessSize)
			a.encode(b)
			return append(b, more...)
		}
		long, bytes := uint32(dtype.Int64), uint32(dtype.Byte)
		add(header{kind: kindPut, ctx: ctx, tag: 16}, access(accessOf(16, bytes, 0), text))
		add(header{kind: kindPutRTS, ctx: ctx, size: 64, id: 5}, access(accessOf(64, bytes, 0), address))
		add(header{kind: kindGet, ctx: ctx, size: 64, id: 5}, access(accessOf(8, long, 0), nil))
		add(header{kind: kindAcc, ctx: ctx, tag: 16}, access(accessOf(2, long, redop.Sum), text))
		add(header{kind: kindFetch, ctx: ctx, tag: 16, id: 5}, access(accessOf(2, long, redop.Max), text))
		add(header{kind: kindFetch, ctx: ctx, tag: 16, id: 5}, access(accessOf(2, long, redop.NoOp), nil))
		swap := accessOf(1, long, 0)
		swap.basic = dtype.Int64
		add(header{kind: kindSwap, ctx: ctx, id: 5}, access(swap, text))
		slot := accessOf(1, typeSlot+3, 0)
		add(header{kind: kindPut, ctx: ctx, tag: 16}, access(slot, text))
		for _, k := range []packetKind{kindFlush, kindFlushed, kindGranted, kindPost, kindDone} {
			add(header{kind: k, ctx: ctx, id: 1}, nil)
		}
		add(header{kind: kindLock, ctx: ctx, tag: LockShared}, nil)
		add(header{kind: kindUnlock, ctx: ctx, tag: LockShared}, nil)
	}
	add(header{kind: kindRevoke, ctx: 2 * contextsPerComm}, nil)
	for _, k := range []packetKind{kindChoke, kindUnchoke, kindLeave} {
		add(header{kind: k}, nil)
	}
	gaps, _ := dtype.Vector(4, 4, 8, dtype.Byte.Type())
	d := gaps.AppendDescription(nil)
	add(header{kind: kindType, size: uint64(len(d)), id: 3}, d)
	return list
}

func accessOf(count int64, t uint32, op redop.Op) access { return access{count: count, t: t, op: op} }

// take delivers one packet. What is none, and what no engine sends, is said so, by a panic of the engine's own words.
func (v *victim) take(rec []byte) {
	var h header
	var payload []byte
	ok := false
	if v.peer.peer == nil {
		h, payload, ok = decodeRecord(rec)
	} else if h, ok = decodeHeader(rec); ok {
		payload = rec[headerSize:]
	}
	// A context's and a source's memory is as large as their numbers: that is not looked for here.
	if !ok || h.ctx.number() > 1<<10 || h.ctx.owner() > 8 || h.src > 1<<10 {
		return
	}
	defer func() {
		if x := recover(); x != nil {
			if s, own := x.(string); !own || !strings.HasPrefix(s, "mpi: ") {
				panic(x)
			}
			v.over = true
		}
	}()
	v.e.mu.Lock()
	defer v.e.mu.Unlock()
	v.e.deliver(v.peer, h, payload)
}

// look checks what has come of the packets.
func (v *victim) look() {
	v.e.mu.Lock()
	for range 3 {
		v.e.mem.poll(v.e)
		v.answers()
	}
	v.e.mu.Unlock()
	v.e.doWork()
	v.answers()
	line := bytes.Repeat([]byte{0xaa}, 1024)
	for at := 0; at < len(v.arena); at += len(line) {
		if bytes.Equal(v.arena[at:at+len(line)], line) {
			continue
		}
		for i := at; i < at+len(line); i++ {
			if v.arena[i] != 0xaa && v.owned[i] == 0 {
				v.t.Fatalf("byte %d of the program's memory, which nobody receives into, was changed", i)
			}
		}
	}
	for _, r := range v.reqs {
		if r.done.Load() == ended && r.err != nil && r.err.Error() == "" {
			v.t.Fatalf("a request of kind %d has failed without a word", r.kind)
		}
		if r.kind == recvRequest && r.done.Load() == ended && r.err == nil && r.status.Source < 0 {
			v.t.Fatal("a receive has ended, and no message has come for it")
		}
	}
	if v.over || v.c.revoked.Load() {
		return
	}
	const tag = 1 << 20
	text := []byte("it lives")
	b := make([]byte, len(text))
	r, err := v.c.Irecv(Slice(b), 1, tag)
	if err != nil {
		v.t.Fatal(err)
	}
	if v.take(packetOf(header{kind: kindEager, src: 1, tag: tag, size: uint64(len(text))}, text)); r.done.Load() != ended || string(b) != string(text) {
		v.t.Fatalf("a message to the engine does not arrive: %q", b)
	}
}

func packetOf(h header, payload []byte) []byte {
	b := make([]byte, headerSize)
	h.encode(b)
	return append(b, payload...)
}

// answers reads what the engine has put into the ring.
func (v *victim) answers() {
	if v.ring == nil {
		return
	}
	for rec := v.ring.Next(); rec != nil; rec = v.ring.Next() {
		if h, _, ok := decodeRecord(rec); !ok {
			v.t.Fatalf("the engine sends what is no packet: %+v, %d bytes", h, len(rec))
		}
		v.ring.Release(len(rec))
	}
}
