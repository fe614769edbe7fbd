package notify

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// perSweep bounds one round: the next one goes on.
const perSweep = 2000

// apart is how many tickets' news go as mails of their own: more go as one.
const apart = 3

// waiting is what is due for one person by one target.
type waiting struct {
	user   desk.UserID
	target string
	ids    []int64
}

// Deliver hands over what is due: held desktop news to the browser, mails to their sender. Schedule has it called.
func (s *Service) Deliver(ctx context.Context) error {
	due, err := s.dueNow(ctx)
	if err != nil || len(due) == 0 {
		return err
	}
	var first error
	for _, w := range due {
		if err := s.deliver(ctx, w); err != nil && first == nil {
			first = err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return first
}

func (s *Service) dueNow(ctx context.Context) ([]waiting, error) {
	type row struct {
		id     int64
		user   desk.UserID
		target string
	}
	rows, err := db.All(ctx, s.DB, func(r db.Scanner) (x row, err error) { err = r.Scan(&x.id, &x.user, &x.target); return x, err },
		"SELECT notification_id, user_id, target FROM notification_deliveries WHERE done_at = 0 AND due_at <= $1 ORDER BY due_at, notification_id LIMIT $2", s.Clock.Ms(), perSweep)
	if err != nil {
		return nil, fmt.Errorf("notify: due: %w", err)
	}
	var out []waiting
	at := map[string]int{}
	for _, r := range rows {
		key := r.user.String() + "/" + r.target
		i, known := at[key]
		if !known {
			i = len(out)
			at[key] = i
			out = append(out, waiting{user: r.user, target: r.target})
		}
		out[i].ids = append(out[i].ids, r.id)
	}
	return out, nil
}

// deliver looks again at what was true when it was written: who has read it, turned it off, left, or may not see it any more hears nothing.
func (s *Service) deliver(ctx context.Context, w waiting) error {
	u, err := s.People.Get(ctx, s.DB, w.user)
	if desk.CodeOf(err) == desk.NotFound {
		return s.done(ctx, w.target, w.ids, "gone")
	}
	if err != nil {
		return err
	}
	set, err := s.Of(ctx, s.DB, w.user)
	if err != nil {
		return err
	}
	_, company, err := s.Company(ctx, s.DB)
	if err != nil {
		return err
	}
	items, err := s.items(ctx, u, w.ids)
	if err != nil {
		return err
	}
	var still []News
	keep := map[int64]bool{}
	for _, it := range items {
		if u.Active && it.ReadAt == 0 && has(set.targets(it.Kind), w.target) {
			still = append(still, it)
			keep[it.number()] = true
		}
	}
	var drop []int64
	for _, id := range w.ids {
		if !keep[id] {
			drop = append(drop, id)
		}
	}
	if err := s.done(ctx, w.target, drop, "not_needed"); err != nil || len(still) == 0 {
		return err
	}
	if end, quiet := set.Quiet.Until(s.Clock.Now(), set.zone(u, company)); quiet && targetOf(w.target).Rests && !only(still, Test) {
		return s.postpone(ctx, w.target, still, desk.At(end), "")
	}
	if sender := s.Senders[w.target]; sender != nil {
		return s.post(ctx, sender, w.target, u, still)
	}
	return s.browser(ctx, w.target, u, still)
}

func has(list []string, v string) bool {
	for _, x := range list {
		if x == v {
			return true
		}
	}
	return false
}

func only(items []News, k Kind) bool {
	for _, it := range items {
		if it.Kind != k {
			return false
		}
	}
	return true
}

// browser tells the workspace to show what waited.
func (s *Service) browser(ctx context.Context, target string, u desk.User, items []News) error {
	return s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		fresh := newCrier()
		for _, it := range items {
			fresh.add(u.ID, freshItem{ID: it.ID, Kind: it.Kind, Ticket: it.TicketID, InApp: true, Desktop: target == Desktop})
		}
		if err := fresh.cry(ctx, tx, s.Events); err != nil {
			return err
		}
		_, err := s.mark(ctx, tx, target, numbers(items), s.Clock.Ms(), "shown")
		return err
	})
}

// post sends news as letters: a ticket's own, or one about everything when there is more of it.
func (s *Service) post(ctx context.Context, sender Sender, target string, u desk.User, items []News) error {
	if slug, _ := sender.Unavailable(ctx); slug != "" {
		return s.later(ctx, target, items, slug)
	}
	company, rhythm, err := s.Company(ctx, s.DB)
	if err != nil {
		return err
	}
	set, err := s.Of(ctx, s.DB, u.ID)
	if err != nil {
		return err
	}
	w := writer{words: wordsFor(u.Locale, rhythm.Locale), base: s.Base, company: company, zone: set.zone(u, rhythm), digest: set.Email.Mode != AtOnce}
	groups := byTicket(items)
	if len(groups) > apart || w.digest {
		groups = [][]News{items}
	}
	for _, g := range groups {
		if err := s.send(ctx, sender, target, u, w, g); err != nil {
			return err
		}
	}
	return nil
}

