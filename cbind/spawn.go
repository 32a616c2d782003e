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

// Starting processes and meeting those of other jobs (MPI 5.0, 11.8 to 11.10). These calls are
// collective and rare: they wait inside Go.

// parent is MPI_Comm_get_parent's; nil: this process was not spawned, or is disconnected.
var parent atomic.Pointer[comm]

//export rain_Comm_get_parent
func rain_Comm_get_parent(f, out uintptr) int32 {
	if err := running(out); err != nil {
		return fail(f, err)
	}
	h := uintptr(abi.MPI_COMM_NULL)
	if p := parent.Load(); p != nil {
		h = p.handle
	}
	set(out, h)
	return 0
}

//export rain_Comm_spawn
func rain_Comm_spawn(f, command, argv uintptr, maxprocs int32, info uintptr, root int32, h, intercomm, errcodes uintptr) int32 {
	return spawn(f, root, h, intercomm, errcodes, func() ([]mpi.Program, error) {
		p, err := program(command, argv, maxprocs, info)
		return []mpi.Program{p}, err
	})
}

//export rain_Comm_spawn_multiple
func rain_Comm_spawn_multiple(f uintptr, count int32, commands, argvs, maxprocs, infos uintptr, root int32, h, intercomm, errcodes uintptr) int32 {
	return spawn(f, root, h, intercomm, errcodes, func() ([]mpi.Program, error) {
		if count < 1 {
			return nil, bad(mpi.ErrCount, "count is less than 1")
		}
		if err := need(commands, maxprocs, infos); err != nil {
			return nil, err
		}
		var list []mpi.Program
		for i := range int(count) {
			argv := uintptr(0) // MPI_ARGV_NULL, and MPI_ARGVS_NULL for all
			if argvs != 0 {
				argv = slice[uintptr](argvs, int(count))[i]
			}
			p, err := program(slice[uintptr](commands, int(count))[i], argv, slice[int32](maxprocs, int(count))[i], slice[uintptr](infos, int(count))[i])
			if err != nil {
				return nil, err
			}
			list = append(list, p)
		}
		return list, nil
	})
}

// program is one of those to start. argv is an array that a null pointer ends.
func program(command, argv uintptr, n int32, info uintptr) (p mpi.Program, err error) {
	if p.Info, err = optionalInfo(info); err == nil {
		err = need(command)
	}
	if err != nil {
		return p, err
	}
	p.Command, p.N = cString(command, maxWord), int(n)
	for ; argv != 0 && *at[uintptr](argv) != 0; argv += wordSize {
		p.Args = append(p.Args, cString(*at[uintptr](argv), maxWord))
	}
	return p, nil
}

const (
	maxWord  = 128 << 10 // what the kernel takes
	wordSize = 8
)

// spawn asks for the programs in the root only: "the arguments before root are examined only on the
// process whose rank in comm is equal to root" (MPI 5.0, 11.8.2).
func spawn(f uintptr, root int32, h, intercomm, errcodes uintptr, ask func() ([]mpi.Program, error)) int32 {
	c, err := commOf(h)
	if err == nil {
		err = need(intercomm)
	}
	var programs []mpi.Program
	if err == nil && int(root) == c.c.Rank() {
		if programs, err = ask(); err != nil {
			// The others wait for what the root says: that nothing was started.
			c.c.Spawn(nil, int(root))
		}
	}
	if err != nil {
		return fail(f, err)
	}
	made, codes, err := c.c.Spawn(programs, int(root))
	for i, code := range codes {
		if errcodes != 0 { // MPI_ERRCODES_IGNORE
			slice[int32](errcodes, len(codes))[i] = int32(code)
		}
	}
	if err != nil {
		set(intercomm, abi.MPI_COMM_NULL)
		return fail(f, err)
	}
	set(intercomm, addComm(made, c, nil))
	return 0
}

//export rain_Open_port
func rain_Open_port(f, info, name uintptr) int32 {
	if _, err := optionalInfo(info); err != nil {
		return fail(f, err)
	}
	if err := running(name); err != nil {
		return fail(f, err)
	}
	port, err := mpi.OpenPort()
	if err != nil {
		return fail(f, err)
	}
	putString(name, port, abi.MPI_MAX_PORT_NAME)
	return 0
}

//export rain_Close_port
func rain_Close_port(f, name uintptr) int32 {
	if err := running(name); err != nil {
		return fail(f, err)
	}
	return fail(f, mpi.ClosePort(cString(name, abi.MPI_MAX_PORT_NAME)))
}

//export rain_Comm_accept
func rain_Comm_accept(f, name, info uintptr, root int32, h, newcomm uintptr) int32 {
	return meet(f, name, info, root, h, newcomm, func(c *mpi.Comm, port string, root int, _ *mpi.Info) (*mpi.Comm, error) {
		return c.Accept(port, root)
	})
}

//export rain_Comm_connect
func rain_Comm_connect(f, name, info uintptr, root int32, h, newcomm uintptr) int32 {
	return meet(f, name, info, root, h, newcomm, (*mpi.Comm).Connect)
}

// meet looks at name and info in the root only.
func meet(f, name, info uintptr, root int32, h, newcomm uintptr, how func(*mpi.Comm, string, int, *mpi.Info) (*mpi.Comm, error)) int32 {
	return derive(f, h, newcomm, func(c *comm) (*mpi.Comm, error) {
		port, hints := "", (*mpi.Info)(nil)
		if int(root) == c.c.Rank() {
			var err error
			hints, err = optionalInfo(info)
			if err == nil {
				err = need(name)
			}
			if err != nil {
				how(c.c, "", int(root), nil) // fails, and lets the others know
				return nil, err
			}
			port = cString(name, abi.MPI_MAX_PORT_NAME)
		}
		return how(c.c, port, int(root), hints)
	})
}

//export rain_Comm_join
func rain_Comm_join(f uintptr, fd int32, intercomm uintptr) int32 {
	if err := running(intercomm); err != nil {
		return fail(f, err)
	}
	c, err := mpi.Join(int(fd))
	if err != nil {
		set(intercomm, abi.MPI_COMM_NULL)
		return fail(f, err)
	}
	set(intercomm, addComm(c, self.Load(), nil))
	return 0
}

//export rain_Publish_name
func rain_Publish_name(f, service, info, port uintptr) int32 {
	return name(f, service, info, port, mpi.PublishName)
}

//export rain_Unpublish_name
func rain_Unpublish_name(f, service, info, port uintptr) int32 {
	return name(f, service, info, port, mpi.UnpublishName)
}

func name(f, service, info, port uintptr, how func(service, port string) error) int32 {
	_, err := optionalInfo(info)
	if err == nil {
		err = running(service, port)
	}
	if err != nil {
		return fail(f, err)
	}
	return fail(f, how(cString(service, abi.MPI_MAX_PORT_NAME), cString(port, abi.MPI_MAX_PORT_NAME)))
}

//export rain_Lookup_name
func rain_Lookup_name(f, service, info, port uintptr) int32 {
	_, err := optionalInfo(info)
	if err == nil {
		err = running(service, port)
	}
	if err != nil {
		return fail(f, err)
	}
	found, err := mpi.LookupName(cString(service, abi.MPI_MAX_PORT_NAME))
	if err != nil {
		return fail(f, err)
	}
	putString(port, found, abi.MPI_MAX_PORT_NAME)
	return 0
}
