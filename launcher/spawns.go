package launcher

import (
	"encoding/json"
	"fmt"
	"slices"

	"rainmpi/internal/boot"
)

// Spawning (MPI 5.0 section 11.8):
//
//	rank ── Spawn ──► its agent ── kindSpawn ──► the first agent: numbers and places
//	                                                │ kindWorld, to all
//	                     ◄── kindBirth ── every agent with ranks of the world
//	rank ◄── Spawned ── its agent
//
// The first agent, that of host 0, gives out numbers and slots. The asker's agent
// waits until every new process has told how it is reached, or until one cannot be
// started: then the whole world is ended.

// firstAgent is the host of the agent that plans worlds and keeps names.
const firstAgent = 0

// A SpawnAsk is a rank's question on its way to the first agent.
type SpawnAsk struct {
	Asker Asker
	Spawn boot.Spawn
}

// A SpawnAnswer is on its way to a rank.
type SpawnAnswer struct {
	Asker   Asker
	Spawned boot.Spawned
}

// A Birth is a process that can be talked to, or those of a host that cannot be
// started.
type Birth struct {
	World    int
	Rank     int
	Passport json.RawMessage
	Failed   []int
	Text     string // not empty: they have failed, and why
}

// spawns is what the first agent remembers of the job.
type spawns struct {
	worlds int // so far
	ranks  int // so far, of all worlds
}

func (a *agent) askSpawn(r *rank, s boot.Spawn) {
	if a.without[firstAgent] {
		a.spawnAnswered(SpawnAnswer{a.asker(r, s.Seq), boot.Spawned{Error: a.noFirstAgent()}})
		return
	}
	a.sendTo(firstAgent, kindSpawn, SpawnAsk{a.asker(r, s.Seq), s})
}

func (a *agent) noFirstAgent() string {
	return fmt.Sprintf("host %s is lost, whose agent gave out places and names", a.setup.Hosts[firstAgent])
}

func (a *agent) asker(r *rank, seq uint64) Asker { return Asker{a.setup.Host, r.world, seq} }

// planWorld makes the plan of a world at the first agent.
func (a *agent) planWorld(ask SpawnAsk) {
	refuse := func(text string) {
		a.sendTo(ask.Asker.Host, kindSpawned, SpawnAnswer{ask.Asker, boot.Spawned{Error: text}})
	}
	if a.ending {
		refuse("the job ends")
		return
	}
	if a.wards == nil {
		a.wards = &spawns{worlds: 1, ranks: a.start.Size}
	}
	apps, where, err := a.layOutWorld(ask.Spawn.Programs)
	if err != nil {
		refuse(err.Error())
		return
	}
	p := World{Number: a.wards.worlds, First: a.wards.ranks, HostOf: where.HostOf, AppOf: where.AppOf,
		Apps: apps, Parent: ask.Spawn.Parent, Asker: ask.Asker, Values: ask.Spawn.Values}
	for _, app := range apps {
		p.Counts = append(p.Counts, app.N)
	}
	a.wards.worlds++
	a.wards.ranks += len(p.HostOf)
	if a.mesh != nil {
		a.mesh.flood(kindWorld, p)
	}
	a.startWorld(p)
}

// layOutWorld finds room for programs: of each as many processes as its first count
// for which there are slots.
func (a *agent) layOutWorld(programs []boot.Program) (apps []App, p Placement, err error) {
	for _, b := range programs {
		app := App{Argv: b.Argv, N: b.Counts[0], Dir: b.Dir, Path: b.Path, Env: b.Env, DefaultDir: b.DefaultDir}
		if b.Hosts != "" {
			if app.Hosts, err = a.hostsFor(b.Hosts); err != nil {
				return nil, p, err
			}
		}
		apps = append(apps, app)
	}
	hosts, m := a.freeHosts(), a.start.Map
	m.Ranks = nil // a rank file tells of the ranks of rainrun
	for i, b := range programs {
		for _, apps[i].N = range b.Counts {
			if p, err = place(apps[:i+1], hosts, m); err == nil {
				break
			}
		}
		if err != nil {
			return nil, p, err
		}
	}
	return apps, p, nil
}

