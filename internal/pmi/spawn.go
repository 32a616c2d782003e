package pmi

import (
	"fmt"
	"strconv"
	"strings"
)

// A Spawn is one program that a rank asks to have started. A question for several
// programs is several of these messages, with one answer:
//
//	mcmd=spawn
//	nprocs=2
//	execname=PROGRAM
//	totspawns=1            programs in all
//	spawnssofar=1          with this one
//	arg1=FIRST
//	argcnt=1
//	preput_num=1           what the new processes find as if one of them had put it
//	preput_key_0=KEY
//	preput_val_0=VALUE
//	info_num=1
//	info_key_0=KEY
//	info_val_0=VALUE
//	endcmd
type Spawn struct {
	Program string
	Args    []string
	N       int
	Put     map[string]string
	Info    map[string]string
}

// spawnLine adds a line to a message: its value reaches to the line's end.
func (m Message) spawnLine(line string) {
	if key, value, ok := strings.Cut(strings.TrimRight(line, "\r\n"), "="); ok {
		m[key] = value
	}
}

// number is a value that counts; 0 where there is none.
func (m Message) number(key string) int {
	n, _ := strconv.Atoi(m[key])
	return n
}

// spawn reads a whole message.
func (m Message) spawn() (Spawn, error) {
	s := Spawn{Program: m["execname"], N: m.number("nprocs"), Put: map[string]string{}, Info: map[string]string{}}
	if s.Program == "" || s.N < 1 {
		return s, fmt.Errorf("pmi: spawn of %q processes of %q", m["nprocs"], s.Program)
	}
	for i := range min(m.number("argcnt"), maxSpawnLines) {
		s.Args = append(s.Args, m[fmt.Sprintf("arg%d", i+1)])
	}
	for into, name := range map[*map[string]string]string{&s.Put: "preput", &s.Info: "info"} {
		for i := range min(m.number(name+"_num"), maxSpawnLines) {
			(*into)[m[fmt.Sprintf("%s_key_%d", name, i)]] = m[fmt.Sprintf("%s_val_%d", name, i)]
		}
	}
	return s, nil
}

// maxSpawnLines bounds what a message may have of one kind.
const maxSpawnLines = 1 << 12

// SpawnResult is the answer: codes has one 0 for each process that was started.
func SpawnResult(n int, failed string) string {
	if failed != "" {
		return Line("spawn_result", "rc", "-1", "msg", strings.Join(strings.Fields(failed), "_"))
	}
	return Line("spawn_result", "rc", "0", "errcodes", strings.TrimSuffix(strings.Repeat("0,", n), ","))
}
