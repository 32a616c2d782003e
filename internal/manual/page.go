// Package manual makes what a command says of itself from one source: the text
// of --help, its page for man, and its completion in bash, zsh and fish. What a
// command understands and what it says that it understands cannot differ: it
// reads its command line by the same table.
package manual

import "strings"

// A Page is a command.
type Page struct {
	Name     string // "rainrun"
	Also     []string
	Brief    string   // one line
	Usage    []string // what may follow the name
	Examples []Example
	Groups   []Group
	Commands []Command // words that may stand in the place of options
	Sections []Section // after the options
	Program  bool      // a program and its arguments follow the options
}

// An Example is a command line and what it does.
type Example struct{ Line, Text string }

// A Group is some options under a title.
type Group struct {
	Title   string
	Options []Option
}

// An Option is one option and all its names.
type Option struct {
	// Flag is the name by which the command's code knows it, without dashes.
	Flag string
	// Names are what people are told to type, Also what they may type as well,
	// because another command of the kind has it. With dashes.
	Names, Also []string
	// Arg names what follows; empty: nothing does. Two words follow if it has
	// two. FILE, DIR and HOSTS complete as such.
	Arg    string
	Values []string // what may follow, as far as it can be listed
	Text   string
}

// A Command is a word with options of its own.
type Command struct {
	Name, Brief string
	Options     []Option
	Commands    []Command
}

// A Section is prose; lines that begin with a blank stay lines.
type Section struct{ Title, Text string }

// Words is how many words follow the option.
func (o Option) Words() int { return len(strings.Fields(o.Arg)) }

// All returns every option of the page, in order.
func (p Page) All() []Option {
	var all []Option
	for _, g := range p.Groups {
		all = append(all, g.Options...)
	}
	return all
}
