package main

import "rainmpi/internal/manual"

// page is everything that rainrun says of itself, and the table by which it
// reads its command line (normalise.go): every name here is understood.
var page = manual.Page{
	Name:  "rainrun",
	Also:  []string{"mpiexec", "mpirun"},
	Brief: "Starts MPI programs, and others, on one or several hosts",
	Usage: []string{
		"[options] program [arguments] [: [options] program [arguments]]...",
		"check [--host a,b] [--json] | history FILE... | info [--unsupported] | completion SHELL | manual",
	},
	Program: true,
	Examples: []manual.Example{
		{Line: "rainrun -n 4 ./solver input.dat", Text: "four ranks here"},
		{Line: "rainrun -n 8 --host a:4,b:4 ./solver", Text: "on two hosts, started through ssh"},
		{Line: "rainrun --hostfile hosts ./solver", Text: "one rank for every slot of a file"},
		{Line: "salloc -N 4 rainrun ./solver", Text: "one rank for every task of a Slurm allocation"},
		{Line: "rainrun check --host a,b", Text: "would a job run there, and what is to be done if not"},
		{Line: "rainrun history log.a log.b", Text: "did hosts a and b see the same, after rainrun --history log"},
		{Line: "rainrun -n 1 ./master : -n 7 ./worker", Text: "two programs, one MPI_COMM_WORLD"},
	},
	Groups: []manual.Group{howMany, surroundings, streams, ends, starting, itself},
	Commands: []manual.Command{
		{Name: "check", Brief: "look at hosts: would a job run there, and what is to be done if not", Options: checkOptions},
		{Name: "history", Brief: "do both ends of every path tell the same of it", Options: historyOptions},
		{Name: "info", Brief: "what this build can do",
			Options: []manual.Option{{Flag: "unsupported", Names: []string{"--unsupported"}, Text: "list the functions of MPI that are not built yet"}}},
		{Name: "completion", Brief: "completion for a shell: bash, zsh, fish",
			Commands: []manual.Command{{Name: "bash"}, {Name: "zsh"}, {Name: "fish"}}},
		{Name: "manual", Brief: "the page for man(1)"},
	},
	Sections: []manual.Section{
		{Title: "Exit status", Text: "That of the lowest rank that failed, 128 + N for signal N, 110 when time is up, 127 when a\nprogram cannot be started, 2 for a command line that is wrong, 1 when a job cannot be started."},
		{Title: "Signals", Text: "SIGINT and SIGTERM end the job, a second one does not wait for it. SIGTSTP and SIGCONT stop\nand continue all ranks; SIGUSR1 and SIGUSR2 go to the processes that called MPI_Init."},
		{Title: "Environment", Text: "RAIN_AGENT_COMMAND, RAIN_PORTS, RAIN_RAILS, RAIN_HISTORY  as --agent-command, --ports, --rails, --history\n" +
			"HYDRA_HOST_FILE, OMPI_MCA_orte_default_hostfile, PRTE_MCA_prte_default_hostfile,\n" +
			"I_MPI_HYDRA_HOST_FILE  the host file, if no host is named\n" +
			"K_MPI_JOB_ROLE=launcher  Kubernetes' MPI operator: /etc/mpi/hostfile if there is no such file, and hosts\n" +
			"that come late are waited for\n" +
			"SLURM_JOB_ID, SLURM_JOB_NODELIST, SLURM_TASKS_PER_NODE  the allocation, if there is no such file\n" +
			"MPIEXEC_TIMEOUT  as --timeout\n" +
			"RAIN_COLL=COLLECTIVE:ALGORITHM,...  forces the algorithms of collectives; rainbench algorithms compares them\n" +
			"HYDRA_LAUNCH_EXTRA_ARGS, OMPI_MCA_plm_rsh_args, PRTE_MCA_plm_ssh_args,\n" +
			"I_MPI_HYDRA_BOOTSTRAP_EXEC_EXTRA_ARGS  arguments for ssh; the first that is set counts\n" +
			"Ranks that another launcher has started, srun --mpi=pmi2 for example, read RAIN_PORTS and RAIN_RAILS.\n" +
			"A rank finds OMPI_COMM_WORLD_RANK, _SIZE, _LOCAL_RANK, _LOCAL_SIZE and _NODE_RANK, PMI_RANK,\n" +
			"PMI_SIZE, MPI_LOCALRANKID, MPI_LOCALNRANKS, RAIN_RANK, RAIN_SIZE and RAIN_LOCAL_RANK."},
	},
}

