package manual

import (
	"fmt"
	"sort"
	"strings"
)

// Shells are those for which Completion knows what to write.
var Shells = []string{"bash", "zsh", "fish"}

// Completion is a script for a shell: it completes options, what may follow
// them, and commands; what follows the program's name is left to the shell.
func (p Page) Completion(shell string) (string, error) {
	switch shell {
	case "bash":
		return p.bash(), nil
	case "zsh":
		return p.zsh(), nil
	case "fish":
		return p.fish(), nil
	}
	return "", fmt.Errorf("%s: name a shell: %s", strings.TrimSpace("completion "+shell), strings.Join(Shells, ", "))
}

// level is what may stand behind the words of a command.
type level struct {
	path    string // words before, with a blank behind each
	options []Option
	words   []Command
}

func (p Page) levels() []level {
	all := []level{{"", p.All(), p.Commands}}
	var walk func(path string, cs []Command)
	walk = func(path string, cs []Command) {
		for _, c := range cs {
			all = append(all, level{path + c.Name + " ", c.Options, c.Commands})
			walk(path+c.Name+" ", c.Commands)
		}
	}
	walk("", p.Commands)
	return all
}

// names are all names of the options, sorted.
func optionNames(options []Option) (names []string) {
	for _, o := range options {
		names = append(append(names, o.Names...), o.Also...)
	}
	sort.Strings(names)
	return names
}

// kind is how the argument of an option completes: file, dir, host, or words.
func (o Option) kind() string {
	switch {
	case strings.Contains(o.Arg, "FILE") || strings.Contains(o.Arg, "PREFIX"):
		return "file"
	case strings.Contains(o.Arg, "DIR"):
		return "dir"
	case strings.Contains(o.Arg, "HOST"):
		return "host"
	}
	return "words"
}

func (p Page) bash() string {
	fn := "_" + p.Name
	var b strings.Builder
	fmt.Fprintf(&b, "# Completion of %s for bash.\n%s() {\n", p.Name, fn)
	b.WriteString("    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} path= prog= i w skip=0\n")
	b.WriteString("    COMPREPLY=()\n")
	// Find the command, and whether the program has been named already.
	b.WriteString("    for ((i = 1; i < COMP_CWORD; i++)); do\n        w=${COMP_WORDS[i]}\n")
	b.WriteString("        if ((skip > 0)); then skip=$((skip - 1)); continue; fi\n        case \"$path$w\" in\n")
	for _, l := range p.levels() {
		if l.path != "" {
			fmt.Fprintf(&b, "        %q) path=%q; continue ;;\n", strings.TrimSuffix(l.path, " "), l.path)
		}
	}
	b.WriteString("        esac\n        case \"$w\" in\n")
	for _, words := range []int{1, 2} {
		if list := withWords(p.levels(), words); list != "" {
			fmt.Fprintf(&b, "        %s) skip=%d ;;\n", list, words)
		}
	}
	b.WriteString("        :) path= prog= ;;\n        -*) ;;\n")
	if p.Program {
		b.WriteString("        *) [[ -z $path ]] && prog=$w ;;\n")
	}
	b.WriteString("        esac\n    done\n")
	if p.Program {
		b.WriteString("    if [[ -n $prog ]]; then COMPREPLY=($(compgen -f -- \"$cur\")); compopt -o filenames 2>/dev/null; return; fi\n")
	}
	b.WriteString("    case \"$path\" in\n")
	for _, l := range p.levels() {
		fmt.Fprintf(&b, "    %q)\n        case \"$prev\" in\n", l.path)
		for _, o := range l.options {
			if o.Arg == "" {
				continue
			}
			do := fmt.Sprintf("COMPREPLY=($(compgen -W %s -- \"$cur\"))", shellWord(strings.Join(o.Values, " ")))
			switch o.kind() {
			case "file":
				do = "COMPREPLY=($(compgen -f -- \"$cur\"))"
			case "dir":
				do = "COMPREPLY=($(compgen -d -- \"$cur\"))"
			case "host":
				do = "COMPREPLY=($(compgen -A hostname -- \"$cur\"))"
			}
			fmt.Fprintf(&b, "        %s) %s; return ;;\n", strings.Join(optionNames([]Option{o}), "|"), do)
		}
		var words []string
		for _, c := range l.words {
			words = append(words, c.Name)
		}
		fmt.Fprintf(&b, "        esac\n        if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W %s -- \"$cur\")); return; fi\n", shellWord(strings.Join(optionNames(l.options), " ")))
		fmt.Fprintf(&b, "        COMPREPLY=($(compgen -W %s -- \"$cur\")", shellWord(strings.Join(words, " ")))
		if p.Program && l.path == "" {
			b.WriteString(" $(compgen -c -- \"$cur\") $(compgen -f -- \"$cur\")")
		}
		b.WriteString(") ;;\n")
	}
	fmt.Fprintf(&b, "    esac\n}\ncomplete -F %s %s\n", fn, strings.Join(append([]string{p.Name}, p.Also...), " "))
	return b.String()
}

// withWords are the names of all options that so many words follow.
func withWords(levels []level, n int) string {
	seen := map[string]bool{}
	var names []string
	for _, l := range levels {
		for _, o := range l.options {
			for _, name := range optionNames([]Option{o}) {
				if o.Words() == n && !seen[name] {
					seen[name] = true
					names = append(names, name)
				}
			}
		}
	}
	return strings.Join(names, "|")
}

// zsh uses bash's script: zsh reads it as it is.
func (p Page) zsh() string {
	names := strings.Join(append([]string{p.Name}, p.Also...), " ")
	return fmt.Sprintf("#compdef %s\n# Completion of %s for zsh, by way of its reading of bash's.\nautoload -U +X bashcompinit && bashcompinit\n", names, p.Name) +
		strings.TrimPrefix(p.bash(), "# Completion of "+p.Name+" for bash.\n")
}

func (p Page) fish() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Completion of %s for fish.\n", p.Name)
	for _, cmd := range append([]string{p.Name}, p.Also...) {
		for _, l := range p.levels() {
			words := strings.Fields(l.path)
			cond := "__fish_use_subcommand"
			if len(words) > 0 {
				cond = "__fish_seen_subcommand_from " + words[len(words)-1]
			}
			for _, c := range l.words {
				fmt.Fprintf(&b, "complete -c %s -n %s -f -a %s -d %s\n", cmd, shellWord(cond), c.Name, shellWord(c.Brief))
			}
			for _, o := range l.options {
				fmt.Fprintf(&b, "complete -c %s -n %s", cmd, shellWord(cond))
				for _, n := range append(append([]string{}, o.Names...), o.Also...) {
					switch body := strings.TrimLeft(n, "-"); {
					case len(body) == 1:
						b.WriteString(" -s " + body)
					case strings.HasPrefix(n, "--"):
						b.WriteString(" -l " + body)
					default:
						b.WriteString(" -o " + body)
					}
				}
				if o.Arg != "" {
					b.WriteString(" -r")
					if k := o.kind(); k == "words" || k == "host" {
						b.WriteString(" -f")
					}
					if len(o.Values) > 0 {
						b.WriteString(" -a " + shellWord(strings.Join(o.Values, " ")))
					}
				}
				fmt.Fprintf(&b, " -d %s\n", shellWord(firstSentence(o.Text)))
			}
		}
	}
	return b.String()
}

func firstSentence(s string) string {
	s, _, _ = strings.Cut(s, ";")
	s, _, _ = strings.Cut(s, ". ")
	return s
}

func shellWord(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
