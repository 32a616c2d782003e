package member

import "slices"

// A View is who takes part, as of one entry of the log.
type View struct {
	Index   uint64   // of the entry; views are ordered by it
	Members []Member // the longest-standing first; those of one entry by id
}

// Has reports whether m is in the view.
func (v View) Has(m Member) bool { return slices.Contains(v.Members, m) }

// majority reports whether the members for which in holds may go on for v: they
// are more than half, or the half with the lowest id.
func (v View) majority(in func(Member) bool, cfg *Config) bool {
	if cfg.has(BugMinority) {
		return true
	}
	count, lowest := 0, v.lowest()
	for _, m := range v.Members {
		if in(m) {
			count++
		}
	}
	if 2*count == len(v.Members) {
		return count > 0 && (in(lowest) || cfg.has(BugTieBoth))
	}
	return 2*count > len(v.Members)
}

func (v View) lowest() (m Member) {
	for i, o := range v.Members {
		if i == 0 || o.ID < m.ID {
			m = o
		}
	}
	return m
}

// Leader returns the member that leads a view: the longest-standing one that is
// no witness, of the founders the one with the lowest id. A host that comes back
// comes last: if the lowest id always led, its return would make two leaders
// until the old one has heard of it.
func (v View) Leader(witness []ID) (leader Member, ok bool) {
	for _, m := range v.Members {
		if !slices.Contains(witness, m.ID) {
			return m, true
		}
	}
	return Member{}, false
}
