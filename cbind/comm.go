package main

/*
#include "frame.h"
*/
import "C"

import (
	"sync/atomic"

	"rainmpi/cbind/abi"
	"rainmpi/mpi"
)

// A comm is a communicator as C sees it.
type comm struct {
	c       *mpi.Comm
	handle  uintptr
	handler atomic.Pointer[errhandler] // nil: the default
	attrs   attrs
	info    *mpi.Info   // hints; nil: none
	shown   atomic.Bool // C knows of its table, or need not
}

var (
	comms = table[comm]{kind: commKind}
	world atomic.Pointer[comm] // nil before MPI_Init and after MPI_Finalize
	self  atomic.Pointer[comm]
)

// commOf is the communicator of a handle.
func commOf(h uintptr) (*comm, error) {
	if c := findComm(h); c != nil {
		return c, nil
	}
	if err := running(); err != nil {
		return nil, err
	}
	return nil, noObject(mpi.ErrComm, "communicator", h)
}

func findComm(h uintptr) *comm {
	switch h {
	case abi.MPI_COMM_WORLD:
		return world.Load()
	case abi.MPI_COMM_SELF:
		return self.Load()
	}
	return comms.get(h)
}

// addComm gives a handle to a new communicator. It inherits the error handler of the one it was
// made from (MPI 5.0, 9.3). A nil communicator is MPI_COMM_NULL.
func addComm(c *mpi.Comm, parent *comm, list attrs) uintptr {
	if c == nil {
		return abi.MPI_COMM_NULL
	}
	made := &comm{c: c, attrs: list}
	if parent != nil {
		made.handler.Store(parent.handler.Load().retain())
	}
	made.handle = comms.add(made)
	made.setFlat(c.Flat())
	return made.handle
}

// ask writes to out what a communicator says of itself.
func ask[T any](f, h, out uintptr, what func(*mpi.Comm) (T, error)) int32 {
	c, err := commOf(h)
	if err == nil {
		err = need(out)
	}
	if err != nil {
		return fail(f, err)
	}
	v, err := what(c.c)
	if err != nil {
		return fail(f, err)
	}
	set(out, v)
	return 0
}

//export rain_Comm_rank
func rain_Comm_rank(f, h, rank uintptr) int32 {
	return ask(f, h, rank, func(c *mpi.Comm) (int32, error) { return int32(c.Rank()), nil })
}

//export rain_Comm_size
func rain_Comm_size(f, h, size uintptr) int32 {
	return ask(f, h, size, func(c *mpi.Comm) (int32, error) { return int32(c.Size()), nil })
}

//export rain_Comm_remote_size
func rain_Comm_remote_size(f, h, size uintptr) int32 {
	return ask(f, h, size, func(c *mpi.Comm) (int32, error) {
		n, err := c.RemoteSize()
		return int32(n), err
	})
}

//export rain_Comm_test_inter
func rain_Comm_test_inter(f, h, flag uintptr) int32 {
	return ask(f, h, flag, func(c *mpi.Comm) (int32, error) { return truth(c.Inter()), nil })
}

//export rain_Comm_group
func rain_Comm_group(f, h, group uintptr) int32 {
	return ask(f, h, group, func(c *mpi.Comm) (uintptr, error) { return groupHandle(c.Group()), nil })
}

//export rain_Comm_remote_group
func rain_Comm_remote_group(f, h, group uintptr) int32 {
	return ask(f, h, group, func(c *mpi.Comm) (uintptr, error) {
		g, err := c.RemoteGroup()
		if err != nil {
			return 0, err
		}
		return groupHandle(g), nil
	})
}

func truth(b bool) int32 {
	if b {
		return 1
	}
	return 0
}

//export rain_Comm_compare
func rain_Comm_compare(f, comm1, comm2, result uintptr) int32 {
	a, err := commOf(comm1)
	if err != nil {
		return fail(f, err)
	}
	b, err := commOf(comm2)
	if err == nil {
		err = need(result)
	}
	if err != nil {
		return fail(f, err)
	}
	set(result, int32(a.c.Compare(b.c)))
	return 0
}

//export rain_Comm_set_name
func rain_Comm_set_name(f, h, name uintptr) int32 {
	c, err := commOf(h)
	if err == nil {
		err = need(name)
	}
	if err != nil {
		return fail(f, err)
	}
	c.c.SetName(cString(name, abi.MPI_MAX_OBJECT_NAME-1))
	return 0
}

//export rain_Comm_get_name
func rain_Comm_get_name(f, h, name, resultlen uintptr) int32 {
	c, err := commOf(h)
	if err == nil {
		err = need(name, resultlen)
	}
	if err != nil {
		return fail(f, err)
	}
	set(resultlen, putString(name, c.c.Name(), abi.MPI_MAX_OBJECT_NAME))
	return 0
}

// The program is called on a name if the communicator has one, else on what it is.
func (c *comm) String() string {
	if c.c.Name() != "" {
		return c.c.Name()
	}
	return "a communicator without a name"
}

// These are collective and rare: they wait inside Go.

//export rain_Comm_dup
func rain_Comm_dup(f, h, newcomm uintptr) int32 {
	return duplicate(f, h, sameInfo, newcomm, waitsInGo)
}

//export rain_Comm_dup_with_info
func rain_Comm_dup_with_info(f, h, info, newcomm uintptr) int32 {
	return duplicate(f, h, info, newcomm, waitsInGo)
}

//export rain_Comm_idup
func rain_Comm_idup(f, h, newcomm, request uintptr) int32 {
	return duplicate(f, h, sameInfo, newcomm, request)
}

