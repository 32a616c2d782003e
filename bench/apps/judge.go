package main

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// rules say how a check's output is read, line by line.
type rules struct {
	part    *regexp.Regexp // a line that begins another part, which its group names
	passed  *regexp.Regexp // a line that says that a test passed
	failed  *regexp.Regexp // a line that says that one did not, whatever the exit status
	ends    []string       // all of these must stand somewhere: it came to its end
	atLeast int            // passes
}

// A judge reads a check's output.
type judge struct {
	rules
	passes int
	fails  []string // the lines
	seen   map[string]bool
	now    string // the part
}

func newJudge(r rules) *judge { return &judge{rules: r, seen: map[string]bool{}} }

// line takes the next line and reports whether another part began with it.
func (j *judge) line(text string) (next bool) {
	text = strings.TrimRight(text, "\r\n")
	switch {
	case j.failed.MatchString(text):
		j.fails = append(j.fails, text)
	case j.passed.MatchString(text):
		j.passes++
	}
	for _, end := range j.ends {
		if strings.Contains(text, end) {
			j.seen[end] = true
		}
	}
	if m := j.part.FindStringSubmatch(text); m != nil && m[1] != j.now {
		j.now = m[1]
		return true
	}
	return false
}

// verdict is nil if all tests passed; status is how the check's command ended.
func (j *judge) verdict(status error) error {
	var wrong []string
	if status != nil {
		wrong = append(wrong, fmt.Sprintf("%v, during %s", status, j.now))
	}
	if n := len(j.fails); n > 0 {
		wrong = append(wrong, fmt.Sprintf("failures: %d, the first: %s", n, j.fails[0]))
	}
	if status == nil && j.passes < j.atLeast {
		wrong = append(wrong, fmt.Sprintf("%d tests passed, and there are %d at least", j.passes, j.atLeast))
	}
	for _, end := range j.ends {
		if status == nil && !j.seen[end] {
			wrong = append(wrong, fmt.Sprintf("it did not say %q", end))
		}
	}
	if wrong == nil {
		return nil
	}
	return errors.New(strings.Join(wrong, "; "))
}
