package rainnet

import (
	"os"
	"path/filepath"
	"testing"
)

func TestFaultsFileIsShared(t *testing.T) {
	path := filepath.Join(t.TempDir(), "faults")
	if err := os.WriteFile(path, make([]byte, FaultsFileSize), 0o600); err != nil {
		t.Fatal(err)
	}
	a, err := FaultsOfFile(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(FaultsVariable, path)
	b, err := FaultsOfEnvironment()
	if err != nil {
		t.Fatal(err)
	}
	a.Drop(1, true)
	if b.drops(0) || !b.drops(1) {
		t.Error("a rail that one breaks is not broken for the other")
	}
	b.Drop(1, false)
	if a.drops(1) {
		t.Error("a rail that one mends is not mended for the other")
	}

	t.Setenv(FaultsVariable, "")
	if f, err := FaultsOfEnvironment(); f != nil || err != nil {
		t.Errorf("without the variable: %v, %v", f, err)
	}
	t.Setenv(FaultsVariable, filepath.Join(t.TempDir(), "none"))
	if _, err := FaultsOfEnvironment(); err == nil {
		t.Error("no error for a file that is not there")
	}
}
