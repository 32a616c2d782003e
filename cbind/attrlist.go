package main

/*
#include "frame.h"
*/
import "C"

import (
	"slices"
	"sync"

	"rainmpi/cbind/abi"
	"rainmpi/mpi"
)

// A keyval is a program's attribute key (MPI 5.0, 7.7). Values are addresses, and the copy and
// delete functions are C's, so the C face keeps its own lists and runs them through RAIN_CALL.
type keyval struct {
	number   int32
	object   int32 // C.RAIN_COMM, C.RAIN_WIN, or typeKeyval
	copyFn   uintptr
	deleteFn uintptr
	extra    uintptr
	freed    bool // by the program
	uses     int  // attributes that keep it alive after that
}

const typeKeyval = 100

// firstKeyval is above MPI_TAG_UB and the other predefined keys.
const firstKeyval = 1024

var keyvals struct {
	sync.Mutex
	list []*keyval
}

func newKeyval(object int32, copyFn, deleteFn, extra uintptr) int32 {
	keyvals.Lock()
	defer keyvals.Unlock()
	k := &keyval{number: int32(firstKeyval + len(keyvals.list)), object: object, copyFn: copyFn, deleteFn: deleteFn, extra: extra}
	keyvals.list = append(keyvals.list, k)
	return k.number
}

// keyvalOf also finds a key that was freed while attributes use it: "the actual free does not
// transpire until after all references … to the key have been freed" (MPI 5.0, 7.7.2), and the
// program may do that with MPI_Comm_delete_attr.
func keyvalOf(number, object int32) (*keyval, error) {
	keyvals.Lock()
	defer keyvals.Unlock()
	if i := int(number) - firstKeyval; i >= 0 && i < len(keyvals.list) {
		if k := keyvals.list[i]; k.object == object && (!k.freed || k.uses > 0) {
			return k, nil
		}
	}
	return nil, bad(mpi.ErrKeyval, "the attribute key is freed, predefined, of another kind of object, or none")
}

// used counts attributes that have come, or gone.
func (k *keyval) used(n int) {
	keyvals.Lock()
	k.uses += n
	keyvals.Unlock()
}

// An attr is one attribute of one object.
type attr struct {
	key   *keyval
	value uintptr
}

// attrs are an object's attributes in the order in which they were set.
type attrs []attr

func (a *attrs) add(k *keyval, value uintptr) {
	k.used(1)
	*a = append(*a, attr{k, value})
}

func (a attrs) find(k *keyval) int {
	return slices.IndexFunc(a, func(x attr) bool { return x.key == k })
}

// deleteOne removes the attribute at i after its delete function has agreed. It returns call when
// that function must run, and is then called again: fr.sub says whether it has.
func (a *attrs) deleteOne(f uintptr, handle uintptr, i int) int32 {
	fr := at[frame](f)
	x := (*a)[i]
	if fr.sub == 0 && x.key.deleteFn != 0 { // 0 is MPI_COMM_NULL_DELETE_FN
		fr.sub = 1
		fr.cb, fr.fn = C.RAIN_CB_DELETE, C.uintptr_t(x.key.deleteFn)
		fr.n = C.int64_t(x.key.number)
		fr.a[0], fr.a[1], fr.a[2] = C.uintptr_t(handle), C.uintptr_t(x.value), C.uintptr_t(x.key.extra)
		return call
	}
	ran := fr.sub == 1
	fr.sub = 0
	if ran && fr.result != 0 {
		return fail(f, userCode(fr.result))
	}
	// The function may have changed the list.
	if i = a.find(x.key); i >= 0 {
		*a = slices.Delete(*a, i, i+1)
		x.key.used(-1)
	}
	return 0
}

// deleteAll removes all, "in the reverse order that they were set" as MPI 5.0, 11.4.2, wants it for
// MPI_COMM_SELF. It returns call like deleteOne.
func (a *attrs) deleteAll(f uintptr, handle uintptr) int32 {
	for len(*a) > 0 {
		if rc := a.deleteOne(f, handle, len(*a)-1); rc != 0 {
			return rc
		}
	}
	return 0
}

