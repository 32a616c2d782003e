package main

import (
	"fmt"
	"slices"
	"strings"
)

// A bar is what must pass of some folders taken together, in per cent of the entries of their testlists that are not left out.
type bar struct {
	folders []string
	share   float64
}

// bars are what this project wants of a whole run.
var bars = []bar{
	{[]string{"attr", "group", "info", "init", "errhan", "topo"}, 100},
	{[]string{"pt2pt"}, 95},
	{[]string{"comm"}, 95},
	{[]string{"coll"}, 95},
	{[]string{"datatype"}, 90},
	{[]string{"threads", "errors"}, 85},
	{[]string{"rma"}, 85},
	{[]string{"part", "spawn", "io", "mpi_t"}, 75},
}

// barTable is a table of the bars whose folders were all run. It reports whether none is missed.
func barTable(dirs []string, results []*result) (text string, ok bool) {
	var b strings.Builder
	ok = true
	for _, row := range bars {
		if !within(row.folders, dirs) {
			continue
		}
		if b.Len() == 0 {
			fmt.Fprintf(&b, "\n%-36s%8s%9s%9s%9s\n", "must pass", "entries", "pass", "share", "bar")
		}
		entries, pass := 0, 0
		for _, r := range results {
			dir, _, _ := strings.Cut(r.entry.dir, "/")
			if slices.Contains(row.folders, dir) && r.verdict != leftOut && !r.entry.pool {
				entries++
				if r.verdict == passed {
					pass++
				}
			}
		}
		share, missed := 100*float64(pass)/float64(max(entries, 1)), ""
		if share < row.share {
			missed, ok = "  missed", false
		}
		fmt.Fprintf(&b, "%-36s%8d%9d%8.1f%%%8.0f%%%s\n", strings.Join(row.folders, " "), entries, pass, share, row.share, missed)
	}
	return b.String(), ok
}

func within(some, all []string) bool {
	for _, s := range some {
		if !slices.Contains(all, s) {
			return false
		}
	}
	return true
}
