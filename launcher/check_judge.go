package launcher

import (
	"fmt"
	"strings"
	"time"
)

// judge finds what stands in the way of a job.
func (r *Report) judge() {
	reference := ""
	library := r.library()
	for i := range r.Hosts {
		h := &r.Hosts[i]
		if h.Error != "" {
			r.fatal(h.Name, h.Error, "see that `"+h.Start+"` reaches it without a password and that rainrun is installed there at the same path")
			continue
		}
		f := h.Facts
		if reference == "" {
			reference = f.Binary
		}
		r.judgeBuild(h, reference, library)
		r.judgePorts(h)
		if f.Memory != "" {
			r.fatal(h.Name, "ranks cannot share memory: "+f.Memory, "allow memfd_create (a seccomp profile of the container forbids it)")
		}
		if f.Ptrace > 1 {
			r.warn(h.Name, fmt.Sprintf("kernel.yama.ptrace_scope is %d: long messages inside the host are copied twice", f.Ptrace), "sysctl kernel.yama.ptrace_scope=1, or 0")
		}
		if f.Files < 1024 {
			r.warn(h.Name, fmt.Sprintf("a process may open %d files only", f.Files), "ulimit -n 4096")
		}
		if skew := h.Skew.Abs(); skew > h.Blur+time.Second {
			r.warn(h.Name, fmt.Sprintf("its clock is %v off", h.Skew.Round(time.Millisecond)), "run chrony or ntpd; time stamps of files and logs disagree")
		}
	}
	r.judgePaths()
}

// judgePaths looks at each pair of hosts: without any path a job cannot run;
// with fewer than there could be it runs, and survives less.
func (r *Report) judgePaths() {
	for i := range r.Hosts {
		for k := i + 1; k < len(r.Hosts); k++ {
			a, b := &r.Hosts[i], &r.Hosts[k]
			if a.Error != "" || b.Error != "" || a.Facts.PortError != "" || b.Facts.PortError != "" {
				continue
			}
			if !a.reaches(k, "") && !b.reaches(i, "") {
				r.fatal(a.Name, "no pair of addresses answers between "+a.Name+" and "+b.Name,
					"open UDP "+r.ports()+" between them in the firewall, or name the right interfaces with --rails")
				continue
			}
			if a.Facts.LastPort && b.Facts.LastPort && !leadsTo(a.Last, k, "") && !leadsTo(b.Last, i, "") {
				r.fatal(a.Name, fmt.Sprintf("UDP port %d, the last of the range, answers nothing between %s and %s, though another does: ranks would not reach each other", r.LastPort, a.Name, b.Name),
					"open all of UDP "+r.Ports+" between them in the firewall")
			}
			for _, rail := range a.railNames() {
				if b.hasRail(rail) && !a.reaches(k, rail) {
					r.warn(a.Name, fmt.Sprintf("%s answers nothing between %s and %s", rail, a.Name, b.Name),
						"look at the cable, the switch and the firewall; other rails carry the job")
				}
			}
			for _, rail := range a.Facts.Rails {
				for _, other := range b.Facts.Rails {
					if rail.Name == other.Name && rail.MTU != other.MTU && a.reaches(k, rail.Name) {
						r.warn(a.Name, fmt.Sprintf("%s has MTU %d on %s and %d on %s", rail.Name, rail.MTU, a.Name, other.MTU, b.Name), "set the same MTU on both")
						break
					}
				}
			}
		}
	}
}

// judgeBuild: all hosts must have the same rainrun, and the same library or none.
func (r *Report) judgeBuild(h *HostReport, reference, library string) {
	const remedy = "install the same rainmpi on all hosts"
	f := h.Facts
	if f.Binary != reference {
		r.fatal(h.Name, fmt.Sprintf("%s is another build (%s, %s; elsewhere %s)", f.File, f.Version, f.Binary, reference), remedy)
	}
	switch {
	case f.Library == library:
	case f.Library == "":
		r.fatal(h.Name, f.LibFile+" is missing, which other hosts have", remedy)
	default:
		r.fatal(h.Name, fmt.Sprintf("%s is another build (%s, elsewhere %s)", f.LibFile, f.Library, library), remedy)
	}
}

// judgePorts: one for the agent and one for each rank.
func (r *Report) judgePorts(h *HostReport) {
	f := h.Facts
	switch {
	case f.PortError != "":
		r.fatal(h.Name, f.PortError, "name other ports with --ports, or other rails with --rails")
	case r.LastPort != 0 && f.PortsFree < f.Cores+1:
		r.warn(h.Name, fmt.Sprintf("of the UDP ports %s it has %d free, and %d cores: a host takes one for its agent and one for each rank", r.Ports, f.PortsFree, f.Cores),
			"widen the range (--ports), or end the processes that hold them (ss -lunp)")
	}
}

// library is the build of the library on the first host that has it.
func (r *Report) library() string {
	for _, h := range r.Hosts {
		if h.Facts.Library != "" {
			return h.Facts.Library
		}
	}
	return ""
}

func (r *Report) ports() string {
	if r.Ports == "" {
		return "(any port; --ports names a range)"
	}
	return r.Ports
}

func (r *Report) fatal(host, text, remedy string) {
	r.Problems = append(r.Problems, Problem{Host: host, Fatal: true, Text: text, Remedy: remedy})
}

func (r *Report) warn(host, text, remedy string) {
	for _, p := range r.Problems {
		if p.Text == text && p.Host == host {
			return
		}
	}
	r.Problems = append(r.Problems, Problem{Host: host, Text: text, Remedy: remedy})
}

// reaches says whether a path from one of the host's addresses on a rail leads
// to another host; "" is any rail.
func (h *HostReport) reaches(host int, rail string) bool { return leadsTo(h.Paths, host, rail) }

func leadsTo(paths []ProbedPath, host int, rail string) bool {
	for _, p := range paths {
		if p.Host == host && (rail == "" || strings.HasSuffix(p.Local, " "+rail)) {
			return true
		}
	}
	return false
}

func (h *HostReport) railNames() (names []string) {
	seen := map[string]bool{}
	for _, r := range h.Facts.Rails {
		if !seen[r.Name] {
			seen[r.Name] = true
			names = append(names, r.Name)
		}
	}
	return names
}

func (h *HostReport) hasRail(name string) bool {
	for _, r := range h.Facts.Rails {
		if r.Name == name {
			return true
		}
	}
	return false
}
