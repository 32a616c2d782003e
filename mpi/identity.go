package mpi

import (
	"crypto/ecdh"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"rainmpi/rainnet"
	"rainmpi/rainnet/wire"
)

// A job numbers its processes, those that it spawns as well, in the order of their
// start. A process's peer id is that number and the job's base, which is drawn from
// the job's key: inside a job no two processes have the same one, and two jobs that
// connect find out if theirs overlap (learn).
const (
	maxJob  = 1 << 20 // processes of a job, during all its life
	minBase = maxJob
	bases   = uint32(wire.AgentBase) - minBase - maxJob
)

// An identity is who this process is for those of other worlds.
type identity struct {
	job   string      // equal in all processes of a job, and in no other's
	key   []byte      // of the job
	base  wire.PeerID // of the job's process 0
	first wire.PeerID // of rank 0 of this process's world

	config rainnet.Config   // of this process's endpoints
	secret *ecdh.PrivateKey // makes the keys for peers of other jobs; nil until there is one
	place  string           // equal for processes that reach each other by the loopback
}

// id is that of a rank of this process's world.
func (s *identity) id(rank int) wire.PeerID { return s.first + wire.PeerID(rank) }

// newIdentity makes that of the processes of a job with that key, whose world
// starts with the job's process number first. Without a key it is a job of its own.
func newIdentity(key []byte, first int) (identity, error) {
	if key == nil {
		key = make([]byte, 32)
		rand.Read(key)
	}
	if first >= maxJob {
		return identity{}, errorf(ErrSpawn, "the job has started %d processes; there are no numbers for more", first)
	}
	drawn := sha256.Sum256(append([]byte("rain job "), key...))
	s := identity{job: hex.EncodeToString(drawn[:16]), key: key}
	s.base = wire.PeerID(minBase + binary.LittleEndian.Uint32(drawn[16:])%bases)
	s.first = s.base + wire.PeerID(first)
	return s, nil
}

// pairKey is the key of this process and one of another job, made of each one's
// secret and the other's public half (X25519), which they have told each other over
// a way that nobody can write to.
func (s *identity) pairKey(public []byte) ([]byte, error) {
	theirs, err := ecdh.X25519().NewPublicKey(public)
	if err == nil {
		var shared []byte
		if shared, err = s.secret.ECDH(theirs); err == nil {
			return shared, nil
		}
	}
	return nil, errorf(ErrOther, "the public key of a process of another job: %v", err)
}

// findPlace names the kernel and the network namespace.
func findPlace() string {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	var st unix.Stat_t
	if err := unix.Stat("/proc/self/ns/net", &st); err != nil {
		return ""
	}
	ns := binary.LittleEndian.AppendUint64(nil, st.Ino)
	return strings.TrimSpace(string(id)) + "/" + hex.EncodeToString(ns)
}
