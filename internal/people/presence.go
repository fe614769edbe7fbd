package people

import (
	"context"
	"fmt"
	"time"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
	"github.com/kanalhq/kanal/internal/hours"
)

// Choice is somebody's word on whether a user is there. It holds until the next edge of their hours and absences, or Until, whichever is first.
type Choice struct {
	Available bool
	By        string // manual or manager; empty: by whether the actor is the user
	Note      string
	Until     desk.Time
}

const maxNote = 200

// SetAvailability is the one place where availability is chosen. Records user.availability_changed {available, by, note, until}.
func (s *Service) SetAvailability(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.UserID, c Choice) (desk.User, error) {
	if c.By == "" {
		c.By = ByManager
		if actor.UserID() == id {
			c.By = ByManual
		}
	}
	now := s.clk.Ms()
	if len(c.Note) > maxNote {
		return desk.User{}, desk.Errorf(desk.Invalid, "availability.note_too_long", "A note takes at most %d bytes.", maxNote).In("note")
	}
	if c.Until != 0 && c.Until <= now {
		return desk.User{}, desk.Errorf(desk.Invalid, "availability.until_past", "Choose a time that is still to come.").In("until")
	}
	ks, err := s.keepers(ctx, tx, []desk.UserID{id})
	if err != nil {
		return desk.User{}, err
	}
	if len(ks) == 0 {
		return desk.User{}, desk.Errorf(desk.NotFound, "user.not_found", "There is no such user.")
	}
	k := ks[0]
	to := standing{available: c.Available, by: c.By, note: c.Note, at: now, until: c.Until, input: k.is.input}
	if c.By == ByManager {
		to.actor = actor.UserID()
	}
	if err := s.shift(ctx, tx, actor, k, []standing{to}, now); err != nil {
		return desk.User{}, err
	}
	return s.Get(ctx, tx, id)
}

// switched applies what a change of a user says of their availability.
func (s *Service) switched(ctx context.Context, tx *db.Tx, actor desk.Actor, u desk.User, available *bool) (desk.User, error) {
	if available == nil || *available == u.Available {
		return u, nil
	}
	return s.SetAvailability(ctx, tx, actor, u.ID, Choice{Available: *available})
}

// Seen notes that somebody does something in a browser. Who was away because nothing was seen of them is back.
func (s *Service) Seen(ctx context.Context, id desk.UserID) error {
	const often = 15 * time.Second
	now := s.clk.Ms()
	var input desk.Time
	var available bool
	var by string
	if err := s.db.QueryRow(ctx, `SELECT input_at, available, available_by FROM users WHERE id = $1`, id).Scan(&input, &available, &by); err != nil {
		return noUser(err)
	}
	idle := !available && by == ByIdle
	if !idle && input <= now && input.Add(often) > now {
		return nil
	}
	return s.db.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		if _, err := tx.Exec(ctx, `UPDATE users SET input_at = $1 WHERE id = $2`, now, id); err != nil {
			return fmt.Errorf("people: seen: %w", err)
		}
		if !idle {
			return nil // when they idle is found anew when it is due
		}
		ks, err := s.keepers(ctx, tx, []desk.UserID{id})
		if err != nil || len(ks) == 0 || ks[0].is.available || ks[0].is.by != ByIdle {
			return err
		}
		back := standing{available: true, by: ByIdle, at: now, until: ks[0].is.until, input: now}
		return s.shift(ctx, tx, desk.ByUser(id), ks[0], []standing{back}, now)
	})
}

// keeper is a user as availability knows them, with the plan that is theirs.
type keeper struct {
	id   desk.UserID
	on   bool // the user is active
	is   standing
	next desk.Time
	week *hours.Schedule // as stored, without a zone
	zone string
	cal  string
	plan Plan
	idle idling
}

const keeperColumns = `id, active, available, available_by, available_note, available_at, available_until, available_actor, input_at, next_change_at, hours, timezone, calendar`

func scanKeeper(r db.Scanner) (k keeper, err error) {
	err = r.Scan(&k.id, &k.on, &k.is.available, &k.is.by, &k.is.note, &k.is.at, &k.is.until, &k.is.actor, &k.is.input, &k.next, db.ScanJSON(&k.week), &k.zone, &k.cal)
	return k, err
}

// keepers loads users by id, locked until the transaction ends, with their plans.
func (s *Service) keepers(ctx context.Context, tx *db.Tx, ids []desk.UserID) ([]keeper, error) {
	ks, err := db.All(ctx, tx, scanKeeper, `SELECT `+keeperColumns+` FROM users WHERE id IN `+db.IDs(ids)+` ORDER BY id`+tx.ForUpdate())
	if err != nil {
		return nil, fmt.Errorf("people: availability: %w", err)
	}
	return ks, s.plans(ctx, tx, ks)
}

