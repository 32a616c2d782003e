package launcher

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/pkg/errors"
)

// ReadHostFile reads the hosts named in a file, in either syntax: "host
// slots=4" (also max_slots=, max-slots=, which bound nothing here) or "host:4";
// # begins a comment. Errors name file and line.
func ReadHostFile(name string) ([]Host, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, errors.WithMessage(err, "host file")
	}
	defer f.Close()
	return parseHostFile(name, f)
}

func parseHostFile(name string, r io.Reader) ([]Host, error) {
	var hosts []Host
	in := bufio.NewScanner(r)
	line := 0
	for in.Scan() {
		line++
		text, _, _ := strings.Cut(in.Text(), "#")
		fields := strings.Fields(text)
		if len(fields) == 0 {
			continue
		}
		h, err := parseHostLine(fields)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, line, err)
		}
		h.From = fmt.Sprintf("%s:%d", name, line)
		hosts = append(hosts, h)
	}
	if err := in.Err(); errors.Is(err, bufio.ErrTooLong) {
		return nil, fmt.Errorf("%s:%d: %w", name, line+1, err)
	} else if err != nil {
		return nil, errors.WithMessage(err, "host file")
	}
	if len(hosts) == 0 {
		return nil, fmt.Errorf("host file %s: it names no host; write one a line, such as: a slots=2", name)
	}
	return mergeHosts(hosts), nil
}

func parseHostLine(fields []string) (Host, error) {
	h, err := parseHost(fields[0])
	if err != nil {
		return h, err
	}
	for _, f := range fields[1:] {
		key, value, ok := strings.Cut(f, "=")
		if !ok {
			return h, fmt.Errorf("%q: expected slots=N after the host name (or host:N)", f)
		}
		switch key {
		case "slots":
			if h.Slots != 0 {
				return h, fmt.Errorf("host %s: its slots are given twice", h.Name)
			}
			if h.Slots, err = parseSlots(value); err != nil {
				return h, fmt.Errorf("host %s: %w", h.Name, err)
			}
		case "max_slots", "max-slots":
			if _, err := parseSlots(value); err != nil {
				return h, fmt.Errorf("host %s: %s: %w", h.Name, key, err)
			}
		default:
			return h, fmt.Errorf("host %s: unknown key %q (known: slots, max_slots)", h.Name, key)
		}
	}
	return h, nil
}
