package main

/*
#include <string.h>
*/
import "C"

import (
	"os"
	"runtime"
	"strings"
	"sync"

	"rainmpi/cbind/abi"
	"rainmpi/mpi"
)

// Info calls work before MPI_Init and after MPI_Finalize (MPI 5.0, 11.4.1).

var infos = table[mpi.Info]{kind: infoKind}

// envInfo is MPI_INFO_ENV: how this process was started, as far as it can tell (MPI 5.0, 11.5).
var envInfo = sync.OnceValue(func() *mpi.Info {
	info := mpi.NewInfo()
	set := func(key, value string) {
		if value != "" {
			info.Set(key, value[:min(len(value), abi.MPI_MAX_INFO_VAL-1)])
		}
	}
	if len(os.Args) > 0 {
		set("command", os.Args[0])
		set("argv", strings.Join(os.Args[1:], " "))
	}
	if host, err := os.Hostname(); err == nil {
		set("host", host)
	}
	if dir, err := os.Getwd(); err == nil {
		set("wdir", dir)
	}
	set("arch", runtime.GOARCH)
	set("maxprocs", os.Getenv("RAIN_SIZE"))
	set("thread_level", "MPI_THREAD_MULTIPLE")
	return info
})

func infoOf(h uintptr) (*mpi.Info, error) {
	if h == abi.MPI_INFO_ENV {
		return envInfo(), nil
	}
	if i := infos.get(h); i != nil {
		return i, nil
	}
	return nil, noObject(mpi.ErrInfo, "info object", h)
}

// optionalInfo is infoOf for arguments that may be MPI_INFO_NULL.
func optionalInfo(h uintptr) (*mpi.Info, error) {
	if h == abi.MPI_INFO_NULL {
		return nil, nil
	}
	return infoOf(h)
}

// cString is a copy of the caller's string; strings beyond max bytes are cut where that shows.
func cString(addr uintptr, max int) string {
	if addr == 0 {
		return ""
	}
	n := int(C.strnlen((*C.char)(pointer(addr)), C.size_t(max)))
	return string(slice[byte](addr, n))
}

func key(addr uintptr) string { return cString(addr, abi.MPI_MAX_INFO_KEY+1) }

//export rain_Info_create
func rain_Info_create(f, info uintptr) int32 {
	if err := need(info); err != nil {
		return fail(f, err)
	}
	set(info, infos.add(mpi.NewInfo()))
	return 0
}

//export rain_Info_create_env
func rain_Info_create_env(f uintptr, argc int32, argv, info uintptr) int32 {
	if err := need(info); err != nil {
		return fail(f, err)
	}
	set(info, infos.add(envInfo().Dup()))
	return 0
}

//export rain_Info_dup
func rain_Info_dup(f, info, newinfo uintptr) int32 {
	i, err := infoOf(info)
	if err == nil {
		err = need(newinfo)
	}
	if err != nil {
		return fail(f, err)
	}
	set(newinfo, infos.add(i.Dup()))
	return 0
}

//export rain_Info_free
func rain_Info_free(f, info uintptr) int32 {
	if err := need(info); err != nil {
		return fail(f, err)
	}
	if h := *at[uintptr](info); infos.remove(h) == nil {
		return fail(f, noObject(mpi.ErrInfo, "info object of the program", h))
	}
	set(info, abi.MPI_INFO_NULL)
	return 0
}

//export rain_Info_set
func rain_Info_set(f, info, k, value uintptr) int32 {
	i, err := infoOf(info)
	if err != nil {
		return fail(f, err)
	}
	if value == 0 {
		return fail(f, bad(mpi.ErrInfoValue, "the value is a null pointer"))
	}
	return fail(f, i.Set(key(k), cString(value, abi.MPI_MAX_INFO_VAL+1)))
}

//export rain_Info_delete
func rain_Info_delete(f, info, k uintptr) int32 {
	i, err := infoOf(info)
	if err != nil {
		return fail(f, err)
	}
	return fail(f, i.Delete(key(k)))
}

// lookup finds a value; the key must be valid even if there is none.
func lookup(info, k, flag uintptr) (value string, found bool, err error) {
	i, err := infoOf(info)
	if err == nil {
		err = need(flag)
	}
	if err != nil {
		return "", false, err
	}
	if n := len(key(k)); n == 0 || n >= abi.MPI_MAX_INFO_KEY {
		return "", false, bad(mpi.ErrInfoKey, "the info key is null, empty, or longer than 255 bytes")
	}
	value, found = i.Get(key(k))
	var word int32
	if found {
		word = 1
	}
	set(flag, word)
	return value, found, nil
}

//export rain_Info_get
func rain_Info_get(f, info, k uintptr, valuelen int32, value, flag uintptr) int32 {
	v, found, err := lookup(info, k, flag)
	switch {
	case err != nil:
		return fail(f, err)
	case valuelen < 0:
		return fail(f, bad(mpi.ErrArg, "valuelen is negative"))
	case found && value == 0:
		return fail(f, bad(mpi.ErrInfoValue, "the place for the value is a null pointer"))
	case found:
		putString(value, v, int(valuelen)+1) // valuelen does not count the null byte
	}
	return 0
}

//export rain_Info_get_valuelen
func rain_Info_get_valuelen(f, info, k, valuelen, flag uintptr) int32 {
	v, found, err := lookup(info, k, flag)
	if err == nil {
		err = need(valuelen)
	}
	if err != nil {
		return fail(f, err)
	}
	if found {
		set(valuelen, int32(len(v)))
	}
	return 0
}

// MPI 5.0, 10.2.3: buflen counts the null byte, and returns what it would have to be.
//
//export rain_Info_get_string
func rain_Info_get_string(f, info, k, buflen, value, flag uintptr) int32 {
	v, found, err := lookup(info, k, flag)
	if err == nil {
		err = need(buflen)
	}
	if err != nil {
		return fail(f, err)
	}
	if !found {
		return 0
	}
	if n := *at[int32](buflen); n > 0 && value != 0 {
		putString(value, v, int(n))
	}
	set(buflen, int32(len(v)+1))
	return 0
}

//export rain_Info_get_nkeys
func rain_Info_get_nkeys(f, info, nkeys uintptr) int32 {
	i, err := infoOf(info)
	if err == nil {
		err = need(nkeys)
	}
	if err != nil {
		return fail(f, err)
	}
	set(nkeys, int32(i.Len()))
	return 0
}

//export rain_Info_get_nthkey
func rain_Info_get_nthkey(f, info uintptr, n int32, k uintptr) int32 {
	i, err := infoOf(info)
	if err == nil {
		err = need(k)
	}
	if err != nil {
		return fail(f, err)
	}
	name, err := i.Key(int(n))
	if err != nil {
		return fail(f, err)
	}
	putString(k, name, abi.MPI_MAX_INFO_KEY)
	return 0
}
