package secret_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/kanalhq/kanal/internal/secret"
)

// A key that a restored backup left readable for everybody is made its owner's alone again, and stays the same key.
func TestTheKeyFileIsItsOwnersAlone(t *testing.T) {
	dir := t.TempDir()
	first, err := secret.Open(dir, "")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "secret.key")
	for _, mode := range []os.FileMode{0o600, 0o644, 0o666, 0o640} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		again, err := secret.Open(dir, "")
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 || string(again.Derive("x")) != string(first.Derive("x")) {
			t.Errorf("from %o: mode %o", mode, info.Mode().Perm())
		}
	}
}
