package main

const usage = `usage: rainrun [options] program [arguments] [: [options] program [arguments]]...
`

const helpText = usage + `
Starts MPI programs, and others, on one or several hosts.

  rainrun -n 4 ./solver input.dat          four ranks here
  rainrun -n 8 --host a:4,b:4 ./solver     on two hosts, started through ssh
  rainrun --hostfile hosts ./solver        one rank for every slot of a file
  rainrun -n 1 ./master : -n 7 ./worker    two programs, one MPI_COMM_WORLD
  rainrun -n 4 --host a:2,b:2 --agent-command 'ip netns exec %h' ./solver

How many and where
  -n, -np, -c N             ranks; without it one, or one for every slot of the named hosts
  -H, --host a:2,b          hosts and their slots; a host without a number has as many as cores
  -f, --hostfile FILE       the same from a file: "a slots=2" or "a:2" a line, # comments
                            (also --machinefile; HYDRA_HOST_FILE, OMPI_MCA_orte_default_hostfile)
  -ppn N                    N ranks on each host in turn
  --map-by slot|node        fill host after host (default), or one rank per host in turn
  --rank-by slot|node       number neighbours on one host (default), or on different hosts
  --oversubscribe           allow more ranks than slots
  --bind-to none|core       do not pin ranks; pin each to one core.  Default: the cores are
                            shared evenly when there are enough, otherwise nobody is pinned
  --display map, --report-bindings

The program's surroundings
  -x NAME[=VALUE]           set a variable for all ranks (also -genv NAME VALUE, -genvlist A,B)
  -env NAME VALUE           set it for this program alone
  -wdir DIR                 working directory
  -path DIRS                search these for the program before PATH
  -configfile FILE          programs and options from a file, one program a line

Input and output
  --stdin RANK|none         who reads standard input (default 0)
  -l, --tag-output          put [rank] before each line
  --timestamp-output        put the time before each line
  --output-filename PREFIX  write to PREFIX.RANK.out and .err instead

When it ends
  --timeout SECONDS         end the job after this time, status 110 (also MPIEXEC_TIMEOUT)
  --kill-grace TIME         from SIGTERM to SIGKILL (default 100ms)
  --host-timeout TIME       how long a host may be out of reach on all rails (default 30s);
                            a line says for whom the job waits
  --witness HOST            start an agent without ranks there, which votes on who is out of
                            reach.  Without a majority a host ends its ranks; of two hosts
                            cut apart the one with rainrun wins, with a witness the one
                            that it reaches

Hosts and rails
  --agent-command 'WORDS'   start agents by WORDS (%h is the host) instead of ssh
                            (also RAIN_AGENT_COMMAND)
                            (default: RAIN_AGENT_COMMAND of the environment)
  --rails LIST              interfaces or addresses to use (default: all that answer)
  --ports LOW-HIGH          UDP ports to use, for firewalls (default: any)

  -v, --verbose             say what is done;  -V, --version;  -h, --help
  rainrun info              what this build can do;  rainrun info --unsupported

The exit status is that of the lowest rank that failed, 128 + N for signal N,
110 when time is up, 127 when a program cannot be started.
`
