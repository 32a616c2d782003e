package main

import (
	"strings"

	"rainmpi/internal/manual"
)

// names are all names of all options, without dashes: the long ones, which may
// have one dash or two, and the letters.
var names = func() map[string]manual.Option {
	m := map[string]manual.Option{}
	for _, o := range page.All() {
		for _, name := range append(append([]string{"--" + o.Flag}, o.Names...), o.Also...) {
			m[strings.TrimLeft(name, "-")] = o
		}
	}
	return m
}()

// synonyms are other launchers' options that bring their value.
var synonyms = map[string]string{
	"bynode": "map-by=node", "byslot": "map-by=slot", "map-by-node": "map-by=node", "rr": "map-by=node",
	"pernode": "ppn=1", "bind-to-core": "bind-to=core", "bind-to-none": "bind-to=none", "bind-to-socket": "bind-to=package",
	"display-map": "display=map", "display-allocation": "display=allocation",
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
		if s, ok := synonyms[strings.TrimLeft(a, "-")]; ok {
			out = append(out, "--"+s)
			continue
		}
		o, value, joined := optionOf(a)
		words := o.Words()
		switch {
		case o.Flag == "":
			return append(out, dashes(args[i:])...)
		case joined:
			out = append(out, "--"+o.Flag+"="+value)
		case i+words >= len(args):
			return append(out, "--"+o.Flag) // pflag says that the value is missing
		case words == 0:
			out = append(out, "--"+o.Flag)
		default:
			out = append(out, "--"+o.Flag+"="+strings.Join(args[i+1:i+1+words], "="))
			i += words
		}
	}
	return out
}

// optionOf recognises "--long", "-long", "--long=v", "-n", "-n4". An empty
// Option: unknown.
func optionOf(a string) (o manual.Option, value string, joined bool) {
	body := strings.TrimLeft(a, "-")
	long, value, joined := strings.Cut(body, "=")
	if o, ok := names[long]; ok {
		return o, value, joined
	}
	if strings.HasPrefix(a, "--") || len(body) < 2 || !digits(body[1:]) {
		return manual.Option{}, "", false // only a number may follow at once: -frobnicate is not -f robnicate
	}
	o, ok := names[body[:1]]
	if !ok || o.Arg == "" {
		return manual.Option{}, "", false
	}
	return o, body[1:], true
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
