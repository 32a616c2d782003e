package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// pmiProgram is a program of another MPI, of what a shell has: it speaks PMI on
// descriptor 3. Parents spawn the programs that the arguments name; children look
// up what their parents have put for them, and tell each other their ranks.
const pmiProgram = `#!/bin/bash
ask() { printf "$1\n" >&3; read -r -u 3 answer; }
get() { ask "cmd=get kvsname=$kvs key=$1"; }
ask "cmd=init pmi_version=1 pmi_subversion=1"
ask "cmd=get_my_kvsname"; kvs=${answer##*kvsname=}
if [ "$PMI_SPAWNED" = 1 ]; then
	ask "cmd=put kvsname=$kvs key=rank$PMI_RANK value=$PMI_RANK"
	ask "cmd=barrier_in"
	get door; door=${answer##*value=}
	get rank$((PMI_SIZE - 1)); last=${answer##*value=}
	get PMI_process_mapping; map=${answer##*value=}
	echo "child $PMI_RANK of $PMI_SIZE on $RAINRUN_TEST_HOST: $* door $door last $last $map"
	[ "$1" != die ] || kill -9 $$
elif [ $PMI_RANK = 0 ]; then
	if [ "$DO" = leave ]; then # when rank 1 has been buried by its agent
		until [ -e $LEFT ]; do sleep 0.02; done
		while [ -e /proc/$(cat $LEFT) ]; do sleep 0.02; done
	fi
	n=0
	for p; do
		n=$((n + 1))
		printf "mcmd=spawn\nnprocs=2\nexecname=$p\ntotspawns=$#\nspawnssofar=$n\narg1=$DO\narg2=number $n\nargcnt=2\n" >&3
		printf "preput_num=1\npreput_key_0=door\npreput_val_0=of their parents\n$INFO\nendcmd\n" >&3
	done
	read -r -u 3 answer
	echo "parent of $kvs: $answer" | sed 's/rain-[0-9]*/JOB/'
elif [ "$DO" = leave ]; then
	echo $$ >$LEFT.new; mv $LEFT.new $LEFT
fi
[ "$DO" = leave ] || ask "cmd=barrier_in"
ask "cmd=finalize"
`

// Ranks of another MPI spawn processes through PMI.
func TestPMISpawn(t *testing.T) {
	prog := writeFile(t, "other-mpi", pmiProgram, 0o755)
	for _, c := range []struct {
		about, do, info string
		args            []string
		want            string // sorted lines
	}{
		{"on one host", "work", "info_num=0", []string{"-n", "1", "--oversubscribe", prog, prog}, "" +
			"child 0 of 2 on : work number 1 door of their parents last 1 (vector,(0,1,2))\n" +
			"child 1 of 2 on : work number 1 door of their parents last 1 (vector,(0,1,2))\n" +
			"parent of JOB: cmd=spawn_result rc=0 errcodes=0,0"},
		{"on two hosts", "work", "info_num=0", onTwo("-n", "2", "--map-by", "node", prog, prog), "" +
			"child 0 of 2 on a: work number 1 door of their parents last 1 (vector,(0,2,1))\n" +
			"child 1 of 2 on b: work number 1 door of their parents last 1 (vector,(0,2,1))\n" +
			"parent of JOB: cmd=spawn_result rc=0 errcodes=0,0"},
		{"on a host that is named", "work", "info_num=1\ninfo_key_0=host\ninfo_val_0=b", onTwo("-n", "2", "--map-by", "node", "--oversubscribe", prog, prog), "" +
			"child 0 of 2 on b: work number 1 door of their parents last 1 (vector,(1,1,2))\n" +
			"child 1 of 2 on b: work number 1 door of their parents last 1 (vector,(1,1,2))\n" +
			"parent of JOB: cmd=spawn_result rc=0 errcodes=0,0"},
		{"on a host whose ranks have left", "leave", "info_num=1\ninfo_key_0=host\ninfo_val_0=b", onTwo("-n", "2", "--map-by", "node", "--oversubscribe", prog, prog),
			"parent of JOB: cmd=spawn_result rc=-1 msg=the_agent_on_host_b_has_done_its_work_and_is_about_to_leave"},
		{"two programs", "work", "info_num=0", []string{"-n", "1", "--oversubscribe", prog, prog, prog}, "" +
			"child 0 of 4 on : work number 1 door of their parents last 3 (vector,(0,1,4))\n" +
			"child 1 of 4 on : work number 1 door of their parents last 3 (vector,(0,1,4))\n" +
			"child 2 of 4 on : work number 2 door of their parents last 3 (vector,(0,1,4))\n" +
			"child 3 of 4 on : work number 2 door of their parents last 3 (vector,(0,1,4))\n" +
			"parent of JOB: cmd=spawn_result rc=0 errcodes=0,0,0,0"},
		{"a program that is not there", "work", "info_num=0", []string{"-n", "1", "--oversubscribe", prog, "/no/such"},
			"parent of JOB: cmd=spawn_result rc=-1 msg=.*program_/no/such_does_not_exist.*"},
		{"a program that does not speak PMI", "work", "info_num=0", []string{"-n", "1", "--oversubscribe", prog, "/bin/true"},
			"parent of JOB: cmd=spawn_result rc=-1 msg=.*ended_before_MPI_Init"},
		{"no room", "work", "info_num=0", []string{"-n", "1", "--host", "a:1", "--agent-command", "env RAINRUN_TEST_HOST=%h", prog, prog},
			"parent of JOB: cmd=spawn_result rc=-1 msg=no_slots_left.*"},
		{"no number of processes", "work", "nprocs=0\ninfo_num=0", []string{"-n", "1", prog, prog},
			"parent of JOB: cmd=spawn_result rc=-1 msg=a_spawn_names_a_program_and_a_number_of_processes"},
	} {
		t.Run(c.about, func(t *testing.T) {
			t.Setenv("DO", c.do)
			t.Setenv("INFO", c.info)
			t.Setenv("LEFT", filepath.Join(t.TempDir(), "left"))
			res := rainrun(t, c.args...)
			if got := strings.Join(sortedLines(res.out), "\n"); res.status != 0 || !matches(c.want, got) {
				t.Errorf("status %d, stderr %s, output\n%s\nwant\n%s", res.status, res.err, got, c.want)
			}
		})
	}
	// One of them dies: the others go on, and rainrun's status says it.
	t.Setenv("DO", "die")
	t.Setenv("INFO", "info_num=0")
	rainrun(t, "-n", "1", "--oversubscribe", prog, prog).want(t, 137, "other-mpi", "signal 9")
}

