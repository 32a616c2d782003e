package manual

import (
	"fmt"
	"strings"
)

// Man is the page for man(1), section 1.
func (p Page) Man() string {
	var b strings.Builder
	fmt.Fprintf(&b, ".TH %s 1 \"\" rainmpi \"User Commands\"\n.SH NAME\n", roff(strings.ToUpper(p.Name)))
	names := append([]string{p.Name}, p.Also...)
	fmt.Fprintf(&b, "%s \\- %s\n.SH SYNOPSIS\n", roff(strings.Join(names, ", ")), roff(lowerFirst(p.Brief)))
	for i, u := range p.Usage {
		if i > 0 {
			b.WriteString(".br\n")
		}
		fmt.Fprintf(&b, "\\fB%s\\fR %s\n", roff(p.Name), roff(u))
	}
	if len(p.Examples) > 0 {
		b.WriteString(".SH EXAMPLES\n")
		for _, e := range p.Examples {
			fmt.Fprintf(&b, ".TP\n\\fB%s\\fR\n%s\n", roff(e.Line), roff(e.Text))
		}
	}
	for _, g := range p.Groups {
		fmt.Fprintf(&b, ".SH %s\n", roff(strings.ToUpper(g.Title)))
		manOptions(&b, g.Options)
	}
	if len(p.Commands) > 0 {
		b.WriteString(".SH COMMANDS\n")
		manCommands(&b, p.Name, p.Commands)
	}
	for _, s := range p.Sections {
		fmt.Fprintf(&b, ".SH %s\n.nf\n%s\n.fi\n", roff(strings.ToUpper(s.Title)), roff(strings.TrimRight(s.Text, "\n")))
	}
	return b.String()
}

func manOptions(b *strings.Builder, options []Option) {
	for _, o := range options {
		var names []string
		for _, n := range append(append([]string{}, o.Names...), o.Also...) {
			names = append(names, "\\fB"+roff(n)+"\\fR")
		}
		fmt.Fprintf(b, ".TP\n%s", strings.Join(names, ", "))
		if o.Arg != "" {
			fmt.Fprintf(b, " \\fI%s\\fR", roff(o.Arg))
		}
		fmt.Fprintf(b, "\n%s\n", roff(o.Text))
		if len(o.Values) > 0 {
			fmt.Fprintf(b, "(%s)\n", roff(strings.Join(o.Values, ", ")))
		}
	}
}

func manCommands(b *strings.Builder, name string, commands []Command) {
	for _, c := range commands {
		full := name + " " + c.Name
		fmt.Fprintf(b, ".SS %s\n%s\n", roff(full), roff(c.Brief))
		manOptions(b, c.Options)
		manCommands(b, full, c.Commands)
	}
}

// roff protects what roff would take for its own.
func roff(s string) string {
	s = strings.NewReplacer("\\", "\\e", "-", "\\-", "'", "\\(aq", "`", "\\(ga", "^", "\\(ha", "~", "\\(ti").Replace(s)
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		if strings.HasPrefix(l, ".") {
			lines[i] = "\\&" + l
		}
	}
	return strings.Join(lines, "\n")
}

func lowerFirst(s string) string { return strings.ToLower(s[:1]) + s[1:] }
