package launcher

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pkg/errors"
)

// chooseHosts decides which hosts get an agent. With all slots known the plan
// is made at once, and hosts that it does not need get none.
func (j *job) chooseHosts() error {
	j.hosts = j.o.Hosts
	for _, a := range j.o.Apps {
		j.hosts = append(j.hosts, a.Hosts...)
	}
	j.hosts = uniqueHosts(j.hosts)
	if j.o.Map.Ranks != nil {
		if err := j.byFile(); err != nil {
			return err
		}
	}
	if len(j.hosts) == 0 {
		// A plain local job: people test with more ranks than cores.
		j.hosts = []Host{{Name: localName()}}
		j.o.Map.Oversubscribe = !j.o.Map.Strict
		for i := range j.o.Apps {
			if j.o.Apps[i].N == 0 {
				j.o.Apps[i].N = max(j.o.Map.PerHost, 1)
			}
		}
	}
	if j.o.Map.NoLocal {
		j.hosts = slices.DeleteFunc(j.hosts, func(h Host) bool { return IsLocal(h.Name) })
		if len(j.hosts) == 0 {
			return errors.New("--nolocal: no host but this one is named; name others with --host")
		}
	}
	if !slotsKnown(j.hosts) || j.o.Map.PerUnit != "" {
		j.dropSurplus()
		return nil
	}
	p, err := place(j.o.Apps, j.hosts, j.o.Map)
	if err != nil {
		return err
	}
	var used []Host
	for i, h := range j.hosts {
		for _, u := range p.HostOf {
			if u == i {
				used = append(used, h)
				break
			}
		}
	}
	j.hosts = used
	return nil
}

// addWitness puts the witness behind the hosts that have ranks, and finds the host
// that leads. A job on one host needs no opinion.
func (j *job) addWitness() error {
	j.ranked = len(j.hosts)
	for i, h := range j.hosts {
		if j.o.Witness == h.Name && j.ranked > 1 {
			return fmt.Errorf("--witness %s: that host has ranks; a witness is a host without", h.Name)
		}
		if j.lead < 0 && IsLocal(h.Name) {
			j.lead = i
		}
	}
	if j.o.Witness != "" && j.ranked > 1 {
		if err := checkHostName(j.o.Witness); err != nil {
			return fmt.Errorf("--witness: %w", err)
		}
		if j.lead < 0 && IsLocal(j.o.Witness) {
			j.lead = j.ranked
		}
		j.hosts = append(j.hosts, Host{Name: j.o.Witness, From: "--witness"})
	}
	j.home = j.lead >= 0
	j.lead = max(j.lead, 0)
	return nil
}

// uniqueHosts keeps the first mention of each: hosts of one program of an MPMD
// command line may be those of another.
func uniqueHosts(hosts []Host) []Host {
	var out []Host
	seen := map[string]bool{}
	for _, h := range hosts {
		if !seen[h.Name] {
			seen[h.Name] = true
			out = append(out, h)
		}
	}
	return out
}

func localName() string {
	if name, err := os.Hostname(); err == nil && name != "" {
		return name
	}
	return "localhost"
}

func slotsKnown(hosts []Host) bool {
	for _, h := range hosts {
		if h.Slots == 0 {
			return false
		}
	}
	return true
}

// dropSurplus: every host takes at least one rank, so no more hosts than ranks
// are needed, unless programs name hosts of their own.
func (j *job) dropSurplus() {
	n := 0
	for _, a := range j.o.Apps {
		if a.N == 0 || len(a.Hosts) > 0 {
			return
		}
		n += a.N
	}
	j.hosts = j.hosts[:min(len(j.hosts), n)]
}

// startsHere says that the agent of host is a child of rainrun.
func (j *job) startsHere(host string) bool {
	return IsLocal(host) && j.o.Launcher != LaunchSlurm && (j.o.AgentCommand == "" || len(j.o.Hosts)+appHosts(j.o.Apps) == 0)
}

