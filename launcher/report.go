package launcher

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// checkInit fails a job in which some ranks have called MPI_Init and another
// has ended without: those would wait for it for ever. Programs that never
// call MPI are none of its business.
func (j *job) checkInit() {
	if j.ending || len(j.inited) == 0 {
		return
	}
	for _, rank := range j.ranks() {
		e, ok := j.exits[rank]
		if ok && !e.Inited && !e.Killed && !e.Failed() && j.o.GoesOn {
			j.neverCame(e)
			continue
		}
		if ok && !e.Inited && !e.Killed && !e.Failed() {
			j.end(Cause{Host: -1, Code: ExitError, Text: fmt.Sprintf(
				"%s exited with status 0 before MPI_Init, and %d of %d ranks have called it",
				j.who(e), len(j.inited), len(j.place.HostOf))})
			return
		}
	}
}

// ranks are those that have ended, in order.
func (j *job) ranks() []int {
	var out []int
	for r := range j.exits {
		out = append(out, r)
	}
	slices.Sort(out)
	return out
}

// verdict is the job's exit status and the one message that says why it failed.
func (j *job) verdict() (int, error) {
	var failed []int
	for _, r := range j.ranks() {
		if j.exits[r].Failed() {
			failed = append(failed, r)
		}
	}
	if c := j.cause; c != nil && c.Text != "" {
		text := c.Text
		if c.concerns() {
			lost := j.lostRanks(*c)
			text += j.waiting(lost, listRanks(lost))
		}
		return max(c.Code, 1), errors.New(text)
	}
	if j.o.GoesOn && j.cause == nil {
		return j.survivorsStatus(failed), nil // people know
	}
	if len(failed) == 0 {
		if j.cause != nil {
			return ExitError, errors.New("the job was ended")
		}
		return 0, nil
	}
	first := j.exits[failed[0]]
	text := j.describe(first)
	if len(failed) > 1 {
		text += fmt.Sprintf("; %s failed as well", listRanks(failed[1:]))
	}
	whom := "it"
	if len(failed) > 1 {
		whom = "them"
	}
	text += j.waiting(failed, whom)
	if j.cause != nil && len(failed) < len(j.place.HostOf)+len(j.spawned) {
		text += "; the job was ended"
	}
	return first.status(), errors.New(text)
}

func (e Exit) status() int {
	switch {
	case e.Signal != 0:
		return 128 + e.Signal
	case e.Code != 0:
		return e.Code
	}
	return ExitError
}

// describe says how a rank failed.
func (j *job) describe(e Exit) string {
	switch {
	case e.Gone:
		return fmt.Sprintf("the MPI process of %s ended without MPI_Finalize", j.who(e))
	case e.Signal != 0 && e.Core:
		return fmt.Sprintf("%s was killed by signal %d (%s), core dumped", j.who(e), e.Signal, unix.Signal(e.Signal))
	case e.NoMemory > 0:
		return fmt.Sprintf("%s was killed by signal %d (%s), very likely for want of memory: processes that the kernel has killed for that on host %s since the job began: %d",
			j.who(e), e.Signal, unix.Signal(e.Signal), j.hosts[j.place.HostOf[e.Rank]].Name, e.NoMemory)
	case e.Signal != 0:
		return fmt.Sprintf("%s was killed by signal %d (%s)", j.who(e), e.Signal, unix.Signal(e.Signal))
	case e.Inited && !e.Finalized:
		return fmt.Sprintf("%s exited with status %d without MPI_Finalize", j.who(e), e.Code)
	}
	return fmt.Sprintf("%s exited with status %d", j.who(e), e.Code)
}

// A spawnedRank is one that MPI_Comm_spawn has started; the job counts its ranks on.
type spawnedRank struct{ host, program string }

func (j *job) who(e Exit) string {
	if s, ok := j.spawned[e.Rank]; ok {
		return fmt.Sprintf("spawned rank %d on host %s (%s, pid %d)", e.Rank, s.host, s.program, e.Pid)
	}
	app := j.o.Apps[j.place.AppOf[e.Rank]]
	return fmt.Sprintf("rank %d on host %s (%s, pid %d)", e.Rank, j.hosts[j.place.HostOf[e.Rank]].Name, filepath.Base(app.Argv[0]), e.Pid)
}

func listRanks(ranks []int) string {
	const most = 8
	var s []string
	for _, r := range ranks[:min(len(ranks), most)] {
		s = append(s, fmt.Sprint(r))
	}
	text := strings.Join(s, ", ")
	if len(ranks) > most {
		return fmt.Sprintf("ranks %s and %d more", text, len(ranks)-most)
	}
	if len(ranks) == 1 {
		return "rank " + text
	}
	return "ranks " + text
}

func signalName(s unix.Signal) string {
	if name := unix.SignalName(s); name != "" {
		return name
	}
	return s.String()
}

func (j *job) printOut(body []byte) {
	if rank, stream, data, err := unpackOut(body); err == nil {
		j.out.write(rank, stream, data)
	}
}
