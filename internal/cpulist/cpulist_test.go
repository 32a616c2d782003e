package cpulist

import (
	"fmt"
	"testing"
)

func TestLists(t *testing.T) {
	if s := Format([]int{0, 1, 2, 5, 7, 8}); s != "0-2,5,7-8" {
		t.Error(s)
	}
	if l, err := Parse("0-2,5\n"); err != nil || fmt.Sprint(l) != "[0 1 2 5]" {
		t.Error(l, err)
	}
	for _, bad := range []string{"", "x", "1-", "1,,2"} {
		if l, err := Parse(bad); err == nil {
			t.Errorf("%q is %v", bad, l)
		}
	}
}
