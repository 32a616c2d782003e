package mpi

import (
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
)

// Sessions (MPI 5.0 section 11.3): parts of a program that use MPI without
// knowing of each other. Each opens a session, makes groups of the process sets
// that it finds there, and communicators of the groups.

// A Session is an open one.
type Session struct {
	e      *engine
	level  int
	closed bool
	bsends BsendBuffer
}

// The process sets that every job has (section 11.3.2).
const (
	worldSet = "mpi://WORLD"
	selfSet  = "mpi://SELF"
)

// NewSession opens a session and starts MPI if this is its first use
// (MPI_Session_init). level is the thread support that it wants, and gets.
func NewSession(level int) (*Session, error) {
	if level < ThreadSingle || level > ThreadMultiple {
		return nil, errorf(ErrArg, "the level of thread support is %d, none of the constants", level)
	}
	life.mu.Lock()
	defer life.mu.Unlock()
	e, err := acquire()
	if err != nil {
		return nil, err
	}
	return &Session{e: e, level: level, bsends: BsendBuffer{e: e}}, nil
}

// Finalize closes the session (MPI_Session_finalize). Its communicators must
// have been freed. The last user of MPI takes this process out of the job: no
// session can be opened after that.
func (s *Session) Finalize() error {
	if err := s.check(); err != nil {
		return err
	}
	s.bsends.Flush()
	life.mu.Lock()
	defer life.mu.Unlock()
	s.closed = true
	if life.users--; life.users == 0 && !life.linger {
		s.e.leave()
	}
	return nil
}

func (s *Session) check() error {
	if s == nil || s.closed {
		return errorf(ErrSession, "the session is null or was finalized")
	}
	return nil
}

// ThreadLevel is the thread support of the session.
func (s *Session) ThreadLevel() int { return s.level }

// BsendBuffer is for the session's communicators that have none of their own.
func (s *Session) BsendBuffer() *BsendBuffer { return &s.bsends }

// Psets are the names of the process sets (MPI_Session_get_nth_pset).
func (s *Session) Psets() []string { return []string{worldSet, selfSet} }

// Group is the group of a process set (MPI_Group_from_session_pset).
func (s *Session) Group(pset string) (*Group, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	var g *Group
	switch {
	case strings.EqualFold(pset, worldSet):
		g = s.e.group(slices.Clone(s.e.world.group.ranks))
	case strings.EqualFold(pset, selfSet):
		g = s.e.group([]int32{int32(s.e.rank)})
	default:
		return nil, errorf(ErrArg, "no process set is called %q; there are %s", pset, strings.Join(s.Psets(), " and "))
	}
	g.session = s
	return g, nil
}

// PsetInfo describes a process set: mpi_size (MPI_Session_get_pset_info).
func (s *Session) PsetInfo(pset string) (*Info, error) {
	g, err := s.Group(pset)
	if err != nil {
		return nil, err
	}
	i := NewInfo()
	return i, i.Set("mpi_size", strconv.Itoa(g.Size()))
}

// CommOf makes a communicator of a group without a communicator before it
// (MPI_Comm_create_from_group). All of the group call it with one tag, which
// tells concurrent calls of the same processes apart.
func (g *Group) CommOf(tag string) (*Comm, error) {
	if g == nil || g.rank == Undefined {
		return nil, errorf(ErrGroup, "this process is not in the group")
	}
	world := g.e.world
	ctx, err := world.agreeAmong(g, world.ctx+groupContext, stringTag(tag))
	if err != nil {
		return nil, err
	}
	return g.e.made(ctx, g)
}

// InterOf makes an intercommunicator of this group and another one
// (MPI_Intercomm_create_from_groups). The other group and its leader are only
// looked at in the local leader.
func (g *Group) InterOf(localLeader int, remote *Group, remoteLeader int, tag string) (*Comm, error) {
	local, err := g.CommOf(tag)
	if err != nil {
		return nil, err
	}
	defer local.Free()
	far := Undefined
	if local.rank == localLeader {
		if remote == nil || remoteLeader < 0 || remoteLeader >= remote.Size() {
			return nil, errorf(ErrRank, "the remote leader, rank %d, is not in the remote group", remoteLeader)
		}
		far = int(remote.ranks[remoteLeader])
	}
	return local.CreateInter(localLeader, g.e.world, far, -stringTag(tag))
}

// stringTag is a tag that MPI_Comm_create_group does not use, of a string. Tags
// must differ only among concurrent calls of the same processes: 30 bits will do.
func stringTag(s string) int {
	h := fnv.New32a()
	h.Write([]byte(s))
	return -2 - int(h.Sum32()>>2)
}
