package manual

import "github.com/spf13/pflag"

// OptionsOf reads the options of a command that keeps them in pflag alone.
func OptionsOf(set *pflag.FlagSet) (options []Option) {
	set.VisitAll(func(f *pflag.Flag) {
		o := Option{Flag: f.Name, Names: []string{"--" + f.Name}}
		if f.Shorthand != "" {
			o.Names = []string{"-" + f.Shorthand, "--" + f.Name}
		}
		kind, text := pflag.UnquoteUsage(f)
		o.Text = text
		if f.NoOptDefVal == "" {
			if o.Arg = kind; o.Arg == "" {
				o.Arg = "value"
			}
		}
		if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "[]" && f.DefValue != "0" {
			o.Text += " (default " + f.DefValue + ")"
		}
		options = append(options, o)
	})
	return options
}
