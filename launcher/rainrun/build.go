package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
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

	insecure bool
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
	app := launcher.App{Argv: argv, N: s.n, Dir: s.dir, Path: s.path, Preload: s.preload, DefaultDir: b.dir}
	if s.set.Changed("np") && s.n < 1 {
		return fmt.Errorf("-n %d: at least one rank", s.n)
	}
	var err error
	if app.Hosts, err = readHosts(s); err != nil {
		return err
	}
	if app.Env, err = ofProgram(s); err != nil {
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
	if err := mapping(o, s); err != nil {
		return err
	}
	if given("bind-to") {
		if err = binding(&o.Bind, s.bindTo); err != nil {
			return err
		}
	}
	for _, r := range append(s.rails, interfacesOf(s.mca)...) {
		list, err := railList("--rails", r)
		if err != nil {
			return err
		}
		o.Rails = append(o.Rails, list...)
	}
	if s.ports != "" {
		if o.PortLow, o.PortHigh, err = portRange("--ports", s.ports); err != nil {
			return err
		}
	}
	if given("agent-command") {
		o.AgentCommand = s.agent
	}
	if given("prefix") {
		o.Prefix = s.prefix
	}
	if s.launcher != "" {
		if o.Launcher, err = launcherOf(s.launcher); err != nil {
			return err
		}
	}
	b.insecure = b.insecure || s.insecure
	if given("kill-grace") {
		o.KillGrace = s.grace
	}
	if given("host-timeout") {
		o.HostTimeout = s.hostTime
	}
	if given("witness") {
		o.Witness = s.witness
	}
	if given("on-failure") {
		switch s.onFailure {
		case "abort", "continue":
			o.GoesOn = s.onFailure == "continue"
		default:
			return fmt.Errorf("--on-failure %s: abort or continue", s.onFailure)
		}
	}
	if given("start-timeout") {
		o.StartTimeout = s.startTime
	}
	if given("timeout") {
		b.timeout = s.timeout
	}
	if given("stdin") {
		if o.Stdin, o.StdinAll, err = stdinRanks(s.stdin); err != nil {
			return err
		}
	}
	if s.outFile != "" {
		o.OutputFile = s.outFile
	}
	if given("history") && s.history != "" {
		if o.History, err = filepath.Abs(s.history); err != nil {
			return err
		}
	}
	if err := output(o, s.output); err != nil {
		return err
	}
	if err := display(o, s.display); err != nil {
		return err
	}
	o.Tag = o.Tag || s.tag
	o.Timestamp = o.Timestamp || s.stamp
	o.Merge = o.Merge || s.merge
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
			return fmt.Errorf("%s:%d: %w", s.config, i+1, explain(err))
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
	if err := chooseStart(&o); err != nil {
		return o, err
	}
	o.Library = map[string]string{}
	if forced := algorithms(o.Env); forced != "" {
		o.Library["coll"] = forced
	}
	if b.insecure {
		o.Library["insecure"] = "1"
	}
	var err error
	if ports := os.Getenv("RAIN_PORTS"); ports != "" && o.PortLow == 0 {
		if o.PortLow, o.PortHigh, err = portRange("RAIN_PORTS", ports); err != nil {
			return o, err
		}
	}
	if rails := os.Getenv("RAIN_RAILS"); rails != "" && len(o.Rails) == 0 {
		if o.Rails, err = railList("RAIN_RAILS", rails); err != nil {
			return o, err
		}
	}
	if o.AgentCommand == "" {
		o.AgentCommand = os.Getenv("RAIN_AGENT_COMMAND")
	}
	if o.AgentCommand != "" {
		if _, err := launcher.CommandStart(o.AgentCommand, ""); err != nil {
			return o, err
		}
	}
	text, from := b.timeout, "--timeout"
	if text == "" {
		text, from = os.Getenv("MPIEXEC_TIMEOUT"), "MPIEXEC_TIMEOUT"
	}
	o.Timeout, err = seconds(text)
	return o, errors.WithMessage(err, from)
}

