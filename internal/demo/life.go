package demo

import (
	"context"
	"time"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/survey"
)

// Desk is what people of the demo do to tickets beside answering: triage.Service.
type Desk interface {
	Snooze(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.TicketID, until desk.Time) error
	Follow(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.TicketID, user desk.UserID) error
	Link(ctx context.Context, tx *db.Tx, actor desk.Actor, id, other desk.TicketID, kind string) error
	MarkSpam(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.TicketID, block string) (string, error)
}

// life is what is on the desk this morning: some tickets rest, some are followed, two belong together, the trade's newsletter was thrown out, and customers
// are asked how it went.
func (f *filler) life(ctx context.Context, tx *db.Tx) error {
	mette, sofie := f.users["mette"], f.users["sofie"]
	open, err := db.All(ctx, tx, db.Column[desk.TicketID], "SELECT id FROM tickets WHERE open = 1 AND hidden = '' AND owner_id <> 0 ORDER BY last_activity_at LIMIT 8")
	if err != nil {
		return err
	}
	for i, id := range open {
		var err error
		switch {
		case i < 2:
			err = f.Desk.Snooze(ctx, tx, desk.ByUser(mette.ID), id, desk.At(f.now.Add(time.Duration(18+30*i)*time.Hour)))
		case i == 2:
			err = f.Desk.Snooze(ctx, tx, desk.ByUser(sofie.ID), id, 0)
		case i < 6:
			err = f.Desk.Follow(ctx, tx, desk.ByUser(mette.ID), id, mette.ID)
		case i == 7:
			err = f.Desk.Link(ctx, tx, desk.ByUser(sofie.ID), id, open[6], "related")
		}
		if err != nil {
			return err
		}
	}
	spam, err := db.All(ctx, tx, db.Column[desk.TicketID], "SELECT t.id FROM tickets t JOIN contacts c ON c.id = t.contact_id WHERE c.email = 'news@velotrade.example' AND t.hidden = ''")
	if err != nil {
		return err
	}
	for _, id := range spam {
		if _, err := f.Desk.MarkSpam(ctx, tx, desk.ByUser(mette.ID), id, "none"); err != nil {
			return err
		}
	}
	_, err = f.Surveys.SetSettings(ctx, tx, desk.ByUser(mette.ID), survey.Settings{On: true, DelayMinutes: 120, EveryDays: 14})
	return err
}
