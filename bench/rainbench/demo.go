package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"rainmpi/bench"
	"rainmpi/bench/lab"
)

// demoMain shows the main job: programs of four ranks on two hosts with two
// rails, a rail that fails and comes back while they run, and the same for the
// other MPIs that are installed.
func demoMain(args []string) (int, error) {
	fs := pflag.NewFlagSet("rainbench demo", pflag.ContinueOnError)
	mode := fs.String("mode", "auto", "auto, root (namespaces), user (a user namespace) or loopback")
	peers := fs.Bool("peers", true, "show Open MPI and MPICH under the same fault, if they are installed")
	examples := fs.String("examples", "examples", "folder with the programs, heat in C and in Go")
	words := fs.StringSlice("args", nil, "arguments of both programs; default: --steps N for about 9 s")
	where := benchFlags(fs)
	if err := parse(fs, args); err != nil {
		return 2, err
	}
	ctx, stop := untilInterrupted()
	defer stop()
	dir, remove, err := where.workDir()
	if err != nil {
		return 1, err
	}
	defer remove()
	d := &demo{ctx: ctx, dir: dir, src: *where.src, examples: *examples, args: *words, start: time.Now()}
	impls, err := bench.Find([]string{bench.RainMPI}, *where.prefix)
	if err != nil {
		return 1, err
	}
	d.rain = impls[0]
	if err := d.build(*mode); err != nil {
		return 1, err
	}
	defer d.close()
	if *peers && d.setting.Lab != nil {
		installed := bench.Installed()
		d.lonely = len(installed) == 0
		impls = append(impls, installed...)
	}
	d.programs()
	d.streams(impls)
	return d.summary()
}

// A demo is one demonstration and what it has shown so far.
type demo struct {
	ctx      context.Context
	dir      string // compiled programs and the like
	src      string // of bench/c
	examples string
	args     []string // of its programs
	start    time.Time
	mode     string
	setting  bench.Setting
	rain     *bench.Impl
	lonely   bool // peers were wanted, and none is installed
	lines    printer

	jobs   []jobShown
	broken []streamShown
}

// A jobShown is a program that ran, and how.
type jobShown struct {
	name    string
	fault   lab.Fault
	inside  bool // the rail failed and came back while the program ran
	elapsed time.Duration
	shares  []float64
	err     error
}

// A streamShown is an implementation's stream under a fault.
type streamShown struct {
	name string
	bench.Broken
}

func (d *demo) say(format string, args ...any) {
	d.lines.print(fmt.Sprintf("%7.2f s  ", time.Since(d.start).Seconds()) + fmt.Sprintf(format, args...))
}

// build makes the hosts and rails: as root, else in a user namespace, else on
// the loopback interface.
func (d *demo) build(mode string) error {
	cfg := lab.Config{Hosts: 2, Rails: 2, Rate: 1e9}
	switch mode {
	case "auto", "root":
	case "user":
		cfg.UserNamespace = true
	case "loopback":
		return d.buildLoopback()
	default:
		return fmt.Errorf("demo: --mode %s: it is one of auto, root, user, loopback", mode)
	}
	l, err := lab.New(d.ctx, cfg)
	if errors.Is(err, lab.ErrForbidden) && mode == "auto" {
		d.say("%v", err)
		return d.buildLoopback()
	}
	if err != nil {
		return err
	}
	d.mode = l.Mode()
	d.setting, err = setting(l, d.dir)
	d.say("two hosts, h1 and h2, and two rails of 1 Gbit/s, rail1 and rail2: %s", d.mode)
	return err
}

func (d *demo) buildLoopback() error {
	loop, err := bench.NewLoopback(d.dir, 2)
	if err != nil {
		return err
	}
	d.mode = "loopback addresses, faults injected in the endpoints"
	d.setting = bench.Setting{Cores: runtime.NumCPU(), Loopback: loop}
	d.say("two hosts that are one, h1 and h2, and two rails of no fixed rate, rail1 and rail2: %s", d.mode)
	return nil
}

func (d *demo) close() {
	if d.setting.Lab != nil {
		d.setting.Lab.Close()
	}
}

// programs runs the C and the Go program, each with a fault of its own.
func (d *demo) programs() {
	cut := lab.Fault{Kind: lab.KindCut, Rail: "rail1"}
	hole := lab.Fault{Kind: lab.KindBlackHole, Rail: "rail2"}
	d.program("heat in C", cut, d.compileC)
	d.program("heat in Go", hole, d.compileGo)
}