func (j *job) startWords(host string) ([]string, error) {
	switch {
	case j.startsHere(host):
		return LocalStart(host), nil
	case j.o.AgentCommand != "":
		start, err := CommandStart(j.o.AgentCommand, j.o.executable())
		if err != nil {
			return nil, err
		}
		return start(host), nil
	case j.o.Launcher == LaunchSlurm:
		return SlurmStart(j.o.executable())(host), nil
	}
	return SSHStart(j.o.executable())(host), nil
}

func appHosts(apps []App) int {
	n := 0
	for _, a := range apps {
		n += len(a.Hosts)
	}
	return n
}

// agentReady: when all are ready, the plan is made and sent.
func (j *job) agentReady(r *remote, m *Ready) error {
	if r.ready != nil {
		return errors.New("the agent is ready twice")
	}
	r.ready, r.facts = m, m
	r.stderr.open(os.Stderr)
	if m.Protocol != Protocol {
		return fmt.Errorf("the agent there is of another version (its protocol is %d, this one's %d); install the same rainmpi on all hosts", m.Protocol, Protocol)
	}
	if m.Error != "" {
		return errors.New(m.Error)
	}
	if m.Node != "" && m.Node != r.name && r.words[0] == "srun" {
		return errors.Errorf("srun has started the agent on node %s", m.Node)
	}
	if len(j.failures) > 0 {
		j.startSettled()
		return nil
	}
	if err := j.startNext(); err != nil {
		return err
	}
	if j.o.Verbose {
		j.out.say("host %s: agent ready, %d cores%s", r.name, m.Cores, m.Rails)
	}
	if len(j.notReady()) > 0 {
		return nil
	}
	if j.started || j.ending {
		return nil
	}
	return j.startRanks()
}

func (j *job) startRanks() error {
	hosts := j.hosts[:j.ranked]
	for i := range hosts {
		h, facts := &hosts[i], j.remotes[i].facts
		h.units = facts.Units
		if h.Slots == 0 {
			h.open = true
			h.Slots = max(facts.Cores/max(j.o.Bind.Cores, 1), j.o.Map.perHost(*h), 1)
		}
	}
	if j.o.DisplayAllocation {
		for _, h := range hosts {
			j.out.say("allocation: host %s: %d slots", h.Name, h.Slots)
		}
	}
	p, err := place(j.o.Apps, hosts, j.o.Map)
	if err != nil {
		j.end(Cause{Host: -1, Code: ExitError, Text: err.Error()})
		return nil
	}
	j.place, j.out.size = p, len(p.HostOf)
	if err := j.enoughPorts(); err != nil {
		j.end(Cause{Host: -1, Code: ExitError, Text: err.Error()})
		return nil
	}
	if err := j.chooseReaders(); err != nil {
		j.end(Cause{Host: -1, Code: ExitError, Text: err.Error()})
		return nil
	}
	j.started = true
	if j.o.DisplayMap {
		j.showMap()
	}
	for _, r := range j.remotes {
		j.sendPrograms(r)
		r.out.send(kindStart, j.plan(r))
	}
	if !j.multi {
		j.openInput()
	}
	return nil
}

// enoughPorts: of a range of UDP ports each host takes one for its agent and one for
// each rank. Those that somebody else holds are found when sockets are opened.
func (j *job) enoughPorts() error {
	if !j.multi || j.o.PortLow == 0 {
		return nil
	}
	has := j.o.PortHigh - j.o.PortLow + 1
	for i, h := range j.hosts {
		if n := j.ranksOn(i); n+1 > has {
			return fmt.Errorf("host %s: %d ranks and their agent take %d UDP ports, and the range %d-%d has %d; widen it (--ports)",
				h.Name, n, n+1, j.o.PortLow, j.o.PortHigh, has)
		}
	}
	return nil
}

