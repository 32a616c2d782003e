package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"rainmpi/bench"
	"rainmpi/bench/lab"
	"rainmpi/internal/manual"
)

// faultsMain breaks rails under a stream between two lab hosts, trial by trial.
func faultsMain(args []string) (int, error) {
	fs := pflag.NewFlagSet("rainbench faults", pflag.ContinueOnError)
	names := fs.StringSlice("scenario", nil, "what fails: "+strings.Join(bench.ScenarioNames(), ", ")+"; or all")
	trials := fs.Int("trials", 5, "trials of each scenario and implementation, each with a fault at a random moment and place")
	peers := fs.StringSlice("peers", nil, "implementations that take turns with rainmpi: openmpi, mpich")
	rails := fs.Int("rails", 2, "number of rails, rail1, rail2, ...")
	rates := fs.StringSlice("rate", []string{"1gbit"}, "rate of every rail, or of each: 1gbit,100mbit")
	down := fs.Float64("down", 2, "how long the fault lasts, seconds")
	loss := fs.String("loss", "1%", "of the scenario loss: how many frames each rail loses in each direction")
	size := fs.String("size", "64k", "size of a message, bytes (k and M are binary)")
	seed := fs.Uint64("seed", 1, "of the random moments and places")
	patience := fs.Duration("patience", 10*time.Second, "a run that takes so much longer than planned hangs, and is ended")
	asJSON := fs.String("json", "", "write everything that was seen to a file as JSON")
	user := fs.Bool("user-namespace", false, "use a user namespace even as root")
	where := benchFlags(fs)
	describe(fs, manual.Page{Usage: []string{"--scenario NAME [flags]"}, Sections: []manual.Section{{Title: "Scenarios", Text: scenarios()}}})
	if err := parse(fs, args); err != nil {
		return 2, err
	}
	scenes, err := scenesOf(*names, *rails, *rates, *down, *loss)
	if err != nil {
		return 2, err
	}
	if *trials < 1 {
		return 2, fmt.Errorf("faults: %d trials: give 1 at least", *trials)
	}
	ctx, stop := untilInterrupted()
	defer stop()
	w, remove, err := where.programs(withRainMPI(*peers))
	if err != nil {
		return 1, err
	}
	defer remove()
	var reports []faultsReport
	for _, scene := range scenes {
		b := bench.FaultsBench{Scene: scene, Impls: w.impls, Progs: w.progs, Dir: w.dir, Size: *size, Trials: *trials,
			Seed: *seed, Patience: *patience, OnTrial: printTrial}
		r, err := runScene(ctx, &b, *user)
		if err != nil {
			return 1, err
		}
		reports = append(reports, r)
	}
	if err := writeJSON(*asJSON, reports); err != nil {
		return 1, err
	}
	return missed(reports)
}

// withRainMPI has rainmpi take the first turn, once, whether it is named or not.
func withRainMPI(peers []string) []string {
	others := slices.DeleteFunc(slices.Clone(peers), func(name string) bool { return name == bench.RainMPI })
	return append([]string{bench.RainMPI}, others...)
}

func scenarios() (text string) {
	for _, s := range bench.Scenarios() {
		text += fmt.Sprintf("  %-14s %s\n", s.Name, s.Brief)
	}
	return text
}

// A faultsReport is what --json writes of one scenario.
type faultsReport struct {
	Scenario  string          `json:"scenario"`
	Rates     []uint64        `json:"rates"` // of the rails, bit/s
	Size      string          `json:"size"`
	Seed      uint64          `json:"seed"`
	Down      float64         `json:"down"`
	Loss      float64         `json:"loss,omitempty"`
	Summaries []bench.Summary `json:"summaries"`
	Trials    []bench.Trial   `json:"trials"`
}

