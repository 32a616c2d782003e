package main

import (
	"fmt"
	"strconv"
	"strings"

	"rainmpi/launcher"
)

// units are the things of a host that ranks can be laid over or pinned to, by
// the names that other launchers have for them too.
var units = map[string]string{
	"core": launcher.UnitCore, "hwthread": launcher.UnitThread, "numa": launcher.UnitNUMA,
	"package": launcher.UnitPackage, "socket": launcher.UnitPackage,
}

// mapping reads --map-by, --rank-by, -ppn, --cpus-per-rank, --rankfile,
// --oversubscribe, --nolocal.
func mapping(o *launcher.Options, s *settings) error {
	m := &o.Map
	by, modifiers, _ := strings.Cut(s.mapBy, ":")
	if by == "ppr" { // ppr:N:UNIT
		count, rest, _ := strings.Cut(modifiers, ":")
		unit, mods, _ := strings.Cut(rest, ":")
		n, err := strconv.Atoi(count)
		if err != nil || n < 1 || unit != "node" && units[unit] == "" {
			return fmt.Errorf("--map-by %s: known are ppr:N:node, ppr:N:package, ppr:N:numa, ppr:N:core and ppr:N:hwthread, N a number", s.mapBy)
		}
		m.PerHost, m.PerUnit, o.Bind.Over, modifiers = n, units[unit], units[unit], mods
	} else if unit := units[by]; unit != "" {
		o.Bind.Over = unit
	} else {
		switch by {
		case "", "slot":
		case "node":
			m.ByNode = true
		default:
			return fmt.Errorf("--map-by %s: known are slot, node, core, hwthread, numa, package and ppr:N:UNIT", s.mapBy)
		}
	}
	if err := modify(o, s.mapBy, modifiers); err != nil {
		return err
	}
	switch s.rankBy {
	case "", "slot", "fill":
	case "node", "span":
		m.RankByNode = true
	default:
		return fmt.Errorf("--rank-by %s: known are slot and node", s.rankBy)
	}
	if s.set.Changed("ppn") {
		if s.perHost < 1 {
			return fmt.Errorf("-ppn %d: at least one rank per host", s.perHost)
		}
		m.PerHost, m.PerUnit = s.perHost, ""
	}
	if s.set.Changed("cpus-per-rank") {
		if s.perRank < 1 {
			return fmt.Errorf("--cpus-per-rank %d: at least one core per rank", s.perRank)
		}
		o.Bind.Cores = s.perRank
	}
	if s.rankFile != "" {
		ranks, err := launcher.ReadRankFile(s.rankFile)
		if err != nil {
			return err
		}
		m.Ranks = ranks
	}
	m.Oversubscribe = m.Oversubscribe || s.over
	m.Strict = m.Strict || s.notOver
	m.NoLocal = m.NoLocal || s.noLocal
	if m.Oversubscribe && m.Strict {
		return fmt.Errorf("--oversubscribe and --nooversubscribe contradict each other: give one of them")
	}
	return nil
}

// modify reads what follows the colon of --map-by.
func modify(o *launcher.Options, mapBy, modifiers string) error {
	for _, mod := range strings.FieldsFunc(strings.ToLower(modifiers), func(r rune) bool { return r == ':' || r == ',' }) {
		cores, isPE := strings.CutPrefix(mod, "pe=")
		n, err := strconv.Atoi(cores)
		switch {
		case isPE && (err != nil || n < 1):
			return fmt.Errorf("--map-by %s: PE= takes a number of cores", mapBy)
		case isPE:
			o.Bind.Cores = n
		case mod == "oversubscribe":
			o.Map.Oversubscribe = true
		case mod == "nooversubscribe":
			o.Map.Strict = true
		case mod == "nolocal":
			o.Map.NoLocal = true
		default:
			return fmt.Errorf("--map-by %s: the modifier %s is not known; PE=N, OVERSUBSCRIBE, NOOVERSUBSCRIBE and NOLOCAL are", mapBy, mod)
		}
	}
	return nil
}

// binding reads --bind-to.
func binding(b *launcher.Binding, bindTo string) error {
	to, modifier, _ := strings.Cut(bindTo, ":")
	switch {
	case to == "":
		b.To = launcher.BindAuto
	case to == "none":
		b.To = launcher.BindNone
	case units[to] != "":
		b.To = units[to]
	default:
		return fmt.Errorf("--bind-to %s: known are none, core, hwthread, numa and package", bindTo)
	}
	each, err := strconv.Atoi(modifier)
	switch {
	case modifier == "", modifier == "if-supported":
	case modifier == "overload-allowed":
		b.Share = true
	case err == nil && each > 0 && units[to] != "":
		b.Cores = each
	default:
		return fmt.Errorf("--bind-to %s: the modifier %s is not known; a number and overload-allowed are", bindTo, modifier)
	}
	return nil
}