// openInput begins to carry standard input, once those who read it are forked
// or will be before it comes.
func (j *job) openInput() {
	if len(j.readers) > 0 {
		go j.in.run(j.o.Stdin, func(b []byte) {
			for _, r := range j.readers {
				j.sendFrameTo(r, frame{kindStdin, b})
			}
		})
	}
}

// chooseReaders: who reads standard input, and on which hosts they are.
func (j *job) chooseReaders() error {
	size := len(j.place.HostOf)
	if j.o.StdinAll {
		for r := range size {
			j.o.Stdin = append(j.o.Stdin, r)
		}
	}
	for _, rank := range j.o.Stdin {
		if rank >= size {
			return fmt.Errorf("--stdin %d: the job has ranks 0 to %d", rank, size-1)
		}
		if r := j.remotes[j.place.HostOf[rank]]; !slices.Contains(j.readers, r) {
			j.readers = append(j.readers, r)
		}
	}
	return nil
}

// plan is the Start message for one agent.
func (j *job) plan(r *remote) Start {
	s := Start{
		Size: len(j.place.HostOf), Slots: j.place.Slots, HostOf: j.place.HostOf, AppOf: j.place.AppOf,
		Apps: j.o.Apps, Env: slices.Concat(TravellingEnv(os.Environ()), j.libraryPath(r), j.o.Env),
		Options: j.o.Library, Bind: j.o.Bind, Stdin: j.o.Stdin,
		Hold:        j.multi,
		Interactive: isTerminal(0) && isTerminal(1),
	}
	for _, h := range j.hosts[:j.ranked] { // a witness takes no ranks
		s.HostSlots = append(s.HostSlots, h.Slots)
	}
	s.Map = j.o.Map
	for _, other := range j.remotes {
		s.Cards = append(s.Cards, other.facts.Card)
		if other.facts.Machine != r.facts.Machine {
			continue
		}
		n := j.ranksOn(other.host)
		s.Crowd += n
		if other.host < r.host {
			s.FirstCore += n
		}
	}
	return s
}

// libraryPath: where --prefix says that rainmpi is, its library is found too, whatever
// path a program was linked with here.
func (j *job) libraryPath(r *remote) []string {
	if j.o.Prefix == "" || j.startsHere(r.name) {
		return nil
	}
	const name = "LD_LIBRARY_PATH"
	path := filepath.Join(j.o.Prefix, "lib")
	if own := os.Getenv(name); own != "" {
		path += ":" + own
	}
	return []string{name + "=" + path}
}

// letGo lets the ranks be forked once every host could: a program that is
// missing on one starts nothing on the others.
func (j *job) letGo() {
	for _, r := range j.remotes {
		if !r.prepared {
			return
		}
	}
	for _, r := range j.remotes {
		j.sendTo(r, kindGo, nil)
	}
	j.openInput()
}

func (j *job) ranksOn(host int) int {
	n := 0
	for _, h := range j.place.HostOf {
		if h == host {
			n++
		}
	}
	return n
}

func (j *job) showMap() {
	for i, h := range j.hosts {
		var ranks []string
		for w, on := range j.place.HostOf {
			if on == i {
				ranks = append(ranks, fmt.Sprint(w))
			}
		}
		j.out.say("map: host %s (%d slots): ranks %s", h.Name, h.Slots, strings.Join(ranks, " "))
	}
}

func (j *job) ranksStarted(r *remote, m Started) {
	for _, s := range m.Ranks {
		j.pids[s.Rank] = s.Pid
		if s.Rank >= len(j.place.HostOf) {
			j.spawned[s.Rank] = spawnedRank{r.name, s.Program}
		}
		if j.o.ReportBindings {
			where := "not bound"
			if s.Cores != "" {
				where = "bound to processors " + s.Cores
			}
			j.out.say("binding: rank %d on host %s: %s", s.Rank, r.name, where)
		}
		if j.o.Verbose {
			j.out.say("host %s: rank %d is process %d", r.name, s.Rank, s.Pid)
		}
	}
}
