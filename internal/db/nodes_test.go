package db_test

import (
	"context"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
)

func TestANodeWhoseNumberWasTakenByAnotherTakesAnother(t *testing.T) {
	ctx := context.Background()
	url := dbtest.PostgresURL(t)
	d, err := db.Open(ctx, db.Options{URL: url, NodeLease: 600 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	number := func() int64 { return d.NewID() >> 8 & 31 }
	other, err := db.Connect(ctx, db.Options{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	exec := func(query string, args ...any) {
		t.Helper()
		if err := other.Write(ctx, func(ctx context.Context, tx *db.Tx) error { _, err := tx.Exec(ctx, query, args...); return err }); err != nil {
			t.Fatal(err)
		}
	}
	before := number()
	exec("UPDATE nodes SET holder = 'another', lease_until = 9000000000000000 WHERE node = $1", before)
	lost := false
	for deadline := time.Now().Add(time.Minute); number() == before || d.Node() != nil; time.Sleep(5 * time.Millisecond) {
		lost = lost || d.Node() != nil
		if time.Now().After(deadline) {
			t.Fatalf("still %d, %v", number(), d.Node())
		}
	}
	if n, err := d.Nodes(ctx); n != 2 || err != nil {
		t.Errorf("%d nodes, %v", n, err)
	}
	if err := d.Write(ctx, func(ctx context.Context, tx *db.Tx) error { return nil }); err != nil || !lost {
		t.Errorf("lost %v, then %v", lost, err)
	}
}