// A copying gathers the attributes of a new object while copy functions run.
type copying struct {
	from attrs
	next int
	to   attrs
}

var copyings = table[copying]{kind: opKind}

// copyAll copies what wants to be copied. While it returns call it is called again; fr.op holds the
// copying. done is nil until all is copied.
func copyAll(f uintptr, handle uintptr, from attrs) (done *copying, rc int32) {
	fr := at[frame](f)
	if fr.op == 0 {
		fr.op = C.uint32_t(copyings.add(&copying{from: slices.Clone(from)}))
	}
	h := uintptr(fr.op)
	c := copyings.get(h)
	for ; c.next < len(c.from); c.next++ {
		x := c.from[c.next]
		switch {
		case x.key.copyFn == uintptr(abi.MPI_COMM_NULL_COPY_FN):
			continue
		case x.key.copyFn == uintptr(abi.MPI_COMM_DUP_FN):
			c.to.add(x.key, x.value)
			continue
		case fr.sub == 0:
			fr.sub = 1
			fr.cb, fr.fn = C.RAIN_CB_COPY, C.uintptr_t(x.key.copyFn)
			fr.n = C.int64_t(x.key.number)
			fr.a[0], fr.a[1], fr.a[2] = C.uintptr_t(handle), C.uintptr_t(x.key.extra), C.uintptr_t(x.value)
			return nil, call
		}
		fr.sub = 0
		if fr.result != 0 {
			for _, x := range copyings.remove(h).to {
				x.key.used(-1)
			}
			return nil, fail(f, userCode(fr.result))
		}
		if fr.result2 != 0 {
			c.to.add(x.key, uintptr(fr.a[3]))
		}
	}
	copyings.remove(h)
	fr.op = 0
	return c, 0
}

// createKeyval, freeKeyval, getAttr, setAttr and deleteAttr are the calls of all kinds of objects.

func createKeyval(f uintptr, object int32, copyFn, deleteFn, number, extra uintptr) int32 {
	if err := need(number); err != nil {
		return fail(f, err)
	}
	set(number, newKeyval(object, copyFn, deleteFn, extra))
	return 0
}

func freeKeyval(f uintptr, object int32, number uintptr) int32 {
	if err := need(number); err != nil {
		return fail(f, err)
	}
	k, err := keyvalOf(*at[int32](number), object)
	if err != nil {
		return fail(f, err)
	}
	k.freed = true
	set(number, int32(abi.MPI_KEYVAL_INVALID))
	return 0
}

// getAttr writes the value through value, which is a void ** in a void *'s clothing.
func getAttr(f uintptr, object int32, list attrs, number int32, value, flag uintptr) int32 {
	k, err := keyvalOf(number, object)
	if err == nil {
		err = need(value, flag)
	}
	if err != nil {
		return fail(f, err)
	}
	i := list.find(k)
	if i < 0 {
		set(flag, int32(0))
		return 0
	}
	set(value, list[i].value)
	set(flag, int32(1))
	return 0
}

// setAttr deletes an older value first: "the delete function is called if an attribute is
// overwritten" (MPI 5.0, 7.7.2).
func setAttr(f uintptr, object int32, list *attrs, handle uintptr, number int32, value uintptr) int32 {
	k, err := keyvalOf(number, object)
	if err != nil {
		return fail(f, err)
	}
	if i := list.find(k); i >= 0 {
		if rc := list.deleteOne(f, handle, i); rc != 0 {
			return rc
		}
	}
	list.add(k, value)
	return 0
}

func deleteAttr(f uintptr, object int32, list *attrs, handle uintptr, number int32) int32 {
	k, err := keyvalOf(number, object)
	if err != nil {
		return fail(f, err)
	}
	i := list.find(k)
	if i < 0 {
		return fail(f, bad(mpi.ErrKeyval, "the object has no attribute under this key"))
	}
	return list.deleteOne(f, handle, i)
}
