package launcher

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/pkg/errors"

	"rainmpi/internal/cpulist"
)

// A RankPlace is a line of a rank file: where a rank runs, and on which cores.
type RankPlace struct {
	Host  string // "+n1" is the second host that is named beside the file
	Cores string // as ReadRankFile has it; empty: it is not pinned
}

// ReadRankFile reads the lines "rank N=HOST slot=CORES" of a file, one for each
// rank from 0 on, in any order; # begins a comment. CORES are numbers of the
// host's cores, counted from 0 among those that ranks may use: "0-2,5", or
// "1:0-2" for cores of package 1, or "*" for all. Errors name file and line.
func ReadRankFile(name string) ([]RankPlace, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, errors.WithMessage(err, "rank file")
	}
	defer f.Close()
	return parseRankFile(name, f)
}

func parseRankFile(name string, r io.Reader) ([]RankPlace, error) {
	lines := map[int]RankPlace{}
	in := bufio.NewScanner(r)
	for n := 1; in.Scan(); n++ {
		text, _, _ := strings.Cut(in.Text(), "#")
		fields := strings.Fields(text)
		if len(fields) == 0 {
			continue
		}
		rank, place, err := parseRankLine(fields)
		if _, twice := lines[rank]; err == nil && twice {
			err = fmt.Errorf("rank %d has a line already", rank)
		}
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, n, err)
		}
		lines[rank] = place
	}
	if err := in.Err(); err != nil {
		return nil, errors.WithMessage(err, name)
	}
	var ranks []RankPlace
	for r := range len(lines) {
		place, ok := lines[r]
		if !ok {
			return nil, fmt.Errorf("%s: rank %d has no line; ranks count from 0", name, r)
		}
		ranks = append(ranks, place)
	}
	if len(ranks) == 0 {
		return nil, fmt.Errorf("%s: the file names no rank", name)
	}
	return ranks, nil
}

func parseRankLine(fields []string) (rank int, p RankPlace, err error) {
	expected := fmt.Errorf("%q: expected rank N=HOST slot=CORES", strings.Join(fields, " "))
	if len(fields) < 2 || len(fields) > 3 || fields[0] != "rank" {
		return 0, p, expected
	}
	number, host, ok := strings.Cut(fields[1], "=")
	if rank, err = strconv.Atoi(number); err != nil || rank < 0 || !ok {
		return 0, p, expected
	}
	if p.Host = host; !strings.HasPrefix(host, "+n") {
		if err := checkHostName(host); err != nil {
			return 0, p, err
		}
	}
	if len(fields) == 3 {
		if p.Cores, ok = strings.CutPrefix(strings.Replace(fields[2], "slots=", "slot=", 1), "slot="); !ok || p.Cores == "" {
			return 0, p, expected
		}
		if _, _, err := splitCores(p.Cores); err != nil {
			return 0, p, err
		}
	}
	return rank, p, nil
}

// splitCores reads CORES: the package, -1 for any, and numbers, none for all.
func splitCores(s string) (pkg int, numbers []int, err error) {
	before, list, ok := strings.Cut(s, ":")
	if pkg = -1; !ok {
		list = before
	} else if pkg, err = strconv.Atoi(before); err != nil || pkg < 0 {
		return 0, nil, fmt.Errorf("slot=%s: %q is no number of a package", s, before)
	}
	if list == "*" {
		return pkg, nil, nil
	}
	if numbers, err = cpulist.Parse(list); err != nil || len(numbers) == 0 {
		return 0, nil, fmt.Errorf("slot=%s: expected numbers of cores such as 0-2,5", s)
	}
	return pkg, numbers, nil
}

// pinned returns the processors of CORES on a host with these cores.
func pinned(cores []core, s string) ([]int, error) {
	if s == "" {
		return nil, nil
	}
	pkg, numbers, err := splitCores(s)
	if err != nil {
		return nil, err
	}
	if pkg >= 0 {
		groups := unitsOf(cores, UnitPackage)
		if pkg >= len(groups) {
			return nil, fmt.Errorf("slot=%s: there are packages 0 to %d", s, len(groups)-1)
		}
		cores = groups[pkg]
	}
	if numbers == nil {
		return joined(cores), nil
	}
	var mine []core
	for _, n := range numbers {
		if n < 0 || n >= len(cores) {
			return nil, fmt.Errorf("slot=%s: there are cores 0 to %d", s, len(cores)-1)
		}
		mine = append(mine, cores[n])
	}
	return joined(mine), nil
}

// byFile makes the job's hosts and numbers of ranks agree with its rank file:
// where none are named they are the file's.
func (j *job) byFile() error {
	ranks := j.o.Map.Ranks
	named := len(j.hosts)
	for i, p := range ranks {
		if nth, relative := strings.CutPrefix(p.Host, "+n"); relative {
			n, err := strconv.Atoi(nth)
			if err != nil || n < 0 || n >= named {
				return fmt.Errorf("--rankfile: rank %d: %s: %d hosts are named; name them with --host", i, p.Host, named)
			}
			ranks[i].Host = j.hosts[n].Name
		} else if named == 0 {
			j.hosts = append(j.hosts, Host{Name: p.Host, From: "--rankfile"})
		} else if !hasHost(j.hosts, p.Host) {
			return fmt.Errorf("--rankfile: rank %d: host %s is not among those of --host or --hostfile", i, p.Host)
		}
	}
	j.hosts = uniqueHosts(j.hosts)
	for i := range j.hosts {
		j.hosts[i].Slots = max(j.hosts[i].Slots, 1) // the file says what each takes
	}
	n := 0
	for i, a := range j.o.Apps {
		if a.N == 0 && i == len(j.o.Apps)-1 {
			j.o.Apps[i].N = max(len(ranks)-n, 1)
		}
		n += max(j.o.Apps[i].N, 1)
	}
	if n > len(ranks) {
		return fmt.Errorf("--rankfile: rank %d has no line; the file has ranks 0 to %d", len(ranks), len(ranks)-1)
	}
	return nil
}

func hasHost(hosts []Host, name string) bool {
	for _, h := range hosts {
		if h.Name == name {
			return true
		}
	}
	return false
}

// placeByFile is place for a job with a rank file.
func placeByFile(apps []App, hosts []Host, ranks []RankPlace) (p Placement) {
	for i, a := range apps {
		for range max(a.N, 1) {
			for h := range hosts {
				if hosts[h].Name == ranks[len(p.AppOf)].Host {
					p.HostOf = append(p.HostOf, h)
				}
			}
			p.AppOf = append(p.AppOf, i)
		}
	}
	p.Slots = len(p.HostOf)
	return p
}
