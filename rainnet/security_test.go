package rainnet

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestSecurityNamesTests: what SECURITY.md names as the keeper of a promise is there.
func TestSecurityNamesTests(t *testing.T) {
	doc, err := os.ReadFile("SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	var tests strings.Builder
	for _, dir := range []string{".", "../launcher"} {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			tests.Write(text)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	names := regexp.MustCompile("`((?:Test|Fuzz)[A-Za-z]+)`").FindAllStringSubmatch(string(doc), -1)
	for _, name := range names {
		if !strings.Contains(tests.String(), "func "+name[1]+"(") {
			t.Errorf("%s is named in SECURITY.md, and is no test", name[1])
		}
	}
	files := regexp.MustCompile("`([a-z/]+\\.go)`").FindAllStringSubmatch(string(doc), -1)
	for _, name := range files {
		_, err := os.Stat(name[1])
		if _, above := os.Stat(filepath.Join("..", name[1])); err != nil && above != nil {
			t.Errorf("%s is named in SECURITY.md, and is no file", name[1])
		}
	}
	if len(names) < 30 || len(files) < 15 {
		t.Errorf("%d tests and %d files are named", len(names), len(files))
	}
}
