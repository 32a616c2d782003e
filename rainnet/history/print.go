package history

import (
	"fmt"
	"io"
)

// Print writes the verdict, and with epochs the transitions of both ends side by side.
func (v *Verdict) Print(w io.Writer, epochs bool) {
	fmt.Fprintln(w, v)
	for _, line := range v.Wrong {
		fmt.Fprintln(w, "   ", line)
	}
	if !epochs {
		return
	}
	a, b := v.Sides[0].Entries, v.Sides[1].Entries
	fmt.Fprintf(w, "    epoch state  %-52s  %s\n", v.Sides[0].Name, v.Sides[1].Name)
	for i := range max(len(a), len(b)) {
		epoch, state := i+1, upDown(i%2 == 0)
		fmt.Fprintf(w, "    %5d %-5s  %-52s  %s\n", epoch, state, column(a, i), column(b, i))
	}
}

// column is what an end says in its line number i.
func column(entries []Entry, i int) string {
	if i >= len(entries) {
		return "-"
	}
	e := &entries[i]
	text := e.At.UTC().Format("15:04:05.000000") + " " + e.Cause
	if int(e.Epoch) != i+1 || e.Up != (i%2 == 0) {
		text += fmt.Sprintf(" (it says %d %s)", e.Epoch, upDown(e.Up))
	}
	return text
}