// algorithms is RAIN_COLL, of which all ranks must be told the same, on whatever host they are: from -x
// and -genv, else from rainrun's own environment.
func algorithms(env []string) string {
	forced := os.Getenv("RAIN_COLL")
	for _, kv := range env {
		if given, ok := strings.CutPrefix(kv, "RAIN_COLL="); ok {
			forced = given
		}
	}
	return forced
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

// chooseStart finds hosts where none are named, and how they are reached. In a
// Slurm allocation its nodes are reached by srun.
func chooseStart(o *launcher.Options) (err error) {
	nodes, err := launcher.SlurmHosts(os.Getenv)
	if err != nil {
		return err
	}
	if len(o.Hosts) == 0 && !anyHosts(o.Apps) {
		if o.Hosts, err = hostsFromEnvironment(); err != nil {
			return err
		}
		if len(o.Hosts) == 0 && o.Launcher != launcher.LaunchSSH {
			o.Hosts = nodes
		}
	}
	named := append([]launcher.Host{}, o.Hosts...)
	for _, a := range o.Apps {
		named = append(named, a.Hosts...)
	}
	outside := ""
	for _, h := range named {
		if !slices.ContainsFunc(nodes, func(n launcher.Host) bool { return n.Name == h.Name }) {
			outside = h.Name
		}
	}
	switch {
	case o.Launcher == launcher.LaunchSlurm && len(nodes) == 0:
		return fmt.Errorf("--launcher slurm: this is no Slurm allocation (SLURM_JOB_NODELIST is not set); run it in sbatch or salloc")
	case o.Launcher == launcher.LaunchSlurm && outside != "":
		return fmt.Errorf("--launcher slurm: host %s is not in the allocation %s", outside, os.Getenv("SLURM_JOB_NODELIST"))
	case o.Launcher == launcher.LaunchAuto && len(nodes) > 0 && len(named) > 0 && outside == "":
		o.Launcher = launcher.LaunchSlurm
	}
	return nil
}

// launcherOf reads --launcher.
func launcherOf(s string) (string, error) {
	switch s {
	case "ssh", "fork", "rsh":
		return launcher.LaunchSSH, nil
	case "slurm":
		return launcher.LaunchSlurm, nil
	case "auto":
		return launcher.LaunchAuto, nil
	}
	return "", fmt.Errorf("--launcher %s: known are auto, ssh and slurm; any other command goes into --agent-command", s)
}

// hostFileVariables name host files: those of batch systems and containers.
var hostFileVariables = []string{"HYDRA_HOST_FILE", "OMPI_MCA_orte_default_hostfile", "PRTE_MCA_prte_default_hostfile", "I_MPI_HYDRA_HOST_FILE"}

// operatorHostFile is where the MPI operator of Kubernetes puts the hosts of its
// launcher, whatever implementation of MPI it was told to expect.
const operatorHostFile = "/etc/mpi/hostfile"

// hostsFromEnvironment reads the host file that the environment names.
func hostsFromEnvironment() ([]launcher.Host, error) {
	for _, name := range hostFileVariables {
		if file := os.Getenv(name); file != "" {
			hosts, err := launcher.ReadHostFile(file)
			return hosts, errors.WithMessage(err, name)
		}
	}
	if _, err := os.Stat(operatorHostFile); err == nil && os.Getenv("K_MPI_JOB_ROLE") == "launcher" {
		return launcher.ReadHostFile(operatorHostFile)
	}
	return nil, nil
}

// interfacesOf picks rails out of Open MPI's --mca options: the only one whose
// meaning carries over.
func interfacesOf(mca []string) (rails []string) {
	for _, kv := range mca {
		for _, name := range []string{"btl_tcp_if_include=", "oob_tcp_if_include="} {
			if v, ok := strings.CutPrefix(kv, name); ok && len(rails) == 0 {
				rails = append(rails, v)
			}
		}
	}
	return rails
}

func railList(from, s string) ([]string, error) {
	list := strings.Split(s, ",")
	if slices.Contains(list, "") {
		return nil, fmt.Errorf("%s %q: a rail without a name; write eth1,eth2", from, s)
	}
	return list, nil
}

func portRange(from, s string) (low, high int, err error) {
	a, b, ok := strings.Cut(s, "-")
	if !ok {
		b = a
	}
	low, err1 := strconv.Atoi(a)
	high, err2 := strconv.Atoi(b)
	if err1 != nil || err2 != nil || low < 1 || high > 65535 || low > high {
		return 0, 0, fmt.Errorf("%s %s: expected a range of UDP ports such as 47000-47999", from, s)
	}
	return low, high, nil
}

// stdinRanks reads --stdin: "none", "all", "3", "0,2-4".
func stdinRanks(s string) (ranks []int, all bool, err error) {
	switch s {
	case "none":
		return nil, false, nil
	case "all":
		return nil, true, nil
	}
	for _, item := range strings.Split(s, ",") {
		a, b, isRange := strings.Cut(item, "-")
		if !isRange {
			b = a
		}
		low, err1 := strconv.Atoi(a)
		high, err2 := strconv.Atoi(b)
		if err1 != nil || err2 != nil || low < 0 || high < low || high-low > 1<<20 {
			return nil, false, fmt.Errorf("--stdin %s: expected a rank, ranks such as 0,2-3, all, or none", s)
		}
		for ; low <= high; low++ {
			ranks = append(ranks, low)
		}
	}
	return ranks, false, nil
}

// output reads --output.
func output(o *launcher.Options, lists []string) error {
	for _, list := range lists {
		for _, word := range strings.Split(list, ",") {
			file, isFile := strings.CutPrefix(word, "file=")
			switch {
			case word == "tag" || word == "rank":
				o.Tag = true
			case word == "timestamp":
				o.Timestamp = true
			case word == "merge-stderr-to-stdout" || word == "merge":
				o.Merge = true
			case isFile && file != "":
				o.OutputFile = file
			default:
				return fmt.Errorf("--output %s: %q is not known; tag, timestamp, merge-stderr-to-stdout and file=PREFIX are", list, word)
			}
		}
	}
	return nil
}

// display reads --display.
func display(o *launcher.Options, lists []string) error {
	for _, list := range lists {
		for _, word := range strings.Split(list, ",") {
			switch word {
			case "map":
				o.DisplayMap = true
			case "allocation", "alloc":
				o.DisplayAllocation = true
			case "bindings", "bind":
				o.ReportBindings = true
			default:
				return fmt.Errorf("--display %s: known are map, allocation and bindings", list)
			}
		}
	}
	return nil
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
		return 0, fmt.Errorf("%q is no time; write seconds, or 90s, 10m, 2h", s)
	}
	return d, nil
}
