package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/pkg/errors"

	"rainmpi/launcher"
)

// A builder makes launcher.Options from the settings of each program.
type builder struct {
	o       launcher.Options
	timeout string
	dir     string
}

func newBuilder() *builder {
	dir, _ := os.Getwd()
	return &builder{dir: dir}
}

// add takes one program. Options of the whole job may stand in any part; Hosts
// are the program's own when it is not alone.
func (b *builder) add(s *settings, part int) error {
	if s.config != "" {
		return b.configFile(s)
	}
	argv := s.set.Args()
	if len(argv) == 0 {
		if part > 0 {
			return fmt.Errorf("no program after the colon number %d", part)
		}
		return fmt.Errorf("no program to run; rainrun --help shows examples")
	}
	app := launcher.App{Argv: argv, N: s.n, Dir: s.dir, Path: s.path, DefaultDir: b.dir}
	if s.set.Changed("np") && s.n < 1 {
		return fmt.Errorf("-n %d: at least one rank", s.n)
	}
	var err error
	if app.Hosts, err = readHosts(s); err != nil {
		return err
	}
	if app.Env, err = keyValues("-env", s.env); err != nil {
		return err
	}
	if err := b.jobOptions(s, part); err != nil {
		return err
	}
	b.o.Apps = append(b.o.Apps, app)
	return nil
}

func (b *builder) jobOptions(s *settings, part int) error {
	o, first := &b.o, part == 0
	given := func(name string) bool { return first || s.set.Changed(name) }
	env, err := exported(s)
	if err != nil {
		return err
	}
	o.Env = append(o.Env, env...)
	if err := mapping(&o.Map, s); err != nil {
		return err
	}
	if given("bind-to") {
		if o.Bind, err = binding(s.bindTo); err != nil {
			return err
		}
	}
	for _, r := range s.rails {
		o.Rails = append(o.Rails, strings.Split(r, ",")...)
	}
	if s.ports != "" {
		if o.PortLow, o.PortHigh, err = portRange(s.ports); err != nil {
			return err
		}
	}
	if given("agent-command") {
		o.AgentCommand = s.agent
	}
	if given("kill-grace") {
		o.KillGrace = s.grace
	}
	if given("host-timeout") {
		o.HostTimeout = s.hostTime
	}
	if given("witness") {
		o.Witness = s.witness
	}
	if given("timeout") {
		b.timeout = s.timeout
	}
	if given("stdin") {
		if o.StdinRank, err = stdinRank(s.stdin); err != nil {
			return err
		}
	}
	if s.outFile != "" {
		o.OutputFile = s.outFile
	}
	switch s.display {
	case "":
	case "map", "allocation", "map,allocation":
		o.DisplayMap = true
	default:
		return fmt.Errorf("--display %s: known is map", s.display)
	}
	o.Tag = o.Tag || s.tag
	o.Timestamp = o.Timestamp || s.stamp
	o.ReportBindings = o.ReportBindings || s.report
	o.Verbose = o.Verbose || s.verbose
	return nil
}

// configFile reads programs from a file, one a line, in the syntax of the
// command line (MPI 5.0 section 11.5, mpiexec -configfile).
func (b *builder) configFile(s *settings) error {
	if len(b.o.Apps) > 0 || s.set.NArg() > 0 {
		return fmt.Errorf("-configfile %s stands alone: no program beside it", s.config)
	}
	text, err := os.ReadFile(s.config)
	if err != nil {
		return errors.WithMessage(err, "-configfile")
	}
	part := 0
	for i, line := range strings.Split(string(text), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		words, err := launcher.SplitWords(line)
		if err != nil {
			return fmt.Errorf("%s:%d: %w", s.config, i+1, err)
		}
		one := newSettings()
		if err := one.set.Parse(normalise(words)); err != nil {
			return fmt.Errorf("%s:%d: %w", s.config, i+1, err)
		}
		if err := b.add(one, part); err != nil {
			return fmt.Errorf("%s:%d: %w", s.config, i+1, err)
		}
		part++
	}
	if part == 0 {
		return fmt.Errorf("%s: the file names no program", s.config)
	}
	return nil
}

func (b *builder) finish() (launcher.Options, error) {
	o := b.o
	if len(o.Apps) == 1 {
		o.Hosts, o.Apps[0].Hosts = o.Apps[0].Hosts, nil
	}
	if len(o.Hosts) == 0 && !anyHosts(o.Apps) {
		hosts, err := hostsFromEnvironment()
		if err != nil {
			return o, err
		}
		o.Hosts = hosts
	}
	o.Library = libraryOptions(o.Env)
	if o.AgentCommand == "" {
		o.AgentCommand = os.Getenv("RAIN_AGENT_COMMAND")
	}
	text, from := b.timeout, "--timeout"
	if text == "" {
		text, from = os.Getenv("MPIEXEC_TIMEOUT"), "MPIEXEC_TIMEOUT"
	}
	var err error
	o.Timeout, err = seconds(text)
	return o, errors.WithMessage(err, from)
}

// libraryOptions are the variables by which all ranks must be told the same, on
// whatever host they are: from -x and -genv, else from rainrun's own environment.
func libraryOptions(env []string) map[string]string {
	options := map[string]string{}
	for name, option := range map[string]string{"RAIN_COLL": "coll"} {
		v := os.Getenv(name)
		for _, kv := range env {
			if given, ok := strings.CutPrefix(kv, name+"="); ok {
				v = given
			}
		}
		if v != "" {
			options[option] = v
		}
	}
	return options
}

