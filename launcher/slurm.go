package launcher

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// SlurmHosts reads the allocation that rainrun runs in from the variables of
// sbatch and salloc: its nodes, and as slots the tasks of each, or its CPUs
// where Slurm says nothing of tasks. Without an allocation there are none.
func SlurmHosts(getenv func(string) string) ([]Host, error) {
	list := getenv("SLURM_JOB_NODELIST")
	if list == "" || getenv("SLURM_JOB_ID") == "" {
		return nil, nil
	}
	names, err := expandNodes(list)
	if err != nil {
		return nil, fmt.Errorf("SLURM_JOB_NODELIST=%s: %w", list, err)
	}
	variable, per := "SLURM_TASKS_PER_NODE", 1
	if getenv(variable) == "" {
		variable = "SLURM_JOB_CPUS_PER_NODE"
		if n, err := strconv.Atoi(getenv("SLURM_CPUS_PER_TASK")); err == nil && n > 1 {
			per = n
		}
	}
	counts, err := expandCounts(getenv(variable))
	if err != nil {
		return nil, fmt.Errorf("%s=%s: %w", variable, getenv(variable), err)
	}
	var hosts []Host
	for i, name := range names {
		h := Host{Name: name, From: "SLURM_JOB_NODELIST"}
		if len(counts) == len(names) {
			h.Slots = max(counts[i]/per, 1)
		}
		hosts = append(hosts, h)
	}
	return hosts, nil
}

// maxNodes bounds what a list may stand for.
const maxNodes = 1 << 16

// expandNodes reads Slurm's short form of node names: "n[1-3,7],m[01-10]x,login".
func expandNodes(list string) ([]string, error) {
	var names []string
	for _, item := range splitOutside(list) {
		got, err := expandNode(item)
		if err != nil {
			return nil, err
		}
		if names = append(names, got...); len(names) > maxNodes {
			return nil, fmt.Errorf("more than %d nodes", maxNodes)
		}
	}
	for _, n := range names {
		if err := checkHostName(n); err != nil {
			return nil, err
		}
	}
	return names, nil
}

// splitOutside splits at the commas outside brackets.
func splitOutside(list string) []string {
	var items []string
	depth, from := 0, 0
	for i, c := range list {
		switch {
		case c == '[':
			depth++
		case c == ']':
			depth--
		case c == ',' && depth == 0:
			items = append(items, list[from:i])
			from = i + 1
		}
	}
	return append(items, list[from:])
}

// expandNode expands the first bracket, and the rest by itself.
func expandNode(item string) ([]string, error) {
	before, rest, ok := strings.Cut(item, "[")
	if !ok {
		return []string{item}, nil
	}
	inside, after, ok := strings.Cut(rest, "]")
	if !ok {
		return nil, fmt.Errorf("%q: no closing ]", item)
	}
	tails, err := expandNode(after)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, r := range strings.Split(inside, ",") {
		low, high, isRange := strings.Cut(r, "-")
		if !isRange {
			high = low
		}
		a, err1 := strconv.Atoi(low)
		b, err2 := strconv.Atoi(high)
		if err1 != nil || err2 != nil || a < 0 || b < a || b-a >= maxNodes/len(tails) {
			return nil, fmt.Errorf("%q: %q is no range of numbers", item, r)
		}
		if len(names)+(b-a+1)*len(tails) > maxNodes {
			return nil, fmt.Errorf("%q: more than %d nodes", item, maxNodes)
		}
		for i := range b - a + 1 {
			for _, tail := range tails { // leading zeros count: n[01-10]
				names = append(names, fmt.Sprintf("%s%0*d%s", before, len(low), a+i, tail))
			}
		}
	}
	return names, nil
}

// expandCounts reads "2(x3),1": 2 2 2 1.
func expandCounts(list string) ([]int, error) {
	if list == "" {
		return nil, nil
	}
	var counts []int
	for _, item := range strings.Split(list, ",") {
		text, times, repeated := strings.Cut(item, "(x")
		n, err := strconv.Atoi(text)
		k := 1
		if err == nil && repeated {
			k, err = strconv.Atoi(strings.TrimSuffix(times, ")"))
		}
		if err != nil || n < 1 || k < 1 || k > maxNodes-len(counts) {
			return nil, fmt.Errorf("%q is no count such as 2 or 2(x3)", item)
		}
		counts = append(counts, slices.Repeat([]int{n}, k)...)
	}
	return counts, nil
}
