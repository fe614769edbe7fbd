package people

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
	"github.com/kanalhq/kanal/internal/hours"
)

// Absence is a time in which somebody is out of office (AV-05): from StartsAt until, but not with, EndsAt.
type Absence struct {
	ID        desk.AbsenceID `json:"id"`
	UserID    desk.UserID    `json:"user_id"`
	StartsAt  desk.Time      `json:"starts_at"`
	EndsAt    desk.Time      `json:"ends_at"`
	Note      string         `json:"note"`
	CreatedBy desk.UserID    `json:"created_by"`
	CreatedAt desk.Time      `json:"created_at"`
}

const (
	absenceColumns = `id, user_id, starts_at, ends_at, note, created_by, created_at`
	maxAbsences    = 200
	longest        = 3 * 366 * 24 * time.Hour
)

func scanAbsence(r db.Scanner) (a Absence, err error) {
	err = r.Scan(&a.ID, &a.UserID, &a.StartsAt, &a.EndsAt, &a.Note, &a.CreatedBy, &a.CreatedAt)
	return a, err
}

// absencesOf are the absences that are not long over: what was missed while nothing ran is made up for.
func (s *Service) absencesOf(ctx context.Context, q db.Queryer, ids []desk.UserID) (map[desk.UserID][]Absence, error) {
	const past = 90 * 24 * time.Hour
	all, err := db.All(ctx, q, scanAbsence, `SELECT `+absenceColumns+` FROM user_absences WHERE user_id IN `+db.IDs(ids)+` AND ends_at > $1 ORDER BY starts_at, id`, s.clk.Ms().Add(-past))
	if err != nil {
		return nil, fmt.Errorf("people: absences: %w", err)
	}
	out := map[desk.UserID][]Absence{}
	for _, a := range all {
		out[a.UserID] = append(out[a.UserID], a)
	}
	return out, nil
}

// Absences lists a user's absences that are not over, in their order.
func (s *Service) Absences(ctx context.Context, q db.Queryer, id desk.UserID) ([]Absence, error) {
	as, err := db.All(ctx, q, scanAbsence, `SELECT `+absenceColumns+` FROM user_absences WHERE user_id = $1 AND ends_at > $2 ORDER BY starts_at, id`, id, s.clk.Ms())
	if err != nil {
		return nil, fmt.Errorf("people: absences: %w", err)
	}
	return as, nil
}

// SetAbsence adds an absence, or changes the one of its id. Whoever it covers now is away at once. Records user.updated.
func (s *Service) SetAbsence(ctx context.Context, tx *db.Tx, actor desk.Actor, a Absence) (Absence, error) {
	a.Note = strings.TrimSpace(a.Note)
	now := s.clk.Ms()
	switch {
	case a.StartsAt == 0 || a.EndsAt <= a.StartsAt:
		return a, desk.Errorf(desk.Invalid, "absence.ends_first", "An absence ends after it begins.").In("ends_at")
	case a.EndsAt <= now:
		return a, desk.Errorf(desk.Invalid, "absence.past", "This absence is over already.").In("ends_at")
	case a.EndsAt.Time().Sub(a.StartsAt.Time()) > longest:
		return a, desk.Errorf(desk.Invalid, "absence.too_long", "An absence takes at most three years.").In("ends_at")
	case len(a.Note) > maxNote || strings.ContainsAny(a.Note, "\r\n\x00"):
		return a, desk.Errorf(desk.Invalid, "availability.note_too_long", "A note is one line of at most %d bytes.", maxNote).In("note")
	}
	err := s.edit(ctx, tx, actor, a.UserID, func() (map[string][2]any, error) {
		var before any
		if a.ID == 0 {
			var n int
			if err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM user_absences WHERE user_id = $1 AND ends_at > $2`, a.UserID, now).Scan(&n); err != nil {
				return nil, err
			}
			if n >= maxAbsences {
				return nil, desk.Errorf(desk.Invalid, "absence.too_many", "Somebody may have %d absences to come.", maxAbsences)
			}
			a.ID, a.CreatedBy, a.CreatedAt = desk.AbsenceID(tx.NewID()), actor.UserID(), now
			_, err := tx.Exec(ctx, `INSERT INTO user_absences (`+absenceColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7)`, a.ID, a.UserID, a.StartsAt, a.EndsAt, a.Note, a.CreatedBy, a.CreatedAt)
			return map[string][2]any{"absence": {before, a}}, err
		}
		had, err := s.absence(ctx, tx, a.UserID, a.ID)
		if err != nil {
			return nil, err
		}
		a.CreatedBy, a.CreatedAt = had.CreatedBy, had.CreatedAt
		if had == a {
			return nil, nil
		}
		_, err = tx.Exec(ctx, `UPDATE user_absences SET starts_at = $1, ends_at = $2, note = $3 WHERE id = $4`, a.StartsAt, a.EndsAt, a.Note, a.ID)
		return map[string][2]any{"absence": {had, a}}, err
	})
	return a, err
}

