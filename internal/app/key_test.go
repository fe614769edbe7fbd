package app

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/kanalhq/kanal/internal/desk"
)

// A lost key is asked for, not replaced: a new one would fit nothing.
func TestALostKeyIsNotReplaced(t *testing.T) {
	dir := t.TempDir()
	a, err := Open(context.Background(), testConfig(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	a.Close()
	key := filepath.Join(dir, "secret.key")
	kept, err := os.ReadFile(key)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(key); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(context.Background(), testConfig(t, dir)); desk.ReasonOf(err) != "secret.missing" {
		t.Fatalf("without its key: %v", err)
	}
	if !missing(key) {
		t.Fatal("a new key was made")
	}
	if err := os.WriteFile(key, kept, 0o600); err != nil {
		t.Fatal(err)
	}
	if a, err = Open(context.Background(), testConfig(t, dir)); err != nil {
		t.Fatalf("with its key again: %v", err)
	}
	a.Close()
}
