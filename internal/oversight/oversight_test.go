package oversight_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/inbox"
	"github.com/kanalhq/kanal/internal/oversight"
)

// GEN-14: what hangs on a channel is told before it is removed, what speaks of it elsewhere too.
func TestWhatHangsOnAChannelIsTold(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := desktest.New(t, d)
		acc, other := k.Account(desktest.At("sales@acme.example")), k.Account(desktest.At("other@acme.example"))
		when := desk.TicketPolicy{Create: "when", When: &desk.Conditions{When: []desk.Condition{{Field: "account", Op: "is", Values: []string{acc.Slug}}}}}
		k.Write(func(ctx context.Context, tx *db.Tx) error {
			if _, err := k.Inboxes.UpdateAccount(ctx, tx, desk.System, other.ID, inbox.AccountChange{Ticket: &when}); err != nil {
				return err
			}
			for _, q := range []string{
				`INSERT INTO assignment_queue (object, object_id, account_id, inbox_id, since) VALUES ('thread', 1, $1, 1, 1)`,
				`INSERT INTO channel_moves (id, account_id, from_inbox, to_inbox, state, actor, created_at, undo_until) VALUES (1, $1, 1, 2, 'done', 'system', 1, 9000000000000)`,
			} {
				if _, err := tx.Exec(ctx, q, acc.ID); err != nil {
					return err
				}
			}
			_, err := tx.Exec(ctx, `UPDATE channel_accounts SET channel = 'form', settings = $1 WHERE id = $2`, `{"reply_from":"`+acc.Slug+`"}`, other.ID)
			return err
		})
		effects, err := oversight.New(d, k.Clock).Effects(context.Background(), "channel", acc.ID.String())
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]oversight.Effect{}
		for _, e := range effects {
			got[e.Kind] = e
		}
		for _, kind := range []string{"waiting", "moves", "answers", "conditions"} {
			if e := got[kind]; e.Count != 1 || (kind == "answers" || kind == "conditions") && (len(e.Names) != 1 || e.Names[0] != other.Name) {
				said, _ := json.Marshal(effects)
				t.Errorf("%s: %s", kind, said)
			}
		}
		if effects, err = oversight.New(d, k.Clock).Effects(context.Background(), "channel", other.ID.String()); err != nil {
			t.Fatal(err)
		}
		for _, e := range effects {
			if e.Kind == "conditions" || e.Kind == "moves" || e.Kind == "waiting" {
				t.Errorf("nothing speaks of it: %+v", e)
			}
		}
	})
}