var howMany = manual.Group{Title: "How many and where", Options: []manual.Option{
	{Flag: "np", Names: []string{"-n", "-np", "-c"}, Also: []string{"--n", "--np"}, Arg: "N",
		Text: "ranks; without it one, or one for every slot of the named hosts"},
	{Flag: "host", Names: []string{"-H", "--host"}, Also: []string{"--hosts"}, Arg: "HOSTS",
		Text: "hosts and their slots, a:2,b. Where none has a number they share -n evenly; without -n each gets one rank"},
	{Flag: "hostfile", Names: []string{"-f", "--hostfile", "--machinefile"}, Also: []string{"--default-hostfile"}, Arg: "FILE",
		Text: `the same from a file: "a slots=2" or "a:2" a line, # comments. A line without a number, without -n: a rank for every core`},
	{Flag: "ppn", Names: []string{"-ppn", "-N"}, Also: []string{"--ppn", "--npernode", "--perhost"}, Arg: "N",
		Text: "N ranks on each host in turn"},
	{Flag: "map-by", Names: []string{"--map-by"}, Arg: "WHAT",
		Values: []string{"slot", "node", "core", "hwthread", "numa", "package", "ppr:1:node"},
		Text: "slot fills host after host (default), node gives each host one rank in turn; core, hwthread, numa and package " +
			"fill host after host and lay the ranks of a host over those in turn; ppr:N:node|package|numa|core puts N on each. " +
			"Modifiers follow a colon: PE=N cores for each rank, OVERSUBSCRIBE, NOOVERSUBSCRIBE, NOLOCAL"},
	{Flag: "cpus-per-rank", Names: []string{"--cpus-per-rank"}, Also: []string{"--cpus-per-proc"}, Arg: "N", Text: "the same as --map-by :PE=N"},
	{Flag: "rank-by", Names: []string{"--rank-by"}, Arg: "WHAT", Values: []string{"slot", "node"},
		Text: "slot numbers neighbours on one host (default), node on different hosts"},
	{Flag: "rankfile", Names: []string{"-rf", "--rankfile"}, Arg: "FILE",
		Text: `where each rank runs, and on which cores: "rank 0=a slot=0-1" a line. Cores count from 0 among those that ranks may use, ` +
			`"1:0-1" are those of package 1, * is all; +n0 is the first host of --host`},
	{Flag: "bind-to", Names: []string{"--bind-to"}, Arg: "WHAT", Values: []string{"none", "core", "hwthread", "numa", "package"},
		Text: "pins each rank to one such thing. Default: the cores are shared evenly; more ranks than cores " +
			"are pinned only if they divide by the cores. :N gives each rank N of them, :overload-allowed lets ranks share"},
	{Flag: "oversubscribe", Names: []string{"--oversubscribe"}, Text: "allow more ranks than slots"},
	{Flag: "nooversubscribe", Names: []string{"--nooversubscribe"}, Text: "do not, also in a job on this host alone"},
	{Flag: "nolocal", Names: []string{"--nolocal"}, Text: "no rank on this host"},
	{Flag: "display", Names: []string{"--display"}, Arg: "WHAT", Values: []string{"map", "allocation", "bindings"},
		Text: "say on standard error which rank runs where (map), what hosts there are (allocation)"},
	{Flag: "report-bindings", Names: []string{"--report-bindings"}, Text: "say to which processors each rank is pinned"},
}}

var surroundings = manual.Group{Title: "The program's surroundings", Options: []manual.Option{
	{Flag: "x", Names: []string{"-x"}, Arg: "NAME[=VALUE]", Text: "set a variable for all ranks; without a value, rainrun's own"},
	{Flag: "genv", Names: []string{"-genv"}, Also: []string{"--genv"}, Arg: "NAME VALUE", Text: "the same"},
	{Flag: "genvlist", Names: []string{"-genvlist"}, Also: []string{"--genvlist"}, Arg: "A,B", Text: "pass these variables of rainrun's on to all ranks"},
	{Flag: "env", Names: []string{"-env"}, Also: []string{"--env"}, Arg: "NAME VALUE", Text: "set a variable for this program alone"},
	{Flag: "envlist", Names: []string{"-envlist"}, Also: []string{"--envlist"}, Arg: "A,B", Text: "pass these on to this program alone"},
	{Flag: "genvall", Names: []string{"-genvall"}, Also: []string{"--genvall", "--envall"}, Text: "pass all on, which is what rainrun does"},
	{Flag: "wdir", Names: []string{"-wdir"}, Also: []string{"--wdir", "--wd"}, Arg: "DIR", Text: "working directory"},
	{Flag: "path", Names: []string{"-path"}, Also: []string{"--path"}, Arg: "DIRS", Text: "search these for the program before PATH"},
	{Flag: "preload", Names: []string{"--preload"}, Also: []string{"--preload-binary"}, Text: "send the program's file to the other hosts, which need not have it"},
	{Flag: "configfile", Names: []string{"-configfile"}, Also: []string{"--configfile", "--app"}, Arg: "FILE",
		Text: "programs and their options from a file, one program a line"},
}}

