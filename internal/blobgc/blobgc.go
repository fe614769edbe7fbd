// Package blobgc collects stored files that nothing refers to any more. It owns no table and changes no row: it lists the blobs,
// asks the tables that refer to blobs, and deletes what is old and unreferenced. The queue runs it by schedule; `kanal doctor` may ask it to look only.
//
// A file is written before the transaction that refers to it. Two things keep such a file safe: putting it, also again, makes it young,
// and young files are left alone; and what is to be deleted is looked up once more while nobody can add a reference. In a bucket, where
// nobody may wait for the network, a file is set aside first and removed by a later pass (blob.Asider).
package blobgc

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/kanalhq/kanal/internal/blob"
	"github.com/kanalhq/kanal/internal/db"
)

// References are the columns that hold names of blobs. A test compares them with the schema.
var References = []struct{ Table, Column string }{
	{"attachments", "sha256"},
	{"inbound_raw", "blob"},
	{"form_files", "sha256"},
}

// Service collects.
type Service struct {
	db    *db.DB
	store blob.Store
	log   *slog.Logger
	age   time.Duration
}

// New returns a collector of files put longer ago than age (KANAL_WINDOW_BLOB_GC), which must be longer than any upload may wait for its
// transaction. A nil log discards.
func New(d *db.DB, store blob.Store, age time.Duration, log *slog.Logger) *Service {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Service{db: d, store: store, log: log, age: age}
}

// Report says what a collection found.
type Report struct {
	Seen    int64 `json:"seen"`
	Deleted int64 `json:"deleted"`
	Freed   int64 `json:"freed_bytes"`
}

const batch = 200

// Collect looks through all blobs once and deletes those that are old and unreferenced.
func (s *Service) Collect(ctx context.Context) (Report, error) {
	var r Report
	before := time.Now().Add(-s.age)
	var old []blob.Info
	flush := func() error {
		err := s.sweep(ctx, old, before, &r)
		old = old[:0]
		return err
	}
	err := s.store.List(ctx, "", func(i blob.Info) error {
		r.Seen++
		if i.PutAt.After(before) {
			return nil
		}
		if old = append(old, i); len(old) < batch {
			return nil
		}
		return flush()
	})
	if err == nil {
		err = flush()
	}
	if err != nil {
		return r, fmt.Errorf("blobgc: %w", err)
	}
	if r.Deleted > 0 {
		s.log.Info("stored files without a reference were deleted", "files", r.Deleted, "bytes", r.Freed)
	}
	return r, nil
}

// Run is Collect for a schedule.
func (s *Service) Run(ctx context.Context) error { _, err := s.Collect(ctx); return err }

// sweep deletes of a batch what nothing refers to: looked up first without a lock, because most is referenced, then under it.
func (s *Service) sweep(ctx context.Context, infos []blob.Info, before time.Time, r *Report) error {
	loose, err := s.unreferenced(ctx, s.db, infos)
	if err != nil {
		return err
	}
	if aside, ok := s.store.(blob.Asider); ok {
		return setAside(ctx, aside, loose, before, r)
	}
	for part := range slices.Chunk(loose, 20) { // the lock is short
		var gone []blob.Info
		err := s.db.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
			gone = nil
			if err := lock(ctx, tx); err != nil {
				return err
			}
			still, err := s.unreferenced(ctx, tx, part)
			if err != nil {
				return err
			}
			for _, i := range still {
				ok, err := s.store.Delete(ctx, i.SHA256, before)
				if err != nil {
					return err
				}
				if ok {
					gone = append(gone, i)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		for _, i := range gone {
			r.Deleted++
			r.Freed += i.Size
		}
	}
	return nil
}

// setAside deletes in two passes, without a lock: a reference that this pass could not see yet is seen by the next, and until then the
// blob is found where it lies.
func setAside(ctx context.Context, store blob.Asider, loose []blob.Info, before time.Time, r *Report) error {
	for _, i := range loose {
		ok, err := store.SetAside(ctx, i.SHA256, before)
		if err != nil {
			return err
		}
		if ok {
			r.Deleted++
			r.Freed += i.Size
		}
	}
	return nil
}

// lock keeps everybody from adding a reference until the transaction ends. On SQLite the one writer is us.
func lock(ctx context.Context, tx *db.Tx) error {
	if tx.Dialect() != db.Postgres {
		return nil
	}
	if _, err := tx.Exec(ctx, "SET LOCAL lock_timeout = '2s'"); err != nil {
		return err
	}
	var tables []string
	for _, ref := range References {
		tables = append(tables, ref.Table)
	}
	_, err := tx.Exec(ctx, "LOCK TABLE "+strings.Join(tables, ", ")+" IN SHARE ROW EXCLUSIVE MODE")
	return err
}

func (s *Service) unreferenced(ctx context.Context, q db.Queryer, infos []blob.Info) ([]blob.Info, error) {
	if len(infos) == 0 {
		return nil, nil
	}
	names := make([]string, len(infos))
	for i, info := range infos {
		names[i] = info.SHA256
	}
	arg, err := json.Marshal(names)
	if err != nil {
		return nil, err
	}
	in := "(SELECT value FROM json_each($1))"
	if q.Dialect() == db.Postgres {
		in = "(SELECT json_array_elements_text($1::json))"
	}
	var parts []string
	for _, ref := range References {
		parts = append(parts, fmt.Sprintf("SELECT %[2]s FROM %[1]s WHERE %[2]s <> '' AND %[2]s IN %[3]s", ref.Table, ref.Column, in))
	}
	used, err := db.All(ctx, q, db.Column[string], strings.Join(parts, " UNION "), string(arg))
	if err != nil {
		return nil, err
	}
	held := map[string]bool{}
	for _, name := range used {
		held[name] = true
	}
	return slices.DeleteFunc(slices.Clone(infos), func(i blob.Info) bool { return held[i.SHA256] }), nil
}