// compileC compiles the C program with mpicc.
func (d *demo) compileC() (string, error) {
	folder, err := d.find("heat", ".c")
	if err != nil {
		return "", err
	}
	return d.rain.Compile(folder, d.dir)
}

// compileGo compiles the Go program.
func (d *demo) compileGo() (string, error) {
	folder, err := d.find("heat", ".go")
	if err != nil {
		return "", err
	}
	return bench.GoBuild(folder, filepath.Join(d.dir, "heat-go"))
}

// find returns the folder of an example that has sources in a language: NAME
// itself, one below it, or one beside it whose name begins so.
func (d *demo) find(name, ext string) (string, error) {
	for _, pattern := range []string{name + "/*" + ext, name + "/*/*" + ext, name + "*/*" + ext} {
		files, err := filepath.Glob(filepath.Join(d.examples, pattern))
		if err != nil {
			return "", err
		}
		for _, f := range files {
			if !strings.HasSuffix(f, "_test.go") {
				return filepath.Dir(f), nil
			}
		}
	}
	return "", fmt.Errorf("no %s in *%s under %s: run from the project's folder, or name it by --examples", name, ext, d.examples)
}

// streams sends 1 MiB messages from host to host and breaks a rail, once with
// each implementation.
func (d *demo) streams(impls []*bench.Impl) {
	progs := map[string]string{}
	for _, i := range impls {
		prog, err := i.Compile(d.src, d.dir)
		if err != nil {
			d.say("%v", err)
			d.broken = append(d.broken, streamShown{i.Name, bench.Broken{Err: err}})
			continue
		}
		progs[i.Name] = prog
	}
	for _, i := range impls {
		if prog := progs[i.Name]; prog != "" && d.ctx.Err() == nil {
			d.stream(i, prog)
		}
	}
}

// Times of the streams, seconds.
const (
	streamBreak = 2.0
	streamMend  = 5.0
	streamEnd   = 8.0
	hangLimit   = 25 * time.Second
)

func (d *demo) stream(i *bench.Impl, prog string) {
	d.say("")
	d.say("%s: 1 MiB messages from h1 to h2 for %.0f s, every one checked; rail1 is cut after %.0f s and repaired after %.0f s",
		i.Name, streamEnd, streamBreak, streamMend)
	var sum float64
	var n int
	b := bench.BrokenStream{
		Impl: i, Setting: d.setting, Prog: prog, Ranks: 2, Size: "1M",
		Fault: lab.Fault{Kind: lab.KindCut, Rail: "rail1"},
		Break: streamBreak, Mend: streamMend, Seconds: streamEnd, Limit: hangLimit,
		OnTick: func(t bench.Tick) {
			// Five ticks of a tenth of a second make a line.
			sum, n = sum+t.MBps, n+1
			if n == 5 {
				d.say("    %-8s %s %6.1f MB/s", i.Name, bar(sum/5), sum/5)
				sum, n = 0, 0
			}
		},
		OnFault: func(f lab.Fault) { d.say("    *** %s", d.describe(f)) },
	}
	d.broken = append(d.broken, streamShown{i.Name, b.Run(d.ctx)})
	last := d.broken[len(d.broken)-1]
	switch {
	case errors.Is(last.Err, bench.ErrTimeout):
		d.say("    %s hangs: ended after %v", i.Name, hangLimit)
	case last.Err != nil:
		d.say("    %s: %v", i.Name, last.Err)
	}
}

func (d *demo) describe(f lab.Fault) string {
	switch f.Kind {
	case lab.KindCut:
		if d.setting.Loopback != nil {
			return f.Rail + " is cut: the endpoints drop all its packets"
		}
		return f.Rail + " is cut: h1's cable is pulled"
	case lab.KindBlackHole:
		return f.Rail + " has become a black hole: the links are up and nothing arrives"
	case lab.KindMend:
		return f.Rail + " is repaired"
	}
	return f.String()
}

// bar draws a rate, a mark for 12.5 MB/s, a tenth of a rail.
func bar(mbps float64) string {
	n := min(int(mbps/12.5+0.5), 24)
	return strings.Repeat("#", max(n, 0)) + strings.Repeat(".", 24-max(n, 0))
}
