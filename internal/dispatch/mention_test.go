package dispatch_test

import (
	"context"
	"slices"
	"testing"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/dispatch"
	"github.com/kanalhq/kanal/internal/people"
)

// WS-10: a comment names a team, by its own field or among the people; its members of that moment are mentioned, not who wrote it and not who joins later.
func TestAMentionedTeamIsItsMembersOfThatMoment(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d, dispatch.Windows{})
		c := r.conversation()
		writer, ann, bo, later := r.User(), r.User(), r.User(), r.User()
		team := r.Team("repairs", writer, ann, bo)
		for name, cmd := range map[string]func(*dispatch.ReplyCommand){
			"by its field":     func(cmd *dispatch.ReplyCommand) { cmd.Teams = []desk.TeamID{team.ID} },
			"among the people": func(cmd *dispatch.ReplyCommand) { cmd.Mentions = []desk.UserID{desk.UserID(team.ID), ann.ID} },
		} {
			m := r.reply(c, func(rc *dispatch.ReplyCommand) { rc.Actor, rc.Comment = desk.ByUser(writer.ID), true }, cmd)
			if stored := desktest.Must[desk.Message](t)(r.Threads.Message(ctx, d, m.ID)); !slices.Equal(stored.TeamMentions, []desk.TeamID{team.ID}) || len(stored.Mentions) != 2 {
				t.Fatalf("%s: stored %v and %v", name, stored.Mentions, stored.TeamMentions)
			}
		}
		members := append(slices.Clone(team.Members), later.ID)
		r.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := r.People.UpdateTeam(ctx, tx, desk.System, team.ID, people.TeamChange{Members: &members})
			return err
		})
		for _, x := range []struct {
			who  string
			id   desk.UserID
			want int
		}{{"ann", ann.ID, 2}, {"bo", bo.ID, 2}, {"who wrote it", writer.ID, 0}, {"who joined later", later.ID, 0}} {
			if ms, err := r.Threads.Mentions(ctx, d, x.id, true); err != nil || len(ms) != x.want {
				t.Errorf("%s: %d mentions, %v", x.who, len(ms), err)
			}
		}
	})
}
