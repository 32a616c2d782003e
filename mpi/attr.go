package mpi

import (
	"slices"
	"sync"
	"sync/atomic"
)

// A Keyval names an attribute that programs attach to communicators, datatypes
// and windows (MPI 5.0 section 7.7). Copy is called when the object is
// duplicated: keep says whether the new object gets value. Delete is called
// when the attribute is deleted, overwritten, or its object freed. Nil means
// MPI_COMM_NULL_COPY_FN and MPI_COMM_NULL_DELETE_FN. Both may call MPI.
type Keyval struct {
	Copy   func(object any, value any) (v any, keep bool, err error)
	Delete func(object any, value any) error

	freed atomic.Bool
}

// Free marks the key: it makes no new attributes; those that exist stay
// (MPI_Comm_free_keyval).
func (k *Keyval) Free() { k.freed.Store(true) }

// Attrs are the attributes of one object.
type Attrs struct {
	mu   sync.Mutex // not held while a program's function runs
	list []attr     // in the order in which they were set
}

type attr struct {
	key   *Keyval
	value any
}

func (a *Attrs) find(k *Keyval) int {
	return slices.IndexFunc(a.list, func(x attr) bool { return x.key == k })
}

// Get returns the value under k.
func (a *Attrs) Get(k *Keyval) (any, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if i := a.find(k); i >= 0 {
		return a.list[i].value, true
	}
	return nil, false
}

// Set stores a value; an old one is deleted first.
func (a *Attrs) Set(object any, k *Keyval, value any) error {
	if k == nil || k.freed.Load() {
		return errorf(ErrKeyval, "the attribute key is null or was freed")
	}
	if old, ok := a.Get(k); ok && k.Delete != nil {
		if err := k.Delete(object, old); err != nil {
			return err
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.remove(k) // another goroutine may have set it meanwhile
	a.list = append(a.list, attr{k, value})
	return nil
}

// Delete removes the value under k after its delete function agreed.
func (a *Attrs) Delete(object any, k *Keyval) error {
	value, ok := a.Get(k)
	if !ok {
		return errorf(ErrKeyval, "the object has no attribute under this key")
	}
	if k.Delete != nil {
		if err := k.Delete(object, value); err != nil {
			return err
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.remove(k)
	return nil
}

func (a *Attrs) remove(k *Keyval) {
	if i := a.find(k); i >= 0 {
		a.list = slices.Delete(a.list, i, i+1)
	}
}

func (a *Attrs) all() []attr {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.list)
}

func (a *Attrs) copyTo(to *Attrs, object any) error {
	for _, x := range a.all() {
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

// deleteAll empties the list, also of what the functions add; the order is that of the standard for
// MPI_COMM_SELF in MPI_Finalize (MPI 5.0, 11.4.2): "in the reverse order that they were set".
func (a *Attrs) deleteAll(object any) error {
	for list := a.all(); len(list) > 0; list = a.all() {
		if err := a.Delete(object, list[len(list)-1].key); err != nil {
			return err
		}
	}
	return nil
}