// Ranks of another MPI publish names, which ranks of other hosts find until they are taken back.
func TestPMINames(t *testing.T) {
	prog := writeFile(t, "other-mpi", `#!/bin/bash
ask() { printf "$1\n" >&3; read -r -u 3 answer; }
say() { ask "$1"; echo "$PMI_RANK: $answer"; }
ask "cmd=init pmi_version=1 pmi_subversion=1"
[ $PMI_RANK = 1 ] || say "cmd=publish_name service=shop port=a-door"
ask "cmd=barrier_in"
[ $PMI_RANK = 0 ] || say "cmd=lookup_name service=shop"
[ $PMI_RANK = 0 ] || say "cmd=publish_name service=shop port=another"
ask "cmd=barrier_in"
[ $PMI_RANK = 1 ] || say "cmd=unpublish_name service=shop"
ask "cmd=barrier_in"
[ $PMI_RANK = 0 ] || say "cmd=unpublish_name service=shop"
[ $PMI_RANK = 0 ] || say "cmd=lookup_name service=shop"
[ $PMI_RANK = 0 ] || say "cmd=lookup_name service="
ask "cmd=finalize"
`, 0o755)
	for _, args := range [][]string{{"-n", "2", prog}, onTwo("-n", "2", "--map-by", "node", prog)} {
		res := rainrun(t, args...)
		res.want(t, 0)
		if got, want := strings.Join(sortedLines(res.out), "\n"), ""+
			"0: cmd=publish_result info=ok rc=0 msg=success\n"+
			"0: cmd=unpublish_result info=ok rc=0 msg=success\n"+
			"1: cmd=lookup_result info=no rc=1 msg=a_service_without_a_name\n"+
			"1: cmd=lookup_result info=no rc=1 msg=nobody_has_published_the_name\n"+
			"1: cmd=lookup_result info=ok port=a-door rc=0 msg=success\n"+
			"1: cmd=publish_result info=no rc=1 msg=the_name_is_published_already\n"+
			"1: cmd=unpublish_result info=no rc=1 msg=nobody_has_published_the_name"; got != want {
			t.Errorf("%q: output\n%s\nwant\n%s", args, got, want)
		}
	}
}
