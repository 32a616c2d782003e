package launcher

import (
	"fmt"

	"rainmpi/internal/boot"
)

// Published names (MPI 5.0 section 11.9.4). The first agent keeps those of the job.
// For other jobs of the same user on this host a name is an abstract socket, which
// answers with the port: nothing of it is left when the job ends, however it ends.
// The first agent has one, and the agent of the rank that published the name.

// names are those that this agent answers for.
type names struct {
	ports   map[string]string // of the job; of the first agent only
	sockets map[string]*boot.Listener
}

// A NameAsk is a rank's question on its way to the first agent, a NameAnswer what
// that one knows.
type (
	NameAsk struct {
		Asker Asker
		Name  boot.Name
	}
	NameAnswer struct {
		Asker Asker
		Name  boot.Name
		Named boot.Named
	}
)

// named is the end of a look at this host's sockets.
type named struct {
	NameAnswer
	last bool // no other place is left to look
}

func newNames() *names {
	return &names{ports: map[string]string{}, sockets: map[string]*boot.Listener{}}
}

// offer makes a name known to other jobs on this host; the error is that another
// one has it.
func (n *names) offer(service, port string) error {
	l, err := boot.Offer(service, port)
	if err == nil {
		n.sockets[service] = l
	}
	return err
}

func (n *names) withdraw(service string) {
	if l := n.sockets[service]; l != nil {
		l.Close()
		delete(n.sockets, service)
	}
}

func (n *names) close() {
	for service := range n.sockets {
		n.withdraw(service)
	}
}

func (a *agent) askName(r *rank, n boot.Name) {
	if a.without[firstAgent] {
		a.nameAnswered(named{NameAnswer{a.asker(r, n.Seq), n, boot.Named{Error: a.noFirstAgent()}}, true})
		return
	}
	a.sendTo(firstAgent, kindName, NameAsk{a.asker(r, n.Seq), n})
}

// lookUp answers at the first agent.
func (a *agent) lookUp(ask NameAsk) {
	m := NameAnswer{Asker: ask.Asker, Name: ask.Name}
	port, known := a.names.ports[ask.Name.Service]
	switch ask.Name.What {
	case boot.Publish:
		if m.Named.Taken = known || a.names.offer(ask.Name.Service, ask.Name.Port) != nil; !m.Named.Taken {
			a.names.ports[ask.Name.Service] = ask.Name.Port
		}
	case boot.Unpublish:
		// PMI takes a name back without saying what it stood for.
		if m.Named.Found = known && (port == ask.Name.Port || ask.Name.Port == ""); m.Named.Found {
			delete(a.names.ports, ask.Name.Service)
			a.names.withdraw(ask.Name.Service)
		}
	case boot.Lookup:
		if m.Named.Found, m.Named.Port = known, port; !known {
			a.askHost(m, ask.Asker.Host == a.setup.Host)
			return
		}
	}
	a.sendTo(ask.Asker.Host, kindNamed, m)
}

// nameFound is the first agent's answer at the asker's.
func (a *agent) nameFound(m NameAnswer) {
	switch {
	case a.setup.Host == firstAgent:
	case m.Name.What == boot.Publish && !m.Named.Taken:
		if a.names.offer(m.Name.Service, m.Name.Port) != nil {
			a.out.send(kindNotice, Notice{Detail: true, Text: fmt.Sprintf("host %s: another job has published %q here; jobs on this host find that one", a.hostName(), m.Name.Service)})
		}
	case m.Name.What == boot.Unpublish && m.Named.Found:
		a.names.withdraw(m.Name.Service)
	case m.Name.What == boot.Lookup && !m.Named.Found:
		a.askHost(m, true)
		return
	}
	a.nameAnswered(named{m, true})
}

// askHost asks this host's sockets. That may wait for another process: not on the
// agent's own goroutine.
func (a *agent) askHost(m NameAnswer, last bool) {
	go func() {
		m.Named.Port, m.Named.Found = boot.Find(m.Name.Service)
		a.events <- named{m, last}
	}()
}

func (a *agent) nameAnswered(n named) {
	if !n.last {
		a.sendTo(n.Asker.Host, kindNamed, n.NameAnswer)
		return
	}
	if w := a.worldOf(n.Asker.Rank); w != nil && w.pmiNamed(n.Asker.Rank, n.Named, n.Name.What) {
		return
	}
	n.Named.Seq = n.Asker.Seq
	a.answer(n.Asker, boot.Message{Named: &n.Named})
}
