package db

import (
	"context"
	"os"
	"path/filepath"
	"testing"
)

func TestOpenSmoke(t *testing.T) {
	ctx := context.Background()
	opts := []Options{{Path: filepath.Join(t.TempDir(), "k.db")}}
	if u := os.Getenv("KANAL_TEST_POSTGRES"); u != "" {
		opts = append(opts, Options{URL: u})
	}
	for _, o := range opts {
		d, err := Open(ctx, o)
		if err != nil {
			t.Fatal(err)
		}
		err = d.Write(ctx, func(ctx context.Context, tx *Tx) error {
			_, err := tx.Exec(ctx, "INSERT INTO events (id, at, type, actor) VALUES ($1, $2, $3, $4)", tx.NewID(), 1, "a.b", "system")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		d.Close()
	}
}
