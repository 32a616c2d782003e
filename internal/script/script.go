// Package script runs tests that read like a conversation with a machine.
//
// A script is a text file of commands, each with the output it is expected to
// have, in the manner of etcd-io/raft's interaction tests:
//
//	# a comment
//	new slack=2
//	----
//	down, epoch 0
//
//	cut from=a to=b
//	run 100ms
//	----
//	42ms b down 1 silent
//
// The lines above ---- are commands, one each; the lines below, to the next empty
// line or the end of the file, are the output of all of them together. A word
// with = in it is a named argument. go test -rewrite writes the output that is
// into the file in place of the one that was expected; git diff then shows what
// changed.
package script

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var rewrite = flag.Bool("rewrite", false, "write the actual output into the scripts")

// A block is one exchange of a script.
type block struct {
	before   []string // empty lines and comments above it, kept when rewritten
	line     int      // of the first command
	commands []string
	want     []string
}

// Files runs every script that matches pattern as a subtest of its own. start
// makes a fresh machine and returns what executes its commands: the output has
// one line per line, and no empty line.
func Files(t *testing.T, pattern string, start func(t *testing.T) func(c *Command) string) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts match %s (%v)", pattern, err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
		t.Run(name, func(t *testing.T) { run(t, file, start(t)) })
	}
}

func run(t *testing.T, file string, do func(*Command) string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	blocks, after, err := parse(string(text))
	if err != nil {
		t.Fatalf("%s:%v", file, err)
	}
	for i := range blocks {
		b := &blocks[i]
		got := b.execute(t, file, do)
		if *rewrite {
			b.want = got
			continue
		}
		if strings.Join(got, "\n") != strings.Join(b.want, "\n") {
			t.Errorf("%s:%d: %s\ngot:\n%s\nwant:\n%s\n(-rewrite accepts what is)", file, b.line,
				strings.Join(b.commands, "; "), indent(got), indent(b.want))
		}
	}
	if *rewrite {
		if err := os.WriteFile(file, []byte(format(blocks, after)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// execute runs the commands of a block and returns the lines they print.
func (b *block) execute(t *testing.T, file string, do func(*Command) string) (lines []string) {
	t.Helper()
	for i, text := range b.commands {
		c := newCommand(t, fmt.Sprintf("%s:%d", file, b.line+i), text)
		out := strings.TrimRight(do(c), "\n")
		c.finish()
		if out == "" {
			continue
		}
		for _, line := range strings.Split(out, "\n") {
			if line = strings.TrimRight(line, " "); line == "" {
				line = "." // an empty line would end the output
			}
			lines = append(lines, line)
		}
	}
	return lines
}

func indent(lines []string) string { return "\t" + strings.Join(lines, "\n\t") }
