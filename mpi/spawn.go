package mpi

import (
	"encoding/json"
	"os"
	"slices"
	"strconv"
	"strings"

	"rainmpi/internal/boot"
)

// Starting processes (MPI 5.0 section 11.8).

// A Program is one of those that Spawn starts.
type Program struct {
	Command string
	Args    []string // without the command itself
	N       int      // how many processes
	Info    *Info    // hints: host, wdir, path, file, soft
}

// Spawn starts processes, which have an MPI_COMM_WORLD of their own, and returns an
// intercommunicator with them: its remote group's ranks are theirs, program after
// program. There they find it as Parent (MPI_Comm_spawn, MPI_Comm_spawn_multiple).
// Collective; the programs are looked at in the root only. codes is about each
// process that was asked for, Success or ErrSpawn; it is nil if the arguments were
// wrong. If any could not be started, and the key soft does not allow for fewer,
// none runs and the error is ErrSpawn.
func (c *Comm) Spawn(programs []Program, root int) (inter *Comm, codes []Class, err error) {
	if err := c.checkIntra(); err != nil {
		return nil, nil, err
	}
	if root < 0 || root >= c.Size() {
		return nil, nil, errorf(ErrRoot, "the root is rank %d; the communicator has ranks 0 to %d", root, c.Size()-1)
	}
	o, at, err := c.exchange(root, func(list []passport, failed error) outcome {
		if failed != nil {
			return fails(failed)
		}
		return c.e.spawn(programs, list)
	})
	if err != nil {
		return nil, o.Codes, err
	}
	inter = c.e.newInter(o.Context, c.group, c.e.group(at))
	c.e.report()
	return inter, o.Codes, nil
}

// Parent is the intercommunicator with those that spawned this process, nil if it
// was started otherwise or is disconnected from them (MPI_Comm_get_parent).
func Parent() *Comm {
	if p := life.parent; p != nil && !p.freed {
		return p
	}
	return nil
}

// spawn asks the agent for processes, on behalf of those of list.
func (e *engine) spawn(programs []Program, list []passport) outcome {
	request, asked, err := spawnRequest(programs)
	if err == nil && e.boot == nil {
		err = errorf(ErrSpawn, "this process was started without rainrun, which alone can start others; run it as: rainrun -n 1 %s", os.Args[0])
	}
	if err != nil {
		return fails(err)
	}
	ctx, err := e.newContext()
	if err != nil {
		return fails(err)
	}
	passports, _ := json.Marshal(list)
	request.Parent = boot.Parent{Context: uint64(ctx), Passports: passports}
	m, err := e.ask(func(seq uint64) boot.Message {
		request.Seq = seq
		return boot.Message{Spawn: request}
	})
	if err != nil {
		return fails(err)
	}
	if m.Spawned == nil {
		return fails(errorf(ErrIntern, "the agent's answer is about something else"))
	}
	o := outcome{Codes: spawnCodes(asked, m.Spawned)}
	if m.Spawned.Error != "" {
		o.Class, o.Text = ErrSpawn, m.Spawned.Error
		return o
	}
	o.Context, o.Passports = ctx, make([]passport, len(m.Spawned.Passports))
	for i, text := range m.Spawned.Passports {
		if err := json.Unmarshal(text, &o.Passports[i]); err != nil {
			return fails(errorf(ErrIntern, "the passport of spawned rank %d: %v", i, err))
		}
	}
	return o
}

// spawnCodes are those of all processes that were asked for. "If a process is
// started its code is MPI_SUCCESS"; where fewer were started than asked for it is
// the last ones of a program that were not. When none runs because some could not
// be started, all have failed.
func spawnCodes(asked []int, s *boot.Spawned) []Class {
	var codes []Class
	for i, n := range asked {
		for k := range n {
			code := Success
			if s.Error != "" || k >= s.Counts[i] {
				code = ErrSpawn
			}
			codes = append(codes, code)
		}
	}
	return codes
}

// spawnRequest checks the programs and returns how many processes each asks for.
func spawnRequest(programs []Program) (*boot.Spawn, []int, error) {
	if len(programs) == 0 {
		return nil, nil, errorf(ErrArg, "no program to spawn")
	}
	dir, _ := os.Getwd()
	r := &boot.Spawn{}
	var asked []int
	for _, p := range programs {
		if p.Command == "" {
			return nil, nil, errorf(ErrSpawn, "the command is empty")
		}
		if p.N < 1 {
			return nil, nil, errorf(ErrArg, "%s: %d processes to spawn; at least one", p.Command, p.N)
		}
		info, err := withFile(p.Info)
		if err != nil {
			return nil, nil, err
		}
		b := boot.Program{Argv: append([]string{p.Command}, p.Args...), Counts: []int{p.N}, DefaultDir: dir}
		b.Hosts, _ = info.Get("host")
		b.Dir, _ = info.Get("wdir")
		b.Path, _ = info.Get("path")
		if soft, ok := info.Get("soft"); ok {
			if b.Counts, err = softCounts(soft, p.N); err != nil {
				return nil, nil, err
			}
		}
		r.Programs, asked = append(r.Programs, b), append(asked, p.N)
	}
	return r, asked, nil
}

// withFile adds what the info key file names: a file of lines "key = value", of
// which those given directly count first. # begins a comment.
func withFile(given *Info) (*Info, error) {
	name, ok := given.Get("file")
	if !ok {
		return given, nil
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, errorf(ErrInfoValue, "the info key file: %v", err)
	}
	info := given.Dup()
	for n, line := range strings.Split(string(text), "\n") {
		line, _, _ = strings.Cut(line, "#")
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if !ok {
			return nil, errorf(ErrInfoValue, "%s:%d: %q is no key = value", name, n+1, line)
		}
		key = strings.TrimSpace(key)
		if _, ok := given.Get(key); ok {
			continue
		}
		if err := info.Set(key, strings.TrimSpace(value)); err != nil {
			return nil, err
		}
	}
	return info, nil
}

// softCounts are the numbers of processes that the info key soft allows, the
// largest first: a list of triplets a:b:c, "the set of integers a, a+c, a+2c, …,
// a+kc where k is the largest integer for which a+kc ≤ b" (section 11.8.2).
func softCounts(soft string, most int) ([]int, error) {
	var counts []int
	for _, item := range strings.Split(soft, ",") {
		var t []int
		for _, s := range strings.Split(item, ":") {
			n, err := strconv.Atoi(strings.TrimSpace(s))
			if err != nil {
				return nil, errorf(ErrInfoValue, "the info key soft: %q in %q is no number", s, soft)
			}
			t = append(t, n)
		}
		switch len(t) {
		case 1:
			t = []int{t[0], t[0], 1}
		case 2:
			t = []int{t[0], t[1], 1}
		}
		if len(t) != 3 || t[2] == 0 {
			return nil, errorf(ErrInfoValue, "the info key soft: %q is none of a, a:b, a:b:c with c not 0", item)
		}
		for n := t[0]; t[2] > 0 && n <= min(t[1], most) || t[2] < 0 && n >= max(t[1], 1); n += t[2] {
			if n >= 1 && n <= most {
				counts = append(counts, n)
			}
		}
	}
	slices.Sort(counts)
	slices.Reverse(counts)
	if counts = slices.Compact(counts); len(counts) == 0 {
		return nil, errorf(ErrInfoValue, "the info key soft: %q allows for no number of processes from 1 to %d", soft, most)
	}
	return counts, nil
}
