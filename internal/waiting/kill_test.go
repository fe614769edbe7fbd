package waiting_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
)

const (
	childPath = "KANAL_TEST_WAITING_PATH"
	childURL  = "KANAL_TEST_WAITING_URL"
	waiters   = 120
	crew      = 4
	each      = 20
)

// TestDrainUntilKilled is the process that TestAKilledServerGoesOn kills.
func TestDrainUntilKilled(t *testing.T) {
	path, url := os.Getenv(childPath), os.Getenv(childURL)
	if path == "" && url == "" {
		t.Skip("run by another test")
	}
	d, err := db.Open(context.Background(), db.Options{Path: path, URL: url})
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t, d)
	r.limit(each)
	var us []desk.User
	for i := range crew {
		us = append(us, r.User(desktest.Named(fmt.Sprintf("Agent%d X", i)), desktest.Away))
	}
	acc := r.Account(desktest.Assign(users(us...)))
	for range waiters {
		r.arrive(acc)
	}
	r.settle()
	for _, u := range us {
		r.available(u, true)
	}
	r.numbered()
	fmt.Println("draining")
	for {
		r.numbered()
		if _, err := r.w.Step(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
}

// RT-07, RT-21: a server that is killed while the line moves loses nothing, gives nothing twice and nobody more than they may have.
func TestAKilledServerGoesOn(t *testing.T) {
	for name, where := range map[string]func(t *testing.T) db.Options{
		"sqlite":   func(t *testing.T) db.Options { return db.Options{Path: filepath.Join(t.TempDir(), "kanal.db")} },
		"postgres": func(t *testing.T) db.Options { return db.Options{URL: dbtest.PostgresURL(t)} },
	} {
		t.Run(name, func(t *testing.T) {
			for _, after := range []time.Duration{15 * time.Millisecond, 150 * time.Millisecond} {
				o := where(t)
				kill(t, o, after)
				d, err := db.Open(context.Background(), o)
				if err != nil {
					t.Fatal(err)
				}
				t.Logf("killed after %v: %d were given away", after, count(t, d, "SELECT COUNT(*) FROM tickets WHERE owner_id <> 0"))
				r := newRig(t, d)
				if n := count(t, d, "SELECT COUNT(*) FROM assignment_queue"); n != waiters-crew*each {
					t.Errorf("%d wait, want %d", n, waiters-crew*each)
				}
				if n := count(t, d, "SELECT COUNT(*) FROM tickets WHERE owner_id <> 0"); n != crew*each {
					t.Errorf("%d have an owner, want %d", n, crew*each)
				}
				if n := count(t, d, "SELECT COUNT(*) FROM (SELECT owner_id FROM tickets WHERE owner_id <> 0 GROUP BY owner_id HAVING COUNT(*) <> $1) x", each); n != 0 {
					t.Errorf("%d people do not have what they may have", n)
				}
				if n := count(t, d, "SELECT COUNT(*) FROM (SELECT ticket_id FROM events WHERE type = 'ticket.assigned' AND user_id <> 0 GROUP BY ticket_id HAVING COUNT(*) > 1) x"); n != 0 {
					t.Errorf("%d tickets were given away twice", n)
				}
				if n := count(t, d, "SELECT COUNT(*) FROM assignment_queue q JOIN tickets t ON t.id = q.object_id WHERE t.owner_id <> 0"); n != 0 {
					t.Errorf("%d wait though they have an owner", n)
				}
				_ = r
				d.Close()
			}
		})
	}
}

func count(t *testing.T, d *db.DB, query string, args ...any) (n int) {
	t.Helper()
	if err := d.QueryRow(context.Background(), query, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// kill lets another process drain the line and kills it.
func kill(t *testing.T, o db.Options, after time.Duration) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestDrainUntilKilled$", "-test.v")
	cmd.Env = append(os.Environ(), childPath+"="+o.Path, childURL+"="+o.URL)
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ready := false
	for lines := bufio.NewScanner(pipe); lines.Scan(); {
		if ready = strings.Contains(lines.Text(), "draining"); ready {
			break
		}
		t.Log(lines.Text())
	}
	if !ready {
		t.Fatal("the other process did not begin")
	}
	time.Sleep(after) // anywhere in the middle
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
}

// BenchmarkOneFreePlace is what one closed ticket costs while ten thousand wait (CP-08).
func BenchmarkOneFreePlace(b *testing.B) {
	r := newRig(b, dbtest.SQLite(b))
	r.limit(1)
	var us []desk.User
	for range 50 {
		us = append(us, r.User())
	}
	acc := r.Account(desktest.Assign(users(us...)))
	var held []desk.Ticket
	for range 50 {
		held = append(held, r.arrive(acc))
	}
	const many = 10_000
	r.Write(func(ctx context.Context, tx *db.Tx) error {
		for range many {
			t, err := r.Tickets.Create(ctx, tx, newTicket(acc))
			if err != nil {
				return err
			}
			if err := r.w.Enter(ctx, tx, desk.Waiting{Object: desk.WaitingTicket, ID: int64(t.ID), AccountID: acc.ID, InboxID: acc.InboxID, Since: r.Clock.Ms(), Reason: "all_at_capacity"}); err != nil {
				return err
			}
		}
		return nil
	})
	began := time.Now()
	for {
		more, err := r.w.Step(context.Background())
		if err != nil {
			b.Fatal(err)
		}
		if !more {
			break
		}
	}
	b.Logf("%d looked at once, one by one, in %v", many, time.Since(began).Round(time.Millisecond))
	i := 0
	for b.Loop() {
		t := held[i%len(held)]
		i++
		r.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := r.Tickets.Close(ctx, tx, desk.System, t.ID, "")
			return err
		})
		for {
			more, err := r.w.Step(context.Background())
			if err != nil {
				b.Fatal(err)
			}
			if !more {
				break
			}
		}
		if i >= len(held) { // what was given away is closed next
			ids, err := db.All(context.Background(), r.DB, db.Column[desk.TicketID], "SELECT id FROM tickets WHERE owner_id <> 0 AND open = 1 ORDER BY id LIMIT 50")
			if err != nil || len(ids) == 0 {
				b.Fatal(err)
			}
			held, i = held[:0], 0
			for _, id := range ids {
				held = append(held, desk.Ticket{ID: id})
			}
		}
	}
}
