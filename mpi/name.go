package mpi

import (
	"sync"

	"rainmpi/internal/boot"
)

// Published names (MPI 5.0 section 11.9.4): a program finds a port by a name that
// both know. Names are known in the whole job, and to other jobs of the same user on
// the hosts of the job's first agent and of the process that publishes. They end
// with the job.

// offered are the names of a process without agent.
var offered struct {
	sync.Mutex
	names map[string]offer
}

type offer struct {
	port string
	l    *boot.Listener
}

// PublishName makes a port known under a name (MPI_Publish_name).
func PublishName(service, port string) error {
	if service == "" {
		return errorf(ErrService, "the service name is empty")
	}
	n, err := askName(boot.Name{What: boot.Publish, Service: service, Port: port})
	switch {
	case err != nil:
	case n.Error != "":
		err = errorf(ErrService, "the service name %q: %s", service, n.Error)
	case n.Taken:
		err = errorf(ErrService, "the service name %q is published already", service)
	}
	return err
}

// UnpublishName takes a name back (MPI_Unpublish_name).
func UnpublishName(service, port string) error {
	n, err := askName(boot.Name{What: boot.Unpublish, Service: service, Port: port})
	switch {
	case err != nil:
	case n.Error != "":
		err = errorf(ErrService, "the service name %q: %s", service, n.Error)
	case !n.Found:
		err = errorf(ErrService, "the service name %q is not published with that port", service)
	}
	return err
}

// LookupName returns the port that was published under a name (MPI_Lookup_name). It
// does not wait for one.
func LookupName(service string) (port string, err error) {
	n, err := askName(boot.Name{What: boot.Lookup, Service: service})
	switch {
	case err != nil:
	case n.Error != "":
		err = errorf(ErrName, "the service name %q: %s", service, n.Error)
	case !n.Found:
		err = errorf(ErrName, "nobody has published the service name %q", service)
	}
	return n.Port, err
}

func askName(n boot.Name) (boot.Named, error) {
	e, err := running()
	if err != nil {
		return boot.Named{}, err
	}
	if e.boot == nil {
		return nameHere(n), nil
	}
	m, err := e.ask(func(seq uint64) boot.Message {
		n.Seq = seq
		return boot.Message{Name: &n}
	})
	if err != nil {
		return boot.Named{}, err
	}
	if m.Named == nil {
		return boot.Named{}, errorf(ErrIntern, "the agent's answer is about something else")
	}
	return *m.Named, nil
}

// nameHere does what the agent does, in a process without one.
func nameHere(n boot.Name) (m boot.Named) {
	offered.Lock()
	defer offered.Unlock()
	mine, known := offered.names[n.Service]
	switch n.What {
	case boot.Publish:
		l, err := boot.Offer(n.Service, n.Port)
		if m.Taken = err != nil; m.Taken {
			return m
		}
		if offered.names == nil {
			offered.names = make(map[string]offer)
		}
		offered.names[n.Service] = offer{n.Port, l}
	case boot.Unpublish:
		if m.Found = known && mine.port == n.Port; m.Found {
			mine.l.Close()
			delete(offered.names, n.Service)
		}
	case boot.Lookup:
		if m.Port, m.Found = mine.port, known; !known {
			m.Port, m.Found = boot.Find(n.Service)
		}
	}
	return m
}
