package notify

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// heldAt is the hour of the company's day at which administrators hear what was held back (EM-36).
const heldAt = 8

// heldLines is how many of the held mails the digest names.
const heldLines = 10

// Held tells administrators once a day what was held back since the last time, when it was anything. Schedule has it called often: it acts when a new day's
// hour has come.
func (s *Service) Held(ctx context.Context) error {
	_, company, err := s.Company(ctx, s.DB)
	if err != nil {
		return err
	}
	now := s.Clock.Now()
	slot := lastSlot(now, Settings{}.zone(desk.User{}, company))
	last, err := s.heldPosition(ctx, desk.At(slot))
	if err != nil || last >= int64(desk.At(slot)) {
		return err
	}
	count, _, err := s.held(ctx, desk.Time(last), desk.At(slot))
	if err != nil {
		return err
	}
	users, err := s.People.List(ctx, s.DB, false)
	if err != nil {
		return err
	}
	people, err := s.everybodys(ctx, users)
	if err != nil {
		return err
	}
	return s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		n, err := tx.Exec(ctx, "UPDATE notify_state SET position = $1 WHERE name = 'held' AND position = $2", desk.At(slot), last)
		if err != nil || n == 0 || count == 0 {
			return err
		}
		fresh := newCrier()
		for _, p := range people {
			targets := p.Settings.targets(HeldDigest)
			if !p.may(specOf(HeldDigest)) || len(targets) == 0 {
				continue
			}
			ev := desk.Event{Seq: -int64(desk.At(slot)), Actor: desk.System}
			n := Notice{User: p.User.ID, Kind: HeldDigest, Targets: targets, Data: map[string]any{"count": count, "since": last, "until": desk.At(slot).Time().UnixMilli()}}
			if err := s.insert(ctx, tx, telling{ev, n, p, company}, fresh); err != nil {
				return err
			}
		}
		return fresh.cry(ctx, tx, s.Events)
	})
}

// lastSlot is the latest time that the digest was due.
func lastSlot(now time.Time, loc *time.Location) time.Time {
	here := now.In(loc)
	if t := local(here, 0, heldAt, 0, loc, false); !t.After(now) {
		return t
	}
	return local(here, -1, heldAt, 0, loc, false)
}

// heldPosition is up to when it was told; an installation begins with the slot before its first.
func (s *Service) heldPosition(ctx context.Context, slot desk.Time) (at int64, err error) {
	err = s.DB.QueryRow(ctx, "SELECT position FROM notify_state WHERE name = 'held'").Scan(&at)
	if errors.Is(err, sql.ErrNoRows) {
		at = int64(slot)
		err = s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, "INSERT INTO notify_state (name, position) VALUES ('held', $1) ON CONFLICT (name) DO NOTHING", at)
			return err
		})
	}
	if err != nil {
		return 0, fmt.Errorf("notify: held: %w", err)
	}
	return at, nil
}

// held counts what was hidden as spam by the machine between two times, and names the newest.
func (s *Service) held(ctx context.Context, after, until desk.Time) (n int, lines []string, err error) {
	const where = " FROM tickets t WHERE t.hidden = 'spam' AND t.hidden_reason <> '' AND t.hidden_at > $1 AND t.hidden_at <= $2"
	if err := s.DB.QueryRow(ctx, "SELECT COUNT(*)"+where, after, until).Scan(&n); err != nil || n == 0 {
		return n, nil, err
	}
	lines, err = db.All(ctx, s.DB, func(r db.Scanner) (line string, err error) {
		var number int64
		var subject string
		err = r.Scan(&number, &subject)
		return fmt.Sprintf("#%d %s", number, subject), err
	}, "SELECT t.number, t.subject"+where+" ORDER BY t.hidden_at DESC, t.id DESC LIMIT $3", after, until, heldLines)
	return n, lines, err
}

// name fills in which mails a digest is about, as they are still held when it is read: a notification keeps no subjects, so that an erasure need not look for them.
func (s *Service) name(ctx context.Context, it *News) error {
	var d struct {
		Count int   `json:"count"`
		Since int64 `json:"since"`
		Until int64 `json:"until"`
	}
	if err := json.Unmarshal(it.Data, &d); err != nil {
		return nil
	}
	_, lines, err := s.held(ctx, desk.Time(d.Since), desk.Time(d.Until))
	if err == nil {
		it.Data, err = json.Marshal(map[string]any{"count": d.Count, "lines": lines})
	}
	return err
}
