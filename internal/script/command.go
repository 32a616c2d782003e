package script

import (
	"strconv"
	"strings"
	"testing"
	"time"
)

// A Command is one line of a script: a name, plain words, and named arguments.
type Command struct {
	Name string
	Args []string // the words without =

	t     *testing.T
	where string
	named map[string]string
	asked map[string]bool
}

func newCommand(t *testing.T, where, line string) *Command {
	words := strings.Fields(line)
	c := &Command{Name: words[0], t: t, where: where, named: map[string]string{}, asked: map[string]bool{}}
	for _, w := range words[1:] {
		if key, value, ok := strings.Cut(w, "="); ok {
			c.named[key] = value
		} else {
			c.Args = append(c.Args, w)
		}
	}
	return c
}

// finish complains of arguments that nobody asked for: a misspelt one would
// silently be its default.
func (c *Command) finish() {
	c.t.Helper()
	for key := range c.named {
		if !c.asked[key] {
			c.Fatalf("%s has no argument %s", c.Name, key)
		}
	}
}

// Fatalf ends the test with the place of the command.
func (c *Command) Fatalf(format string, args ...any) {
	c.t.Helper()
	c.t.Fatalf("%s: "+format, append([]any{c.where}, args...)...)
}

// Arg returns the plain word number i.
func (c *Command) Arg(i int) string {
	c.t.Helper()
	if i >= len(c.Args) {
		c.Fatalf("%s wants %d words", c.Name, i+1)
	}
	return c.Args[i]
}

// Has reports whether the plain word w is there.
func (c *Command) Has(w string) bool {
	for _, a := range c.Args {
		if a == w {
			return true
		}
	}
	return false
}

// String returns the argument key=, or def.
func (c *Command) String(key, def string) string {
	c.asked[key] = true
	if v, ok := c.named[key]; ok {
		return v
	}
	return def
}

// Int returns the argument key= as an integer, or def.
func (c *Command) Int(key string, def int64) int64 {
	c.t.Helper()
	v := c.String(key, "")
	if v == "" {
		return def
	}
	n, err := strconv.ParseInt(v, 0, 64)
	if err != nil {
		c.Fatalf("%s=%s is no integer", key, v)
	}
	return n
}

// Duration returns the argument key= in nanoseconds, or def.
func (c *Command) Duration(key string, def int64) int64 {
	c.t.Helper()
	v := c.String(key, "")
	if v == "" {
		return def
	}
	return c.ParseDuration(v)
}

// ParseDuration reads a duration such as 10ms, in nanoseconds.
func (c *Command) ParseDuration(v string) int64 {
	c.t.Helper()
	d, err := time.ParseDuration(v)
	if err != nil {
		c.Fatalf("%s is no duration", v)
	}
	return int64(d)
}
