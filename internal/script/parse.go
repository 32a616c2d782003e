package script

import (
	"fmt"
	"strings"
)

const separator = "----"

// parse cuts a script into blocks. after is what follows the last one.
func parse(text string) (blocks []block, after []string, err error) {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	b := block{}
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		switch {
		case line == separator && len(b.commands) == 0:
			return nil, nil, fmt.Errorf("%d: output without a command", i+1)
		case line == separator:
			for i++; i < len(lines) && lines[i] != ""; i++ {
				b.want = append(b.want, lines[i])
			}
			blocks = append(blocks, b)
			b = block{}
			i-- // the empty line belongs to what follows
		case len(b.commands) == 0 && (line == "" || strings.HasPrefix(line, "#")):
			b.before = append(b.before, line)
		case line == "" || strings.HasPrefix(line, "#"):
			return nil, nil, fmt.Errorf("%d: %q between a command and its %s", i+1, line, separator)
		default:
			if len(b.commands) == 0 {
				b.line = i + 1
			}
			b.commands = append(b.commands, line)
		}
	}
	if len(b.commands) > 0 {
		return nil, nil, fmt.Errorf("%d: command without %s", b.line, separator)
	}
	return blocks, b.before, nil
}

// format is the inverse of parse.
func format(blocks []block, after []string) string {
	var lines []string
	for _, b := range blocks {
		lines = append(lines, b.before...)
		lines = append(lines, b.commands...)
		lines = append(lines, separator)
		lines = append(lines, b.want...)
	}
	return strings.Join(append(lines, after...), "\n") + "\n"
}
