package access_test

import (
	"context"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
)

// The windows SESSION and INVITE change how long a sign-in and a link last.
func TestTheWindowsOfSessionsAndInvitationsHaveAnEffect(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d)
		deps := k.Access.Deps
		deps.Idle, deps.Invite = time.Hour, 2*time.Hour
		short := access.New(deps)
		ann := k.User(desktest.Named("Ann Holm"))
		k.SetPassword(ann)
		token, _, err := short.SignIn(ctx, ann.Email, desktest.Password, "", "192.0.2.1")
		if err != nil {
			t.Fatal(err)
		}
		k.Clock.Advance(50 * time.Minute)
		if _, err := short.Authenticate(ctx, token); err != nil {
			t.Fatalf("after 50 minutes: %v", err)
		}
		k.Clock.Advance(61 * time.Minute)
		if _, err := short.Authenticate(ctx, token); desk.CodeOf(err) != desk.Unauthorized {
			t.Errorf("unused for 61 minutes: %v", err)
		}
		var link string
		err = d.Write(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
			link, _, err = short.CreateLink(ctx, tx, access.PurposeInvite, ann.ID)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		k.Clock.Advance(119 * time.Minute)
		if _, err := short.PeekLink(ctx, d, link); err != nil {
			t.Errorf("after 119 minutes: %v", err)
		}
		k.Clock.Advance(2 * time.Minute)
		if _, err := short.PeekLink(ctx, d, link); err == nil {
			t.Error("the link still works after two hours")
		}
	})
}
