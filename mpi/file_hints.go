package mpi

import (
	"strconv"
	"strings"
)

// fileHints are those hints that change what is done (section 14.2.8, and ROMIO's
// names, which people's programs set). All processes take those of the first:
// "the same value on all processes" then needs no check.
type fileHints struct {
	buffer int64 // cb_buffer_size: bytes that an aggregator handles in a round
	nodes  int64 // cb_nodes: aggregators; 0: one per host
	write  int64 // romio_cb_write: exchanging
	read   int64 // romio_cb_read
	sieve  int64 // romio_ds_read: not 0: reads may read what lies between
	single int64 // ind_rd_buffer_size: bytes that an independent access holds at a time
	perm   uint32
	style  string // access_style, which is kept and changes nothing
}

// Whether collective accesses exchange their data.
const (
	exchangeIfUseful = iota
	exchangeAlways
	exchangeNever
)

var exchangeWords = []string{"automatic", "enable", "disable"}

func defaultHints() fileHints {
	return fileHints{buffer: 16 << 20, single: 4 << 20, sieve: 1, perm: 0o666}
}

// words are the hints of fileHints by their keys. A value that cannot be read is
// passed over: "an implementation is free to ignore all hints".
func (h *fileHints) words(key string) *int64 {
	switch key {
	case "cb_buffer_size":
		return &h.buffer
	case "cb_nodes":
		return &h.nodes
	case "ind_rd_buffer_size":
		return &h.single
	}
	return nil
}

func (h *fileHints) take(info *Info) {
	for n := range info.Len() {
		key, _ := info.Key(n)
		value, _ := info.Get(key)
		value = strings.TrimSpace(value)
		if at := h.words(key); at != nil {
			if v, err := strconv.ParseInt(value, 10, 64); err == nil && v > 0 {
				*at = v
			}
			continue
		}
		switch key {
		case "romio_cb_write":
			takeWord(&h.write, value)
		case "romio_cb_read":
			takeWord(&h.read, value)
		case "collective_buffering":
			way := map[string]int64{"true": exchangeAlways, "false": exchangeNever}
			if v, ok := way[value]; ok {
				h.write, h.read = v, v
			}
		case "romio_ds_read":
			if value == "disable" {
				h.sieve = 0
			} else if value == "enable" || value == "automatic" {
				h.sieve = 1
			}
		case "access_style":
			h.style = value
		}
	}
}

func takeWord(at *int64, value string) {
	for i, w := range exchangeWords {
		if w == value {
			*at = int64(i)
		}
	}
}

// setHints is collective.
func (f *File) setHints(info *Info) error {
	h := defaultHints()
	if old := f.hints.Load(); old != nil {
		h = *old
	} else {
		h.perm = permissions(info)
	}
	h.take(info)
	if f.comm.Size() > 1 {
		same := []int64{h.buffer, h.nodes, h.write, h.read, int64(h.perm)}
		if err := f.comm.Bcast(Slice(same), 0); err != nil {
			return err
		}
		h.buffer, h.nodes, h.write, h.read, h.perm = same[0], same[1], same[2], same[3], uint32(same[4])
	}
	f.hints.Store(&h)
	return nil
}

// SetInfo gives hints (MPI_File_set_info, section 14.2.8). Unknown ones are ignored.
// Collective.
func (f *File) SetInfo(info *Info) error {
	if err := f.check(); err != nil {
		return err
	}
	if err := f.drain(); err != nil {
		return err
	}
	return f.setHints(info)
}

// adviseOnly takes the hints that need not agree.
func (f *File) adviseOnly(info *Info) {
	h := *f.hints.Load()
	all := h
	all.take(info)
	h.single, h.sieve, h.style = all.single, all.sieve, all.style
	f.hints.Store(&h)
}

// Info is the hints that are in force (MPI_File_get_info).
func (f *File) Info() (*Info, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	h := f.hints.Load()
	i := NewInfo()
	i.Set("cb_buffer_size", strconv.FormatInt(h.buffer, 10))
	i.Set("cb_nodes", strconv.Itoa(len(f.aggregators())))
	i.Set("romio_cb_read", exchangeWords[h.read])
	i.Set("romio_cb_write", exchangeWords[h.write])
	i.Set("ind_rd_buffer_size", strconv.FormatInt(h.single, 10))
	i.Set("romio_ds_read", exchangeWords[2-h.sieve])
	i.Set("romio_ds_write", "disable")
	i.Set("file_perm", strconv.FormatUint(uint64(h.perm), 8))
	if h.style != "" {
		i.Set("access_style", h.style)
	}
	return i, nil
}

// aggregators are the ranks that read and write in collective accesses: the first
// of each host, then the second of each, up to cb_nodes.
func (f *File) aggregators() []int {
	c := f.comm
	var rounds [][]int
	seen := map[int]int{}
	hosts := 0
	for r, w := range c.group.ranks {
		host := int(c.e.at(w).host)
		if seen[host] == 0 {
			hosts++
		}
		if seen[host] == len(rounds) {
			rounds = append(rounds, nil)
		}
		rounds[seen[host]] = append(rounds[seen[host]], r)
		seen[host]++
	}
	n := f.hints.Load().nodes
	if n == 0 {
		n = int64(hosts)
	}
	var all []int
	for _, some := range rounds {
		all = append(all, some...)
	}
	return all[:min(n, int64(len(all)))]
}
