package launcher

import (
	"fmt"

	"rainmpi/rainnet/history"
)

// beginHistory makes this host's file for the history of paths, to which the agent and its ranks
// append. It is local to the host, so that it is there also when the host is cut off.
func (a *agent) beginHistory() (err error) {
	if a.setup.History == "" {
		return nil
	}
	path := history.FileOn(a.setup.History, a.hostName())
	if a.past, err = history.Create(path); err != nil {
		return fmt.Errorf("--history: %w; its folder has to be there on every host", err)
	}
	a.past.OnError = func(err error) {
		a.events <- meshNotice{Notice{Detail: true, Text: fmt.Sprintf("host %s: %v", a.hostName(), err)}}
	}
	return nil
}

// historyEnv tells ranks of the file.
func (a *agent) historyEnv() []string {
	if a.setup.History == "" {
		return nil
	}
	return []string{history.Variable + "=" + a.setup.History}
}
