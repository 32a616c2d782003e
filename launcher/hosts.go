package launcher

import (
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"unicode"
)

// Host is a place for ranks.
type Host struct {
	Name  string
	Slots int    // ranks it takes; 0: nobody has said
	From  string // where it was named: "hosts:3", FromOption

	open  bool           // nobody has said: Slots are its cores
	units map[string]int // what it has of each Unit, once its agent has said
}

// FromOption is Host.From of those that --host names.
const FromOption = "--host"

// IsLocal says whether name is this machine: the loopback names and the
// hostname. No name is resolved.
func IsLocal(name string) bool {
	if name == "localhost" || name == "localhost.localdomain" {
		return true
	}
	if a, err := netip.ParseAddr(name); err == nil {
		return a.IsLoopback()
	}
	own, err := os.Hostname()
	if err != nil {
		return false
	}
	short, _, _ := strings.Cut(own, ".")
	return name == own || name == short
}

// ParseHosts reads the argument of --host: "a,b", "a:2,b:4", "[::1]:2".
func ParseHosts(list string) ([]Host, error) {
	var hosts []Host
	for _, item := range strings.Split(list, ",") {
		h, err := parseHost(strings.TrimSpace(item))
		if err != nil {
			return nil, fmt.Errorf("--host %s: %w", list, err)
		}
		h.From = FromOption
		hosts = append(hosts, h)
	}
	return mergeHosts(hosts), nil
}

// parseHost reads "name", "name:slots", "[v6]", "[v6]:slots", or a bare IPv6
// address, which has more than one colon.
func parseHost(s string) (Host, error) {
	name, count, counted := s, "", false
	if rest, ok := strings.CutPrefix(s, "["); ok {
		var tail string
		if name, tail, ok = strings.Cut(rest, "]"); !ok {
			return Host{}, fmt.Errorf("%q: no closing ]", s)
		}
		if count, counted = strings.CutPrefix(tail, ":"); !counted && tail != "" {
			return Host{}, fmt.Errorf("%q: after ] only :slots may follow", s)
		}
	} else if strings.Count(s, ":") == 1 {
		name, count, counted = strings.Cut(s, ":")
	}
	if err := checkHostName(name); err != nil {
		return Host{}, err
	}
	h := Host{Name: name}
	if counted {
		n, err := parseSlots(count)
		if err != nil {
			return Host{}, fmt.Errorf("host %s: %w", name, err)
		}
		h.Slots = n
	}
	return h, nil
}

// checkHostName refuses what a start command would take for an option or what
// is certainly a slip of the pen.
func checkHostName(name string) error {
	switch {
	case name == "":
		return fmt.Errorf("a host without a name; write a,b or a:2,b")
	case strings.HasPrefix(name, "@") || strings.HasSuffix(name, "@"):
		return fmt.Errorf("host name %q: write user@host", name)
	case strings.HasPrefix(name, "-"):
		return fmt.Errorf("host name %q starts with a dash", name)
	case strings.ContainsAny(name, "'\"\\`$&;|<>()[]{}*?!#=,"), strings.ContainsFunc(name, unicode.IsSpace), strings.ContainsFunc(name, unicode.IsControl):
		return fmt.Errorf("host name %q has a character that no host name has", name)
	}
	return nil
}

// maxSlots bounds what a host takes at a time: a job has as many ranks as slots, if nobody says another number.
const maxSlots = 1 << 20

func parseSlots(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("%q is no number of slots (1 or more)", s)
	}
	if n > maxSlots {
		return 0, fmt.Errorf("%q are more slots than a host may have (%d)", s, maxSlots)
	}
	return n, nil
}

// mergeHosts joins hosts that are named twice. A name without a count stands
// for one slot as soon as it is repeated: "a,a,b" is "a:2,b".
func mergeHosts(hosts []Host) []Host {
	var out []Host
	index := map[string]int{}
	for _, h := range hosts {
		i, seen := index[h.Name]
		if !seen {
			index[h.Name] = len(out)
			out = append(out, h)
			continue
		}
		out[i].Slots = max(out[i].Slots, 1) + max(h.Slots, 1)
	}
	return out
}