var streams = manual.Group{Title: "Input and output", Options: []manual.Option{
	{Flag: "stdin", Names: []string{"--stdin"}, Arg: "RANKS", Values: []string{"0", "none", "all"},
		Text: "who reads standard input: a rank (default 0), ranks such as 0,2-3, all, or none"},
	{Flag: "tag-output", Names: []string{"-l", "--tag-output"}, Also: []string{"--prepend-rank"}, Text: "put [rank] before each line"},
	{Flag: "timestamp-output", Names: []string{"--timestamp-output"}, Text: "put the time before each line"},
	{Flag: "merge-stderr", Names: []string{"--merge-stderr-to-stdout"}, Text: "print what ranks write on standard error on standard output"},
	{Flag: "output-filename", Names: []string{"--output-filename"}, Arg: "PREFIX", Text: "write to PREFIX.RANK.out and .err instead"},
	{Flag: "output", Names: []string{"--output"}, Arg: "LIST", Values: []string{"tag", "timestamp", "merge-stderr-to-stdout", "file="},
		Text: "some of tag, timestamp, merge-stderr-to-stdout, file=PREFIX, with commas"},
}}

var ends = manual.Group{Title: "When it ends", Options: []manual.Option{
	{Flag: "timeout", Names: []string{"--timeout"}, Arg: "SECONDS", Text: "end the job after this time (also 90s, 10m), status 110 (also MPIEXEC_TIMEOUT)"},
	{Flag: "kill-grace", Names: []string{"--kill-grace"}, Arg: "TIME", Text: "from SIGTERM to SIGKILL (default 100ms)"},
	{Flag: "host-timeout", Names: []string{"--host-timeout"}, Arg: "TIME",
		Text: "how long a host may be out of reach on all rails (default 30s); a line says for whom the job waits"},
	{Flag: "witness", Names: []string{"--witness"}, Arg: "HOST",
		Text: "start an agent without ranks there, which votes on who is out of reach. Without a majority a host ends its ranks; " +
			"of two hosts cut apart the one with rainrun wins, with a witness the one that it reaches"},
	{Flag: "on-failure", Names: []string{"--on-failure"}, Arg: "WHAT", Values: []string{"abort", "continue"},
		Text: "abort ends the job when a rank fails or a host is lost (default); continue goes on without them: what involves them " +
			"gives the others MPIX_ERR_PROC_FAILED (mpi-ext.h). A line says who failed, and so does the exit status"},
	{Flag: "start-timeout", Names: []string{"--start-timeout"}, Arg: "TIME", Text: "how long the hosts have to start their agents (default 2m; 0: no limit)"},
}}

var starting = manual.Group{Title: "Hosts and rails", Options: []manual.Option{
	{Flag: "agent-command", Names: []string{"--agent-command"}, Arg: "WORDS",
		Text: "start agents by these words, in which %h is the host, instead of ssh: 'ip netns exec %h' (also RAIN_AGENT_COMMAND)"},
	{Flag: "prefix", Names: []string{"--prefix"}, Arg: "DIR",
		Text: "where rainmpi is installed on other hosts: DIR/bin/rainrun, and DIR/lib for programs (default: where this rainrun is)"},
	{Flag: "launcher", Names: []string{"--launcher"}, Also: []string{"--bootstrap"}, Arg: "WHAT", Values: []string{"auto", "ssh", "slurm"},
		Text: "what starts the agents: srun in a Slurm allocation, else ssh (auto)"},
	{Flag: "rails", Names: []string{"--rails"}, Also: []string{"--iface"}, Arg: "LIST", Text: "interfaces or addresses to use (default: all that answer; also RAIN_RAILS)"},
	{Flag: "ports", Names: []string{"--ports"}, Arg: "LOW-HIGH", Text: "UDP ports to use, for firewalls: one for the agent of a host, one for each of its ranks; MPI_Open_port takes TCP ports of it (default: any; also RAIN_PORTS)"},
	{Flag: "insecure", Names: []string{"--insecure"},
		Text: "for measurements only: long messages between hosts are neither encrypted nor authenticated; control still is"},
	{Flag: "mca", Names: []string{"--mca"}, Also: []string{"--gmca", "--prtemca"}, Arg: "NAME VALUE",
		Text: "understood for the sake of scripts: btl_tcp_if_include names rails, everything else has no meaning here"},
}}

var itself = manual.Group{Title: "Itself", Options: []manual.Option{
	{Flag: "verbose", Names: []string{"-v", "--verbose"}, Text: "say what is done"},
	{Flag: "history", Names: []string{"--history"}, Arg: "FILE",
		Text: "keep the history of all paths between hosts, on every host in FILE.HOST; rainrun history compares them (also RAIN_HISTORY)"},
	{Flag: "quiet", Names: []string{"-q", "--quiet"}, Text: "understood; rainrun says nothing when all goes well"},
	{Flag: "version", Names: []string{"-V", "--version"}, Text: "which build this is"},
	{Flag: "help", Names: []string{"-h", "--help"}, Text: "this text"},
	{Flag: "allow-run-as-root", Names: []string{"--allow-run-as-root"}, Text: "understood; root may always"},
}}
