package manual

import (
	"fmt"
	"strings"
)

const (
	helpColumn = 28 // where the texts of options begin
	helpWidth  = 96
)

// UsageLine is the first line of the help text.
func (p Page) UsageLine() string {
	var b strings.Builder
	for i, u := range p.Usage {
		head := "usage:"
		if i > 0 {
			head = "      "
		}
		b.WriteString(strings.TrimRight(fmt.Sprintf("%s %s %s", head, p.Name, u), " ") + "\n")
	}
	return b.String()
}

// Help is the text of --help.
func (p Page) Help() string {
	var b strings.Builder
	b.WriteString(p.UsageLine())
	fmt.Fprintf(&b, "\n%s.\n", p.Brief)
	if len(p.Examples) > 0 {
		b.WriteString("\n")
	}
	width := 0
	for _, e := range p.Examples {
		width = max(width, len(e.Line))
	}
	for _, e := range p.Examples {
		fmt.Fprintf(&b, "  %-*s  %s\n", width, e.Line, e.Text)
	}
	for _, g := range p.Groups {
		fmt.Fprintf(&b, "\n%s\n", g.Title)
		for _, o := range g.Options {
			head := "  " + strings.Join(o.Names, ", ")
			if o.Arg != "" {
				head += " " + o.Arg
			}
			text := wrap(o.Text, helpWidth-helpColumn)
			if len(head) >= helpColumn {
				b.WriteString(head + "\n")
				head = ""
			}
			for _, line := range text {
				fmt.Fprintf(&b, "%-*s%s\n", helpColumn, head, line)
				head = ""
			}
		}
	}
	if len(p.Commands) > 0 {
		b.WriteString("\nCommands\n")
		for _, c := range p.Commands {
			fmt.Fprintf(&b, "%-*s%s\n", helpColumn, "  "+p.Name+" "+c.Name, c.Brief)
		}
	}
	for _, s := range p.Sections {
		fmt.Fprintf(&b, "\n%s\n%s\n", s.Title, strings.TrimRight(s.Text, "\n"))
	}
	return b.String()
}

// wrap breaks text into lines.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, w := range strings.Fields(text) {
		switch {
		case line == "":
			line = w
		case len(line)+1+len(w) > width:
			lines = append(lines, line)
			line = w
		default:
			line += " " + w
		}
	}
	return append(lines, line)
}
