package bulk_test

import (
	"context"
	"testing"

	"github.com/kanalhq/kanal/internal/bulk"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/inbox"
	"github.com/kanalhq/kanal/internal/ticket"
)

// take closes an inbox to everybody but one.
func (w *world) take(b desk.Inbox, who desk.User) {
	w.t.Helper()
	w.Write(func(ctx context.Context, tx *db.Tx) error {
		_, err := w.Inboxes.UpdateInbox(ctx, tx, desk.System, b.ID, inbox.InboxChange{Access: &desk.Access{Users: []desk.UserID{who.ID}}})
		return err
	})
}

// WS-17, WS-09: what was lost of access since counts when a run is undone, on both sides.
func TestUndoReachesNoInboxThatWasLost(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		bo := w.User()
		from, to := w.Inbox("from"), w.Inbox("to")
		w.viewer = w.Viewer(w.ann)
		in := func(b desk.Inbox) func(*ticket.NewTicket) { return func(n *ticket.NewTicket) { n.InboxID = b.ID } }
		moved := w.many(2, in(from))
		r := w.over(bulk.Action{Type: bulk.DoMove, InboxID: to.ID}, bulk.Selection{IDs: moved})
		w.is(r, bulk.Done, 2, 2, 0, 0)

		parts, into := w.many(1, in(to)), w.many(1, in(to))[0]
		m := w.over(bulk.Action{Type: bulk.DoMerge, Into: into}, bulk.Selection{IDs: parts})
		w.is(m, bulk.Done, 1, 1, 0, 0)
		w.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := w.Tickets.SetInbox(ctx, tx, desk.System, into, from.ID)
			return err
		})
		w.take(from, bo)

		w.is(w.undone(r), bulk.Done, 2, 0, 0, 2)
		if got := w.ticket(moved[0]).InboxID; got != to.ID {
			t.Errorf("it went back to inbox %s", got)
		}
		w.is(w.undone(m), bulk.Done, 1, 0, 0, 1)
		if w.ticket(parts[0]).MergedInto == 0 {
			t.Error("it was taken out of a ticket that is out of sight")
		}
	})
}

// TK-13, WS-09: a run merges into nothing that is out of sight, also when the one that was named went into it.
func TestARunMergesIntoNothingOutOfSight(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		secret := w.Inbox("secret", desk.Access{Users: []desk.UserID{w.User().ID}})
		ids := w.many(3)
		w.Write(func(ctx context.Context, tx *db.Tx) error {
			if _, err := w.Tickets.SetInbox(ctx, tx, desk.System, ids[1], secret.ID); err != nil {
				return err
			}
			_, err := w.Triage.Merge(ctx, tx, desk.System, ids[0], ids[1])
			return err
		})
		if _, err := w.Start(ctx, w.viewer, bulk.Action{Type: bulk.DoMerge, Into: ids[0]}, bulk.Selection{IDs: ids[2:]}, nil); desk.CodeOf(err) != desk.NotFound {
			t.Fatal(err)
		}
	})
}

// WS-15: who may only look follows for themselves, and signs nobody else up.
func TestOthersAreSignedUpByWhoMayComment(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		sel, viewer := bulk.Selection{IDs: w.many(1)}, w.Viewer(w.User(desktest.Role(desk.RoleViewer)))
		if _, err := w.Start(ctx, viewer, bulk.Action{Type: bulk.DoUnfollow, UserID: w.ann.ID}, sel, nil); desk.CodeOf(err) != desk.Forbidden {
			t.Fatal(err)
		}
		for _, who := range []desk.UserID{0, viewer.User.ID} {
			if _, err := w.Start(ctx, viewer, bulk.Action{Type: bulk.DoFollow, UserID: who}, sel, nil); err != nil {
				t.Fatal(err)
			}
		}
	})
}
