package mpi

import (
	"fmt"
	"os"

	"rainmpi/rainnet"
	"rainmpi/rainnet/history"
)

// keepHistory lets an endpoint keep the history of its paths in the file that RAIN_HISTORY names, with
// a dot and the name of this host behind it. All ranks of a host share it.
func (e *engine) keepHistory(cfg *rainnet.Config) error {
	prefix := os.Getenv(history.Variable)
	if prefix == "" {
		return nil
	}
	cfg.Name = fmt.Sprintf("rank %d on host %s", e.rank, e.hosts[e.here])
	if e.net.past == nil {
		log, err := history.Append(history.FileOn(prefix, e.hosts[e.here]))
		if err != nil {
			return errorf(ErrOther, "%s: %v", cfg.Name, err)
		}
		log.OnError = func(err error) { fmt.Fprintf(os.Stderr, "rainmpi: %s: %v\n", cfg.Name, err) }
		e.net.past = log
	}
	cfg.History = e.net.past
	return nil
}

// PathHistory returns the last transitions of this process's paths to others, up to 1024 of each of
// its endpoints, oldest first. In a job on one host there are none. All of them are in the file that
// rainrun --history names, and rainrun history compares those of two hosts.
func PathHistory() ([]history.Entry, error) {
	e, err := running()
	if err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.net == nil {
		return nil, nil
	}
	var all []history.Entry
	for _, ep := range e.net.eps {
		all = append(all, ep.History()...)
	}
	return all, nil
}