// hostsFor reads the info key host. Agents run on the job's hosts only.
func (a *agent) hostsFor(list string) ([]Host, error) {
	hosts, err := ParseHosts(list)
	if err != nil {
		return nil, fmt.Errorf("the info key host: %w", err)
	}
	for i, h := range hosts {
		if !slices.Contains(a.setup.Hosts, h.Name) {
			at := slices.IndexFunc(a.setup.Hosts, IsLocal)
			if at < 0 || !IsLocal(h.Name) {
				return nil, fmt.Errorf("the info key host: the job does not run on host %s; name it with --host of rainrun", h.Name)
			}
			hosts[i].Name = a.setup.Hosts[at]
		}
	}
	return hosts, nil
}

// freeHosts are the job's hosts with the slots that no world uses.
func (a *agent) freeHosts() []Host {
	hosts := make([]Host, len(a.start.HostSlots))
	for i, n := range a.start.HostSlots {
		hosts[i] = Host{Name: a.setup.Hosts[i], Slots: n}
	}
	for _, w := range a.worlds {
		if w.start == nil || w.ended {
			continue
		}
		for _, h := range w.start.HostOf {
			if !w.over[h] {
				hosts[h].Slots--
			}
		}
	}
	for i := range hosts {
		hosts[i].Slots = max(hosts[i].Slots, 0)
		if a.without[i] {
			hosts[i].Slots = 0
		}
	}
	return hosts
}

// A birth is a world that is being started, at the agent of the rank that asked.
type birth struct {
	asker     Asker
	size      int // 0: the plan has not come
	counts    []int
	passports map[int]json.RawMessage
	failed    []int
	text      string // not empty: a process could not be started, and why
	told      bool
}

func (w *world) beginBirth() *birth {
	if w.birth == nil {
		w.birth = &birth{passports: map[int]json.RawMessage{}}
	}
	return w.birth
}

// expect: the plan of a world that a rank of this host has asked for.
func (w *world) expect(p World) {
	b := w.beginBirth()
	b.asker, b.size, b.counts = p.Asker, len(p.HostOf), p.Counts
}

// born: a spawned rank of this host can be talked to.
func (a *agent) born(r *rank, passport json.RawMessage) {
	r.born = true
	a.sendTo(r.w.asker.Host, kindBirth, Birth{World: r.w.number, Rank: r.world - r.w.first, Passport: passport})
}

// unborn says that it is a spawned rank whose parents do not know it.
func (r *rank) unborn() bool { return r.w.number > 0 && !r.born }

// stillborn: a spawned rank has ended before its parents knew it. That is a failure
// of the spawn, not of the job.
func (a *agent) stillborn(r *rank) {
	if !r.unborn() || a.ending {
		return
	}
	if !r.w.ended {
		a.notBorn(r, fmt.Sprintf("%s on host %s (pid %d) ended before MPI_Init", a.programOf(r), a.hostName(), r.exit.Pid))
	}
	r.exit.Killed = true
}

// notBorn: a spawned rank of this host will not be talked to.
func (a *agent) notBorn(r *rank, text string) {
	a.sendTo(r.w.asker.Host, kindBirth, Birth{World: r.w.number, Failed: []int{r.world - r.w.first}, Text: text})
}

// gaveBirth: what an agent says of a world that a rank of this host has asked for.
func (a *agent) gaveBirth(m Birth) {
	w := a.world(m.World)
	b := w.beginBirth()
	if b.told {
		return
	}
	if m.Text == "" {
		b.passports[m.Rank] = m.Passport
	} else if b.failed = append(b.failed, m.Failed...); b.text == "" {
		b.text = m.Text
	}
	if b.size == 0 || b.text == "" && len(b.passports) < b.size {
		return
	}
	b.told = true
	s := boot.Spawned{Error: b.text, Failed: b.failed, Counts: b.counts}
	if b.text == "" {
		for r := range b.size {
			s.Passports = append(s.Passports, b.passports[r])
		}
	} else {
		a.endWorldEverywhere(m.World)
	}
	w.birth.passports = nil
	a.spawnAnswered(SpawnAnswer{b.asker, s})
}

// spawnAnswered gives a rank of this host its answer.
func (a *agent) spawnAnswered(m SpawnAnswer) {
	if w := a.worldOf(m.Asker.Rank); w != nil && w.pmiSpawned(m.Asker.Rank, m.Spawned) {
		return
	}
	m.Spawned.Seq = m.Asker.Seq
	a.answer(m.Asker, boot.Message{Spawned: &m.Spawned})
}

func (a *agent) answer(to Asker, m boot.Message) {
	if r := a.byWorld[to.Rank]; r != nil && r.connOpen {
		conn := r.conn
		go func() { _ = conn.Send(m) }() // a rank that does not read must not stop the agent
	}
}
