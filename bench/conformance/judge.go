package main

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

// A verdict is what became of an entry.
type verdict string

const (
	passed   verdict = "pass"
	failed   verdict = "fail"
	timedOut verdict = "timeout"
	unbuilt  verdict = "unbuilt"  // the program does not compile or link
	skipped  verdict = "skip"     // it needs more memory than the machine has
	xfailed  verdict = "xfail"    // it fails, as the suite's authors expect of MPICH
	unsteady verdict = "unsteady" // runs differ
	leftOut  verdict = "leftout"  // unbuilt, for a reason that leftout.tsv names
)

type result struct {
	entry   *entry
	verdict verdict
	reason  string
	took    time.Duration // of all runs
	cut     cut           // of the last, in a lab
}

var (
	noErrors = regexp.MustCompile(`^\s*No [Ee]rrors\s*$`)
	harmless = regexp.MustCompile(`^\s*Test Passed\s*$`)
)

// judge applies the rule that an entry names under resultTest to what its
// program printed and to the launcher's status. The rules are those of the
// suite's own script.
func judge(rule, output string, status int) (verdict, string) {
	said, other := 0, ""
	for line := range strings.SplitSeq(strings.TrimRight(output, "\n"), "\n") {
		switch {
		case noErrors.MatchString(line):
			said++
		case line != "" && !harmless.MatchString(line) && other == "":
			other = line
		}
	}
	switch rule {
	case "":
		switch {
		case other != "":
			return failed, lastLines(output)
		case said == 0:
			return failed, fmt.Sprintf("did not say No Errors; status %d", status)
		case status != 0:
			return failed, fmt.Sprintf("said No Errors and ended with status %d", status)
		}
	case "TestStatus", "TestErrFatal":
		// Any output is allowed, a status of 0 is not.
		if status == 0 {
			return failed, "ended with status 0, another was required"
		}
	case "TestStatusNoErrors":
		if said == 0 || status == 0 {
			return failed, fmt.Sprintf("No Errors %d times, status %d: %s", said, status, lastLines(output))
		}
	default:
		return failed, "no rule " + rule + " is known"
	}
	return passed, ""
}

const (
	reasonLines = 6
	reasonBytes = 700
)

// lastLines makes one line of the end of a program's output.
func lastLines(output string) string {
	lines := strings.Split(strings.TrimSpace(output), "\n")
	if len(lines) > reasonLines {
		// The first line often names the cause, and the last what came of it.
		lines = append(append(lines[:2:2], "..."), lines[len(lines)-reasonLines+2:]...)
	}
	text := strings.Join(lines, " | ")
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, text)
	if len(text) > reasonBytes {
		text = text[:reasonBytes] + "..."
	}
	return text
}
