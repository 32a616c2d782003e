package launcher

import (
	"fmt"
	"time"
)

// Going on without the dead (--on-failure continue), rainrun's side: people are told of
// each failure once, when it happens. The job's exit status is that of the lowest rank
// that failed, as ever.

// survives reports whether the job goes on if an agent dies, survivesCut if a host is out of
// reach of the others: not without the one on which rainrun runs.
func (j *job) survives() bool { return j.o.GoesOn && j.multi && j.started && !j.ending }

func (j *job) survivesCut(host int) bool { return j.survives() && !(j.home && host == j.lead) }

// hostLost: an agent is dead, or the others go on without it.
func (j *job) hostLost(l HostLost) {
	if !j.survives() || l.Host < 0 || l.Host >= len(j.remotes) || j.remotes[l.Host].without {
		return
	}
	r := j.remotes[l.Host]
	r.without = true
	var ranks []int
	for n, h := range j.place.HostOf {
		if e, over := j.exits[n]; h == l.Host && !j.missing[n] && (!over || e.Killed) {
			j.missing[n] = true
			ranks = append(ranks, n)
		}
	}
	if !j.living() {
		j.end(Cause{Host: l.Host, Dead: r.done, Code: ExitError, Text: l.Text + "; no rank is left"})
		return
	}
	without := "it"
	if len(ranks) > 0 {
		without += " and " + listRanks(ranks)
	}
	j.out.say("%s; the job goes on without %s", l.Text, without)
	for _, o := range j.remotes {
		if !o.without && !o.done {
			j.sendTo(o, kindHostLost, l)
		}
	}
	if !r.done {
		j.sendTo(r, kindBye, nil)
		time.AfterFunc(j.o.KillGrace+awayLimit, func() { j.events <- giveUp{[]int{l.Host}} })
	}
}

// living reports whether any rank has neither ended nor been lost.
func (j *job) living() bool {
	for n := range j.place.HostOf {
		if _, over := j.exits[n]; !over && !j.missing[n] {
			return true
		}
	}
	for n := range j.spawned {
		if _, over := j.exits[n]; !over {
			return true
		}
	}
	return false
}

// rankFailed: a rank has, and the job goes on.
func (j *job) rankFailed(e Exit) {
	if j.ending || j.missing[e.Rank] {
		return
	}
	j.sayFailed(j.describe(e))
}

func (j *job) sayFailed(text string) {
	if j.living() {
		text += "; the job goes on without it"
	}
	j.out.say("%s", text)
}

// neverCame: a rank has ended in order before MPI_Init, and others have called it: they
// wait for it.
func (j *job) neverCame(e Exit) {
	if j.missing[e.Rank] {
		return
	}
	j.missing[e.Rank] = true
	j.sayFailed(fmt.Sprintf("%s exited with status 0 before MPI_Init, and others have called it", j.who(e)))
	for _, r := range j.remotes {
		if !r.done && !r.without {
			j.sendTo(r, kindFailed, RanksFailed{[]int{e.Rank}})
		}
	}
}

// survivorsStatus is the exit status of a job that went on to its end: that of the lowest rank
// that failed.
func (j *job) survivorsStatus(failed []int) (status int) {
	lowest := -1
	for n := range j.missing {
		if lowest < 0 || n < lowest {
			lowest = n
		}
	}
	switch {
	case len(failed) > 0 && (lowest < 0 || failed[0] < lowest):
		return j.exits[failed[0]].status()
	case lowest >= 0:
		return ExitError
	}
	return 0
}
