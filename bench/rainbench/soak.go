package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/pflag"

	"rainmpi/bench/lab"
	"rainmpi/bench/soak"
)

// soakMain runs a job for long on rails that fail all the time.
func soakMain(args []string) (int, error) {
	fs := pflag.NewFlagSet("rainbench soak", pflag.ContinueOnError)
	duration := fs.Duration("duration", 10*time.Minute, "how long")
	seed := fs.Uint64("seed", 1, "what is sent and what fails follow from it")
	perHost := fs.Int("per-host", 2, "ranks on each host")
	config := labFlags(fs)
	prefix := prefixFlag(fs)
	if err := parse(fs, args); err != nil {
		return 2, err
	}
	cfg, err := config()
	if err != nil {
		return 2, err
	}
	self, err := os.Executable()
	if err != nil {
		return 1, err
	}
	ctx, stop := untilInterrupted()
	defer stop()
	l, err := lab.New(ctx, cfg)
	if err != nil {
		return 1, err
	}
	defer l.Close()
	r, err := soak.Config{Lab: l, Rainrun: filepath.Join(*prefix, "bin", "rainrun"), Self: self,
		PerHost: *perHost, Duration: *duration, Seed: *seed, Tell: os.Stdout}.Run(ctx)
	if err != nil {
		return 1, err
	}
	r.Print(os.Stdout)
	if len(r.Wrong) > 0 {
		return 1, fmt.Errorf("soak: %d things are wrong; again: rainbench soak --duration %v --seed %d", len(r.Wrong), *duration, *seed)
	}
	return 0, nil
}
