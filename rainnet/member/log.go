package member

import "slices"

// A log is what the members have agreed on or are about to, in one order:
// entries first to last, those up to commit for ever.
type log struct {
	ballot Ballot // under which a majority was last asked for more recent logs
	view   View   // the last one that is confirmed
	commit uint64
	first  uint64 // index of entries[0]; those before are with all members of the view
	entries
}

type entries []entry

// An entry is a view or a message.
type entry struct {
	view    bool
	members []Member // of a view
	from    Member   // of a message
	number  uint64   // of from's messages, from 1
	data    []byte
}

// The log on a token is bounded. When a member of the view is missing, entries
// are kept for it; messages wait first, then new members, removals last.
const (
	maxMessages = 64
	maxJoins    = 96
	maxEntries  = 128
)

func (l *log) last() uint64 { return l.first + uint64(len(l.entries)) - 1 }

func (l *log) at(index uint64) *entry { return &l.entries[index-l.first] }

// views returns the confirmed view and those that may become so.
func (l *log) views() []View {
	list := []View{l.view}
	for i := range l.entries {
		if index := l.first + uint64(i); l.entries[i].view && index > l.view.Index {
			list = append(list, View{index, l.entries[i].members})
		}
	}
	return list
}

func (l *log) lastView() View {
	v := l.views()
	return v[len(v)-1]
}

// confirm makes entries up to index final.
func (l *log) confirm(index uint64) {
	l.commit = max(l.commit, min(index, l.last()))
	for i := range l.entries {
		if at := l.first + uint64(i); l.entries[i].view && at <= l.commit && at > l.view.Index {
			l.view = View{at, l.entries[i].members}
		}
	}
}

// learn takes the more recent of two logs: it holds all that was confirmed of
// either. A log is as recent as the ballot under which it was last found the most
// recent one of a majority, and under one ballot the longer.
func (l *log) learn(o *log) {
	commit := max(l.commit, o.commit)
	c := o.ballot.compare(l.ballot)
	if c > 0 || c == 0 && o.last() > l.last() {
		*l = *o
		l.entries = slices.Clone(o.entries)
	}
	l.confirm(commit)
}

// trim drops entries up to index.
func (l *log) trim(index uint64) {
	if index >= l.first {
		n := min(int(index-l.first+1), len(l.entries))
		l.entries = slices.Clone(l.entries[n:])
		l.first += uint64(n)
	}
}
