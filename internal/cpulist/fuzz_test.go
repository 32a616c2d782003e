package cpulist

import (
	"slices"
	"testing"
)

// FuzzParse: a list is read, whoever has written it, or refused, without more memory than processors could need; in
// its short form it reads the same.
func FuzzParse(f *testing.F) {
	f.Add("0-2,5\n")
	f.Add("0-9223372036854775807")
	f.Add("9223372036854775807")
	f.Add("5--9223372036854775808")
	f.Add("0-65535,0-65535")
	f.Fuzz(func(t *testing.T, s string) {
		list, err := Parse(s)
		if err != nil {
			return
		}
		for _, n := range list {
			if n < 0 || n >= most || len(list) > most {
				t.Fatalf("%q: processor %d, of %d", s, n, len(list))
			}
		}
		slices.Sort(list)
		list = slices.Compact(list)
		if len(list) == 0 {
			return
		}
		if again, err := Parse(Format(list)); err != nil || !slices.Equal(again, list) {
			t.Fatalf("%q is %v, which reads as %v, %v", s, list, again, err)
		}
	})
}
