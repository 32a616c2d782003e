// Package cpulist reads and writes the kernel's lists of processors, "0-3,8".
package cpulist

import (
	"fmt"
	"strconv"
	"strings"
)

// most bounds the numbers of processors, and how many a list may have: Linux has fewer.
const most = 1 << 16

// Parse returns the processors of a list, in its order.
func Parse(s string) ([]int, error) {
	var list []int
	for _, item := range strings.Split(strings.TrimSpace(s), ",") {
		first, last, isRange := strings.Cut(item, "-")
		a, err := strconv.Atoi(first)
		if err != nil {
			return nil, err
		}
		b := a
		if isRange {
			if b, err = strconv.Atoi(last); err != nil {
				return nil, err
			}
		}
		if max(a, b) >= most || len(list)+b-a >= most {
			return nil, fmt.Errorf("%q: no host has more than %d processors", item, most)
		}
		for ; a <= b; a++ {
			list = append(list, a)
		}
	}
	return list, nil
}

// Format is the short form of an ascending list.
func Format(cpus []int) string {
	var b strings.Builder
	for i := 0; i < len(cpus); {
		j := i
		for j+1 < len(cpus) && cpus[j+1] == cpus[j]+1 {
			j++
		}
		if b.Len() > 0 {
			b.WriteByte(',')
		}
		fmt.Fprint(&b, cpus[i])
		if j > i {
			fmt.Fprintf(&b, "-%d", cpus[j])
		}
		i = j + 1
	}
	return b.String()
}
