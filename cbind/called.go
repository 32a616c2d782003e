package main

import (
	"fmt"
	"strings"

	"rainmpi/cbind/abi"
)

// calledText prints a call with its arguments: the error says what is wrong, this shows where it
// stands. The shim gives the call with a verb for each argument, and their values:
//
//	%d  an integer
//	%h  a handle, by its name if it is predefined
//	%p  an address
func calledText(call string, values uintptr) string {
	var b strings.Builder
	for i := range uintptr(len(call)) {
		before, rest, found := strings.Cut(call, "%")
		b.WriteString(before)
		if !found {
			break
		}
		v := *at[int64](values + 8*i)
		switch {
		case rest[0] == 'd':
			fmt.Fprint(&b, v)
		case rest[0] == 'h':
			b.WriteString(handleText(uintptr(v)))
		case v == 0:
			b.WriteString("NULL")
		default:
			fmt.Fprintf(&b, "%#x", uintptr(v))
		}
		call = rest[1:]
	}
	return b.String()
}

// handleText is a handle's name if it is predefined, else its value.
func handleText(h uintptr) string {
	if name, ok := abi.HandleNames[h]; ok {
		return name
	}
	return fmt.Sprintf("%#x", h)
}
