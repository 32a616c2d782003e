package launcher

import "fmt"

// A Binding says to which processors the ranks of a host are pinned.
type Binding struct {
	To    string // BindAuto, BindNone, or one Unit for each rank
	Over  string // the Unit over which the ranks are laid in turn; empty: core after core
	Cores int    // for each rank (PE=); 0: not said
	Share bool   // ranks may share cores when there are too few
}

// Values of Binding.To beside the units.
const (
	BindAuto = "" // share the cores evenly when there are enough
	BindNone = "none"
)

// Units are what a host has several of.
const (
	UnitThread  = "hwthread"
	UnitCore    = "core"
	UnitNUMA    = "numa"
	UnitPackage = "package"
)

// unitsOf groups cores by one of NUMA and package; of anything else all are
// one group.
func unitsOf(cores []core, unit string) [][]core {
	var groups [][]core
	index := map[int]int{}
	for _, c := range cores {
		key := 0
		switch unit {
		case UnitNUMA:
			key = c.numa
		case UnitPackage:
			key = c.pkg
		}
		i, seen := index[key]
		if !seen {
			i = len(groups)
			index[key] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], c)
	}
	return groups
}

// countUnits says how many of each unit there are.
func countUnits(cores []core) map[string]int {
	return map[string]int{
		UnitThread: len(threadsOf(cores)), UnitCore: len(cores),
		UnitNUMA: len(unitsOf(cores, UnitNUMA)), UnitPackage: len(unitsOf(cores, UnitPackage)),
	}
}

// threadsOf takes cores apart; the first threads of all cores come first.
func threadsOf(cores []core) []core {
	var threads []core
	for k := 0; ; k++ {
		n := len(threads)
		for _, c := range cores {
			if k < len(c.cpus) {
				threads = append(threads, core{c.cpus[k : k+1], c.numa, c.pkg})
			}
		}
		if len(threads) == n {
			return threads
		}
	}
}

// bindings returns the processors that n ranks of this host are pinned to, of
// the crowd of ranks on this machine those from first on; nil means that none
// is pinned.
//
// BindAuto divides the cores evenly among the crowd, so that hybrid programs
// keep all their cores and two small jobs on one machine do not both end up on
// the first cores. More ranks than cores share each core as neighbours if they
// divide evenly: a rank that yields or sleeps for a moment would be moved to the
// other core of its neighbour's, away from what its cache holds. If they do not,
// nobody is pinned: the kernel can share what is left over, and we cannot.
func bindings(cores []core, first, n, crowd int, b Binding) ([][]int, error) {
	if b.To == BindNone || n == 0 {
		return nil, nil
	}
	to := b.To
	if to == BindAuto && (b.Over == UnitThread || b.Over == UnitCore || b.Cores > 0) {
		to = UnitCore
		if b.Over == UnitThread {
			to = UnitThread
		}
	}
	groups := unitsOf(cores, b.Over)
	out := make([][]int, n)
	for i := range out {
		at := first + i
		g := at % len(groups)
		mates := (crowd - g + len(groups) - 1) / len(groups)
		cpus, fits := bindOne(groups[g], at/len(groups), mates, to, max(b.Cores, 1))
		switch {
		case fits || b.Share && to != BindAuto:
			out[i] = cpus
		case b.To == BindAuto && b.Cores == 0:
			return nil, nil
		default:
			return nil, fmt.Errorf("%s: %d ranks, but %d cores that are not taken; use --bind-to none, --bind-to %s:overload-allowed or fewer ranks per host",
				b.said(), n, max(len(cores)-first, 0), to)
		}
	}
	return out, nil
}

// said is the option that asked for the pinning.
func (b Binding) said() string {
	if b.Cores > 0 {
		return fmt.Sprintf("--map-by %s:PE=%d", b.Over, b.Cores)
	}
	return "--bind-to " + b.To
}

// bindOne pins one rank: number i of n within a group, per cores each.
func bindOne(group []core, i, n int, to string, per int) (cpus []int, fits bool) {
	places := group
	if to == UnitThread {
		places = threadsOf(group)
	}
	from, end := i*per, (i+1)*per
	fits = n*per <= len(places)
	switch to {
	case UnitNUMA, UnitPackage:
		// Ranks of one unit share it; there are never too few.
		at := group[i%len(group)]
		for _, u := range unitsOf(group, to) {
			if u[0].numa == at.numa && to == UnitNUMA || u[0].pkg == at.pkg && to == UnitPackage {
				return joined(u), true
			}
		}
	case BindAuto:
		if !fits && n%len(places) != 0 {
			return nil, false
		}
		from = i * len(places) / n
		end = max(from+1, (i+1)*len(places)/n)
		fits = true
	}
	var mine []core
	for k := from; k < end; k++ {
		mine = append(mine, places[k%len(places)])
	}
	return joined(mine), fits
}

func joined(cores []core) (cpus []int) {
	for _, c := range cores {
		cpus = append(cpus, c.cpus...)
	}
	return cpus
}
