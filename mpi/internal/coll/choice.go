package coll

import (
	"fmt"
	"slices"
	"strings"
)

// A Choice forces algorithms on collectives, for tests and measurements. The zero
// Choice leaves all to the table.
type Choice [numColl]*Algorithm

// ParseChoice reads "operation:algorithm,…", the value of RAIN_COLL. Spaces do not
// count. An algorithm that cannot do a call (the ring, of an operation that does
// not commute) leaves that call to the table.
func ParseChoice(text string) (Choice, error) {
	var c Choice
	for _, item := range strings.Split(text, ",") {
		item = strings.TrimSpace(item)
		if item == "" {
			continue
		}
		op, name, ok := strings.Cut(item, ":")
		op, name = strings.TrimSpace(op), strings.TrimSpace(name)
		if !ok {
			return Choice{}, fmt.Errorf("%q is not of the form operation:algorithm", item)
		}
		coll, ok := collNamed(op)
		if !ok {
			return Choice{}, fmt.Errorf("unknown collective operation %q; known are %s", op, strings.Join(collNames[:], ", "))
		}
		if c[coll] = find(coll, name); c[coll] == nil {
			return Choice{}, fmt.Errorf("%s has no algorithm %q; known are %s", op, name, strings.Join(Names(coll), ", "))
		}
	}
	return c, nil
}

// Names returns the names of a collective's algorithms.
func Names(c Coll) []string {
	var names []string
	for i := range algorithms {
		if algorithms[i].Coll == c {
			names = append(names, algorithms[i].Name)
		}
	}
	return names
}

// NamesOf is Names of the collective with the given name; nil if there is none.
func NamesOf(name string) []string {
	c, ok := collNamed(name)
	if !ok {
		return nil
	}
	return Names(c)
}

// CollNames returns the names of all collectives.
func CollNames() []string { return slices.Clone(collNames[:]) }

func collNamed(name string) (Coll, bool) {
	for i, n := range collNames {
		if n == name {
			return Coll(i), true
		}
	}
	return 0, false
}