func scenesOf(names []string, rails int, rateWords []string, down float64, lossWord string) (scenes []*bench.Scene, err error) {
	var rates []uint64
	for _, w := range rateWords {
		r, err := lab.ParseRate(w)
		if err != nil {
			return nil, err
		}
		rates = append(rates, r)
	}
	f, err := lab.NewFault(lab.KindLoss, "rail1", lossWord)
	if err != nil {
		return nil, err
	}
	if len(names) == 1 && names[0] == "all" {
		names = bench.ScenarioNames()
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("faults: name a --scenario: %s, or all", strings.Join(bench.ScenarioNames(), ", "))
	}
	for _, name := range names {
		s, err := bench.NewScene(name, rails, rates, down, f.Loss)
		if err != nil {
			return nil, err
		}
		scenes = append(scenes, s)
	}
	return scenes, nil
}

// runScene runs a scene's trials, each in a lab of its own.
func runScene(ctx context.Context, b *bench.FaultsBench, user bool) (r faultsReport, err error) {
	cfg := b.Scene.Config()
	cfg.UserNamespace = user
	b.Place = func(ctx context.Context) (bench.Setting, func(), error) { return placeOf(ctx, true, cfg, b.Dir) }
	fmt.Printf("%s: %s; messages of %s, every one checked\n", b.Scene.Name, b.Scene.Brief, b.Size)
	trials, sums := b.Run(ctx)
	if ctx.Err() != nil {
		return r, errors.New("faults: interrupted")
	}
	printSummaries(sums)
	return faultsReport{b.Scene.Name, b.Scene.Rates, b.Size, b.Seed, b.Scene.Down, b.Scene.Loss, sums, trials}, nil
}

func printTrial(t *bench.Trial) {
	if t.Number == 0 {
		fmt.Printf("  %-8s one rail alone: %.1f MB/s\n", t.Impl, t.Before)
		return
	}
	what := "no fault"
	if len(t.Faults) > 0 {
		what = fmt.Sprintf("%s at %.2f s", t.Faults[0].Fault, t.Faults[0].At)
	}
	back := ""
	if t.Mended {
		back = fmt.Sprintf(", %.0f after", t.After)
	}
	fmt.Printf("  %-8s trial %2d, %s: %.0f MB/s before, %.0f during%s; longest gap %.0f ms; %d messages, %d lost, %d twice, %d corrupted\n",
		t.Impl, t.Number, what, t.Before, t.During, back, t.FaultGap*1e3, t.Messages, t.Lost, t.Duplicated, t.Corrupted)
	switch {
	case t.Hung:
		fmt.Printf("           hung: %s\n", t.Failure)
	case t.Failure != "":
		fmt.Printf("           failed: %s\n", t.Failure)
	}
	for _, d := range t.Disagree {
		fmt.Println("           ", d)
	}
}

func printSummaries(sums []bench.Summary) {
	fmt.Printf("  %-8s %6s %5s %8s %8s %8s %6s  %-26s %-18s %-18s\n", "", "trials", "hung", "before", "during", "after", "kept",
		"longest gap p50/p99/max ms", "to rate p50/p99 s", "back p50/p99 s")
	for _, s := range sums {
		fmt.Printf("  %-8s %6d %5d %8.1f %8.1f %8.1f %5.0f%%  %8.0f %8.0f %8.0f %8.2f %8.2f  %8.2f %8.2f\n", s.Impl, s.Trials, s.Hung,
			s.Before, s.During, s.After, s.Kept*100, s.Gap.P50*1e3, s.Gap.P99*1e3, s.Gap.Max*1e3, s.ToRate.P50, s.ToRate.P99,
			s.ToFullRate.P50, s.ToFullRate.P99)
	}
	for _, s := range sums {
		for _, b := range s.Bars {
			fmt.Println(b)
		}
	}
}

func writeJSON(path string, what any) error {
	if path == "" {
		return nil
	}
	text, err := json.MarshalIndent(what, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}

// missed fails if rainmpi has not reached a bar.
func missed(reports []faultsReport) (int, error) {
	n := 0
	for _, r := range reports {
		for _, s := range r.Summaries {
			for _, b := range s.Bars {
				if !b.Passed() {
					n++
				}
			}
		}
	}
	if n > 0 {
		return 1, fmt.Errorf("faults: %d bars not reached", n)
	}
	return 0, nil
}