//export rain_Comm_idup_with_info
func rain_Comm_idup_with_info(f, h, info, newcomm, request uintptr) int32 {
	return duplicate(f, h, info, newcomm, request)
}

const (
	sameInfo  = ^uintptr(0) // in place of an info object: the communicator's own
	waitsInGo = ^uintptr(0) // in place of a request's address
)

// duplicate runs the copy functions, then begins; "as if MPI_COMM_DUP was executed at the time that
// MPI_COMM_IDUP is called" (MPI 5.0, 7.4.2).
func duplicate(f, h, info, newcomm, request uintptr) int32 {
	c, err := commOf(h)
	if err == nil {
		err = need(newcomm, request)
	}
	hints := (*mpi.Info)(nil)
	if err == nil && info == sameInfo {
		hints = c.info
	} else if err == nil {
		hints, err = optionalInfo(info)
	}
	if err != nil {
		return fail(f, err)
	}
	copied, rc := copyAll(f, c.handle, c.attrs)
	if copied == nil {
		if rc != call {
			// MPI 5.0, 7.7.2: a copy function that fails makes the call fail.
			set(newcomm, abi.MPI_COMM_NULL)
		}
		return rc
	}
	d, r, err := c.c.Idup()
	if err == nil && request == waitsInGo {
		_, err = r.Wait()
	}
	if err != nil {
		return fail(f, err)
	}
	made := addComm(d, c, copied.to)
	comms.get(made).info = keptHints(hints)
	set(newcomm, made)
	if request == waitsInGo {
		return 0
	}
	return give(f, request, r, nil, h)
}

// commHints are what the standard defines for communicators (MPI 5.0, 7.4.4). They allow the library
// to do less than it does, which it makes no use of. Other keys are not kept: MPI_Comm_get_info
// returns "the hints … in use".
var commHints = []string{
	"mpi_assert_no_any_tag", "mpi_assert_no_any_source", "mpi_assert_exact_length", "mpi_assert_allow_overtaking",
	"mpi_assert_strict_persistent_collective_ordering",
}

func keptHints(info *mpi.Info) *mpi.Info {
	kept := mpi.NewInfo()
	for _, k := range commHints {
		if v, ok := info.Get(k); ok {
			kept.Set(k, v)
		}
	}
	return kept
}

//export rain_Comm_set_info
func rain_Comm_set_info(f, h, info uintptr) int32 {
	c, err := commOf(h)
	if err != nil {
		return fail(f, err)
	}
	i, err := optionalInfo(info)
	if err != nil {
		return fail(f, err)
	}
	c.info = keptHints(i)
	return 0
}

//export rain_Comm_get_info
func rain_Comm_get_info(f, h, info uintptr) int32 {
	c, err := commOf(h)
	if err == nil {
		err = need(info)
	}
	if err != nil {
		return fail(f, err)
	}
	i := c.info.Dup()
	if i == nil {
		i = mpi.NewInfo() // an info object without keys, not MPI_INFO_NULL (MPI 5.0, 7.4.4)
	}
	set(info, infos.add(i))
	return 0
}

//export rain_Comm_split
func rain_Comm_split(f, h uintptr, color, key int32, newcomm uintptr) int32 {
	return derive(f, h, newcomm, func(c *comm) (*mpi.Comm, error) { return c.c.Split(int(color), int(key)) })
}

//export rain_Comm_create
func rain_Comm_create(f, h, group, newcomm uintptr) int32 {
	g, err := groupOf(group)
	if err != nil {
		return fail(f, err)
	}
	return derive(f, h, newcomm, func(c *comm) (*mpi.Comm, error) { return c.c.Create(g) })
}

//export rain_Comm_create_group
func rain_Comm_create_group(f, h, group uintptr, tag int32, newcomm uintptr) int32 {
	g, err := groupOf(group)
	if err != nil {
		return fail(f, err)
	}
	return derive(f, h, newcomm, func(c *comm) (*mpi.Comm, error) {
		if g.Size() == 0 || g.Rank() == mpi.Undefined {
			return nil, nil
		}
		return c.c.CreateGroup(g, int(tag))
	})
}

func derive(f, h, newcomm uintptr, how func(*comm) (*mpi.Comm, error)) int32 {
	c, err := commOf(h)
	if err == nil {
		err = need(newcomm)
	}
	if err != nil {
		return fail(f, err)
	}
	set(newcomm, uintptr(abi.MPI_COMM_NULL)) // also if that fails
	made, err := how(c)
	if err != nil {
		return fail(f, err)
	}
	set(newcomm, addComm(made, c, nil))
	return 0
}

//export rain_Comm_free
func rain_Comm_free(f, h uintptr) int32 { return giveUp(f, h, (*mpi.Comm).Free) }

func giveUp(f, h uintptr, how func(*mpi.Comm) error) int32 {
	if err := need(h); err != nil {
		return fail(f, err)
	}
	c, err := commOf(*at[uintptr](h))
	if err != nil {
		return fail(f, err)
	}
	if c == world.Load() || c == self.Load() {
		return fail(f, bad(mpi.ErrComm, handleText(c.handle)+" cannot be given up"))
	}
	if rc := c.attrs.deleteAll(f, c.handle); rc != 0 {
		return rc
	}
	c.setFlat(nil)
	c.hide()
	if err := how(c.c); err != nil {
		return fail(f, err)
	}
	comms.remove(c.handle)
	parent.CompareAndSwap(c, nil)
	c.handler.Load().release()
	set(h, abi.MPI_COMM_NULL)
	return 0
}

// It is collective and rare: it waits inside Go.
//
//export rain_Comm_disconnect
func rain_Comm_disconnect(f, h uintptr) int32 { return giveUp(f, h, (*mpi.Comm).Disconnect) }