// plans finds what everybody's hours, calendar and absences come to: a few queries for all of them.
func (s *Service) plans(ctx context.Context, q db.Queryer, ks []keeper) error {
	if len(ks) == 0 {
		return nil
	}
	zone, idle := "UTC", idling{}
	if s.around.Zone != nil {
		z, err := s.around.Zone(ctx, q)
		if err != nil {
			return err
		}
		zone = z
	}
	if s.around.Idle != nil {
		after, since, err := s.around.Idle(ctx, q)
		if err != nil {
			return err
		}
		idle = idling{after, max(since, s.since)}
	}
	in := make([]desk.UserID, len(ks))
	for i, k := range ks {
		in[i] = k.id
	}
	away, err := s.absencesOf(ctx, q, in)
	if err != nil {
		return err
	}
	cals, days, err := s.calendars(ctx, q, ks)
	if err != nil {
		return err
	}
	for i := range ks {
		k := &ks[i]
		k.idle, k.plan = idle, Plan{Absences: away[k.id]}
		if k.zone == "" {
			k.zone = zone
		}
		k.cal = cals[k.id]
		if k.week == nil && len(days[k.cal]) == 0 {
			continue
		}
		week := hours.Always(k.zone)
		if k.week != nil {
			week = *k.week
			week.Timezone = k.zone
		}
		week = week.On(days[k.cal])
		k.plan.Hours = &week
	}
	return nil
}

// calendars says which calendar each keeps: their own, else that of the first of their main teams that has one (AV-09); and the days of these.
func (s *Service) calendars(ctx context.Context, q db.Queryer, ks []keeper) (map[desk.UserID]string, map[string][]hours.Holiday, error) {
	of, slugs := map[desk.UserID]string{}, []string{}
	ids := make([]desk.UserID, 0, len(ks))
	for _, k := range ks {
		if k.cal != "" {
			of[k.id], slugs = k.cal, append(slugs, k.cal)
		}
		ids = append(ids, k.id)
	}
	type row struct {
		user desk.UserID
		cal  string
	}
	teams, err := db.All(ctx, q, func(r db.Scanner) (x row, err error) { err = r.Scan(&x.user, &x.cal); return x, err },
		`SELECT m.user_id, t.calendar FROM team_members m JOIN teams t ON t.id = m.team_id WHERE t.calendar <> '' AND m.main = 1 AND m.user_id IN `+db.IDs(ids)+` ORDER BY m.team_id`)
	if err != nil {
		return nil, nil, fmt.Errorf("people: calendars: %w", err)
	}
	for _, r := range teams {
		if of[r.user] == "" {
			of[r.user], slugs = r.cal, append(slugs, r.cal)
		}
	}
	if len(slugs) == 0 || s.around.Calendars == nil {
		return of, nil, nil
	}
	days, err := s.around.Calendars(ctx, q, slugs)
	return of, days, err
}

// shift is the one writer of users.available: it stores the last of the states that somebody went through, the log of all of them, and says it when something changed.
func (s *Service) shift(ctx context.Context, tx *db.Tx, actor desk.Actor, k keeper, through []standing, now desk.Time) error {
	was, is := k.is, k.is
	for _, st := range through {
		if st.available != is.available || st.by != is.by || st.note != is.note {
			if err := s.log(ctx, tx, actor, k.id, st); err != nil {
				return err
			}
		}
		is = st
	}
	next := desk.Time(0)
	if k.on {
		next = is.next(k.plan, k.idle, now)
	}
	if is == was && next == k.next {
		return nil
	}
	updated := ""
	if is.available != was.available {
		updated = `, updated_at = $9`
	}
	args := []any{is.available, is.by, is.note, is.at, is.until, is.actor, next, k.id}
	if updated != "" {
		args = append(args, now)
	}
	_, err := tx.Exec(ctx, `UPDATE users SET available = $1, available_by = $2, available_note = $3, available_at = $4, available_until = $5, available_actor = $6,
		next_change_at = $7`+updated+` WHERE id = $8`, args...)
	if err != nil {
		return fmt.Errorf("people: availability: %w", err)
	}
	if is.available == was.available && is.by == was.by && is.note == was.note && is.until == was.until {
		return nil
	}
	_, err = s.ev.Record(ctx, tx, desk.Event{Type: desk.EvUserAvailability, Actor: actor, UserID: k.id, Data: event.Data(map[string]any{
		"available": is.available, "by": is.by, "note": is.note, "until": is.ends(k.plan, now),
	})})
	return err
}

// ends is when somebody stands otherwise by plan or by their own choice; 0 when nothing of the kind is known.
func (s standing) ends(p Plan, now desk.Time) desk.Time {
	at := desk.Time(0)
	if e, _, ok := p.Next(now.Time(), s.available); ok {
		at = desk.At(e)
	}
	if s.until != 0 && (at == 0 || s.until < at) {
		return s.until
	}
	return at
}

// SetAvailable is SetAvailability without a note or an end.
func (s *Service) SetAvailable(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.UserID, available bool) (desk.User, error) {
	return s.SetAvailability(ctx, tx, actor, id, Choice{Available: available})
}
