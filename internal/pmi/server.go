package pmi

import (
	"bufio"
	"io"
	"strconv"
	"strings"
)

// A Request is one line of a rank, or the end of its connection. Its answer, a
// line, is given to Reply, at once or later; none is needed at the end.
type Request struct {
	Message
	Spawns []Spawn // of a spawn: all its programs
	End    bool
	reply  chan string
}

// Reply answers the request.
func (r Request) Reply(line string) { r.reply <- line }

// Serve reads a rank's lines, hands each to handle, and writes the answer
// before it reads the next. It returns when the rank closes the connection.
// Values that handle does not answer, it must: a rank waits for each.
func Serve(c io.ReadWriter, handle func(Request)) {
	reply := make(chan string, 1)
	in := bufio.NewReaderSize(c, MaxLine)
	var spawns []Spawn
	for {
		line, err := in.ReadString('\n')
		if err != nil || len(line) > MaxLine {
			handle(Request{End: true, reply: reply})
			return
		}
		m := Parse(line)
		if m["mcmd"] != "" { // of several lines, up to endcmd
			m["cmd"] = m["mcmd"]
			for n := 0; err == nil && strings.TrimSpace(line) != "endcmd" && n < 4*maxSpawnLines; n++ {
				m.spawnLine(line)
				line, err = in.ReadString('\n')
			}
			one, wrong := m.spawn()
			if wrong == nil {
				spawns = append(spawns, one)
			}
			if wrong == nil && m.number("spawnssofar") < m.number("totspawns") {
				continue // there are more, and one answer for all
			}
		}
		handle(Request{Message: m, Spawns: spawns, reply: reply})
		spawns = nil
		if _, err := io.WriteString(c, <-reply); err != nil {
			handle(Request{End: true, reply: reply})
			return
		}
	}
}

// A Job is what every rank may ask for.
type Job struct {
	Name     string
	Size     int
	Universe int
	HostOf   []int
	Values   map[string]string // what ranks have put
}

// Answer answers what needs nobody else: everything but put, barrier_in,
// finalize, abort, spawn and what is asked of names, for which it returns "".
func (j *Job) Answer(m Message, app int) string {
	switch m.Cmd() {
	case "init":
		if m["pmi_version"] != "1" {
			return Line("response_to_init", "rc", "-1", "pmi_version", "1", "pmi_subversion", "1")
		}
		return Line("response_to_init", "rc", "0", "pmi_version", "1", "pmi_subversion", "1")
	case "get_maxes":
		return Line("maxes", "rc", "0", "kvsname_max", strconv.Itoa(MaxName), "keylen_max", strconv.Itoa(MaxKey), "vallen_max", strconv.Itoa(MaxValue))
	case "get_appnum":
		return Line("appnum", "rc", "0", "appnum", strconv.Itoa(app))
	case "get_my_kvsname":
		return Line("my_kvsname", "rc", "0", "kvsname", j.Name)
	case "get_universe_size":
		return Line("universe_size", "rc", "0", "size", strconv.Itoa(j.Universe))
	case "get":
		return j.get(m["key"])
	case "put", "barrier_in", "finalize", "abort", "spawn", cmdPublish, cmdUnpublish, cmdLookup:
		return ""
	}
	return Line("unknown", "rc", "-1", "msg", "unknown_command")
}

func (j *Job) get(key string) string {
	value, ok := j.Values[key]
	if key == MappingKey {
		value = Mapping(j.HostOf)
		ok = value != ""
	}
	if !ok {
		return Line("get_result", "rc", "-1", "msg", "no_such_key", "value", "unknown")
	}
	return Line("get_result", "rc", "0", "msg", "success", "value", value)
}
