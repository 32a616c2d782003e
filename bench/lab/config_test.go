package lab

import (
	"testing"
)

func TestParseRate(t *testing.T) {
	for s, want := range map[string]uint64{
		"1gbit": 1e9, "2.5Gbit": 2.5e9, "100mbit": 1e8, "800kbit": 8e5, "5000bit": 5000, "125000": 125000, "none": 0, "0": 0,
	} {
		if got, err := ParseRate(s); err != nil || got != want {
			t.Errorf("ParseRate(%q) = %d, %v; want %d", s, got, err, want)
		}
	}
	for _, s := range []string{"", "fast", "1gb", "-1gbit", "1gbit1", "1e30", "nan"} {
		if got, err := ParseRate(s); err == nil {
			t.Errorf("ParseRate(%q) = %d", s, got)
		}
	}
}

func TestConfigsThatCannotBe(t *testing.T) {
	for _, c := range []Config{
		{Hosts: -1}, {Hosts: 1000}, {Rails: 17}, {MTU: 100}, {Rate: 1}, {Rails: 1, Rates: []uint64{1e9, 1e9}},
	} {
		if _, err := New(t.Context(), c); err == nil {
			t.Errorf("New(%+v) made a lab", c)
		}
	}
}
