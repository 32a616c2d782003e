package main

import "C"

import (
	"rainmpi/cbind/abi"
	"rainmpi/mpi"
)

//export rain_Get_hw_resource_info
func rain_Get_hw_resource_info(f, info uintptr) int32 {
	if err := need(info); err != nil {
		return fail(f, err)
	}
	set(info, infos.add(mpi.HardwareInfo()))
	return 0
}

// The keys of MPI_Comm_split_type's info argument (MPI 5.0, 7.4.2).
const (
	resourceKey = "mpi_hw_resource_type"
	psetKey     = "mpi_pset_name"
)

//export rain_Comm_split_type
func rain_Comm_split_type(f, h uintptr, splitType, key int32, info, newcomm uintptr) int32 {
	i, err := optionalInfo(info)
	if err != nil {
		return fail(f, err)
	}
	k := int(key)
	return derive(f, h, newcomm, func(c *comm) (*mpi.Comm, error) {
		switch splitType {
		case abi.MPI_UNDEFINED:
			return c.c.SplitResource("", k)
		case abi.MPI_COMM_TYPE_SHARED:
			return c.c.SplitResource(mpi.SharedMemory, k)
		case abi.MPI_COMM_TYPE_HW_GUIDED:
			return c.c.SplitResource(hint(i, resourceKey), k)
		case abi.MPI_COMM_TYPE_RESOURCE_GUIDED:
			if pset := hint(i, psetKey); pset != "" {
				return c.c.SplitPset(pset, k)
			}
			return c.c.SplitResource(hint(i, resourceKey), k)
		case abi.MPI_COMM_TYPE_HW_UNGUIDED:
			part, resource, err := c.c.SplitNext(k)
			if part != nil && i != nil {
				err = i.Set(resourceKey, resource)
			}
			return part, err
		}
		return nil, bad(mpi.ErrArg, "split_type is none of the MPI_COMM_TYPE_ constants")
	})
}

// hint is the value of a key, "" if there is none.
func hint(i *mpi.Info, key string) string {
	if i == nil {
		return ""
	}
	value, _ := i.Get(key)
	return value
}
