package history

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"rainmpi/rainnet/wire"
)

// pathKey names a path between two incarnations; lower is the one with the lower id.
type pathKey struct {
	lower, higher End
	path          wire.PathID
}

func keyOf(e Entry) pathKey {
	k := pathKey{e.Self, e.Peer, e.Path}
	if k.lower.ID > k.higher.ID {
		k.lower, k.higher = k.higher, k.lower
	}
	return k
}

// A Side is one end of a path in a Verdict.
type Side struct {
	End     End
	Name    string // as its log says
	Log     bool   // there is one
	Entries []Entry
}

// A Verdict says whether the two ends of a path agree.
type Verdict struct {
	Path  wire.PathID
	Slack int
	Sides [2]Side // the lower peer id first
	// Wrong is what disproves it, with file and line.
	Wrong []string
}

// Agree reports whether both ends have told of the path, and the same.
func (v *Verdict) Agree() bool { return len(v.Wrong) == 0 && v.Proved() }

// Proved reports whether there is a log of both ends.
func (v *Verdict) Proved() bool { return v.Sides[0].Log && v.Sides[1].Log }

func (v *Verdict) String() string {
	a, b := &v.Sides[0], &v.Sides[1]
	text := fmt.Sprintf("%s and %s, path %v: ", a.Name, b.Name, v.Path)
	switch {
	case len(v.Wrong) > 0:
		return text + "DISPROVED"
	case !v.Proved():
		return text + "not proved: there is no log of " + v.missing()
	}
	return fmt.Sprintf("%sthey agree: %d and %d transitions", text, len(a.Entries), len(b.Entries))
}

func (v *Verdict) missing() string {
	if v.Sides[0].Log {
		return v.Sides[1].Name
	}
	return v.Sides[0].Name
}

// Compare judges every path that any of the logs tells of, in the order of ends and paths.
func (l *Logs) Compare() []Verdict {
	both := map[pathKey][2][]noted{}
	for _, k := range l.order {
		for key, entries := range k.paths {
			pair := both[key]
			pair[side(key, k.end)] = entries
			both[key] = pair
		}
	}
	var keys []pathKey
	for key := range both {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, compareKeys)
	var out []Verdict
	clocks := map[[2]End]*clockBounds{}
	for _, key := range keys {
		out = append(out, l.judge(key, both[key], clocks))
	}
	return out
}

func side(k pathKey, e End) int {
	if e == k.lower {
		return 0
	}
	return 1
}

func compareKeys(a, b pathKey) int {
	return cmp.Or(cmp.Compare(a.lower.ID, b.lower.ID), cmp.Compare(a.higher.ID, b.higher.ID),
		slices.Compare(a.lower.Life[:], b.lower.Life[:]), slices.Compare(a.higher.Life[:], b.higher.Life[:]),
		cmp.Compare(a.path, b.path))
}

func (l *Logs) judge(key pathKey, pair [2][]noted, clocks map[[2]End]*clockBounds) Verdict {
	v := Verdict{Path: key.path}
	for i, end := range []End{key.lower, key.higher} {
		s := Side{End: end, Name: end.String()}
		if k := l.ends[end]; k != nil {
			s.Log, s.Name = true, k.name
			v.Slack = max(v.Slack, k.slack)
		}
		for _, n := range pair[i] {
			s.Entries = append(s.Entries, n.Entry)
		}
		v.Sides[i] = s
	}
	for i := range pair {
		v.follow(pair[i])
	}
	if !v.Proved() || len(v.Wrong) > 0 {
		return v // what follows would only repeat that a log is not whole
	}
	v.lead(pair)
	between := [2]End{key.lower, key.higher}
	if clocks[between] == nil {
		clocks[between] = &clockBounds{}
	}
	v.order(pair, clocks[between])
	return v
}

// follow checks one end by itself: its epochs count from 1, odd ones are Up, time goes on.
func (v *Verdict) follow(entries []noted) {
	var last uint32
	for i := range entries {
		n := &entries[i]
		switch {
		case n.Epoch != last+1:
			v.wrong("%s: epoch %d of path %v follows epoch %d", n.where(), n.Epoch, n.Path, last)
		case n.Up != (n.Epoch%2 == 1):
			v.wrong("%s: epoch %d of path %v is %s, though odd epochs are up and even ones down", n.where(), n.Epoch, n.Path, upDown(n.Up))
		case i > 0 && n.At.Before(entries[i-1].At):
			v.wrong("%s: its time is before that of %s", n.where(), entries[i-1].where())
		}
		last = n.Epoch
	}
}

// lead checks the end of the logs: "neither side leads the other by more than N transitions".
func (v *Verdict) lead(pair [2][]noted) {
	for i := range pair {
		mine, theirs := pair[i], pair[1-i]
		if ahead := len(mine) - len(theirs); ahead > v.Slack {
			first := &mine[len(theirs)+v.Slack]
			v.wrong("%s: epoch %d of path %v, when %s had made %d transitions: more than %d ahead",
				first.where(), first.Epoch, v.Path, v.Sides[1-i].Name, len(theirs), v.Slack)
		}
	}
}

// A clockBounds is what is known of how much the higher end's clock is ahead of the lower end's.
// An end's transition k comes after the other's k−N, which it must have learnt. So with o for the
// difference of the clocks, for every k
//
//	higher(k−N) − lower(k) ≤ o ≤ higher(k) − lower(k−N)
//
// and logs that leave no o are not of one history, whatever the clocks show.
type clockBounds struct {
	least, most bound
}

// A bound of o, and the line that set it.
type bound struct {
	set   bool
	value time.Duration
	at    time.Time
	line  *noted
}

// drift bounds how much two clocks move against each other: 200 millionths of the time between.
const drift = 200e-6

func (v *Verdict) order(pair [2][]noted, c *clockBounds) {
	n := v.Slack
	for k := n; k < len(pair[0]); k++ {
		if k-n < len(pair[1]) {
			l := &pair[0][k]
			v.bound(&c.least, bound{true, pair[1][k-n].At.Sub(l.At), l.At, l}, c)
		}
	}
	for k := n; k < len(pair[1]); k++ {
		if k-n < len(pair[0]) {
			h := &pair[1][k]
			v.bound(&c.most, bound{true, h.At.Sub(pair[0][k-n].At), h.At, h}, c)
		}
	}
}

// bound takes a bound over if it is the tighter, and checks it against the other side's.
func (v *Verdict) bound(old *bound, b bound, c *clockBounds) {
	tighter := !old.set || old == &c.least && b.value > old.value || old == &c.most && b.value < old.value
	if !tighter {
		return
	}
	other := &c.most
	if old == &c.most {
		other = &c.least
	}
	*old = b
	if !c.least.set || !c.most.set {
		return
	}
	slip := time.Duration(drift * float64(b.at.Sub(other.at).Abs()))
	if over := c.least.value - c.most.value; over > slip {
		v.wrong("%s: epoch %d of path %v comes %v too soon for one that is at most %d ahead of %s, whatever the clocks show (with %s)",
			b.line.where(), b.line.Epoch, b.line.Path, over, v.Slack, v.nameOther(b.line.Self), other.line.where())
	}
}

func (v *Verdict) nameOther(e End) string {
	if v.Sides[0].End == e {
		return v.Sides[1].Name
	}
	return v.Sides[0].Name
}

func (v *Verdict) wrong(format string, args ...any) {
	v.Wrong = append(v.Wrong, fmt.Sprintf(format, args...))
}

func upDown(up bool) string {
	if up {
		return "up"
	}
	return "down"
}
