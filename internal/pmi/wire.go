// Package pmi is version 1 of the process management interface: how a process
// that was started by a launcher learns its rank, and how the ranks of a job
// exchange small values before they can talk to each other. Agents serve it to
// programs of other MPIs (launcher/pmi.go), and a rank that was started by
// another launcher (Hydra, srun, Flux) uses it (mpi/home.go).
//
//	rank     → launcher   cmd=init pmi_version=1 pmi_subversion=1
//	launcher → rank       cmd=response_to_init rc=0 pmi_version=1 pmi_subversion=1
//	rank     → launcher   cmd=get_maxes
//	launcher → rank       cmd=maxes kvsname_max=256 keylen_max=64 vallen_max=1024
//	rank     → launcher   cmd=put kvsname=KVS key=KEY value=VALUE
//	launcher → rank       cmd=put_result rc=0 msg=success
//	rank     → launcher   cmd=barrier_in
//	launcher → rank       cmd=barrier_out          (when all ranks have said barrier_in)
//	rank     → launcher   cmd=get kvsname=KVS key=KEY
//	launcher → rank       cmd=get_result rc=0 msg=success value=VALUE
//	rank     → launcher   cmd=publish_name service=NAME port=PORT     (and unpublish_name service=NAME)
//	launcher → rank       cmd=publish_result info=ok rc=0 msg=success
//	rank     → launcher   cmd=lookup_name service=NAME
//	launcher → rank       cmd=lookup_result info=ok port=PORT rc=0 msg=success
//	rank     → launcher   cmd=finalize
//	launcher → rank       cmd=finalize_ack
//
// A message is a line. The connection is the descriptor that PMI_FD names, with
// PMI_RANK and PMI_SIZE beside it, or a TCP connection to PMI_PORT, on which
// PMI_ID says who we are. Nothing here uses Go's network poller, so that a rank
// inside a C program does not start it.
package pmi

import "strings"

// The environment of a rank.
const (
	EnvFD   = "PMI_FD"
	EnvRank = "PMI_RANK"
	EnvSize = "PMI_SIZE"
	EnvPort = "PMI_PORT"
	EnvID   = "PMI_ID"

	EnvSpawned = "PMI_SPAWNED" // 1 in a process that ranks have spawned
)

// Limits of keys and values, and of a line, as everybody has them.
const (
	MaxName  = 256
	MaxKey   = 64
	MaxValue = 1024
	MaxLine  = 4096
)

// A Message is one line: "cmd=NAME key=value ...".
type Message map[string]string

// Cmd is the message's name. "mcmd=spawn" begins one of several lines.
func (m Message) Cmd() string { return m["cmd"] }

// Parse takes a line apart. The value called value reaches to the line's end:
// it may hold blanks.
func Parse(line string) Message {
	m := Message{}
	line = strings.TrimRight(line, "\n\r \x00")
	for line != "" {
		line = strings.TrimLeft(line, " ")
		key, rest, ok := strings.Cut(line, "=")
		if !ok {
			break
		}
		if key == "value" {
			m[key] = rest
			break
		}
		m[key], line, _ = strings.Cut(rest, " ")
	}
	return m
}

// Line makes a line of a name and pairs of keys and values.
func Line(cmd string, pairs ...string) string {
	var b strings.Builder
	b.WriteString("cmd=" + cmd)
	for i := 0; i+1 < len(pairs); i += 2 {
		b.WriteString(" " + pairs[i] + "=" + pairs[i+1])
	}
	b.WriteByte('\n')
	return b.String()
}
