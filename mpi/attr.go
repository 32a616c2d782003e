package mpi

import (
	"slices"
	"sync/atomic"
)

// A Keyval names an attribute that programs attach to communicators, datatypes
// and windows (MPI 5.0 section 7.7). Copy is called when the object is
// duplicated: keep says whether the new object gets value. Delete is called
// when the attribute is deleted, overwritten, or its object freed. Nil means
// MPI_COMM_NULL_COPY_FN and MPI_COMM_NULL_DELETE_FN.
type Keyval struct {
	Copy   func(object any, value any) (v any, keep bool, err error)
	Delete func(object any, value any) error

	order uint64
	freed bool
}

var keyvals atomic.Uint64

// NewKeyval makes a key.
func NewKeyval(copy func(object, value any) (any, bool, error), delete func(object, value any) error) *Keyval {
	return &Keyval{Copy: copy, Delete: delete, order: keyvals.Add(1)}
}

// Free marks the key: it makes no new attributes; those that exist stay
// (MPI_Comm_free_keyval).
func (k *Keyval) Free() { k.freed = true }

// Attrs are the attributes of one object, in the order of their keys.
type Attrs struct{ list []attr }

type attr struct {
	key   *Keyval
	value any
}

func (a *Attrs) find(k *Keyval) (int, bool) {
	return slices.BinarySearchFunc(a.list, k, func(x attr, k *Keyval) int {
		switch {
		case x.key.order < k.order:
			return -1
		case x.key.order > k.order:
			return 1
		}
		return 0
	})
}

// Get returns the value under k.
func (a *Attrs) Get(k *Keyval) (any, bool) {
	if i, ok := a.find(k); ok {
		return a.list[i].value, true
	}
	return nil, false
}

// Set stores a value; an old one is deleted first.
func (a *Attrs) Set(object any, k *Keyval, value any) error {
	if k == nil || k.freed {
		return errorf(ErrKeyval, "the attribute key is null or was freed")
	}
	if _, ok := a.find(k); ok {
		if err := a.Delete(object, k); err != nil {
			return err
		}
	}
	i, _ := a.find(k)
	a.list = slices.Insert(a.list, i, attr{k, value})
	return nil
}

// Delete removes the value under k after its delete function agreed.
func (a *Attrs) Delete(object any, k *Keyval) error {
	i, ok := a.find(k)
	if !ok {
		return errorf(ErrKeyval, "the object has no attribute under this key")
	}
	if k.Delete != nil {
		if err := k.Delete(object, a.list[i].value); err != nil {
			return err
		}
	}
	if i, ok = a.find(k); ok { // the function may have changed the list
		a.list = slices.Delete(a.list, i, i+1)
	}
	return nil
}

func (a *Attrs) copyTo(to *Attrs, object any) error {
	for _, x := range slices.Clone(a.list) {
		if x.key.Copy == nil {
			continue
		}
		v, keep, err := x.key.Copy(object, x.value)
		if err != nil {
			return err
		}
		if keep {
			to.list = append(to.list, attr{x.key, v})
		}
	}
	return nil
}

// deleteAll empties the list; the order is that of the standard for
// MPI_COMM_SELF in MPI_Finalize: "in the reverse order in which they were set".
func (a *Attrs) deleteAll(object any) error {
	for n := len(a.list); n > 0; n = len(a.list) {
		if err := a.Delete(object, a.list[n-1].key); err != nil {
			return err
		}
	}
	return nil
}
