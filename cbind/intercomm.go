package main

import "C"

import "rainmpi/mpi"

// Intercommunicators (MPI 5.0, 7.6). These calls are collective and rare: they wait inside Go.

//export rain_Intercomm_create
func rain_Intercomm_create(f, h uintptr, localLeader int32, peer uintptr, remoteLeader, tag int32, newcomm uintptr) int32 {
	return derive(f, h, newcomm, func(c *comm) (*mpi.Comm, error) {
		// The other processes may give anything for peer_comm.
		var p *mpi.Comm
		if int(localLeader) == c.c.Rank() {
			between, err := commOf(peer)
			if err != nil {
				return nil, err
			}
			p = between.c
		}
		return c.c.CreateInter(int(localLeader), p, int(remoteLeader), int(tag))
	})
}

//export rain_Intercomm_merge
func rain_Intercomm_merge(f, h uintptr, high int32, newcomm uintptr) int32 {
	return derive(f, h, newcomm, func(c *comm) (*mpi.Comm, error) { return c.c.Merge(high != 0) })
}
