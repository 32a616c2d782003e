package launcher

import (
	"fmt"
	"strings"
)

// CommandStart starts the agent by any command: its words, in which %h stands
// for the host and %% for a percent sign, come before the agent's own command.
// "ip netns exec %h" runs "ip netns exec HOST /path/rainrun agent".
func CommandStart(command, exe string) (StartMethod, error) {
	words, err := SplitWords(command)
	if err != nil {
		return nil, fmt.Errorf("--agent-command: %w", err)
	}
	if len(words) == 0 {
		return nil, fmt.Errorf("--agent-command: no words; try --agent-command 'ip netns exec %%h'")
	}
	return func(host string) []string {
		r := strings.NewReplacer("%h", host, "%%", "%")
		var out []string
		for _, w := range words {
			out = append(out, r.Replace(w))
		}
		return append(out, agentCommand(exe)...)
	}, nil
}

// SplitWords splits at blanks; single and double quotes and backslashes
// protect, as in a shell.
func SplitWords(s string) ([]string, error) {
	var words []string
	var word strings.Builder
	inWord, quote := false, rune(0)
	escaped := false
	for _, c := range s {
		switch {
		case escaped:
			word.WriteRune(c)
			escaped = false
		case c == '\\' && quote != '\'':
			escaped, inWord = true, true
		case quote != 0:
			if c == quote {
				quote = 0
			} else {
				word.WriteRune(c)
			}
		case c == '\'' || c == '"':
			quote, inWord = c, true
		case c == ' ' || c == '\t' || c == '\n':
			if inWord {
				words = append(words, word.String())
				word.Reset()
				inWord = false
			}
		default:
			word.WriteRune(c)
			inWord = true
		}
	}
	if quote != 0 || escaped {
		return nil, fmt.Errorf("%q: a quote that is not closed", s)
	}
	if inWord {
		words = append(words, word.String())
	}
	return words, nil
}
