package rainnet

import (
	"strings"
	"testing"
)

func TestPlaces(t *testing.T) {
	places, err := findPlaces([]string{"127.0.0.1", "127.0.0.2", "127.0.0.1"}, map[string]int{})
	if err != nil {
		t.Fatal(err)
	}
	if len(places) != 2 || places[0].nic == places[1].nic || places[0].mtu != maxPayload || places[1].device != "lo" {
		t.Fatalf("got %+v", places)
	}
	if places, err = findPlaces([]string{"lo"}, map[string]int{}); err != nil || len(places) == 0 {
		t.Fatalf("lo: %v, %v", places, err)
	}
	for _, p := range places {
		if p.nic != 0 {
			t.Errorf("%+v: addresses of one interface are one rail", p)
		}
	}
	alone := len(places)
	if places, err = findPlaces([]string{"lo", "127.0.0.1", "lo"}, map[string]int{}); err != nil || len(places) != alone {
		t.Errorf("rails that overlap: %+v, %v; lo by itself has %d", places, err, alone)
	}
	if places, err = findPlaces(nil, map[string]int{}); err != nil || len(places) == 0 {
		t.Fatalf("every usable interface: %v, %v", places, err)
	}
	for _, bad := range []string{"192.0.2.201", "no-such-card", "fe80::1"} {
		if _, err := findPlaces([]string{bad}, map[string]int{}); err == nil || !strings.Contains(err.Error(), bad) || !strings.Contains(err.Error(), "lo 127.0.0.1") {
			t.Errorf("rail %s: error %v names neither the rail nor what there is", bad, err)
		}
	}
}
