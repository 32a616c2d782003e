package launcher

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReadRankFile(t *testing.T) {
	read := func(text string) ([]RankPlace, error) {
		file := filepath.Join(t.TempDir(), "ranks")
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return ReadRankFile(file)
	}
	got, err := read("# mine\nrank 1=b slot=1:0-2\nrank 0=a slot=0,2-3 # two\n\nrank 2=+n0 slots=*\nrank 3=a\n")
	if err != nil || fmt.Sprint(got) != "[{a 0,2-3} {b 1:0-2} {+n0 *} {a }]" {
		t.Errorf("%v %v", got, err)
	}
	for in, want := range map[string]string{
		"":                              "names no rank",
		"rank 1=a":                      "rank 0 has no line",
		"rank 0=a\nrank 0=b":            "ranks:2: rank 0 has a line already",
		"a slots=2":                     "ranks:1: \"a slots=2\": expected rank N=HOST slot=CORES",
		"rank x=a":                      "expected rank N=HOST",
		"rank -1=a":                     "expected rank N=HOST",
		"rank 0":                        "expected rank N=HOST",
		"rank 0=":                       "a host without a name",
		"rank 0=-oX":                    "starts with a dash",
		"rank 0=a slot=":                "expected rank N=HOST",
		"rank 0=a slot=x":               "slot=x: expected numbers of cores",
		"rank 0=a slot=x:0":             "no number of a package",
		"rank 0=a cores=0":              "expected rank N=HOST",
		"rank 0=a slot=0 max_slots=1":   "expected rank N=HOST",
		strings.Repeat("rank 0=a", 1e6): "token too long",
	} {
		if got, err := read(in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v %v, want %s", in, got, err, want)
		}
	}
	if _, err := ReadRankFile("/no/such"); err == nil || !strings.Contains(err.Error(), "rank file: open /no/such") {
		t.Error(err)
	}
}

func TestPinned(t *testing.T) {
	cores := []core{{[]int{0, 4}, 0, 0}, {[]int{1, 5}, 0, 0}, {[]int{2, 6}, 1, 1}, {[]int{3, 7}, 1, 1}}
	for in, want := range map[string]string{
		"": "[]", "0": "[0 4]", "1-2": "[1 5 2 6]", "3,0": "[3 7 0 4]", "*": "[0 4 1 5 2 6 3 7]", "1:0": "[2 6]", "0:*": "[0 4 1 5]",
		"4": "there are cores 0 to 3", "1:2": "there are cores 0 to 1", "2:0": "there are packages 0 to 1",
	} {
		got, err := pinned(cores, in)
		text := fmt.Sprint(got)
		if err != nil {
			text = err.Error()
		}
		if !strings.HasSuffix(text, want) {
			t.Errorf("%q: %s, want %s", in, text, want)
		}
	}
}