func anyHosts(apps []launcher.App) bool {
	for _, a := range apps {
		if len(a.Hosts) > 0 {
			return true
		}
	}
	return false
}

func readHosts(s *settings) (hosts []launcher.Host, err error) {
	for _, f := range s.hostFiles {
		more, err := launcher.ReadHostFile(f)
		if err != nil {
			return nil, err
		}
		hosts = append(hosts, more...)
	}
	for _, list := range s.hosts {
		more, err := launcher.ParseHosts(list)
		if err != nil {
			return nil, err
		}
		hosts = append(hosts, more...)
	}
	return hosts, nil
}

// hostsFromEnvironment reads the host files that batch systems and containers
// name in the environment.
func hostsFromEnvironment() ([]launcher.Host, error) {
	for _, name := range []string{"HYDRA_HOST_FILE", "OMPI_MCA_orte_default_hostfile"} {
		if file := os.Getenv(name); file != "" {
			hosts, err := launcher.ReadHostFile(file)
			return hosts, errors.WithMessage(err, name)
		}
	}
	return nil, nil
}

// exported collects -x, -genv and -genvlist.
func exported(s *settings) ([]string, error) {
	env, err := keyValues("-genv", s.genv)
	if err != nil {
		return nil, err
	}
	names := s.export
	for _, l := range s.genvList {
		names = append(names, strings.Split(l, ",")...)
	}
	for _, x := range names {
		switch name, _, set := strings.Cut(x, "="); {
		case name == "":
			return nil, fmt.Errorf("-x %q: no name", x)
		case set:
			env = append(env, x)
		default:
			if v, ok := os.LookupEnv(name); ok {
				env = append(env, name+"="+v)
			}
		}
	}
	return env, nil
}

func keyValues(option string, list []string) ([]string, error) {
	for _, kv := range list {
		if name, _, ok := strings.Cut(kv, "="); !ok || name == "" {
			return nil, fmt.Errorf("%s: expected a name and a value, got %q", option, kv)
		}
	}
	return list, nil
}

// mapping reads --map-by, --rank-by, -ppn, --oversubscribe.
func mapping(m *launcher.Mapping, s *settings) error {
	by, modifiers, _ := strings.Cut(s.mapBy, ":")
	if by == "ppr" { // ppr:N:node
		count, unit, _ := strings.Cut(modifiers, ":")
		n, err := strconv.Atoi(count)
		if err != nil || n < 1 || unit != "node" {
			return fmt.Errorf("--map-by %s: known is ppr:N:node", s.mapBy)
		}
		m.PerHost, modifiers = n, ""
	}
	switch by {
	case "", "slot", "core", "ppr":
	case "node":
		m.ByNode = true
	default:
		return fmt.Errorf("--map-by %s: known are slot, core, node, ppr:N:node", s.mapBy)
	}
	for _, mod := range strings.FieldsFunc(strings.ToLower(modifiers), func(r rune) bool { return r == ':' || r == ',' }) {
		switch mod {
		case "oversubscribe":
			m.Oversubscribe = true
		case "nooversubscribe":
			m.Oversubscribe = false
		default:
			return fmt.Errorf("--map-by %s: the modifier %s is not known; oversubscribe is", s.mapBy, mod)
		}
	}
	switch s.rankBy {
	case "", "slot":
	case "node":
		m.RankByNode = true
	default:
		return fmt.Errorf("--rank-by %s: known are slot and node", s.rankBy)
	}
	if s.set.Changed("ppn") {
		if s.perHost < 1 {
			return fmt.Errorf("-ppn %d: at least one rank per host", s.perHost)
		}
		m.PerHost = s.perHost
	}
	m.Oversubscribe = m.Oversubscribe || s.over
	return nil
}

func binding(to string) (string, error) {
	switch to, mods, _ := strings.Cut(to, ":"); {
	case mods != "":
		return "", fmt.Errorf("--bind-to %s:%s: modifiers are not known", to, mods)
	case to == "":
		return launcher.BindAuto, nil
	case to == "none":
		return launcher.BindNone, nil
	case to == "core":
		return launcher.BindCore, nil
	default:
		return "", fmt.Errorf("--bind-to %s: known are none and core", to)
	}
}

func portRange(s string) (low, high int, err error) {
	a, b, ok := strings.Cut(s, "-")
	if !ok {
		b = a
	}
	low, err1 := strconv.Atoi(a)
	high, err2 := strconv.Atoi(b)
	if err1 != nil || err2 != nil || low < 1 || high > 65535 || low > high {
		return 0, 0, fmt.Errorf("--ports %s: expected a range of UDP ports such as 47000-47999", s)
	}
	return low, high, nil
}

func stdinRank(s string) (int, error) {
	if s == "none" {
		return -1, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("--stdin %s: expected a rank, or none", s)
	}
	return n, nil
}

// seconds reads a time limit: seconds as other launchers take them, or a Go
// duration such as 10m.
func seconds(s string) (time.Duration, error) {
	if s == "" {
		return 0, nil
	}
	if n, err := strconv.ParseFloat(s, 64); err == nil && n >= 0 {
		return time.Duration(n * float64(time.Second)), nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q is no time: seconds, or 90s, 10m, 2h", s)
	}
	return d, nil
}
