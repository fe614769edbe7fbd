package blobgc_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/blob"
	"github.com/kanalhq/kanal/internal/blobgc"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
)

type yard struct {
	t   *testing.T
	d   *db.DB
	dir string
	*blob.DiskStore
}

func newYard(t *testing.T, d *db.DB) *yard {
	dir := t.TempDir()
	s, err := blob.Disk(dir)
	if err != nil {
		t.Fatal(err)
	}
	return &yard{t, d, dir, s}
}

// put stores a text as of some time ago.
func (y *yard) put(text string, ago time.Duration) string {
	y.t.Helper()
	sha, _, err := y.Put(context.Background(), strings.NewReader(text))
	if err != nil {
		y.t.Fatal(err)
	}
	at := time.Now().Add(-ago)
	if err := os.Chtimes(filepath.Join(y.dir, sha[:2], sha[2:4], sha), at, at); err != nil {
		y.t.Fatal(err)
	}
	return sha
}

func (y *yard) refer(ctx context.Context, tx *db.Tx, sha string) error {
	_, err := tx.Exec(ctx, "INSERT INTO attachments (id, name, type, size, sha256, created_at) VALUES ($1, 'x', 'x', 1, $2, 1)", tx.NewID(), sha)
	return err
}

func (y *yard) has(sha string) bool {
	f, err := y.Open(context.Background(), sha)
	if err == nil {
		f.Close()
	}
	return err == nil
}

func TestOnlyOldFilesWithoutAReferenceAreDeleted(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		y := newYard(t, d)
		old := 48 * time.Hour
		loose, young, attached, raw := y.put("loose", old), y.put("young", time.Hour), y.put("attached", old), y.put("raw", old)
		err := d.Write(context.Background(), func(ctx context.Context, tx *db.Tx) error {
			if err := y.refer(ctx, tx, attached); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, "INSERT INTO inbound_raw (id, account_id, channel, dedupe_key, at, blob, state, updated_at) VALUES (1, 1, 'x', 'x', 1, $1, 'filed', 1)", raw)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		r, err := blobgc.New(d, y, 24*time.Hour, nil).Collect(context.Background())
		if err != nil || r.Seen != 4 || r.Deleted != 1 || r.Freed != int64(len("loose")) {
			t.Errorf("%+v, %v", r, err)
		}
		if y.has(loose) || !y.has(young) || !y.has(attached) || !y.has(raw) {
			t.Errorf("loose %v, young %v, attached %v, raw %v", y.has(loose), y.has(young), y.has(attached), y.has(raw))
		}
	})
}

// hesitant lets a test act between the look-up without the lock and the one under it.
type hesitant struct {
	*yard
	once   sync.Once
	before func()
}

func (h *hesitant) List(ctx context.Context, after string, fn func(blob.Info) error) error {
	return h.yard.List(ctx, after, func(i blob.Info) error { h.once.Do(h.before); return fn(i) })
}

func TestAFileReferredToOrPutAgainMeanwhileStays(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		y := newYard(t, d)
		old := 48 * time.Hour
		referred, again := y.put("referred", old), y.put("again", old)
		h := &hesitant{yard: y, before: func() {
			err := d.Write(context.Background(), func(ctx context.Context, tx *db.Tx) error { return y.refer(ctx, tx, referred) })
			if err != nil {
				t.Error(err)
			}
			if _, _, err := y.Put(context.Background(), strings.NewReader("again")); err != nil {
				t.Error(err)
			}
		}}
		if _, err := blobgc.New(d, h, 24*time.Hour, nil).Collect(context.Background()); err != nil {
			t.Fatal(err)
		}
		if !y.has(referred) || !y.has(again) {
			t.Errorf("referred %v, again %v", y.has(referred), y.has(again))
		}
	})
}

// On PostgreSQL a transaction may have added a reference that nobody else sees yet: the collector waits for it.
func TestAReferenceNotYetCommittedIsWaitedFor(t *testing.T) {
	d := dbtest.Postgres(t)
	y := newYard(t, d)
	sha := y.put("late", 48*time.Hour)
	added, done := make(chan bool), make(chan bool)
	go func() {
		defer close(done)
		err := d.Write(context.Background(), func(ctx context.Context, tx *db.Tx) error {
			if err := y.refer(ctx, tx, sha); err != nil {
				return err
			}
			close(added)
			time.Sleep(300 * time.Millisecond) // the collector has come to the lock, most likely; in any order the file must stay
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}()
	<-added
	if _, err := blobgc.New(d, y, 24*time.Hour, nil).Collect(context.Background()); err != nil {
		t.Fatal(err)
	}
	<-done
	if !y.has(sha) {
		t.Error("a file was deleted from under a reference")
	}
}

func TestEveryColumnThatNamesABlobIsLookedAt(t *testing.T) {
	d := dbtest.SQLite(t)
	known := map[string]bool{}
	for _, r := range blobgc.References {
		known[r.Table+"."+r.Column] = true
	}
	cols, err := db.All(context.Background(), d, db.Column[string], `SELECT m.name || '.' || c.name FROM sqlite_master m, pragma_table_info(m.name) c
		WHERE m.type = 'table' AND (c.name LIKE '%sha256%' OR c.name LIKE '%blob%')`)
	if err != nil || len(cols) == 0 {
		t.Fatal(cols, err)
	}
	for _, c := range cols {
		if !known[c] {
			t.Errorf("%s may name a blob and is not looked at", c)
		}
	}
	if len(cols) != len(known) {
		t.Errorf("columns %v, looked at %v", cols, known)
	}
}
