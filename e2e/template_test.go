package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// `make new-channel` gives a channel that builds, passes the conformance suite and keeps the rules of the house, with one file changed
// outside its folder: the template does not rot.
func TestNewChannelFromTheTemplate(t *testing.T) {
	needs(t, "git")
	dir := t.TempDir()
	copyTree := exec.Command("bash", "-c", `cd .. && git ls-files -z --cached --others --exclude-standard -- '*.go' go.mod go.sum scripts internal/channel web/dist internal/db/migrations | tar --null -T - -cf - 2>/dev/null | tar -xf - -C "$0"`, dir)
	if out, err := copyTree.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	before := snapshot(t, dir)
	run := func(name string, args ...string) {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
		}
	}
	run("scripts/new-channel", "pigeon")
	var changed []string
	for path, text := range snapshot(t, dir) {
		if before[path] != text && !strings.HasPrefix(path, "internal/channel/pigeon/") {
			changed = append(changed, path)
		}
	}
	if len(changed) != 1 || changed[0] != "internal/channel/all/all.go" {
		t.Errorf("changed outside the new folder: %v", changed)
	}
	run("go", "test", "./internal/channel/pigeon", "./internal/channel/all")
	run("go", "test", "./internal/archtest", "-run", "TestTheTreeKeepsTheRules")
}

func snapshot(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(p)
		rel, _ := filepath.Rel(dir, p)
		out[rel] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
