package script

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

func TestFiles(t *testing.T) {
	Files(t, "testdata/*.txt", func(t *testing.T) func(*Command) string {
		return func(c *Command) string {
			switch c.Name {
			case "say":
				return strings.Join(c.Args, " ")
			case "sum":
				return fmt.Sprint(c.Int("a", 0) + c.Int("b", 0))
			case "wait":
				return fmt.Sprint(c.ParseDuration(c.Arg(0)))
			case "blank":
				return "one\n\ntwo\n"
			}
			return ""
		}
	})
}

// TestFormat checks that rewriting a script that is right changes nothing.
func TestFormat(t *testing.T) {
	text, err := os.ReadFile("testdata/self.txt")
	if err != nil {
		t.Fatal(err)
	}
	blocks, after, err := parse(string(text))
	if err != nil {
		t.Fatal(err)
	}
	if got := format(blocks, after); got != string(text) {
		t.Errorf("parse and format made\n%s", got)
	}
}

func TestBroken(t *testing.T) {
	for _, text := range []string{"----\nx\n", "a\n", "a\n\n----\n", "a\n# c\n----\n"} {
		if _, _, err := parse(text); err == nil {
			t.Errorf("%q is taken for a script", text)
		}
	}
}