var errTaken = errors.New("notify: somebody else sent it")

func (s *Service) send(ctx context.Context, sender Sender, target string, u desk.User, w writer, items []News) error {
	letter := w.letter(u, items)
	marked := false
	err := sender.Send(ctx, letter, func(ctx context.Context) error {
		err := s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
			n, err := s.mark(ctx, tx, target, numbers(items), s.Clock.Ms(), "sent")
			if err == nil && n != int64(len(items)) {
				return errTaken
			}
			return err
		})
		marked = err == nil
		return err
	})
	switch {
	case err == nil:
		if !marked {
			return s.done(ctx, target, numbers(items), "sent")
		}
		return nil
	case errors.Is(err, errTaken):
		return nil
	case fault(err) == channel.Uncertain: // it may have gone out: a second mail would be worse than none
		return s.done(ctx, target, numbers(items), "uncertain")
	case fault(err) == channel.Permanent:
		return s.done(ctx, target, numbers(items), "refused")
	}
	s.Log.Warn("notify: a mail could not be sent; trying again", "user_id", u.ID, "err", err)
	return s.later(ctx, target, items, string(fault(err)))
}

func fault(err error) channel.Fault {
	var e *channel.SendError
	if errors.As(err, &e) {
		return e.Fault
	}
	return channel.Transient
}

// later tries again after a pause that grows, and gives up in time.
func (s *Service) later(ctx context.Context, target string, items []News, why string) error {
	now := s.Clock.Ms()
	var again, drop []News
	for _, it := range items {
		if now > it.At.Add(s.Windows.GiveUp) {
			drop = append(drop, it)
		} else {
			again = append(again, it)
		}
	}
	if err := s.done(ctx, target, numbers(drop), "gave_up"); err != nil || len(again) == 0 {
		return err
	}
	tries := 0
	if err := s.DB.QueryRow(ctx, "SELECT COALESCE(MAX(tries), 0) FROM notification_deliveries WHERE target = $1 AND notification_id = $2", target, again[0].number()).Scan(&tries); err != nil {
		return err
	}
	pause := s.Windows.Retry << min(tries, 5)
	return s.postpone(ctx, target, again, now.Add(pause), why)
}

func (s *Service) postpone(ctx context.Context, target string, items []News, at desk.Time, why string) error {
	return s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, "UPDATE notification_deliveries SET due_at = $1, done_at = 0, outcome = $2, tries = tries + CASE WHEN $2 = '' THEN 0 ELSE 1 END WHERE target = $3 AND notification_id IN ("+list(numbers(items))+")", at, why, target)
		return err
	})
}

func (s *Service) done(ctx context.Context, target string, ids []int64, outcome string) error {
	if len(ids) == 0 {
		return nil
	}
	return s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, "UPDATE notification_deliveries SET done_at = $1, outcome = $2 WHERE target = $3 AND notification_id IN ("+list(ids)+")", s.Clock.Ms(), outcome, target)
		return err
	})
}

// mark settles what is not settled yet and counts it.
func (s *Service) mark(ctx context.Context, tx *db.Tx, target string, ids []int64, at desk.Time, outcome string) (int64, error) {
	return tx.Exec(ctx, "UPDATE notification_deliveries SET done_at = $1, outcome = $2 WHERE target = $3 AND done_at = 0 AND notification_id IN ("+list(ids)+")", at, outcome, target)
}

// list writes numbers of our own into a statement.
func list(ids []int64) string {
	if len(ids) == 0 {
		return "0"
	}
	var b strings.Builder
	for i, id := range ids {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.FormatInt(id, 10))
	}
	return b.String()
}

func numbers(items []News) []int64 {
	out := make([]int64, len(items))
	for i, it := range items {
		out[i] = it.number()
	}
	return out
}

// byTicket gathers news by ticket, in the order in which each first came.
func byTicket(items []News) [][]News {
	var out [][]News
	at := map[string]int{}
	for _, it := range items {
		key := it.group()
		i, known := at[key]
		if !known {
			i = len(out)
			at[key] = i
			out = append(out, nil)
		}
		out[i] = append(out[i], it)
	}
	return out
}
