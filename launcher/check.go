package launcher

import (
	"crypto/rand"
	"fmt"
	"io"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// A Report is what rainrun check has found.
type Report struct {
	Ports    string // the range; empty: any
	LastPort int    `json:",omitempty"` // of the range
	Hosts    []HostReport
	Problems []Problem
}

// HostReport is one host.
type HostReport struct {
	Name  string
	Start string // the start method: fork, ssh, srun, or the agent command's first word
	Error string `json:",omitempty"` // not empty: it was not reached, and why
	Facts HostFacts
	Skew  time.Duration // its clock minus ours, as far as the start channel lets us know
	Blur  time.Duration // and how far
	Paths []ProbedPath
	Last  []ProbedPath `json:",omitempty"` // of the range's last port
}

// Problem is what stands in the way, and what to do.
type Problem struct {
	Host   string
	Fatal  bool // a job could not run
	Text   string
	Remedy string
}

// Fatal reports whether a job could not run.
func (r *Report) Fatal() bool {
	for _, p := range r.Problems {
		if p.Fatal {
			return true
		}
	}
	return false
}

// A checked is a host under examination.
type checked struct {
	*remote
	p      *piped
	in     *frameReader
	report *HostReport
}

// probeTime is how long hosts look for each other.
const probeTime = 1500 * time.Millisecond

// Check looks at all hosts, in parallel, and starts nothing on them.
func Check(o Options) (*Report, error) {
	j := &job{o: o, hosts: uniqueHosts(o.Hosts)}
	if len(j.hosts) == 0 {
		j.hosts = []Host{{Name: localName()}}
	}
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return nil, err
	}
	report := &Report{Hosts: make([]HostReport, len(j.hosts)), Problems: []Problem{}}
	if o.PortLow != 0 {
		report.LastPort = o.PortHigh
		report.Ports = fmt.Sprintf("%d-%d", o.PortLow, o.PortHigh)
	}
	var hosts []*checked
	for i, h := range j.hosts {
		words, err := j.startWords(h.Name)
		if err != nil {
			return nil, err
		}
		report.Hosts[i].Name, report.Hosts[i].Start = h.Name, methodOf(words)
		hosts = append(hosts, &checked{remote: &remote{host: i, name: h.Name, words: words, stderr: &agentStderr{}}, report: &report.Hosts[i]})
	}
	setup := Setup{Protocol: Protocol, Job: "check", Key: key, Probe: true, Multi: len(hosts) > 1, Rails: o.Rails, PortLow: o.PortLow, PortHigh: o.PortHigh}
	for _, h := range hosts {
		setup.Hosts = append(setup.Hosts, h.name)
	}
	inParallel(hosts, func(h *checked) { h.come(setup, o.StartTimeout) })
	probe := Probe{For: probeTime, Cards: make([][]byte, len(hosts)), Last: make([][]byte, len(hosts))}
	if len(hosts) == 1 {
		probe.For = 0
	}
	for i, h := range hosts {
		if h.facts != nil {
			probe.Cards[i], probe.Last[i] = h.facts.Card, h.facts.LastCard
		}
	}
	inParallel(hosts, func(h *checked) { h.probe(probe) })
	inParallel(hosts, (*checked).dismiss)
	report.judge()
	return report, nil
}

func methodOf(words []string) string {
	if words[0] == "/proc/self/exe" {
		return "fork"
	}
	return words[0]
}

// inParallel does something for all hosts, for parallelStarts at one time.
func inParallel(hosts []*checked, do func(*checked)) {
	var all sync.WaitGroup
	tokens := make(chan struct{}, parallelStarts)
	for _, h := range hosts {
		all.Add(1)
		tokens <- struct{}{}
		go func() {
			defer all.Done()
			do(h)
			<-tokens
		}()
	}
	all.Wait()
}

// come starts the host's agent and takes what it says of the host.
func (h *checked) come(s Setup, limit time.Duration) {
	s.Host = h.host
	var err error
	if h.p, err = startPiped(h.words); err != nil {
		h.report.Error = fmt.Sprintf("%s: %v", h.command(), err)
		return
	}
	late := false
	timer := time.AfterFunc(limit, func() {
		late = true
		_ = unix.Kill(-h.p.pid, unix.SIGKILL) // its session: a shell is not all
	})
	defer timer.Stop()
	h.out = newFrameWriter(h.p.stdin, false)
	h.out.send(kindSetup, s)
	said := make(chan struct{})
	go func() {
		_, _ = io.Copy(h.stderr, h.p.stderr)
		close(said)
	}()
	h.in = newFrameReader(h.p.stdout)
	garbage, err := h.in.preamble()
	var f frame
	if err == nil {
		f, err = h.in.next()
	}
	var ready Ready
	if err == nil {
		err = f.decode(&ready)
	}
	if err == nil && ready.Facts != nil && ready.Protocol == Protocol {
		h.facts, h.report.Facts = &ready, *ready.Facts
		return
	}
	_ = unix.Kill(-h.p.pid, unix.SIGTERM)
	status := h.p.wait()
	<-said
	switch {
	case late:
		h.report.Error = fmt.Sprintf("no answer within %v (--start-timeout): %s", limit, h.command())
	case err == nil:
		h.report.Error = fmt.Sprintf("the rainrun there is another version: %s", h.command())
	default:
		h.report.Error = h.explainStart(remoteEnd{r: h.remote, garbage: garbage, status: status})
	}
	h.out.close()
	h.p.close()
	h.p = nil
}

// probe lets the host look for the others.
func (h *checked) probe(q Probe) {
	if h.facts == nil {
		return
	}
	asked := time.Now()
	h.out.send(kindProbe, q)
	for {
		f, err := h.in.next()
		if err != nil {
			h.report.Error = fmt.Sprintf("the agent died while it looked for the others: %v", err)
			return
		}
		switch f.kind {
		case kindClock:
			var c Clock
			if f.decode(&c) == nil {
				h.report.Blur = time.Since(asked) / 2
				h.report.Skew = time.Unix(0, c.Now).Sub(asked.Add(h.report.Blur))
			}
		case kindProbed:
			var p Probed
			if f.decode(&p) == nil {
				h.report.Paths, h.report.Last = p.Paths, p.Last
			}
			return
		}
	}
}

func (h *checked) dismiss() {
	if h.p == nil {
		return
	}
	h.out.send(kindBye, nil)
	h.out.close()
	limit := time.AfterFunc(2*time.Second, func() { _ = unix.Kill(-h.p.pid, unix.SIGKILL) })
	defer limit.Stop()
	<-h.out.done
	h.p.stdin.Close()
	h.p.wait()
	h.p.close()
}
