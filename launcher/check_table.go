package launcher

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// Print writes the report for people: the hosts, their rails, for each rail who
// answers whom, and what is to be done.
func (r *Report) Print(out io.Writer) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "HOST\tSTART\tVERSION\tRAINRUN\tLIBRARY\tKERNEL\tCORES\tFILES\tLOCKED\tPTRACE\tSHM\tSKEW")
	for _, h := range r.Hosts {
		f := h.Facts
		if h.Error != "" {
			fmt.Fprintf(w, "%s\t%s\tnot reached\n", h.Name, h.Start)
			continue
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s %s\t%d\t%s\t%s\t%d\t%d MB\t%v\n", h.Name, h.Start, f.Version, f.Binary, cmp.Or(f.Library, "none"), f.Kernel, f.Arch, f.Cores,
			limit(f.Files, ""), limit(f.Locked>>10, " KB"), f.Ptrace, f.SharedMB, skew(h))
	}
	fmt.Fprintln(w, "\nHOST\tRAIL\tADDRESS\tMTU\tMbit/s")
	for _, h := range r.Hosts {
		for _, rail := range h.Facts.Rails {
			speed := "?"
			if rail.Mbps > 0 {
				speed = fmt.Sprint(rail.Mbps)
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%s\n", h.Name, rail.Name, rail.Addr, rail.MTU, speed)
		}
	}
	w.Flush()
	for _, rail := range r.rails() {
		r.matrix(out, rail)
	}
	ports := r.Ports
	if ports == "" {
		ports = "any (--ports LOW-HIGH for firewalls)"
	}
	fmt.Fprintf(out, "\nUDP ports: %s\n", ports)
	for _, p := range r.Problems {
		kind := "warning"
		if p.Fatal {
			kind = "PROBLEM"
		}
		fmt.Fprintf(out, "\n%s: %s: %s\n  remedy: %s\n", kind, p.Host, p.Text, p.Remedy)
	}
	if len(r.Problems) == 0 {
		fmt.Fprintln(out, "no problem found")
	}
}

// limit is a limit of the kernel's for people.
func limit(n uint64, unit string) string {
	if n >= 1<<53 {
		return "no limit"
	}
	return fmt.Sprint(n) + unit
}

// skew leaves out what the start channel's own delay hides.
func skew(h HostReport) string {
	if h.Skew.Abs() <= h.Blur {
		return "<" + h.Blur.Round(10*time.Microsecond).String()
	}
	return h.Skew.Round(100 * time.Microsecond).String()
}

// rails are the names of all rails, in the order of the first host that has one.
func (r *Report) rails() (names []string) {
	seen := map[string]bool{}
	for i := range r.Hosts {
		for _, n := range r.Hosts[i].railNames() {
			if !seen[n] {
				seen[n] = true
				names = append(names, n)
			}
		}
	}
	return names
}

// matrix shows which hosts answer which, from addresses on a rail.
func (r *Report) matrix(out io.Writer, rail string) {
	if len(r.Hosts) < 2 {
		return
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	var head []string
	for _, h := range r.Hosts {
		head = append(head, h.Name)
	}
	fmt.Fprintf(w, "\n%s\t%s\n", rail, strings.Join(head, "\t"))
	for i := range r.Hosts {
		var cells []string
		for k := range r.Hosts {
			cell := "-"
			switch {
			case i == k:
				cell = "."
			case r.Hosts[i].reaches(k, rail):
				cell = "ok"
			}
			cells = append(cells, cell)
		}
		fmt.Fprintf(w, "%s\t%s\n", r.Hosts[i].Name, strings.Join(cells, "\t"))
	}
	w.Flush()
}
