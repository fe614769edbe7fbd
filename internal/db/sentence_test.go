package db_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// A database that cannot be used says what is the matter, what became of the data and what to do, and never its password.
func TestABrokenDatabaseSaysWhatIsTheMatter(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	whole := filepath.Join(dir, "whole.db")
	d, err := db.Open(ctx, db.Options{Path: whole})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	put := func(name string, b []byte) db.Options {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return db.Options{Path: path}
	}
	for name, c := range map[string]struct {
		opt  db.Options
		want string
	}{
		"no database":   {put("text.db", []byte(strings.Repeat("This is a letter. ", 500))), "damaged"},
		"cut off":       {put("cut.db", b[:len(b)/3]), "damaged"},
		"overwritten":   {put("hole.db", append(make([]byte, 4096), b[4096:]...)), "damaged"},
		"no directory":  {db.Options{Path: filepath.Join(dir, "none", "x.db")}, "cannot be opened"},
		"nobody there":  {db.Options{URL: "postgres://kanal:sesame@127.0.0.1:1/x"}, "cannot be reached"},
		"name unknown":  {db.Options{URL: "postgres://kanal:sesame@nowhere.invalid/x"}, "cannot be reached"},
		"no such place": {db.Options{URL: "postgres://kanal:sesame@/x?host=" + dir}, "cannot be reached"},
	} {
		d, err := db.Open(ctx, c.opt)
		if err == nil {
			err = d.Write(ctx, func(ctx context.Context, tx *db.Tx) error { _, err := tx.Exec(ctx, "DELETE FROM sessions"); return err })
			d.Close()
		}
		if said := desk.PublicOf(err); desk.CodeOf(err) != desk.Unavailable || !strings.Contains(said, c.want) || !strings.Contains(said, "Nothing was changed") {
			t.Errorf("%s: %q (%v)", name, said, err)
		} else if strings.Contains(err.Error(), "sesame") {
			t.Errorf("%s: the error holds the password: %v", name, err)
		}
	}
}