// RemoveAbsence takes an absence away; who was away by it is there again when their hours say so. Records user.updated.
func (s *Service) RemoveAbsence(ctx context.Context, tx *db.Tx, actor desk.Actor, user desk.UserID, id desk.AbsenceID) error {
	return s.edit(ctx, tx, actor, user, func() (map[string][2]any, error) {
		had, err := s.absence(ctx, tx, user, id)
		if err != nil {
			return nil, err
		}
		_, err = tx.Exec(ctx, `DELETE FROM user_absences WHERE id = $1`, id)
		return map[string][2]any{"absence": {had, nil}}, err
	})
}

func (s *Service) absence(ctx context.Context, q db.Queryer, user desk.UserID, id desk.AbsenceID) (Absence, error) {
	as, err := db.All(ctx, q, scanAbsence, `SELECT `+absenceColumns+` FROM user_absences WHERE id = $1 AND user_id = $2`, id, user)
	if err == nil && len(as) == 0 {
		return Absence{}, desk.Errorf(desk.NotFound, "absence.not_found", "There is no such absence.")
	}
	if err != nil {
		return Absence{}, fmt.Errorf("people: absence: %w", err)
	}
	return as[0], nil
}

// Week is somebody's hours of work: nil hours are any time. A week without any range is never.
type Week struct {
	Hours    *hours.Schedule
	Calendar string
}

// SetWeek sets a user's weekly hours, in their own zone, and the holidays that they keep (AV-04, AV-09); "" are those of their team. The caller has made sure that there is
// such a calendar. Records user.updated.
func (s *Service) SetWeek(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.UserID, w Week) error {
	stored := ""
	if w.Hours != nil {
		week := *w.Hours
		week.Timezone = "UTC"
		if err := week.Validate("hours"); err != nil {
			return err
		}
		week.Timezone = ""
		if week.Ranges == nil {
			week.Ranges = []hours.Range{}
		}
		if week.Holidays == nil {
			week.Holidays = []hours.Holiday{}
		}
		w.Hours, stored = &week, string(db.JSON(week))
	}
	return s.edit(ctx, tx, actor, id, func() (map[string][2]any, error) {
		var had, cal string
		if err := tx.QueryRow(ctx, `SELECT hours, calendar FROM users WHERE id = $1`, id).Scan(&had, &cal); err != nil {
			return nil, noUser(err)
		}
		changes := map[string][2]any{}
		if had != stored {
			var before *hours.Schedule
			_ = db.ScanJSON(&before).Scan(had)
			changes["hours"] = [2]any{before, w.Hours}
		}
		if cal != w.Calendar {
			changes["calendar"] = [2]any{cal, w.Calendar}
		}
		if len(changes) == 0 {
			return nil, nil
		}
		_, err := tx.Exec(ctx, `UPDATE users SET hours = $1, calendar = $2, updated_at = $3 WHERE id = $4`, stored, w.Calendar, s.clk.Ms(), id)
		return changes, err
	})
}

// edit changes somebody's plan, and what it makes of now: where the plan says otherwise than it did, that is an edge; else a choice holds.
func (s *Service) edit(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.UserID, change func() (map[string][2]any, error)) error {
	ks, err := s.keepers(ctx, tx, []desk.UserID{id})
	if err != nil {
		return err
	}
	if len(ks) == 0 {
		return desk.Errorf(desk.NotFound, "user.not_found", "There is no such user.")
	}
	now := s.clk.Ms()
	before := ks[0].plan.At(now.Time())
	changes, err := change()
	if err != nil || len(changes) == 0 {
		return err
	}
	if _, err := s.ev.Record(ctx, tx, desk.Event{Type: desk.EvUserUpdated, Actor: actor, UserID: id, Data: event.Data(map[string]any{"changes": changes})}); err != nil {
		return err
	}
	if ks, err = s.keepers(ctx, tx, []desk.UserID{id}); err != nil {
		return err
	}
	k := ks[0]
	var through []standing
	if o := k.plan.At(now.Time()); k.on && (o.Available != before.Available || o.By != before.By && !o.Available) {
		through = append(through, k.is.planned(k.plan, now))
	}
	k.next = unsettled
	if through == nil {
		through = k.through(now)
	}
	return s.shift(ctx, tx, actor, k, through, now)
}

// KeepCalendar names who keeps a calendar of holidays: teams and people.
func (s *Service) KeepCalendar(ctx context.Context, q db.Queryer, slug string) ([]string, error) {
	names, err := db.All(ctx, q, db.Column[string], `SELECT name FROM teams WHERE calendar = $1 UNION ALL SELECT name FROM users WHERE calendar = $1 ORDER BY 1`, slug)
	if err != nil {
		return nil, fmt.Errorf("people: calendar: %w", err)
	}
	return names, nil
}
