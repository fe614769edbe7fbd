package intake_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/thread"
)

// BenchmarkIntake files plain new mails from 64 connections: journal, contact, thread, ticket, owner, events. Parsing is next to nothing here;
// kanal bench measures it too, beside the bare statements.
func BenchmarkIntake(b *testing.B) {
	both(b, func(b *testing.B, w *world) {
		var n atomic.Int64
		raws := make([]channel.Raw, b.N)
		for i := range raws {
			raws[i] = w.letter(fmt.Sprintf("m%d@x.example", i), fmt.Sprintf("c%d@x.example", i)).raw(b)
		}
		b.SetParallelism(32)
		b.ResetTimer()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if err := w.Deliver(context.Background(), raws[n.Add(1)-1:][:1]); err != nil {
					b.Error(err)
				}
			}
		})
	})
}

// BenchmarkThreadLookup finds the thread of a reply with a long chain among many.
func BenchmarkThreadLookup(b *testing.B) {
	both(b, func(b *testing.B, w *world) {
		var refs []string
		for i := range 20 {
			id := fmt.Sprintf("m%d@x.example", i)
			var with []func(*mail)
			if len(refs) > 0 {
				with = append(with, replies(refs...))
			}
			w.deliver(w.letter(id, "mira@x.example", with...))
			refs = append([]string{id}, refs...)
		}
		for i := range 2000 {
			w.deliver(w.letter(fmt.Sprintf("o%d@x.example", i), "noor@x.example"))
		}
		m := w.letter("probe", "mira@x.example", replies(refs...))
		b.ResetTimer()
		for b.Loop() {
			err := w.DB.Write(context.Background(), func(ctx context.Context, tx *db.Tx) error {
				ids, err := w.Threads.LockRefs(ctx, tx, w.support.InboxID, "probe", m.Refs)
				if err != nil {
					return err
				}
				p, err := w.Threads.Place(ctx, tx, thread.Find{Inbox: w.support.InboxID, Account: w.support.ID, Threading: channel.ByReference, Ids: ids, Direct: 1, From: m.From})
				if err == nil && p.By != thread.ByInReplyTo {
					err = fmt.Errorf("found by %q", p.By)
				}
				return err
			})
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}

func both(b *testing.B, fn func(b *testing.B, w *world)) {
	b.Run("sqlite", func(b *testing.B) { fn(b, newWorld(b, dbtest.SQLite(b))) })
	b.Run("postgres", func(b *testing.B) { fn(b, newWorld(b, dbtest.Postgres(b))) })
}
