package main

import "strings"

// synonyms are other launchers' names for options.
var synonyms = map[string]string{
	"np": "np", "n": "np", "c": "np",
	"hosts": "host", "host": "host",
	"hostfile": "hostfile", "machinefile": "hostfile", "default-hostfile": "hostfile",
	"ppn": "ppn", "npernode": "ppn", "N": "ppn", "perhost": "ppn",
	"map-by": "map-by", "rank-by": "rank-by", "bind-to": "bind-to",
	"bynode": "map-by=node", "byslot": "map-by=slot", "bind-to-core": "bind-to=core", "bind-to-none": "bind-to=none",
	"oversubscribe": "oversubscribe", "map-by-node": "map-by=node",
	"x": "x", "env": "env", "genv": "genv", "genvlist": "genvlist",
	"wdir": "wdir", "wd": "wdir", "path": "path", "configfile": "configfile",
	"tag-output": "tag-output", "prepend-rank": "tag-output", "timestamp-output": "timestamp-output",
	"output-filename": "output-filename", "timeout": "timeout", "stdin": "stdin", "display": "display",
	"display-map": "display=map", "report-bindings": "report-bindings",
	"allow-run-as-root": "allow-run-as-root", "verbose": "verbose", "version": "version", "help": "help",
	"rails": "rails", "ports": "ports", "agent-command": "agent-command",
	"kill-grace": "kill-grace", "host-timeout": "host-timeout", "witness": "witness",
}

// pairs take two words: -env K V.
var pairs = map[string]bool{"env": true, "genv": true}

// flags take no word.
var switches = map[string]bool{
	"oversubscribe": true, "tag-output": true, "timestamp-output": true, "report-bindings": true,
	"allow-run-as-root": true, "verbose": true, "version": true, "help": true,
}

// shorts are the one-letter options and whether they take a word.
var shorts = map[byte]string{
	'n': "np", 'c': "np", 'H': "host", 'f': "hostfile", 'x': "x", 'l': "tag-output",
	'v': "verbose", 'V': "version", 'h': "help", 'N': "ppn",
}

// normalise turns the options in front of the program into pflag's form: long
// options with two dashes, values joined by "=". It stops at the program, at
// "--", or at an option that it does not know; pflag then reports that.
func normalise(args []string) []string {
	var out []string
	for i := 0; i < len(args); i++ {
		a := args[i]
		if a == "--" || a == "-" || !strings.HasPrefix(a, "-") {
			return append(out, append([]string{"--"}, args[i+boolInt(a == "--"):]...)...)
		}
		name, value, joined := optionName(a)
		if name == "" {
			return append(out, dashes(args[i:])...)
		}
		if canonical, v, ok := strings.Cut(name, "="); ok { // a synonym that brings its value
			out = append(out, "--"+canonical+"="+v)
			continue
		}
		switch {
		case switches[name] && joined:
			out = append(out, "--"+name+"="+value)
		case switches[name]:
			out = append(out, "--"+name)
		case pairs[name] && !joined && i+2 < len(args):
			out = append(out, "--"+name+"="+args[i+1]+"="+args[i+2])
			i += 2
		case joined:
			out = append(out, "--"+name+"="+value)
		case i+1 < len(args):
			out = append(out, "--"+name+"="+args[i+1])
			i++
		default:
			out = append(out, "--"+name) // pflag says that the value is missing
		}
	}
	return out
}

// optionName recognises "--long", "-long", "--long=v", "-n", "-n4". An empty
// name: unknown.
func optionName(a string) (name, value string, joined bool) {
	body := strings.TrimLeft(a, "-")
	long, value, joined := strings.Cut(body, "=")
	if name, ok := synonyms[long]; ok {
		return name, value, joined
	}
	if strings.HasPrefix(a, "--") || body == "" {
		return "", "", false
	}
	name, ok := shorts[body[0]]
	switch {
	case !ok:
		return "", "", false
	case len(body) == 1:
		return name, "", false
	case !digits(body[1:]):
		return "", "", false // only a number may follow at once: -frobnicate is not -f robnicate
	}
	return name, body[1:], true
}

// dashes makes an unknown single-dash long option one that pflag names whole.
func dashes(args []string) []string {
	if len(args[0]) > 2 && args[0][1] != '-' {
		args = append([]string{"-" + args[0]}, args[1:]...)
	}
	return args
}

func digits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}
